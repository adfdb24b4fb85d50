#include <algorithm>
#include <map>
#include <vector>

#include "enrich/enrich_fixture.hpp"
#include "store/sample.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using Fixture = test::EnrichFixture;

TEST_CASE("stampede: rows that came together expire apart, and renewing them keeps to the limit",
          "[enrich][time]") {
  constexpr int kRows = 1000;
  constexpr std::size_t kPerMinute = 12;
  Fixture f{{.requests_per_minute = kPerMinute, .burst = 2, .max_indicators_per_call = 5}};
  f.settings.policy = {.ttl = 1h, .ttl_absent = 1h, .grace = 5min, .keep = 24h, .jitter = 0.1};
  f.settings.credential_recheck = 100h;
  f.client.respond_with(
      [](const fetch::HttpRequest&) { return test::FakeHttpClient::json(test::page({})); });
  f.restart();
  const auto name = [](int i) { return "n" + std::to_string(i) + ".test"; };
  const WallTime begun = f.clock.wall();
  for (int i = 0; i < kRows; ++i)
    f.store.put({f.one->id, IndicatorType::Host, name(i)}, test::found(begun));

  std::map<long, int> stale_in_minute;
  for (int i = 0; i < kRows; ++i) {
    const auto looked = f.enricher->look(f.ask(name(i), f.one, AskMode::OnlyIfCached));
    REQUIRE(looked.reply->entry);
    ++stale_in_minute[(looked.reply->entry->life.fresh_until - begun) / 1min];
  }
  // Six minutes, a tenth of the hour, and none of them has twice its share.
  CHECK(stale_in_minute.size() == 6);
  for (const auto& [minute, rows] : stale_in_minute) {
    CAPTURE(minute);
    CHECK(minute >= 54);
    CHECK(minute < 60);
    CHECK(rows > kRows / 12);
    CHECK(rows < kRows / 3);
  }

  // Everything is asked for once a minute, until all of it has been renewed.
  f.clock.advance(50min);
  std::vector<std::size_t> calls_by_second;
  for (int second = 0; second < 3 * 3600 && f.enricher->stats().indicators < kRows; ++second) {
    f.clock.advance(1s);
    for (int i = second % 60; i < kRows; i += 60) f.get(f.ask(name(i)));
    f.run();
    calls_by_second.push_back(f.client.request_count());
  }
  CHECK(f.enricher->stats().indicators >= kRows);
  std::size_t most = 0;
  for (std::size_t i = 60; i < calls_by_second.size(); ++i)
    most = std::max(most, calls_by_second[i] - calls_by_second[i - 60]);
  CHECK(most == kPerMinute);  // never more, and all of it was needed
}
