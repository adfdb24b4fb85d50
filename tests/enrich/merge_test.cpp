/// What waits for one credential goes out together: how much of it, and what one bad part costs.
#include <catch2/catch.hpp>

#include <functional>

#include <cardstock/threatconnect/query.hpp>

#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::FakeHttpClient;
using test::page;
using Fixture = test::EnrichFixture;
using Replies = std::vector<std::shared_ptr<std::optional<Reply>>>;

namespace {

EnrichSettings one_at_a_time() {
  return {.requests_per_minute = 0, .burst = 0, .concurrent = 1, .max_attempts = 1};
}

std::string long_url(int i, std::size_t length) {
  return "http://evil.test/" + std::to_string(i) + "/" + std::string(length, 'x');
}

/// The first goes out alone; the others wait behind it and are merged.
Replies ask_behind_one(Fixture& f, int count, const std::function<Ask(int)>& ask) {
  Replies replies;
  f.get(f.ask("first.test"));
  for (int i = 0; i < count; ++i) replies.push_back(f.get(ask(i)));
  REQUIRE(f.client.request_count() == 1);
  return replies;
}

void answer_all(Fixture& f,
                const std::function<fetch::HttpResponse(const fetch::HttpRequest&)>& of) {
  for (std::size_t next = 0; next < f.client.request_count(); ++next)
    f.answer(next, of(f.client.request(next)));
}

}  // namespace

TEST_CASE("merge: long look-ups go out in calls of no more than six kilobytes of target",
          "[enrich]") {
  Fixture f{one_at_a_time()};
  const Replies replies = ask_behind_one(f, 40, [&](int i) {
    return f.ask(long_url(i, 600), f.one, AskMode::Normal, EntityType::Url);
  });
  answer_all(f, [](const fetch::HttpRequest& request) {
    CHECK(request.target.size() <= threatconnect::kMaxTarget);
    CHECK(request.body.empty());
    return FakeHttpClient::json(page({}));
  });
  for (const auto& reply : replies) CHECK((*reply)->entry);
  CHECK(f.enricher->stats().indicators == 41);
  CHECK(f.client.request_count() > 4);   // forty times 600 bytes are four times six kilobytes
  CHECK(f.client.request_count() < 10);  // and not a call each
}

TEST_CASE("merge: one poisoned of fifty is found in twice as many calls as it takes to halve them",
          "[enrich]") {
  Fixture f{one_at_a_time()};
  const Replies replies =
      ask_behind_one(f, 50, [&](int i) { return f.ask("n" + std::to_string(i) + ".test"); });
  answer_all(f, [](const fetch::HttpRequest& request) {
    return request.target.find("n37.test") == std::string::npos
               ? FakeHttpClient::json(page({}))
               : FakeHttpClient::json(R"({"errCode":"0x2001","message":"TQL","status":"Error"})",
                                      400);
  });
  for (std::size_t i = 0; i < replies.size(); ++i) {
    CAPTURE(i);
    REQUIRE(*replies[i]);
    CHECK((*replies[i])->error.has_value() == (i == 37));
  }
  CHECK(f.client.request_count() <= 1 + 1 + 2 * 6);
}
