#include <cardstock/util/histogram.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>

namespace cardstock {

std::size_t Histogram::bucket_of(std::uint64_t microseconds) noexcept {
  constexpr std::size_t kSteps = HistogramCounts::kSteps;
  const std::uint64_t value = std::max<std::uint64_t>(1, microseconds);
  const auto power = static_cast<std::size_t>(std::bit_width(value)) - 1;
  // The three bits behind the leading one choose the step; below 8 µs there are fewer bits than
  // steps.
  const std::uint64_t step = power >= 3 ? (value >> (power - 3)) & 7U : (value << (3 - power)) & 7U;
  return std::min(power * kSteps + step, kSteps * HistogramCounts::kPowers - 1);
}

void Histogram::record(std::chrono::microseconds duration) noexcept {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
  buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
  sum_microseconds_.fetch_add(value, std::memory_order_relaxed);
}

HistogramCounts Histogram::counts() const noexcept {
  HistogramCounts counts;
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    counts.buckets_[i] = buckets_[i].load(std::memory_order_relaxed);
  counts.sum_microseconds_ = sum_microseconds_.load(std::memory_order_relaxed);
  return counts;
}

double HistogramCounts::upper_edge(std::size_t bucket) noexcept {
  const double base = std::ldexp(1.0, static_cast<int>(bucket / kSteps));
  return base * (1.0 + static_cast<double>(bucket % kSteps + 1) / kSteps) * 1e-6;
}

std::uint64_t HistogramCounts::count() const noexcept {
  return std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0});
}

double HistogramCounts::sum_seconds() const noexcept {
  return static_cast<double>(sum_microseconds_) * 1e-6;
}

std::uint64_t HistogramCounts::below_power_of_two(int power) const noexcept {
  const std::size_t end =
      static_cast<std::size_t>(std::clamp(power, 0, static_cast<int>(kPowers))) * kSteps;
  return std::accumulate(buckets_.begin(), buckets_.begin() + static_cast<std::ptrdiff_t>(end),
                         std::uint64_t{0});
}

HistogramCounts HistogramCounts::since(const HistogramCounts& before) const noexcept {
  HistogramCounts difference;
  std::ranges::transform(buckets_, before.buckets_, difference.buckets_.begin(), std::minus{});
  difference.sum_microseconds_ = sum_microseconds_ - before.sum_microseconds_;
  return difference;
}

double HistogramCounts::quantile(double q) const noexcept {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(all)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return upper_edge(i);
  }
  return upper_edge(buckets_.size() - 1);
}

}  // namespace cardstock
