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

namespace cardstock::enrich {

struct Counters {
  using Count = std::atomic<std::uint64_t>;
  Count hit{0}, miss{0}, stale{0}, negative{0}, coalesced{0}, bypass{0};
  Count calls{0}, first_pages{0}, indicators{0}, unmatched_rows{0}, store_failures{0}, rejected{0};
  std::array<Count, kLanes> waiting{};
  std::atomic<std::int64_t> limiter_used{0};
  std::atomic<WallTime::rep> limiter_window_ends_at{0};
  std::array<Count, static_cast<std::size_t>(ErrorCode::Internal) + 1> errors{};
  Histogram latency;

  /// Counts an upstream error and remembers it among the recent ones.
  void failed(const Error& error, WallTime now) CARDSTOCK_EXCLUDES(mutex);
  std::vector<RecentError> recent() const CARDSTOCK_EXCLUDES(mutex);

 private:
  static constexpr std::size_t kRecent = 20;
  mutable Mutex mutex;
  std::deque<RecentError> recent_ CARDSTOCK_GUARDED_BY(mutex);  ///< newest first
};

}  // namespace cardstock::enrich
