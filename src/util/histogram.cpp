#include <cardstock/util/histogram.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace cardstock {

std::size_t Histogram::bucket_of(std::uint64_t microseconds) noexcept {
  const std::uint64_t value = std::max<std::uint64_t>(1, microseconds);
  const auto power = static_cast<std::size_t>(std::bit_width(value)) - 1;
  // The three bits behind the leading one choose the step; below 8 µs there are fewer bits than
  // steps.
  const std::uint64_t step = power >= 3 ? (value >> (power - 3)) & 7U : (value << (3 - power)) & 7U;
  return std::min(power * kSteps + step, kSteps * kPowers - 1);
}

double Histogram::upper_edge(std::size_t bucket) noexcept {
  const double base = std::ldexp(1.0, static_cast<int>(bucket / kSteps));
  return base * (1.0 + static_cast<double>(bucket % kSteps + 1) / kSteps) * 1e-6;
}

void Histogram::record(std::chrono::microseconds duration) noexcept {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
  buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& bucket : buckets_) sum += bucket.load(std::memory_order_relaxed);
  return sum;
}

double Histogram::quantile(double q) const noexcept {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(all)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i].load(std::memory_order_relaxed);
    if (seen >= wanted) return upper_edge(i);
  }
  return upper_edge(buckets_.size() - 1);
}

}  // namespace cardstock
