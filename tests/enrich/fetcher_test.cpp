/// What goes out upstream, when, and what a failure becomes. (What the cache answers:
/// enricher_test.cpp.)
#include <catch2/catch.hpp>

#include <set>

#include <cardstock/util/time_text.hpp>

#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::FakeHttpClient;
using test::page;
using test::row;
using Fixture = test::EnrichFixture;

namespace {

EnrichSettings unlimited(std::int64_t concurrent = 4) {
  return {.requests_per_minute = 0, .burst = 0, .concurrent = concurrent};
}

fetch::HttpResponse refusal(int status, std::string retry_after = {}) {
  fetch::HttpResponse response =
      FakeHttpClient::json(R"({"status":"Error","message":"Not now"})", status);
  response.retry_after = std::move(retry_after);
  return response;
}

Ask lane(Ask ask, Lane which) {
  ask.lane = which;
  return ask;
}

std::string name(int i) {
  return "n" + std::to_string(i) + ".test";
}

/// Whether request `index` asks for `value`.
bool asks_for(const Fixture& f, std::size_t index, const std::string& value) {
  return f.client.request(index).target.find("%22" + value + "%22") != std::string::npos;
}

}  // namespace

TEST_CASE("fetcher: Retry-After binds every tenant of the instance and each is told", "[enrich]") {
  Fixture f{unlimited()};
  const auto first = f.get(f.ask("a.test", f.one));
  f.answer(0, refusal(429, "30"));
  REQUIRE(*first);  // its deadline is in 20 seconds
  CHECK((*first)->error->code == ErrorCode::Busy);
  CHECK((*first)->retry_after == 30s);
  const auto other = f.get(f.ask("b.test", f.two));
  REQUIRE(*other);
  CHECK((*other)->error->code == ErrorCode::Busy);
  CHECK((*other)->retry_after == 30s);
  CHECK(f.client.request_count() == 1);
  CHECK(f.enricher->stats().limiter_held_until == f.clock.wall() + 30s);
  f.clock.advance(29'999ms);
  f.run();
  CHECK(f.client.request_count() == 1);
  f.clock.advance(1ms);
  f.run();
  CHECK(f.client.request_count() == 3);  // both fetches went on
  CHECK_FALSE(f.enricher->stats().limiter_held_until);
}

TEST_CASE("fetcher: a Retry-After of any shape holds for a time that is known", "[enrich]") {
  struct Case {
    std::string value;
    std::chrono::seconds held;
    std::uint64_t capped, unusable;
  };
  const WallTime now = Fixture{}.clock.wall();
  const std::vector<Case> cases{
      {"7", 7s, 0, 0},
      {to_http_date(now + 12s), 12s, 0, 0},
      {to_http_date(now - 12s), 1s, 0, 1},
      {"-5", 1s, 0, 1},
      {"abc", 1s, 0, 1},
      {"", 1s, 0, 0},
      {"999999", 900s, 1, 0},
  };
  for (const Case& row : cases) {
    CAPTURE(row.value);
    Fixture f{unlimited()};
    f.get(f.ask("a.test"));
    f.answer(0, refusal(429, row.value));
    const EnrichStats s = f.enricher->stats();
    REQUIRE(s.limiter_held_until);
    CHECK(*s.limiter_held_until == f.clock.wall() + row.held);
    CHECK(s.retry_after_capped == row.capped);
    CHECK(s.retry_after_unusable == row.unusable);
  }
}

TEST_CASE("fetcher: the hold doubles while refusals without a time go on", "[enrich]") {
  EnrichSettings settings = unlimited();
  settings.max_attempts = 1;
  Fixture f{settings};
  std::size_t call = 0;
  for (const auto held : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 64s}) {
    f.get(f.ask(name(static_cast<int>(call))));
    f.answer(call++, refusal(429));
    REQUIRE(f.enricher->stats().limiter_held_until == f.clock.wall() + held);
    f.clock.advance(64s);
    CHECK_FALSE(f.enricher->stats().limiter_held_until);  // though nothing has happened since
  }
  f.get(f.ask("fine.test"));
  f.answer(call++, page({}));
  f.get(f.ask("again.test"));
  f.answer(call++, refusal(429));
  CHECK(f.enricher->stats().limiter_held_until == f.clock.wall() + 1s);
}

