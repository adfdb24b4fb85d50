#include <cardstock/enrich/rate_limiter.hpp>

#include <algorithm>

namespace cardstock::enrich {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

}  // namespace

RateLimiter::RateLimiter(std::int64_t per_minute, std::int64_t burst)
    : per_minute_{per_minute}, burst_{burst} {}

SteadyTime RateLimiter::next(SteadyTime now) const noexcept {
  SteadyTime at = now;
  // The n-th newest start must have left the window before another may join it.
  const auto after = [&](std::int64_t limit, SteadyTime::duration window) {
    if (limit <= 0 || starts_.size() < static_cast<std::size_t>(limit)) return;
    at = std::max(at, starts_[starts_.size() - static_cast<std::size_t>(limit)] + window);
  };
  after(per_minute_, minutes{1});
  after(burst_, seconds{1});
  return at;
}

void RateLimiter::start(SteadyTime now) {
  starts_.push_back(now);
  const auto keep = static_cast<std::size_t>(std::max({per_minute_, burst_, std::int64_t{1}}));
  while (starts_.size() > keep) starts_.pop_front();
}

std::int64_t RateLimiter::used(SteadyTime now) const noexcept {
  return std::ranges::count_if(starts_,
                               [now](SteadyTime start) { return now - start < minutes{1}; });
}

SteadyTime RateLimiter::window_end(SteadyTime now) const noexcept {
  for (const SteadyTime start : starts_)
    if (now - start < minutes{1}) return start + minutes{1};
  return now;
}

}  // namespace cardstock::enrich
