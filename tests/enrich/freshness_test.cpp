#include <catch2/catch.hpp>

#include <cardstock/enrich/freshness.hpp>

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;

namespace {

const WallTime kFetched{std::chrono::hours{1000}};
const FreshnessPolicy kPolicy{
    .ttl = 10s, .ttl_absent = 4s, .grace = 5s, .keep = 60s, .jitter = 0.5};

struct Row {
  milliseconds age;
  Freshness want;
};

}  // namespace

TEST_CASE("freshness: the boundary instant belongs to the later state", "[enrich]") {
  const Row row = GENERATE(values<Row>({{0ms, Freshness::Fresh},
                                        {9'999ms, Freshness::Fresh},
                                        {10'000ms, Freshness::Grace},
                                        {14'999ms, Freshness::Grace},
                                        {15'000ms, Freshness::Keep},
                                        {74'999ms, Freshness::Keep},
                                        {75'000ms, Freshness::Expired},
                                        {-1ms, Freshness::Keep}}));
  CAPTURE(row.age.count());
  const Lifetime life = lifetime(kPolicy, Presence::Found, kFetched, 0);
  CHECK(freshness(life, kFetched + row.age) == row.want);
}

TEST_CASE("freshness: an absent row knows neither grace nor keep, nor a future", "[enrich]") {
  const Row row = GENERATE(values<Row>({{0ms, Freshness::Fresh},
                                        {3'999ms, Freshness::Fresh},
                                        {4'000ms, Freshness::Expired},
                                        {-1ms, Freshness::Expired}}));
  CAPTURE(row.age.count());
  const Lifetime life = lifetime(kPolicy, Presence::Absent, kFetched, 0);
  CHECK(freshness(life, kFetched + row.age) == row.want);
}

TEST_CASE("freshness: jitter shortens the ttl and moves what follows along", "[enrich]") {
  const Lifetime life = lifetime(kPolicy, Presence::Found, kFetched, 0.5);
  CHECK(life.fresh_until == kFetched + 7'500ms);
  CHECK(life.grace_until == kFetched + 12'500ms);
  CHECK(life.keep_until == kFetched + 72'500ms);
}

TEST_CASE("freshness: with everything zero nothing is ever served", "[enrich]") {
  const FreshnessPolicy none{.ttl = 0s, .ttl_absent = 0s, .grace = 0s, .keep = 0s, .jitter = 0};
  for (const Presence presence : {Presence::Found, Presence::Absent})
    CHECK(freshness(lifetime(none, presence, kFetched, 0), kFetched) == Freshness::Expired);
}