TEST_CASE("fetcher: a refusal halves the rate and the figures say so", "[enrich]") {
  Fixture f{{.requests_per_minute = 60, .burst = 0}};
  f.get(f.ask("a.test"));
  f.answer(0, refusal(429, "1"));
  CHECK(f.enricher->stats().limiter_allowed == 30);
  CHECK(f.enricher->stats().limiter_per_minute == 60);
  f.clock.advance(1s);
  f.run();
  REQUIRE(f.client.request_count() == 2);
  f.answer(1, page({}));
  f.clock.advance(1s);
  f.run();
  CHECK(f.enricher->stats().limiter_allowed == 31);
}

TEST_CASE("fetcher: figures of the limiter are exact and follow the window", "[enrich]") {
  Fixture f{{.requests_per_minute = 60, .burst = 0}};
  for (int i = 0; i < 37; ++i) {
    f.get(f.ask(name(i)));
    f.answer(static_cast<std::size_t>(i), page({}));
    f.clock.advance(100ms);
  }
  f.get(f.ask(name(0)));  // a hit: no call
  const WallTime first = f.clock.wall() - 3700ms;
  EnrichStats s = f.enricher->stats();
  CHECK(s.limiter_used == 37);
  CHECK(s.calls == 37);
  CHECK(s.rejected == 0);
  CHECK(s.limiter_window_ends_at == first + 60s);
  f.clock.advance(60s - 3700ms);
  f.run();
  s = f.enricher->stats();
  CHECK(s.limiter_used == 36);
  CHECK(s.limiter_window_ends_at == first + 60s + 100ms);
  f.clock.advance(60s);
  f.run();
  CHECK(f.enricher->stats().limiter_used == 0);
}

TEST_CASE("fetcher: one open call is kept for analysts and they overtake", "[enrich]") {
  EnrichSettings settings = unlimited(3);
  settings.max_indicators_per_call = 1;
  Fixture f{settings};
  for (int i = 0; i < 10; ++i) f.get(lane(f.ask(name(i)), Lane::Prewarm));
  CHECK(f.client.request_count() == 2);
  CHECK(f.enricher->stats().waiting[static_cast<std::size_t>(Lane::Prewarm)] == 8);
  const auto analyst = f.get(f.ask("analyst.test"));
  REQUIRE(f.client.request_count() == 3);
  CHECK(asks_for(f, 2, "analyst.test"));
  f.get(f.ask("second.test"));
  f.answer(0, page({}));
  REQUIRE(f.client.request_count() == 4);
  CHECK(asks_for(f, 3, "second.test"));
  f.answer(2, page({}));
  CHECK(*analyst);
}

TEST_CASE("fetcher: prewarming leaves budget of the minute and the second to an analyst",
          "[enrich]") {
  EnrichSettings settings{.requests_per_minute = 20, .burst = 2, .concurrent = 8};
  settings.max_indicators_per_call = 1;
  Fixture f{settings};
  f.client.respond_with([](const fetch::HttpRequest&) { return FakeHttpClient::json(page({})); });
  for (int i = 0; i < 200; ++i) {
    Ask ask = lane(f.ask(name(i)), Lane::Prewarm);
    ask.deadline = SteadyTime::max();
    f.get(ask);
  }
  std::size_t before = 0;
  for (int second = 0; second < 150; ++second) {
    f.run();
    while (f.client.open_count() != 0) f.run();
    f.run();
    if (second % 10 == 9) {
      before = f.client.request_count();
      f.get(f.ask("analyst" + std::to_string(second) + ".test"));
      REQUIRE(f.client.request_count() == before + 1);
      REQUIRE(asks_for(f, before, "analyst" + std::to_string(second) + ".test"));
      while (f.client.open_count() != 0) f.run();
    }
    f.clock.advance(1s);
  }
  CHECK(f.client.request_count() >= 40);  // and prewarming went on
}

TEST_CASE("fetcher: within a lane tenants take turns", "[enrich]") {
  EnrichSettings settings = unlimited(1);
  settings.max_indicators_per_call = 10;
  Fixture f{settings};
  f.get(f.ask("first.test", f.one));
  for (int i = 0; i < 100; ++i) f.get(f.ask(name(i), f.one));
  f.get(f.ask("other.test", f.two));
  f.answer(0, page({}));
  REQUIRE(f.client.request_count() == 2);
  f.answer(1, page({}));
  REQUIRE(f.client.request_count() == 3);
  CHECK(asks_for(f, 2, "other.test"));
}

