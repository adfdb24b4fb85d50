#include <cardstock/enrich/rate_limiter.hpp>

#include <algorithm>

namespace cardstock::enrich {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kKeptWithoutLimit = 4096;
constexpr double kLowestScale = 0.125;
constexpr double kRecovery = 0.02;
/// A minute; the limit that is set where nobody has thought about it.
constexpr std::int64_t kLeastAssumed = 60;

std::size_t largest_limit(const std::vector<RateLimiter::Window>& windows) {
  std::int64_t largest = windows.front().limit > 0 ? 1 : std::int64_t{kKeptWithoutLimit};
  for (const auto& window : windows) largest = std::max(largest, window.limit);
  return static_cast<std::size_t>(largest);
}

}  // namespace

RateLimiter::RateLimiter(std::int64_t per_minute, std::int64_t burst)
    : RateLimiter{std::vector<Window>{{per_minute, minutes{1}}, {burst, seconds{1}}}} {}

RateLimiter::RateLimiter(std::vector<Window> windows)
    : windows_{std::move(windows)}, kept_{largest_limit(windows_)} {}

std::int64_t RateLimiter::limit_of(const Window& window) const noexcept {
  if (scale_ >= 1) return window.limit;
  const std::int64_t full =
      window.limit == 0 && &window == &windows_.front() ? assumed_ : window.limit;
  if (full == 0) return 0;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(full) * scale_));
}

SteadyTime RateLimiter::next_with(const std::deque<SteadyTime>& counted,
                                  SteadyTime now,
                                  std::int64_t spare) const noexcept {
  SteadyTime at = std::max(now, held_until_);
  for (const Window& window : windows_) {
    std::int64_t limit = limit_of(window);
    if (limit > 1 && &window == &windows_.front()) limit = std::max<std::int64_t>(1, limit - spare);
    if (limit <= 0 || counted.size() < static_cast<std::size_t>(limit)) continue;
    // The limit-th newest must have left the window before another may join it.
    at = std::max(at, counted[counted.size() - static_cast<std::size_t>(limit)] + window.length);
  }
  return at;
}

SteadyTime RateLimiter::next(SteadyTime now, std::int64_t spare) const noexcept {
  return next_with(counted_, now, spare);
}

SteadyTime RateLimiter::next_behind(SteadyTime now, std::size_t ahead, SteadyTime until) const {
  SteadyTime at = next_with(counted_, now, 0);
  const bool limited =
      std::ranges::any_of(windows_, [&](const Window& window) { return limit_of(window) > 0; });
  if (!limited || ahead == 0) return at;
  std::deque<SteadyTime> counted = counted_;
  for (std::size_t i = 0; i < std::min(ahead, kLookAhead) && at <= until; ++i) {
    counted.insert(std::upper_bound(counted.begin(), counted.end(), at), at);
    at = next_with(counted, at, 0);
  }
  return at;
}

SteadyTime RateLimiter::start(SteadyTime now) {
  const SteadyTime counted = now + kSettle;
  counted_.insert(std::upper_bound(counted_.begin(), counted_.end(), counted), counted);
  while (counted_.size() > kept_) counted_.pop_front();
  return counted;
}

void RateLimiter::answered(SteadyTime counted, SteadyTime now) {
  const SteadyTime at = std::clamp(now, counted - kSettle, counted);
  const auto it = std::lower_bound(counted_.begin(), counted_.end(), counted);
  if (it == counted_.end() || *it != counted) return;
  counted_.erase(it);
  counted_.insert(std::upper_bound(counted_.begin(), counted_.end(), at), at);
}

void RateLimiter::hold(SteadyTime until) noexcept {
  held_until_ = std::max(held_until_, until);
}

void RateLimiter::slow_down(SteadyTime call_started, SteadyTime now) {
  if (call_started < slowed_at_) return;
  slowed_at_ = now;
  if (scale_ >= 1) assumed_ = std::max(kLeastAssumed, used(now));
  scale_ = std::max(kLowestScale, scale_ / 2);
}

void RateLimiter::speed_up() noexcept {
  scale_ = std::min(1.0, scale_ + kRecovery);
}

std::int64_t RateLimiter::used(SteadyTime now) const noexcept {
  return counted_.end() -
         std::upper_bound(counted_.begin(), counted_.end(), now - windows_.front().length);
}

SteadyTime RateLimiter::window_end(SteadyTime now) const noexcept {
  const SteadyTime::duration length = windows_.front().length;
  const auto oldest = std::upper_bound(counted_.begin(), counted_.end(), now - length);
  return oldest == counted_.end() ? now : *oldest + length;
}

}  // namespace cardstock::enrich
