#include <optional>
#include <thread>

#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::FakeHttpClient;
using test::page;
using test::row;
using Fixture = test::EnrichFixture;

TEST_CASE("enricher: a miss asks once, then hits with the fetch time", "[enrich]") {
  Fixture f;
  const WallTime asked_at = f.clock.wall();
  const auto first = f.get(f.ask("evil.test"));
  REQUIRE_FALSE(*first);
  f.clock.advance(2s);
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  CHECK(f.owners(*first) == "Org A;");
  CHECK((*first)->status == CacheStatus::Miss);
  const auto second = f.get(f.ask("EVIL[.]test."));
  CHECK((*second)->status == CacheStatus::Hit);
  CHECK((*second)->entry->life.fetched_at == asked_at);
  CHECK(f.client.request_count() == 1);
  const EnrichStats s = f.enricher->stats();
  CHECK(s.miss == 1);
  CHECK(s.hit == 1);
  CHECK(s.calls == 1);
  CHECK(s.calls_saved == 1);
}

TEST_CASE("enricher: a forced look-up that joins a call has saved one", "[enrich]") {
  Fixture f;
  f.get(f.ask("evil.test"));
  f.get(f.ask("evil.test", f.one, AskMode::Refresh));
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  const EnrichStats s = f.enricher->stats();
  CHECK(s.calls == 1);
  CHECK(s.miss == 1);
  CHECK(s.bypass == 1);
  CHECK(s.calls_saved == 1);
}

TEST_CASE("enricher: what was stored outlives the process, with its age", "[enrich]") {
  Fixture f;
  const auto first = f.get(f.ask("evil.test"));
  const WallTime asked_at = f.clock.wall();
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  REQUIRE(f.store.flush());
  f.restart();
  f.clock.advance(30s);
  const auto again = f.get(f.ask("evil.test"));
  CHECK((*again)->status == CacheStatus::Hit);
  CHECK((*again)->entry->life.fetched_at == asked_at);
  CHECK(f.client.request_count() == 1);
}

TEST_CASE("enricher: absent is cached for the spellings that were asked and no others",
          "[enrich]") {
  Fixture f;
  const auto canonical =
      f.get(f.ask("test@x.test", f.one, AskMode::Normal, EntityType::EmailAddress));
  f.answer(0, page({}));
  REQUIRE(*canonical);
  CHECK((*canonical)->entry->absent);
  const auto same = f.get(f.ask("test@x.test", f.one, AskMode::Normal, EntityType::EmailAddress));
  CHECK((*same)->status == CacheStatus::Hit);
  CHECK(f.enricher->stats().negative == 1);
  const auto other = f.get(f.ask("Test@x.test", f.one, AskMode::Normal, EntityType::EmailAddress));
  REQUIRE_FALSE(*other);
  REQUIRE(f.client.request_count() == 2);
  // Both spellings are asked, so that the row speaks for both from now on.
  CHECK(f.client.request(1).target.find("Test%40x.test") != std::string::npos);
  CHECK(f.client.request(1).target.find("test%40x.test") != std::string::npos);
  f.answer(1, page({row("EmailAddress", "Test@x.test", "Org A")}));
  CHECK(f.owners(*other) == "Org A;");
  CHECK(f.owners(*f.get(f.ask("test@x.test", f.one, AskMode::Normal, EntityType::EmailAddress))) ==
        "Org A;");
}

TEST_CASE("enricher: two tenants never share a flight, an answer or a row", "[enrich]") {
  Fixture f;
  const auto a = f.get(f.ask("evil.test", f.one));
  const auto b = f.get(f.ask("evil.test", f.two));
  REQUIRE(f.client.request_count() == 2);
  f.answer(0, page({row("Host", "evil.test", "Org One")}));
  REQUIRE(*a);
  CHECK_FALSE(*b);
  f.answer(1, page({row("Host", "evil.test", "Org Two")}));
  CHECK(f.owners(*a) == "Org One;");
  CHECK(f.owners(*b) == "Org Two;");
  CHECK(f.owners(*f.get(f.ask("evil.test", f.one))) == "Org One;");
  CHECK(f.owners(*f.get(f.ask("evil.test", f.two))) == "Org Two;");
}

TEST_CASE("enricher: who asks while a flight is out joins it", "[enrich]") {
  Fixture f;
  std::vector<std::shared_ptr<std::optional<Reply>>> replies;
  for (int i = 0; i < 200; ++i) replies.push_back(f.get(f.ask("evil.test")));
  REQUIRE(f.client.request_count() == 1);
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  int coalesced = 0;
  for (const auto& reply : replies) {
    CHECK(f.owners(*reply) == "Org A;");
    if ((*reply)->status == CacheStatus::Coalesced) ++coalesced;
  }
  CHECK(coalesced == 199);
}

