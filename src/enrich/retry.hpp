#pragma once
/// \file retry.hpp
/// \brief Pure: whether and when a failed call is made again.
///
/// Threads: none of its own (the enricher's thread owns the budget). Source of the budget: a tenth
/// of the calls, so that retries cannot multiply the load of an outage (Google SRE book, ch. 21).
#include <chrono>
#include <optional>

#include <cardstock/util/result.hpp>

namespace cardstock::enrich {

/// The pause before another attempt; nullopt when the failure is not one that goes away by itself.
/// `status` is the answer's, 0 where there was none; `attempts` of `most` have been made; `unit` in
/// [0, 1) is the jitter. A time-out is not repeated: it has used up the time that a caller has.
/// RateLimited has no pause of its own: the limiter holds.
std::optional<std::chrono::milliseconds> retry_pause(
    const Error& error, int status, int attempts, int most, double unit) noexcept;

/// Every call earns a tenth of a retry, up to ten; ten are there at first.
class RetryBudget {
 public:
  void earn() noexcept;
  /// Takes one; false when there is none.
  bool take() noexcept;

 private:
  static constexpr int kMost = 100;
  static constexpr int kCost = 10;
  int tenths_ = kMost;
};

}  // namespace cardstock::enrich
