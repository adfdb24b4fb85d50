/// Credentials: accepted, refused, checked again, never seen before.
#include <catch2/catch.hpp>

#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::FakeHttpClient;
using test::page;
using test::row;
using Fixture = test::EnrichFixture;

namespace {

constexpr const char* kDenied = R"({"status":"Error","message":"Access Denied"})";

EnrichSettings long_lived() {
  return {.requests_per_minute = 0, .burst = 0, .max_attempts = 1, .credential_recheck = 15min};
}

/// Rows that stay fresh for days, so that only the credential ages.
struct Aging : Fixture {
  Aging() : Fixture{long_lived()} {
    settings.policy.ttl = 240h;
    settings.policy.keep = 24h;
    restart();
    get(ask("evil.test"));
    answer(0, page({row("Host", "evil.test", "Org A")}));
  }
};

}  // namespace

TEST_CASE("credential: one that was accepted long ago is checked behind the hit", "[enrich]") {
  Aging f;
  f.clock.advance(15min - 1ms);
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 1);
  f.clock.advance(1ms);
  for (int i = 0; i < 5; ++i) CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  REQUIRE(f.client.request_count() == 2);  // one check, in nobody's way
  f.answer(1, page({row("Host", "evil.test", "Org A")}));
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("credential: one that is accepted while a hit is answered is not checked again",
          "[enrich]") {
  Aging f;
  f.get(f.ask("other.test"));
  f.clock.behind_next_wall([&f] {
    f.clock.advance(1ms);
    f.answer(1, page({row("Host", "other.test", "Org A")}));
  });
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  REQUIRE((*f.get(f.ask("other.test")))->status == CacheStatus::Hit);  // it was answered meanwhile
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("credential: refused when checked it is blocked and its rows are purged", "[enrich]") {
  Aging f;
  f.get(f.ask("other.test", f.two));
  f.answer(1, page({row("Host", "other.test", "Org B")}));
  f.clock.advance(16min);
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  f.answer(2, kDenied, 401);
  const auto refused = f.get(f.ask("evil.test"));
  REQUIRE(*refused);
  CHECK_FALSE((*refused)->entry);
  CHECK((*refused)->error->code == ErrorCode::AuthFailed);
  CHECK(f.client.request_count() == 3);
  const auto only_cached = f.get(f.ask("evil.test", f.one, AskMode::OnlyIfCached));
  CHECK((*only_cached)->error->code == ErrorCode::NotInCache);
  CHECK(f.store.stats().rows == 1);  // the other tenant's
  f.clock.advance(31s);
  const auto again = f.get(f.ask("evil.test"));
  REQUIRE_FALSE(*again);  // nothing is held, and ThreatConnect is asked
  f.answer(3, page({row("Host", "evil.test", "Org A")}));
  CHECK(f.owners(*again) == "Org A;");
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
}

TEST_CASE("credential: refused, its rows are not shown after a restart that came before the purge",
          "[enrich]") {
  Aging f;
  const store::Key key{f.one->id, IndicatorType::Host, "evil.test"};
  const store::StoredRecord row = *f.store.find(key).value();
  f.get(f.ask("evil.test", f.one, AskMode::Refresh));
  f.answer(1, kDenied, 401);
  f.store.put(key, row);  // as if the purge had not come to it
  f.restart();
  const auto asked = f.get(f.ask("evil.test"));
  CHECK_FALSE(*asked);
  f.fail_call(2, ErrorCode::ConnectFailed);
  REQUIRE(*asked);
  CHECK_FALSE((*asked)->entry);
}

TEST_CASE("credential: unreachable is not refused and that has an end", "[enrich]") {
  Aging f;
  f.clock.advance(16min);
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  f.fail_call(1, ErrorCode::Timeout);
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 2);  // not again at once
  f.clock.advance(10s);
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  REQUIRE(f.client.request_count() == 3);
  f.fail_call(2, ErrorCode::Timeout);
  f.clock.advance(24h);
  const auto late = f.get(f.ask("evil.test"));
  REQUIRE_FALSE(*late);
  f.fail_call(3, ErrorCode::Timeout);
  REQUIRE(*late);
  CHECK_FALSE((*late)->entry);
  CHECK((*late)->error->code == ErrorCode::Timeout);
}

TEST_CASE("credential: only-if-cached checks nothing", "[enrich]") {
  Aging f;
  f.clock.advance(100h);
  CHECK((*f.get(f.ask("evil.test", f.one, AskMode::OnlyIfCached)))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 1);
}

