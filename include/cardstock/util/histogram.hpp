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

class Histogram {
 public:
  void record(std::chrono::microseconds duration) noexcept;
  /// Upper edge of the bucket in which the `q`-quantile lies (0 < q <= 1), in seconds; 0 when
  /// nothing was recorded.
  double quantile(double q) const noexcept;
  std::uint64_t count() const noexcept;

 private:
  static constexpr std::size_t kSteps = 8;    // buckets a power of two
  static constexpr std::size_t kPowers = 32;  // of microseconds
  static std::size_t bucket_of(std::uint64_t microseconds) noexcept;
  static double upper_edge(std::size_t bucket) noexcept;
  std::array<std::atomic<std::uint64_t>, kSteps * kPowers> buckets_{};
};

}  // namespace cardstock