TEST_CASE("fetcher: a full lane refuses the newest and says so", "[enrich]") {
  EnrichSettings settings = unlimited(1);
  settings.max_indicators_per_call = 1;
  Fixture f{settings};
  f.get(f.ask("first.test"));
  std::shared_ptr<std::optional<Reply>> last;
  for (int i = 0; i <= 10'000; ++i) last = f.get(lane(f.ask(name(i)), Lane::Prewarm));
  REQUIRE(*last);
  CHECK((*last)->error->code == ErrorCode::Busy);
  CHECK((*last)->retry_after >= 1s);
  const EnrichStats s = f.enricher->stats();
  CHECK(s.dropped[static_cast<std::size_t>(Lane::Prewarm)] == 1);
  CHECK(s.waiting[static_cast<std::size_t>(Lane::Prewarm)] == 10'000);
}

TEST_CASE("fetcher: what nobody waits for is not kept for longer than a quarter of an hour",
          "[enrich]") {
  Fixture f{unlimited(1)};
  f.get(f.ask("hangs.test"));
  f.get(f.ask("waits.test"));
  f.clock.advance(20s);
  f.run();
  CHECK(f.enricher->stats().waiting[static_cast<std::size_t>(Lane::Refresh)] == 1);
  f.clock.advance(16min);
  f.run();
  const EnrichStats s = f.enricher->stats();
  CHECK(s.waiting[static_cast<std::size_t>(Lane::Refresh)] == 0);
  CHECK(s.dropped[static_cast<std::size_t>(Lane::Refresh)] == 1);
  f.answer(0, page({}));
  CHECK(f.client.request_count() == 1);
}

TEST_CASE("fetcher: a failure that passes is asked again within the caller's time", "[enrich]") {
  Fixture f{unlimited()};
  const auto reply = f.get(f.ask("evil.test"));
  f.fail_call(0, ErrorCode::ConnectFailed);
  CHECK_FALSE(*reply);
  f.clock.advance(99ms);
  f.run();
  CHECK(f.client.request_count() == 1);
  f.clock.advance(1ms);
  f.run();
  REQUIRE(f.client.request_count() == 2);
  f.answer(1, FakeHttpClient::json("<html>", 502));
  f.clock.advance(200ms);
  f.run();
  REQUIRE(f.client.request_count() == 3);
  f.answer(2, page({row("Host", "evil.test", "Org A")}));
  CHECK(f.owners(*reply) == "Org A;");
  CHECK(f.enricher->stats().retries == 2);
  CHECK(f.enricher->stats().errors.at("connect_failed") == 1);
  CHECK(f.enricher->stats().errors.at("upstream_failed") == 1);
}

TEST_CASE("fetcher: attempts are bounded, by number, deadline and budget", "[enrich]") {
  Fixture f{unlimited()};
  const auto reply = f.get(f.ask("evil.test"));
  for (std::size_t i = 0; i < 3; ++i) {
    f.fail_call(i, ErrorCode::ConnectFailed);
    f.clock.advance(1s);
    f.run();
  }
  REQUIRE(*reply);
  CHECK((*reply)->error->code == ErrorCode::ConnectFailed);
  CHECK(f.client.request_count() == 3);
  // No time is left for another.
  Ask late = f.ask("late.test");
  late.deadline = f.clock.steady() + 50ms;
  const auto hurried = f.get(late);
  f.fail_call(3, ErrorCode::ConnectFailed);
  CHECK(*hurried);
  // Eight retries are left, however many calls fail.
  Fixture g{unlimited()};
  std::size_t sent = 0;
  for (int i = 0; i < 9; ++i) {
    g.get(g.ask(name(i)));
    for (; g.client.request_count() > sent; ++sent) {
      if (sent % 5 == 4) {
        g.answer(sent, refusal(400));  // an answer, so that the breaker closes
      } else {
        g.fail_call(sent, ErrorCode::ConnectFailed);
      }
      g.clock.advance(1s);
      g.run();
    }
  }
  CHECK(g.enricher->stats().retries == 10);
}

TEST_CASE("fetcher: who holds an old answer gets it at the first failure and the fetch goes on",
          "[enrich]") {
  EnrichSettings settings = unlimited();
  Fixture f{settings};
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Old")}));
  f.clock.advance(71s);
  const auto reply = f.get(f.ask("evil.test"));
  REQUIRE_FALSE(*reply);
  f.fail_call(1, ErrorCode::ConnectFailed);
  REQUIRE(*reply);
  CHECK((*reply)->status == CacheStatus::Stale);
  CHECK((*reply)->stale_reason == "connect_failed");
  f.clock.advance(1s);
  f.run();
  REQUIRE(f.client.request_count() == 3);
  f.answer(2, page({row("Host", "evil.test", "New")}));
  CHECK(f.owners(*f.get(f.ask("evil.test"))) == "New;");
}

TEST_CASE("fetcher: an instance that keeps failing is not asked but for one probe", "[enrich]") {
  EnrichSettings settings = unlimited();
  settings.max_attempts = 1;
  Fixture f{settings};
  for (int i = 0; i < 10; ++i) {
    CHECK(f.enricher->stats().breaker == "closed");
    f.get(f.ask(name(i)));
    f.fail_call(static_cast<std::size_t>(i), ErrorCode::ConnectFailed);
  }
  CHECK(f.enricher->stats().breaker == "open");
  const auto early = f.get(f.ask("early.test"));
  REQUIRE(*early);
  CHECK((*early)->error->code == ErrorCode::ConnectFailed);
  CHECK((*early)->error->public_detail.find("asked again in 1 second") != std::string::npos);
  CHECK(f.client.request_count() == 10);
  f.clock.advance(500ms);
  const auto probe = f.get(f.ask("probe.test"));
  CHECK(f.client.request_count() == 11);
  CHECK(f.enricher->stats().breaker == "half_open");
  CHECK(*f.get(f.ask("beside.test", f.two)));  // told at once
  CHECK(f.client.request_count() == 11);
  f.answer(10, page({row("Host", "probe.test", "Org A")}));
  CHECK(f.owners(*probe) == "Org A;");
  CHECK(f.enricher->stats().breaker == "closed");
  f.get(f.ask("after.test"));
  CHECK(f.client.request_count() == 12);
}

TEST_CASE("fetcher: an open breaker serves what is held and sheds what waits", "[enrich]") {
  EnrichSettings settings = unlimited(1);
  settings.max_attempts = 1;
  settings.max_indicators_per_call = 1;
  Fixture f{settings};
  f.get(f.ask("held.test"));
  f.answer(0, page({row("Host", "held.test", "Old")}));
  f.clock.advance(71s);
  std::vector<std::shared_ptr<std::optional<Reply>>> replies;
  for (int i = 0; i < 20; ++i) replies.push_back(f.get(f.ask(name(i))));
  for (std::size_t i = 1; i <= 10; ++i) f.fail_call(i, ErrorCode::Timeout);
  for (const auto& reply : replies) {
    REQUIRE(*reply);
    CHECK((*reply)->error->code == ErrorCode::Timeout);
  }
  CHECK(f.client.request_count() == 11);
  const auto stale = f.get(f.ask("held.test"));
  CHECK(f.owners(*stale) == "Old;");
  CHECK((*stale)->stale_reason == "timeout");
  CHECK(f.client.request_count() == 11);
}

TEST_CASE("fetcher: a refusal that names the time stamp is answered once with a fresh one",
          "[enrich]") {
  Fixture f{unlimited()};
  const std::string body =
      R"({"status":"Error","message":"Timestamp out of acceptable time range"})";
  const auto reply = f.get(f.ask("evil.test"));
  f.clock.advance(3s);
  f.answer(0, body, 401);
  REQUIRE(f.client.request_count() == 2);
  const auto stamp = [&](std::size_t i) {
    for (const auto& header : f.client.request(i).headers)
      if (header.name == "Timestamp") return header.value;
    return std::string{};
  };
  CHECK(std::stoll(stamp(1)) == std::stoll(stamp(0)) + 3);
  f.answer(1, body, 401);
  REQUIRE(*reply);
  CHECK((*reply)->error->code == ErrorCode::ClockSkew);
  CHECK((*reply)->error->public_detail.find("clock") != std::string::npos);
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("fetcher: every failure is one outcome and one figure", "[enrich]") {
  struct Case {
    Result<fetch::HttpResponse> answer;
    const char* kind;
  };
  const auto status = [](int code, std::string body = R"({"status":"Error","message":"no"})") {
    return FakeHttpClient::json(std::move(body), code);
  };
  std::vector<Case> cases{
      {status(200, ""), "wrong_base_url"},
      {status(200, "<html>Log in</html>"), "wrong_base_url"},
      {status(200, R"({"hello":1})"), "wrong_base_url"},
      {status(200, R"({"status":"Failure","message":"x"})"), "upstream_failed"},
      {status(200, R"({"status":"Success","data":[)"), "answer_unreadable"},
      {status(302, ""), "wrong_base_url"},
      {status(400), "query_refused"},
      {status(401), "auth_failed"},
      {status(403), "owner_forbidden"},
      {status(404, "<html>"), "wrong_base_url"},
      {status(429), "rate_limited"},
      {status(500), "upstream_failed"},
      {status(502, "<html>"), "upstream_failed"},
      {status(503), "upstream_failed"},
      {status(503, R"({"status":"Error","message":"API access has not been licensed"})"),
       "not_licensed"},
      {status(504, ""), "upstream_failed"},
  };
  for (const ErrorCode code : {ErrorCode::ResolveFailed, ErrorCode::ConnectFailed,
                               ErrorCode::TlsFailed, ErrorCode::Timeout, ErrorCode::ConnectionLost,
                               ErrorCode::AnswerTooLarge, ErrorCode::AddressRefused})
    cases.push_back({fail(code, "It failed.", "test"), cardstock::name_of(code).data()});
  for (const Case& row : cases) {
    CAPTURE(row.kind, row.answer ? row.answer->status : 0);
    EnrichSettings settings = unlimited();
    settings.max_attempts = 1;
    Fixture f{settings};
    f.get(f.ask("known.test"));  // the form of the base URL is known from now on
    f.answer(0, page({}));
    const auto reply = f.get(f.ask("evil.test"));
    REQUIRE(f.client.answer(1, row.answer));
    f.run();
    REQUIRE(*reply);
    REQUIRE((*reply)->error);
    CHECK(cardstock::name_of((*reply)->error->code) == row.kind);
    CHECK(f.enricher->stats().errors == std::map<std::string, std::uint64_t>{{row.kind, 1}});
    CHECK(f.client.request_count() == 2);
    REQUIRE(f.store.flush());
    // What a refused credential had fetched goes; everything else leaves the store as it was.
    CHECK(f.store.stats().rows == (row.kind == std::string_view{"auth_failed"} ? 0 : 1));
  }
}

TEST_CASE("fetcher: a thousand asked at once are a fiftieth of calls and one when idle",
          "[enrich]") {
  Fixture f{{.requests_per_minute = 30, .burst = 10}};
  std::vector<std::shared_ptr<std::optional<Reply>>> replies(1000);
  const auto ask_all = [&](const std::string& prefix) {
    for (std::size_t i = 0; i < replies.size(); ++i) {
      replies[i] = std::make_shared<std::optional<Reply>>();
      f.enricher->fetch(f.ask(prefix + name(static_cast<int>(i))), {},
                        [reply = replies[i]](Reply r) { *reply = std::move(r); });
    }
  };
  ask_all("");
  f.run();
  for (std::size_t answered = 0; answered < f.client.request_count();) {
    f.answer(answered++, page({}));
    if (answered == f.client.request_count()) {
      f.clock.advance(1s);
      f.run();
    }
  }
  for (const auto& reply : replies) {
    REQUIRE(*reply);
    CHECK((*reply)->entry);
  }
  CHECK(f.client.request_count() <= 25);
  const std::size_t before = f.client.request_count();
  for (int i = 0; i < 5; ++i) {
    f.clock.advance(1min);
    f.get(f.ask("idle" + name(i)));
    REQUIRE(f.client.request_count() == before + static_cast<std::size_t>(i) + 1);  // at once
    f.answer(before + static_cast<std::size_t>(i), page({}));
  }
}
