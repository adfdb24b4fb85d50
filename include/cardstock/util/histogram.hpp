#pragma once
/// \file histogram.hpp
/// \brief Durations counted in buckets that grow by an eighth: quantiles within 12.5 %, from 1 µs
/// to about 70 minutes.
///
/// Threads: any; relaxed atomics, so that a reader may see a count that is a moment old. Blocking:
/// none. Errors: none.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace cardstock {

/// What a Histogram had counted at one moment.
class HistogramCounts {
 public:
  /// Upper edge of the bucket in which the `q`-quantile lies (0 < q <= 1), in seconds; 0 when
  /// nothing was recorded.
  double quantile(double q) const noexcept;
  std::uint64_t count() const noexcept;
  /// Of all durations, in seconds.
  double sum_seconds() const noexcept;
  /// How many took less than 2^`power` microseconds; exact, because that is the edge of a bucket.
  std::uint64_t below_power_of_two(int power) const noexcept;
  /// What was counted between `before` and this; a restart in between would make it nonsense.
  HistogramCounts since(const HistogramCounts& before) const noexcept;

 private:
  friend class Histogram;
  static constexpr std::size_t kSteps = 8;    // buckets a power of two
  static constexpr std::size_t kPowers = 32;  // of microseconds
  static double upper_edge(std::size_t bucket) noexcept;
  std::array<std::uint64_t, kSteps * kPowers> buckets_{};
  std::uint64_t sum_microseconds_ = 0;
};

class Histogram {
 public:
  void record(std::chrono::microseconds duration) noexcept;
  HistogramCounts counts() const noexcept;

 private:
  static std::size_t bucket_of(std::uint64_t microseconds) noexcept;
  std::array<std::atomic<std::uint64_t>, HistogramCounts::kSteps * HistogramCounts::kPowers>
      buckets_{};
  std::atomic<std::uint64_t> sum_microseconds_{0};
};

}  // namespace cardstock
