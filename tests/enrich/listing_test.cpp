/// Queries of the operator's own: which indicators they find, asked in a quiet moment.
#include <catch2/catch.hpp>

#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::page;
using test::row;
using Fixture = test::EnrichFixture;

namespace {

using Answer = std::shared_ptr<std::optional<Result<threatconnect::Page>>>;

Answer list(Fixture& f, std::string next = {}, std::string tql = R"(rating >= 3)") {
  auto answer = std::make_shared<std::optional<Result<threatconnect::Page>>>();
  f.enricher->list({f.one, std::move(tql), std::move(next)},
                   [answer](Result<threatconnect::Page> p) { *answer = std::move(p); });
  f.run();
  return answer;
}

ErrorCode code_of(const Answer& answer) {
  REQUIRE(answer->has_value());
  REQUIRE_FALSE((*answer)->has_value());
  return (**answer).error().code;
}

}  // namespace

TEST_CASE("listing: a query is asked page by page and nothing is kept of it", "[enrich]") {
  Fixture f;
  const Answer first = list(f);
  REQUIRE(f.client.request_count() == 1);
  CHECK(f.client.request(0).target ==
        "/api/v3/indicators?tql=rating%20%3E%3D%203&resultStart=0&resultLimit=1000");
  f.answer(0, page({row("Host", "evil.test", "S")}, "https://tc.test/api/v3/indicators?x=1"));
  REQUIRE(first->has_value());
  REQUIRE((*first)->has_value());
  CHECK((**first)->rows.size() == 1);
  const Answer second = list(f, (**first)->next);
  REQUIRE(f.client.request_count() == 2);
  CHECK(f.client.request(1).target == "/api/v3/indicators?x=1");
  f.answer(1, page({}));
  REQUIRE(second->has_value());
  CHECK((*second)->has_value());
  CHECK(f.enricher->stats().calls == 2);
  // One owner's copy is no card: it is asked for like any other.
  f.get(f.ask("evil.test"));
  CHECK(f.client.request_count() == 3);
}

TEST_CASE("listing: a next page at another address is not followed", "[enrich]") {
  Fixture f;
  for (const char* next : {"https://elsewhere.test/api/v3/indicators", "https://tc.test/login"})
    CHECK(code_of(list(f, next)) == ErrorCode::UpstreamFailed);
  CHECK(f.client.request_count() == 0);
}

TEST_CASE("listing: whoever waits goes first", "[enrich]") {
  Fixture f{{.requests_per_minute = 4, .burst = 0, .max_attempts = 1}};
  f.get(f.ask("a.test"));
  f.get(f.ask("b.test"));
  REQUIRE(f.client.request_count() == 2);
  CHECK(code_of(list(f)) == ErrorCode::Busy);  // half of the minute is not free
  CHECK(f.client.request_count() == 2);
  f.answer(0, page({}));
  f.answer(1, page({}));
  f.clock.advance(2min);
  f.run();
  list(f);
  CHECK(f.client.request_count() == 3);
}

TEST_CASE("listing: refusals are told and a refused credential is not tried again at once",
          "[enrich]") {
  Fixture f;
  const Answer refused = list(f);
  f.answer(0, R"({"status":"Failure","message":"Access is denied"})", 401);
  CHECK(code_of(refused) == ErrorCode::AuthFailed);
  CHECK(code_of(list(f)) == ErrorCode::AuthFailed);
  CHECK(f.client.request_count() == 1);
}

TEST_CASE("listing: the other form of the base URL is tried where none is known", "[enrich]") {
  Fixture f;
  const Answer answer = list(f);
  f.answer(0, test::FakeHttpClient::json("<html>", 404));
  REQUIRE(f.client.request_count() == 2);
  CHECK(f.client.request(1).target.starts_with("/v3/indicators?tql="));
  f.answer(1, page({row("Host", "evil.test", "S")}, "https://tc.test/v3/indicators?x=1"));
  REQUIRE(answer->has_value());
  CHECK((*answer)->has_value());
  list(f, "https://tc.test/v3/indicators?x=1");  // the form is known by now
  REQUIRE(f.client.request_count() == 3);
  CHECK(f.client.request(2).target == "/v3/indicators?x=1");
}

TEST_CASE("listing: a query too long for a request is refused as is one of a service that stops",
          "[enrich]") {
  Fixture f;
  CHECK(code_of(list(f, {}, std::string(3000, '"'))) == ErrorCode::MalformedRequest);
  f.enricher->stop();
  CHECK(code_of(list(f)) == ErrorCode::Cancelled);
  CHECK(f.client.request_count() == 0);
}
