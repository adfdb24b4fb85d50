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

TEST_CASE("learn: owners that were looked through in vain are counted in a quiet moment",
          "[enrich]") {
  EnrichSettings settings = learning();
  settings.default_owner = "Org A";
  Fixture f{settings};
  f.get(f.ask("absent.test"));
  f.answer(0, page({}));
  CHECK(f.client.request_count() == 1);  // not beside the look-up
  f.clock.advance(59s);
  f.get(f.ask("other.test"));
  f.answer(1, page({}));
  CHECK(f.client.request_count() == 2);
  f.clock.advance(1s);
  f.run();
  REQUIRE(f.client.request_count() == 3);
  CHECK(target(f, 2).starts_with("/api/v3/security/owners"));
  f.answer(2, kOneOrganization);
  const auto again = f.get(f.ask("other.test"));
  CHECK((*again)->status == CacheStatus::Hit);  // and it says it at once
  CHECK(f.owners(*again) == "of Org A: ");
  CHECK(f.visible(*again) == 2);
  f.get(f.ask("third.test"));
  f.answer(3, page({}));
  f.clock.advance(23h);
  f.run();
  CHECK(f.client.request_count() == 4);  // remembered for a day
}

TEST_CASE("learn: a credential that finds nothing keeps one question only", "[enrich]") {
  Fixture f{learning()};
  for (std::size_t i = 0; i < 3; ++i) {
    f.get(f.ask("n" + std::to_string(i) + ".test"));
    f.answer(i, page({}));
  }
  f.get(f.ask("n.test", f.two));
  f.answer(3, page({}));
  f.clock.advance(1min);
  f.run();
  CHECK(f.client.request_count() == 6);  // one for each of the two credentials
}

TEST_CASE("learn: a busy minute puts the count off, and a quarter of an hour drops it",
          "[enrich]") {
  EnrichSettings settings = learning();
  settings.requests_per_minute = 4;
  Fixture f{settings};
  f.get(f.ask("absent.test"));
  f.answer(0, page({}));
  f.clock.advance(50s);
  for (std::size_t i = 1; i < 3; ++i) {
    f.get(f.ask("n" + std::to_string(i) + ".test"));
    f.answer(i, page({}));
  }
  f.clock.advance(10s);
  f.run();
  CHECK(f.client.request_count() == 3);
  f.clock.advance(1min);
  f.run();
  REQUIRE(f.client.request_count() == 4);
  f.fail_call(3, ErrorCode::Timeout);
  f.clock.advance(30min);
  f.run();
  CHECK(f.client.request_count() == 4);  // nobody has looked anything up since
}

TEST_CASE("learn: credentials are not kept for a quiet moment that never comes", "[enrich]") {
  EnrichSettings settings = learning();
  settings.requests_per_minute = 1;  // the next look-up may want it
  Fixture f{settings};
  const auto before = f.one.use_count();
  f.get(f.ask("absent.test"));
  f.answer(0, page({}));
  f.clock.advance(61s);
  f.get(f.ask("absent.test", f.two));
  f.answer(1, page({}));  // what the client held of the first call is gone by now
  for (int minute = 2; minute < 15; ++minute) {
    f.clock.advance(1min);
    f.run();
  }
  CHECK(f.one.use_count() > before);
  f.clock.advance(1min);
  f.run();
  CHECK(f.one.use_count() == before);
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("learn: what waits for a quiet moment is not asked for with a refused credential",
          "[enrich]") {
  Fixture f{learning()};
  f.get(f.ask("absent.test"));
  f.answer(0, page({}));
  f.get(f.ask("other.test"));
  f.answer(1, R"({"status":"Error","message":"Access denied"})", 401);
  f.clock.advance(5min);
  f.run();
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("learn: some of the owners are not taken for all", "[enrich]") {
  Fixture f{learning()};
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "S")}));
  REQUIRE(f.client.request_count() == 2);
  f.answer(1, R"({"next":"https://tc.test/api/v3/security/owners?resultStart=1",
                  "data":[{"id":1,"name":"Org A","type":"Organization"}],"status":"Success"})");
  REQUIRE(f.client.request_count() == 3);  // which organization is the own one is not known
  CHECK(target(f, 2) == "/api/v2/owners/mine");
  f.answer(2, kMine);
  const auto again = f.get(f.ask("evil.test"));
  CHECK(f.owners(*again) == "of Org B: S;");
  CHECK(f.visible(*again) == 0);  // not known
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
