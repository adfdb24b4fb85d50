#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::page;
using test::row;
using Fixture = test::EnrichFixture;

namespace {

std::string counted(std::string body, int count) {
  body.insert(body.size() - 1, R"(,"count":)" + std::to_string(count));
  return body;
}

const std::string kUnreadableRow = R"({"type":"Host","summary":"evil.test"})";  // nobody's

}  // namespace

TEST_CASE("unread rows: what an answer leaves open is never said to be held by nobody",
          "[enrich]") {
  for (const std::string& open :
       {counted(page({}), 5), counted(page({row("Host", "other.test", "Org A")}), 2),
        page({kUnreadableRow}), std::string{R"({"status":"Success"})"},
        std::string{R"({"status":"Success","data":{"resultCount":1,"owner":{"id":1}}})"}}) {
    CAPTURE(open);
    Fixture f;
    const auto reply = f.get(f.ask("evil.test"));
    f.answer(0, open);
    REQUIRE(*reply);
    REQUIRE_FALSE((*reply)->entry);
    CHECK((*reply)->error->code == ErrorCode::AnswerUnreadable);
    CHECK(f.client.request_count() == 1);
    CHECK(f.enricher->stats().errors.at("answer_unreadable") == 1);
    // Nothing was kept: the next ask goes up again.
    const auto next = f.get(f.ask("evil.test"));
    REQUIRE_FALSE(*next);
    f.answer(1, counted(page({}), 0));
    CHECK((*next)->entry->absent);
  }
}

TEST_CASE("unread rows: a card that is held is not replaced by an answer that leaves it open",
          "[enrich]") {
  Fixture f;
  f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Org A")}));
  f.clock.advance(80s);
  const auto stale = f.get(f.ask("evil.test"));
  f.answer(1, counted(page({}), 1));
  REQUIRE(*stale);
  CHECK(f.owners(*stale) == "Org A;");
  CHECK((*stale)->status == CacheStatus::Stale);
}

TEST_CASE("unread rows: a list that goes on in place is not followed", "[enrich]") {
  for (const auto& [rows, next] : {std::pair{std::string{}, "resultStart=1000"},
                                   std::pair{row("Host", "other.test", "Org A"), ""}}) {
    CAPTURE(rows, next);
    Fixture f;
    const auto reply = f.get(f.ask("evil.test"));
    const fetch::HttpRequest asked = f.client.request(0);
    std::string target = asked.target;
    if (*next != '\0') target = "/api/v3/indicators?" + std::string{next};
    f.answer(0, R"({"status":"Success","next":")" + asked.origin + target + R"(","data":[)" + rows +
                    "]}");
    REQUIRE(*reply);
    CHECK((*reply)->error->code == ErrorCode::AnswerUnreadable);
    CHECK(f.client.request_count() == 1);
  }
}

TEST_CASE("unread rows: in a merged call nobody is told of another's", "[enrich]") {
  Fixture f{{.requests_per_minute = 0, .burst = 0, .concurrent = 1, .max_attempts = 1}};
  f.get(f.ask("first.test"));
  const auto found = f.get(f.ask("found.test"));
  const auto open = f.get(f.ask("open.test"));
  const auto lost = f.get(f.ask("lost.test"));
  f.answer(0, counted(page({}), 0));
  REQUIRE(f.client.request_count() == 2);
  f.answer(1, counted(page({row("Host", "found.test", "Org A")}), 2));
  REQUIRE_FALSE(*found);  // the row that was not read may be a copy of it
  REQUIRE(f.client.request_count() == 3);
  f.answer(2, counted(page({row("Host", "found.test", "Org A")}), 1));
  CHECK(f.owners(*found) == "Org A;");
  REQUIRE(f.client.request_count() == 4);
  CHECK(f.client.request(3).target.find("open.test") != std::string::npos);
  CHECK(f.client.request(3).target.find("lost.test") != std::string::npos);
  CHECK(f.client.request(3).target.find("found.test") == std::string::npos);
  f.answer(3, page({kUnreadableRow}));
  REQUIRE(f.client.request_count() == 5);
  f.answer(4, counted(page({}), 0));
  f.answer(5, page({kUnreadableRow}));
  CHECK((*open)->entry->absent);
  REQUIRE_FALSE((*lost)->entry);
  CHECK((*lost)->error->code == ErrorCode::AnswerUnreadable);
  CHECK(f.client.request_count() == 6);
}

TEST_CASE("unread rows: pages beyond the limit leave open who is on them", "[enrich]") {
  Fixture f{{.requests_per_minute = 0, .burst = 0, .max_pages = 1, .max_attempts = 1}};
  const auto reply = f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "other.test", "Org A")}, "https://tc.test/api/v3/indicators?p=2"));
  REQUIRE(*reply);
  REQUIRE_FALSE((*reply)->entry);
  CHECK((*reply)->error->code == ErrorCode::AnswerUnreadable);
}