TEST_CASE("enricher: a failure is shared by those who wait and not stored", "[enrich]") {
  Fixture f;
  const auto a = f.get(f.ask("evil.test"));
  const auto b = f.get(f.ask("evil.test"));
  f.fail_call(0, ErrorCode::ConnectFailed);
  for (const auto& reply : {a, b}) {
    REQUIRE(*reply);
    CHECK_FALSE((*reply)->entry);
    CHECK((*reply)->error->code == ErrorCode::ConnectFailed);
  }
  const auto later = f.get(f.ask("evil.test"));
  CHECK(f.client.request_count() == 2);
  f.answer(1, page({}));
  CHECK((*later)->entry->absent);
}

TEST_CASE("enricher: an expired row is served stale when the upstream fails, whatever the failure",
          "[enrich]") {
  const ErrorCode code =
      GENERATE(ErrorCode::UpstreamFailed, ErrorCode::ConnectFailed, ErrorCode::ResolveFailed,
               ErrorCode::TlsFailed, ErrorCode::Timeout);
  Fixture f;
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  f.clock.advance(71s);  // past ttl and grace
  const auto reply = f.get(f.ask("evil.test"));
  REQUIRE_FALSE(*reply);
  f.fail_call(1, code);
  CHECK(f.owners(*reply) == "Org A;");
  CHECK((*reply)->status == CacheStatus::Stale);
  CHECK((*reply)->stale_reason == name_of(code));
  f.clock.advance(100s);  // past keep
  const auto late = f.get(f.ask("evil.test"));
  f.fail_call(2, code);
  CHECK_FALSE((*late)->entry);
  CHECK((*late)->error->code == code);
}

TEST_CASE("enricher: refused credentials are never papered over with an old answer", "[enrich]") {
  Fixture f;
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  f.clock.advance(71s);
  const auto reply = f.get(f.ask("evil.test"));
  f.answer(1, R"({"status":"Error","message":"Access Denied"})", 401);
  CHECK_FALSE((*reply)->entry);
  CHECK((*reply)->error->code == ErrorCode::AuthFailed);
}

TEST_CASE("enricher: an absent row is never served when the upstream fails", "[enrich]") {
  Fixture f;
  f.get(f.ask("evil.test"));
  f.answer(0, page({}));
  f.clock.advance(30s);
  const auto reply = f.get(f.ask("evil.test"));
  f.fail_call(1, ErrorCode::Timeout);
  CHECK_FALSE((*reply)->entry);
}

TEST_CASE("enricher: in grace the old answer goes out at once and one refresh runs behind it",
          "[enrich]") {
  Fixture f;
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Old")}));
  f.clock.advance(60s);
  for (int i = 0; i < 5; ++i) {
    const auto reply = f.get(f.ask("evil.test"));
    CHECK(f.owners(*reply) == "Old;");
    CHECK((*reply)->status == CacheStatus::Stale);
    CHECK((*reply)->stale_reason == "refreshing");
  }
  REQUIRE(f.client.request_count() == 2);
  f.answer(1, page({row("Host", "evil.test", "New")}));
  const auto fresh = f.get(f.ask("evil.test"));
  CHECK(f.owners(*fresh) == "New;");
  CHECK((*fresh)->status == CacheStatus::Hit);
}

