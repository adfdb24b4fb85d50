/// A credential's own organization: learnt beside a look-up, and never in its way.
#include <catch2/catch.hpp>

#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::page;
using test::row;
using Fixture = test::EnrichFixture;

namespace {

constexpr const char* kTwoOrganizations =
    R"({"data":[{"id":1,"name":"Org A","type":"Organization"},{"id":2,"name":"Org B","type":"Organization"},
        {"id":3,"name":"S","type":"Source"}],"status":"Success"})";
constexpr const char* kOneOrganization =
    R"({"data":[{"id":1,"name":"Org A","type":"Organization"},{"id":3,"name":"S","type":"Source"}],
        "status":"Success"})";
constexpr const char* kMine =
    R"({"status":"Success","data":{"resultCount":1,"owner":{"id":2,"name":"Org B","type":"Organization"}}})";

EnrichSettings learning() {
  EnrichSettings settings{.requests_per_minute = 0, .burst = 0, .max_attempts = 1};
  settings.learn_owners = true;
  return settings;
}

std::string target(const Fixture& f, std::size_t i) {
  return f.client.request(i).target;
}

}  // namespace

TEST_CASE("learn: the own organization is asked for behind a first card and kept for a day",
          "[enrich]") {
  Fixture f{learning()};
  const auto first = f.get(f.ask("evil.test"));
  REQUIRE(f.client.request_count() == 1);  // not before the look-up
  f.answer(0, page({row("Host", "evil.test", "S")}));
  CHECK(f.owners(*first) == "S;");  // and it did not wait
  REQUIRE(f.client.request_count() == 2);
  CHECK(target(f, 1).starts_with("/api/v3/security/owners"));
  f.answer(1, kTwoOrganizations);
  REQUIRE(f.client.request_count() == 3);
  CHECK(target(f, 2) == "/api/v2/owners/mine");
  f.answer(2, kMine);
  const auto second = f.get(f.ask("evil.test"));
  CHECK((*second)->status == CacheStatus::Hit);
  CHECK(f.owners(*second) == "of Org B: S;");
  CHECK(f.enricher->stats().calls == 3);
  f.clock.advance(23h);
  f.get(f.ask("next.test"));
  f.answer(3, page({row("Host", "next.test", "S")}));
  CHECK(f.client.request_count() == 4);
  f.clock.advance(1h);
  f.get(f.ask("last.test"));
  f.answer(4, page({row("Host", "last.test", "S")}));
  CHECK(f.client.request_count() == 6);
}

TEST_CASE("learn: one organization alone needs no second call", "[enrich]") {
  Fixture f{learning()};
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "S")}));
  f.answer(1, kOneOrganization);
  CHECK(f.client.request_count() == 2);
  CHECK(f.owners(*f.get(f.ask("evil.test"))) == "of Org A: S;");
}

TEST_CASE("learn: nothing is asked that no card would show", "[enrich]") {
  EnrichSettings settings = learning();
  settings.default_owner = "Org A";
  Fixture f{settings};
  f.get(f.ask("absent.test"));
  f.answer(0, page({}));
  f.get(f.ask("own.test"));
  f.answer(1, page({row("Host", "own.test", "S"), row("Host", "own.test", "Org A")}));
  f.get(f.ask("one.test"));
  f.answer(2, page({row("Host", "one.test", "S")}));
  CHECK(f.client.request_count() == 3);
  f.get(f.ask("two.test"));
  f.answer(3, page({row("Host", "two.test", "S"), row("Host", "two.test", "T")}));
  REQUIRE(f.client.request_count() == 5);
  f.answer(4, kTwoOrganizations);
  CHECK(f.client.request_count() == 5);  // the own one is configured
}

TEST_CASE("learn: where the minute is half spent or somebody waits nothing is asked", "[enrich]") {
  EnrichSettings settings = learning();
  settings.requests_per_minute = 4;
  Fixture f{settings};
  for (std::size_t i = 0; i < 3; ++i) {
    f.get(f.ask("n" + std::to_string(i) + ".test"));
    f.answer(i, page({}));
  }
  f.get(f.ask("evil.test"));
  f.answer(3, page({row("Host", "evil.test", "S")}));
  CHECK(f.client.request_count() == 4);
}

TEST_CASE("learn: a failure costs one call and is tried again later", "[enrich]") {
  Fixture f{learning()};
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "S")}));
  f.fail_call(1, ErrorCode::Timeout);
  f.get(f.ask("next.test"));
  f.answer(2, page({row("Host", "next.test", "S")}));
  CHECK(f.client.request_count() == 3);
  f.clock.advance(10min);
  f.get(f.ask("later.test"));
  f.answer(3, page({row("Host", "later.test", "S")}));
  REQUIRE(f.client.request_count() == 5);
  f.answer(4, kTwoOrganizations);
  f.answer(5, R"({"status":"Failure","message":"no v2 here"})", 404);
  CHECK(f.owners(*f.get(f.ask("later.test"))) == "S;");
  CHECK(f.client.request_count() == 6);
}

TEST_CASE("learn: a refusal of the limit binds, whoever asked", "[enrich]") {
  Fixture f{learning()};
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "S")}));
  auto refusal = test::FakeHttpClient::json("{}", 429);
  refusal.retry_after = "9";
  f.answer(1, refusal);
  CHECK(f.enricher->stats().limiter_held_until == f.clock.wall() + 9s);
}

TEST_CASE("learn: a secret that ThreatConnect repeats goes no further", "[enrich]") {
  Fixture f{learning()};
  const std::string token = "TOKEN-abc/def-0123";
  f.get(f.ask("evil.test", *f.tenants->of({"https://tc.test/api", "", "", token})));
  f.answer(0, page({row("Host", "evil.test", "S")}));
  REQUIRE(f.client.request_count() == 2);
  f.answer(1, R"({"status":"Failure","message":"no owners for )" + token + R"("})", 400);
  const EnrichStats stats = f.enricher->stats();
  REQUIRE(stats.recent_errors.size() == 1);
  CHECK(stats.recent_errors[0].message.find("no owners for [removed]") != std::string::npos);
}