TEST_CASE("credential: when it was accepted outlives the process", "[enrich]") {
  Aging f;
  REQUIRE(f.store.flush());
  f.restart();
  f.clock.advance(14min);
  f.get(f.ask("evil.test"));
  CHECK(f.client.request_count() == 1);
  f.clock.advance(2min);
  f.get(f.ask("evil.test"));
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("credential: a refusal is remembered for half a minute and for that credential alone",
          "[enrich]") {
  Fixture f{long_lived()};
  const auto wrong = *f.tenants->of({"https://tc.test/api", "one", "wrong", ""});
  const auto first = f.get(f.ask("a.test", wrong));
  f.answer(0, kDenied, 401);
  CHECK((*first)->error->code == ErrorCode::AuthFailed);
  for (int i = 0; i < 10; ++i) {
    const auto next = f.get(f.ask("n" + std::to_string(i) + ".test", wrong));
    REQUIRE(*next);
    CHECK((*next)->error->code == ErrorCode::AuthFailed);
  }
  CHECK(f.client.request_count() == 1);
  const auto right = f.get(f.ask("a.test"));  // the mended secret
  REQUIRE(f.client.request_count() == 2);
  f.answer(1, page({}));
  CHECK(*right);
  f.clock.advance(30s);
  f.get(f.ask("a.test", wrong));
  CHECK(f.client.request_count() == 3);
}

TEST_CASE("credential: what waits for one that is refused is refused without a call", "[enrich]") {
  EnrichSettings settings = long_lived();
  settings.concurrent = 1;
  settings.max_indicators_per_call = 1;
  Fixture f{settings};
  std::vector<std::shared_ptr<std::optional<Reply>>> replies;
  for (int i = 0; i < 5; ++i) replies.push_back(f.get(f.ask("n" + std::to_string(i) + ".test")));
  const auto other = f.get(f.ask("a.test", f.two));
  f.answer(0, kDenied, 401);
  for (const auto& reply : replies) {
    REQUIRE(*reply);
    CHECK((*reply)->error->code == ErrorCode::AuthFailed);
  }
  CHECK_FALSE(*other);
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("credential: strangers together may spend a tenth of the minute", "[enrich]") {
  EnrichSettings settings = long_lived();
  settings.requests_per_minute = 30;
  Fixture f{settings};
  std::size_t sent = 0;
  for (int i = 0; i < 20; ++i) {
    const auto stranger =
        *f.tenants->of({"https://tc.test/api", "s" + std::to_string(i), "guess", ""});
    f.get(f.ask("evil.test", stranger));
    if (f.client.request_count() > sent) f.answer(sent++, kDenied, 401);
  }
  CHECK(f.client.request_count() == 3);
  f.get(f.ask("evil.test"));
  CHECK(f.client.request_count() == 4);  // who is known is not held up
  f.clock.advance(60s);
  f.run();
  while (f.client.request_count() > sent) f.answer(sent++, page({}));
  CHECK(sent == 4 + 3);
}

TEST_CASE("credential: one that was accepted is no stranger any more", "[enrich]") {
  EnrichSettings settings = long_lived();
  settings.requests_per_minute = 10;
  settings.max_indicators_per_call = 1;
  Fixture f{settings};
  const auto newcomer = *f.tenants->of({"https://tc.test/api", "new", "right", ""});
  std::vector<std::shared_ptr<std::optional<Reply>>> replies;
  for (int i = 0; i < 4; ++i)
    replies.push_back(f.get(f.ask("n" + std::to_string(i) + ".test", newcomer)));
  CHECK(f.client.request_count() == 1);
  f.answer(0, page({}));
  CHECK(f.client.request_count() == 4);
}

TEST_CASE("credential: with scope instance a new secret of the operator's keeps the rows",
          "[enrich]") {
  const auto own = [](TenantSettings::Scope scope, const char* secret) {
    return Tenants::create({.own_base_url = "https://tc.test/api",
                            .own_credentials = {"id", Secret{secret}},
                            .scope = scope},
                           Secret{"installation key"});
  };
  using Scope = TenantSettings::Scope;
  CHECK(own(Scope::Credential, "a")->own()->id != own(Scope::Credential, "b")->own()->id);
  const auto shared = own(Scope::Instance, "a");
  CHECK(shared->own()->id == own(Scope::Instance, "b")->own()->id);
  // Who brings the very credentials is that tenant; who brings others is not.
  CHECK((*shared->of({"https://tc.test", "id", "a", ""}))->id == shared->own()->id);
  CHECK((*shared->of({"https://tc.test", "id", "b", ""}))->id != shared->own()->id);
}

TEST_CASE("credential: a secret that ThreatConnect repeats goes no further", "[enrich]") {
  const std::string token = "TOKEN-abc/def-0123";
  for (const std::string& said :
       {token, std::string{R"(TOKEN-abc\/def-0123)"}, std::string(190, 'x') + " " + token}) {
    CAPTURE(said);
    Fixture f;
    const TenantPtr tenant = *f.tenants->of({"https://tc.test/api", "", "", token});
    const auto reply = f.get(f.ask("evil.test", tenant));
    f.answer(0, R"({"status":"Failure","message":"bad token )" + said + R"("})", 401);
    REQUIRE(*reply);
    CHECK((*reply)->error->public_detail.find("TOKEN") == std::string::npos);
    CHECK((*reply)->error->cause.find("TOKEN") == std::string::npos);
    CHECK(f.enricher->stats().recent_errors.at(0).message.find("TOKEN") == std::string::npos);
  }
}
