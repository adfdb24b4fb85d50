#pragma once
/// \file counters.hpp
/// \brief What the enricher counts. Threads: any; relaxed atomics, read without a common instant.
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <vector>

#include <cardstock/enrich/enricher.hpp>
#include <cardstock/util/histogram.hpp>
#include <cardstock/util/mutex.hpp>

#include "breaker.hpp"

namespace cardstock::enrich {

/// Of the instance that has used most.
struct LimiterGauges {
  std::int64_t used = 0;
  std::int64_t allowed = 0;  ///< a minute, as ThreatConnect's refusals have left it; 0: no limit
  SteadyTime window_end;
  SteadyTime held_until = SteadyTime::min();
};

/// Whether something fails, so that it is said when it begins and not each time.
class Failing {
 public:
  /// True when it did not fail before.
  bool begins() noexcept { return !failing_.exchange(true, std::memory_order_relaxed); }
  void ends() noexcept {
    if (failing_.load(std::memory_order_relaxed)) failing_.store(false, std::memory_order_relaxed);
  }

 private:
  std::atomic<bool> failing_{false};
};

struct Counters {
  using Count = std::atomic<std::uint64_t>;
  Count hit{0}, miss{0}, stale{0}, negative{0}, coalesced{0}, bypass{0};
  Count calls{0}, indicators{0}, unmatched_rows{0}, store_failures{0}, rejected{0};
  /// Look-ups beside `coalesced` that needed no call of their own: indicators that went along in
  /// the call of another, and forced ones that joined a call.
  Count rode_along{0};
  std::array<Count, kLanes> waiting{};
  std::array<Count, kLanes> dropped{};
  Count retries{0}, retry_after_capped{0}, retry_after_unusable{0};
  Failing store_reads, store_writes;
  std::atomic<BreakerState> breaker{BreakerState::Closed};
  std::array<Count, static_cast<std::size_t>(ErrorCode::Internal) + 1> errors{};
  Histogram latency;

  /// Counts an upstream error and remembers it among the recent ones.
  void failed(const Error& error, WallTime now) CARDSTOCK_EXCLUDES(mutex_);
  /// `now` and `wall` are one instant.
  void publish(const LimiterGauges& gauges, SteadyTime now, WallTime wall)
      CARDSTOCK_EXCLUDES(mutex_);
  /// Fills all figures that are counted here.
  void read(EnrichStats& into) const CARDSTOCK_EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kRecent = 20;
  mutable Mutex mutex_;
  std::deque<RecentError> recent_ CARDSTOCK_GUARDED_BY(mutex_);  ///< newest first
  // The limiter as it was last seen.
  std::int64_t used_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  std::int64_t allowed_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  WallTime window_ends_at_ CARDSTOCK_GUARDED_BY(mutex_);
  std::optional<WallTime> held_until_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::enrich
