#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include <cardstock/enrich/rate_limiter.hpp>

using cardstock::SteadyTime;
using cardstock::enrich::RateLimiter;
using namespace std::chrono_literals;

namespace {

/// A call that is answered in the same instant.
void call(RateLimiter& limiter, SteadyTime now) {
  limiter.answered(limiter.start(now), now);
}

}  // namespace

TEST_CASE("rate_limiter: the minute and the second both bind", "[enrich]") {
  RateLimiter limiter{4, 2};
  SteadyTime now{1h};
  CHECK(limiter.next(now) == now);
  call(limiter, now);
  call(limiter, now);
  CHECK(limiter.next(now) == now + 1s);
  now += 1s;
  call(limiter, now);
  call(limiter, now);
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
    call(limiter, now);
  }
  CHECK(limiter.used(now) == 100);
}

TEST_CASE("rate_limiter: a call counts from its answer and from half a second on without one",
          "[enrich]") {
  RateLimiter limiter{1, 0};
  const SteadyTime now{1h};
  const SteadyTime first = limiter.start(now);
  CHECK(limiter.next(now) == now + 60s + RateLimiter::kSettle);
  limiter.answered(first, now + 200ms);
  CHECK(limiter.next(now) == now + 60s + 200ms);
  const SteadyTime second = limiter.start(now + 2min);
  limiter.answered(second, now + 2min + 8s);
  CHECK(limiter.next(now) == now + 3min + RateLimiter::kSettle);
}

TEST_CASE("rate_limiter: a hold binds and a shorter one does not end it", "[enrich]") {
  RateLimiter limiter{0, 0};
  const SteadyTime now{1h};
  limiter.hold(now + 30s);
  limiter.hold(now + 10s);
  CHECK(limiter.next(now) == now + 30s);
  CHECK(limiter.next(now + 30s) == now + 30s);
}

TEST_CASE("rate_limiter: a refusal halves once for the calls before it and success restores slowly",
          "[enrich]") {
  RateLimiter limiter{60, 10};
  const SteadyTime now{1h};
  limiter.slow_down(now - 1s, now);
  CHECK(limiter.allowed_per_minute() == 30);
  limiter.slow_down(now - 1s, now + 1s);  // it was under way when the rate was halved
  CHECK(limiter.allowed_per_minute() == 30);
  limiter.slow_down(now + 1s, now + 2s);
  CHECK(limiter.allowed_per_minute() == 15);
  for (int i = 0; i < 10; ++i) limiter.slow_down(now + 1min * i, now + 1min * i);
  CHECK(limiter.allowed_per_minute() == 7);  // an eighth is the least
  int successes = 0;
  for (; limiter.allowed_per_minute() < 60; ++successes) limiter.speed_up();
  CHECK(successes > 40);
  CHECK(successes < 50);
  CHECK(limiter.per_minute() == 60);
}

TEST_CASE("rate_limiter: where no limit is set a refusal makes one of the last minute",
          "[enrich]") {
  RateLimiter limiter{0, 0};
  const SteadyTime now{1h};
  for (int i = 0; i < 100; ++i) call(limiter, now);
  limiter.slow_down(now, now);
  CHECK(limiter.allowed_per_minute() == 50);
  CHECK(limiter.next(now) == now + 1min);
  for (int i = 0; i < 50; ++i) limiter.speed_up();
  CHECK(limiter.allowed_per_minute() == 0);
  CHECK(limiter.next(now) == now);
}

TEST_CASE("rate_limiter: who stands behind others is told the earliest start it may have",
          "[enrich]") {
  RateLimiter limiter{4, 2};
  const SteadyTime now{1h};
  const SteadyTime far = now + 1h;
  CHECK(limiter.next_behind(now, 0, far) == now);
  CHECK(limiter.next_behind(now, 1, far) == now);
  CHECK(limiter.next_behind(now, 2, far) == now + 1s);
  CHECK(limiter.next_behind(now, 4, far) == now + 60s);
  CHECK(limiter.next_behind(now, 6, far) == now + 61s);
  CHECK(limiter.next_behind(now, 1'000'000, now + 30s) > now + 30s);  // looks no further
}

TEST_CASE("rate_limiter: no window holds more than its limit and no permit is held back",
          "[enrich]") {
  std::mt19937_64 random{GENERATE(1U, 2U, 3U, 4U)};
  constexpr std::size_t kPerMinute = 20;
  constexpr std::size_t kBurst = 3;
  RateLimiter limiter{kPerMinute, kBurst};
  std::vector<SteadyTime> starts;
  SteadyTime now{1h};
  const auto within = [&](SteadyTime at, SteadyTime::duration window) {
    return static_cast<std::size_t>(
        std::ranges::count_if(starts, [&](SteadyTime s) { return s <= at && at - s < window; }));
  };
  for (int step = 0; step < 2500; ++step) {
    // The clock mostly advances, at times by far, and now and then steps back.
    const auto by = std::chrono::milliseconds{random() % 400};
    now += random() % 50 == 0 ? -by : random() % 200 == 0 ? 200 * by : by;
    const SteadyTime latest = starts.empty() ? now : std::ranges::max(starts);
    const bool free = now >= latest && within(now, 1min) < kPerMinute && within(now, 1s) < kBurst;
    if (now >= latest) REQUIRE((limiter.next(now) == now) == free);
    if (limiter.next(now) != now) continue;
    call(limiter, now);
    starts.push_back(now);
    for (const SteadyTime start : starts) {
      if (start < now) continue;  // the new one is in no window that ends before it
      REQUIRE(within(start, 1min) <= kPerMinute);
      REQUIRE(within(start, 1s) <= kBurst);
    }
  }
  CHECK(starts.size() > 150);
}
