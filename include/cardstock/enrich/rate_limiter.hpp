#pragma once
/// \file rate_limiter.hpp
/// \brief Pure: when the next upstream call may start. No sliding minute holds more than
/// `per_minute` starts, no sliding second more than `burst`.
///
/// Threads: none of its own (the enricher's thread owns it). Time: steady. Limits: remembers at
/// most `per_minute` instants.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include <cardstock/util/clock.hpp>

namespace cardstock::enrich {

class RateLimiter {
 public:
  /// 0: no limit of that kind.
  RateLimiter(std::int64_t per_minute, std::int64_t burst);

  /// The earliest instant, `now` or later, at which a call may start.
  SteadyTime next(SteadyTime now) const noexcept;
  /// Notes a start. The caller has asked next() for this very `now`.
  void start(SteadyTime now);
  /// Starts within the minute before `now`.
  std::int64_t used(SteadyTime now) const noexcept;
  /// When the oldest start leaves the minute; `now` when there is none.
  SteadyTime window_end(SteadyTime now) const noexcept;
  std::int64_t per_minute() const noexcept { return per_minute_; }

 private:
  std::int64_t per_minute_;
  std::int64_t burst_;
  std::deque<SteadyTime> starts_;
};

}  // namespace cardstock::enrich
