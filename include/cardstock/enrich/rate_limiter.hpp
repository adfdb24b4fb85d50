#pragma once
/// \file rate_limiter.hpp
/// \brief Pure: when the next upstream call may start. No sliding window holds more calls than its
/// limit, counted where ThreatConnect counts them.
///
/// A call reaches ThreatConnect between its start and its answer. It leaves a window one
/// length after its answer, or after its start and kSettle when it is not answered by then: what
/// was long under way cannot meet a later call in one window there.
///
/// Threads: none of its own (the enricher's thread owns it). Time: steady; a clock that steps back
/// only makes it wait longer. Limits: remembers the largest limit's number of instants, 4096 where
/// there is no limit. Source of halving and slow recovery: RFC 5681 (AIMD), on the rate.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include <cardstock/util/clock.hpp>

namespace cardstock::enrich {

class RateLimiter {
 public:
  struct Window {
    std::int64_t limit = 0;  ///< 0: none
    SteadyTime::duration length{};
  };
  /// After which a call that is not answered counts as arrived.
  static constexpr std::chrono::milliseconds kSettle{500};
  static constexpr std::size_t kLookAhead = 1000;

  /// A minute's limit and a second's; 0: no limit of that kind.
  RateLimiter(std::int64_t per_minute, std::int64_t burst);
  /// The first window is the one that used(), window_end() and per_minute() speak of.
  explicit RateLimiter(std::vector<Window> windows);

  /// The earliest instant, `now` or later, at which a call may start; later than a hold.
  /// `spare` places of the first window are left to others.
  SteadyTime next(SteadyTime now, std::int64_t spare = 0) const noexcept;
  /// The same for a call that has `ahead` others before it, when all of them start as early as they
  /// may; a lower bound, since their answers are not known. Looks no further than `until` and
  /// kLookAhead calls.
  SteadyTime next_behind(SteadyTime now, std::size_t ahead, SteadyTime until) const;
  /// Notes a start; gives back the instant at which it counts, for answered().
  SteadyTime start(SteadyTime now);
  /// The call that counts at `counted` has been answered (or given up) at `now`.
  void answered(SteadyTime counted, SteadyTime now);

  /// Nothing starts before `until`. A shorter hold does not end a longer one.
  void hold(SteadyTime until) noexcept;
  SteadyTime held_until() const noexcept { return held_until_; }
  /// Halves the limits (an eighth at the least), once for all calls that were started before the
  /// last halving. Without a limit, half of what the last minute held (30 at the
  /// least) becomes one.
  void slow_down(SteadyTime call_started, SteadyTime now);
  /// A call was accepted: gives back a fiftieth of the limits.
  void speed_up() noexcept;

  /// Calls within the minute before `now`.
  std::int64_t used(SteadyTime now) const noexcept;
  /// When the oldest of them leaves the minute; `now` when there is none.
  SteadyTime window_end(SteadyTime now) const noexcept;
  std::int64_t per_minute() const noexcept { return windows_.front().limit; }
  /// per_minute() as halved and restored; 0: none.
  std::int64_t allowed_per_minute() const noexcept { return limit_of(windows_.front()); }

 private:
  std::int64_t limit_of(const Window& window) const noexcept;
  SteadyTime next_with(const std::deque<SteadyTime>& counted,
                       SteadyTime now,
                       std::int64_t spare) const noexcept;

  std::vector<Window> windows_;
  std::size_t kept_;
  std::deque<SteadyTime> counted_;  ///< ascending
  double scale_ = 1;
  std::int64_t assumed_ = 0;  ///< the minute's limit where none is set and ThreatConnect refused
  SteadyTime slowed_at_ = SteadyTime::min();
  SteadyTime held_until_ = SteadyTime::min();
};

}  // namespace cardstock::enrich
