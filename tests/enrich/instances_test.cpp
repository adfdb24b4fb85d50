/// What callers, credentials and instances do not share: limits, holds, breakers and deadlines.
#include <catch2/catch.hpp>

#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::FakeHttpClient;
using test::page;
using test::row;

namespace {

/// Callers at two instances.
struct Fixture : test::EnrichFixture {
  explicit Fixture(EnrichSettings with) : EnrichFixture{std::move(with)} {
    tenants = std::make_unique<Tenants>(
        *Tenants::create({.own_base_url = "https://tc.test/api",
                          .pass_through_hosts = {"https://tc.test", "https://other.test"}},
                         Secret{"installation key"}));
    elsewhere = *tenants->of({"https://other.test/api", "one", "secret", ""});
    store.put_tenant(elsewhere->id, {.last_accepted_at = clock.wall()});
  }
  TenantPtr elsewhere;
};

}  // namespace

TEST_CASE("instances: the spent minute of one leaves another's whole", "[enrich]") {
  Fixture f{{.requests_per_minute = 1, .burst = 1}};
  f.get(f.ask("a.test"));
  f.answer(0, page({}));
  CHECK((*f.get(f.ask("b.test")))->error->code == ErrorCode::Busy);
  CHECK_FALSE(*f.get(f.ask("b.test", f.elsewhere)));
  REQUIRE(f.client.request_count() == 2);
  CHECK(f.client.request(1).origin == "https://other.test");
}

TEST_CASE("instances: a hold and an open breaker bind their own instance alone", "[enrich]") {
  Fixture f{{.requests_per_minute = 0, .burst = 0, .max_attempts = 1}};
  f.get(f.ask("a.test"));
  auto refusal = FakeHttpClient::json("{}", 429);
  refusal.retry_after = "30";
  f.answer(0, refusal);
  CHECK((*f.get(f.ask("b.test")))->error->code == ErrorCode::Busy);
  f.get(f.ask("b.test", f.elsewhere));
  CHECK(f.client.request_count() == 2);
  f.clock.advance(30s);
  f.run();
  for (std::size_t i = 1; i <= 12 && i < f.client.request_count(); ++i) {
    f.fail_call(i, ErrorCode::ConnectFailed);
    f.get(f.ask("n" + std::to_string(i) + ".test", f.elsewhere));
  }
  const std::size_t calls = f.client.request_count();
  CHECK((*f.get(f.ask("c.test", f.elsewhere)))->error->code == ErrorCode::ConnectFailed);
  CHECK(f.client.request_count() == calls);  // its breaker is open
  CHECK_FALSE(*f.get(f.ask("c.test")));
  CHECK(f.client.request_count() == calls + 1);
}

TEST_CASE("instances: who shares a flight keeps a deadline and a wish of his own", "[enrich]") {
  Fixture f{{.requests_per_minute = 0, .burst = 0, .max_attempts = 1}};
  Ask hurried = f.ask("evil.test");
  hurried.deadline = f.clock.steady() + 1s;
  const auto patient = f.get(f.ask("evil.test"));
  const auto early = f.get(hurried);
  const auto cached = f.get(f.ask("evil.test", f.one, AskMode::OnlyIfCached));
  REQUIRE(*cached);
  CHECK((*cached)->error->code == ErrorCode::NotInCache);
  f.clock.advance(1s);
  f.run();
  REQUIRE(*early);
  CHECK((*early)->error->code == ErrorCode::Timeout);
  REQUIRE_FALSE(*patient);
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  CHECK(f.owners(*patient) == "Org A;");
  CHECK(f.client.request_count() == 1);
}
