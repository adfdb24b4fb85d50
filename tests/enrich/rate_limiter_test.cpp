#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include <cardstock/enrich/rate_limiter.hpp>

using cardstock::SteadyTime;
using cardstock::enrich::RateLimiter;
using namespace std::chrono_literals;

TEST_CASE("rate_limiter: the minute and the second both bind", "[enrich]") {
  RateLimiter limiter{4, 2};
  SteadyTime now{1h};
  CHECK(limiter.next(now) == now);
  limiter.start(now);
  limiter.start(now);
  CHECK(limiter.next(now) == now + 1s);
  now += 1s;
  limiter.start(now);
  limiter.start(now);
  CHECK(limiter.used(now) == 4);
  CHECK(limiter.next(now) == SteadyTime{1h} + 1min);
  CHECK(limiter.window_end(now) == SteadyTime{1h} + 1min);
  now = SteadyTime{1h} + 1min;
  CHECK(limiter.next(now) == now);
  CHECK(limiter.used(now) == 2);
}

TEST_CASE("rate_limiter: zero means no limit of that kind", "[enrich]") {
  RateLimiter limiter{0, 0};
  const SteadyTime now{1h};
  for (int i = 0; i < 100; ++i) {
    REQUIRE(limiter.next(now) == now);
    limiter.start(now);
  }
}

TEST_CASE("rate_limiter: no window holds more than its limit, and no permit is held back",
          "[enrich]") {
  std::mt19937_64 random{7};
  constexpr std::size_t kPerMinute = 20;
  constexpr std::size_t kBurst = 3;
  RateLimiter limiter{kPerMinute, kBurst};
  std::vector<SteadyTime> starts;
  SteadyTime now{1h};
  const auto within = [&](SteadyTime at, SteadyTime::duration window) {
    return static_cast<std::size_t>(
        std::ranges::count_if(starts, [&](SteadyTime s) { return s <= at && at - s < window; }));
  };
  for (int step = 0; step < 5000; ++step) {
    now += std::chrono::milliseconds{random() % 400};
    const bool free = within(now, 1min) < kPerMinute && within(now, 1s) < kBurst;
    REQUIRE((limiter.next(now) == now) == free);
    if (!free) continue;
    limiter.start(now);
    starts.push_back(now);
    REQUIRE(within(now, 1min) <= kPerMinute);
    REQUIRE(within(now, 1s) <= kBurst);
  }
  CHECK(starts.size() > 300);
}