TEST_CASE("enricher: a failed refresh leaves the row and is tried again after a pause",
          "[enrich]") {
  Fixture f;
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Old")}));
  f.clock.advance(60s);
  f.get(f.ask("evil.test"));
  f.fail_call(1, ErrorCode::ConnectFailed);
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Stale);
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("enricher: no-cache goes upstream and only-if-cached never does", "[enrich]") {
  Fixture f;
  const auto nothing = f.get(f.ask("evil.test", f.one, AskMode::OnlyIfCached));
  REQUIRE(*nothing);
  CHECK((*nothing)->error->code == ErrorCode::NotInCache);
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Old")}));
  const auto forced = f.get(f.ask("evil.test", f.one, AskMode::Refresh));
  REQUIRE_FALSE(*forced);
  f.answer(1, page({row("Host", "evil.test", "New")}));
  CHECK(f.owners(*forced) == "New;");
  CHECK((*forced)->status == CacheStatus::Bypass);
  f.clock.advance(100s);
  const auto kept = f.get(f.ask("evil.test", f.one, AskMode::OnlyIfCached));
  CHECK(f.owners(*kept) == "New;");
  CHECK((*kept)->status == CacheStatus::Stale);
  f.clock.advance(100s);
  CHECK((*f.get(f.ask("evil.test", f.one, AskMode::OnlyIfCached)))->error->code ==
        ErrorCode::NotInCache);
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("enricher: a caller gives up at its own deadline and the fetch serves the next one",
          "[enrich]") {
  Fixture f;
  const auto reply = f.get(f.ask("evil.test"));
  f.clock.advance(19'999ms);
  f.run();
  REQUIRE_FALSE(*reply);
  f.clock.advance(1ms);
  f.run();
  REQUIRE(*reply);
  CHECK((*reply)->error->code == ErrorCode::Timeout);
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 1);
}

TEST_CASE("enricher: a caller whose deadline cannot be met is told so at once", "[enrich]") {
  Fixture f{{.requests_per_minute = 1, .burst = 1, .max_indicators_per_call = 1}};
  f.get(f.ask("a.test"));
  f.answer(0, page({}));
  const auto waits = f.get(f.ask("b.test"));
  REQUIRE(*waits);
  CHECK((*waits)->error->code == ErrorCode::Busy);
  CHECK((*waits)->retry_after == 60s);
  CHECK(f.enricher->stats().rejected == 1);
  f.clock.advance(60s);
  f.run();
  REQUIRE(f.client.request_count() == 2);  // the fetch went on
  f.answer(1, page({row("Host", "b.test", "Org A")}));
  CHECK((*f.get(f.ask("b.test")))->status == CacheStatus::Hit);
}

TEST_CASE("enricher: a caller whose deadline can be met waits for it", "[enrich]") {
  Fixture f{{.requests_per_minute = 1, .burst = 1, .max_indicators_per_call = 1}};
  f.get(f.ask("a.test"));
  f.answer(0, page({}));
  f.clock.advance(45s);
  const auto first = f.get(f.ask("b.test"));
  const auto second = f.get(f.ask("c.test"));  // behind b.test, a minute later
  REQUIRE_FALSE(*first);
  REQUIRE(*second);
  CHECK((*second)->error->code == ErrorCode::Busy);
  CHECK((*second)->retry_after == 75s);
  f.clock.advance(15s);
  f.run();
  f.answer(1, page({row("Host", "b.test", "Org A")}));
  CHECK(f.owners(*first) == "Org A;");
}

TEST_CASE("enricher: what waits goes out together, matched back row by row", "[enrich]") {
  Fixture f{{.requests_per_minute = 0, .burst = 0, .concurrent = 1}};
  f.get(f.ask("first.test"));
  std::vector<std::shared_ptr<std::optional<Reply>>> replies;
  for (int i = 0; i < 60; ++i) replies.push_back(f.get(f.ask("n" + std::to_string(i) + ".test")));
  f.answer(0, page({}));
  REQUIRE(f.client.request_count() == 2);
  std::vector<std::string> rows{row("Host", "stranger.test", "Org A")};
  for (int i = 0; i < 50; i += 2)
    rows.push_back(row("Host", "N" + std::to_string(i) + ".test", "Org " + std::to_string(i)));
  f.answer(1, page(rows));
  REQUIRE(f.client.request_count() == 3);
  f.answer(2, page({}));
  for (int i = 0; i < 50; ++i) {
    CAPTURE(i);
    CHECK(f.owners(*replies[static_cast<std::size_t>(i)]) ==
          (i % 2 == 0 ? "Org " + std::to_string(i) + ";" : ""));
  }
  CHECK(f.enricher->stats().unmatched_rows == 1);
  CHECK(f.enricher->stats().indicators == 61);
}

TEST_CASE("enricher: one poisoned indicator fails alone", "[enrich]") {
  Fixture f{{.requests_per_minute = 0, .burst = 0, .concurrent = 1}};
  f.client.respond_with(
      [](const fetch::HttpRequest& request) -> std::optional<Result<fetch::HttpResponse>> {
        if (request.target.find("n3.test") != std::string::npos)
          return FakeHttpClient::json(R"({"errCode":"0x2001","message":"TQL","status":"Error"})",
                                      400);
        return FakeHttpClient::json(page({}));
      });
  std::vector<std::shared_ptr<std::optional<Reply>>> replies(8);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    replies[i] = std::make_shared<std::optional<Reply>>();
    f.enricher->fetch(f.ask("n" + std::to_string(i) + ".test"), {},
                      [reply = replies[i]](Reply r) { *reply = std::move(r); });
  }
  const auto all = [&] {
    return std::ranges::all_of(replies, [](const auto& r) { return r->has_value(); });
  };
  while (!all()) {
    if (!f.enricher->run_ready()) std::this_thread::yield();
  }
  for (std::size_t i = 0; i < replies.size(); ++i) {
    CAPTURE(i);
    CHECK((*replies[i])->error.has_value() == (i == 3));
  }
}

TEST_CASE("enricher: pages are followed on the same origin only", "[enrich]") {
  Fixture f;
  const auto reply = f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Org A")},
                   "https://tc.test/api/v3/indicators?tql=x&resultStart=1000"));
  REQUIRE(f.client.request_count() == 2);
  CHECK(f.client.request(1).target == "/api/v3/indicators?tql=x&resultStart=1000");
  f.answer(1, page({row("Host", "evil.test", "Org B")}));
  CHECK(f.owners(*reply) == "Org A;Org B;");
  const auto lured = f.get(f.ask("other.test"));
  f.answer(2,
           page({row("Host", "other.test", "Org A")}, "https://elsewhere.test/api/v3/indicators"));
  REQUIRE(*lured);
  CHECK((*lured)->error->code == ErrorCode::UpstreamFailed);
  CHECK(f.client.request_count() == 3);
}

TEST_CASE("enricher: the other base URL form is tried once and then remembered", "[enrich]") {
  Fixture f;
  const auto bare = *f.tenants->of({"https://tc.test", "one", "secret", ""});
  const auto reply = f.get(f.ask("evil.test", bare));
  f.answer(0, "<html>portal</html>");
  REQUIRE(f.client.request_count() == 2);
  CHECK(f.client.request(0).target.starts_with("/v3/"));
  CHECK(f.client.request(1).target.starts_with("/api/v3/"));
  f.answer(1, page({row("Host", "evil.test", "Org A")}));
  CHECK(f.owners(*reply) == "Org A;");
  f.get(f.ask("next.test", bare));
  CHECK(f.client.request(2).target.starts_with("/api/v3/"));
}

TEST_CASE("enricher: a clock that stepped back makes rows unknown in age, not fresh", "[enrich]") {
  Fixture f;
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  f.clock.step_wall(-1h);
  const auto reply = f.get(f.ask("evil.test"));
  REQUIRE_FALSE(*reply);
  f.fail_call(1, ErrorCode::Timeout);
  CHECK((*reply)->status == CacheStatus::Stale);
}

TEST_CASE("enricher: the end gives every waiter an answer", "[enrich]") {
  Fixture f{{.requests_per_minute = 0, .burst = 0, .concurrent = 1}};
  const auto sent = f.get(f.ask("a.test"));
  const auto waiting = f.get(f.ask("b.test"));
  auto unread = std::make_shared<std::optional<Reply>>();
  f.enricher->fetch(f.ask("c.test"), {}, [unread](Reply r) { *unread = std::move(r); });
  f.enricher.reset();
  for (const auto& reply : {sent, waiting, unread}) {
    REQUIRE(*reply);
    CHECK((*reply)->error->code == ErrorCode::Cancelled);
  }
}

TEST_CASE("enricher: the number of waiters is bounded", "[enrich]") {
  Fixture f{{.requests_per_minute = 0, .burst = 0, .max_waiters = 2}};
  f.get(f.ask("a.test"));
  f.get(f.ask("b.test"));
  const auto third = f.get(f.ask("c.test"));
  REQUIRE(*third);
  CHECK((*third)->error->code == ErrorCode::Busy);
  CHECK((*third)->retry_after > 0s);
}

TEST_CASE("enricher: in cache-only mode nothing goes upstream, whatever is asked", "[enrich]") {
  Fixture f;
  const auto fetched = f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  REQUIRE(*fetched);
  f.settings.cache_only = true;
  f.restart();
  const auto status_after = [&](std::chrono::milliseconds age, AskMode mode) {
    f.clock.advance(age);
    const auto reply = f.get(f.ask("evil.test", f.one, mode));
    REQUIRE(*reply);
    return (*reply)->entry ? std::string{name_of((*reply)->status)} : std::string{"none"};
  };
  CHECK(status_after(0s, AskMode::Normal) == "hit");
  CHECK(status_after(0s, AskMode::Refresh) == "hit");
  CHECK(status_after(65s, AskMode::Normal) == "stale");
  CHECK(status_after(60s, AskMode::Refresh) == "stale");
  CHECK(status_after(60s, AskMode::Normal) == "none");
  const auto unknown = f.get(f.ask("unknown.test"));
  REQUIRE(*unknown);
  REQUIRE((*unknown)->error);
  CHECK((*unknown)->error->code == ErrorCode::NotInCache);
  bool told = false;
  f.enricher->fetch(f.ask("unknown.test"), {}, [&](const Reply& r) {
    told = r.error && r.error->code == ErrorCode::NotInCache;
  });
  CHECK(told);
  f.run();
  CHECK(f.client.request_count() == 1);
}
