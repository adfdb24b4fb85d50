#include "counters.hpp"

#include <algorithm>

namespace cardstock::enrich {

void Counters::failed(const Error& error, WallTime now) {
  errors[static_cast<std::size_t>(error.code)].fetch_add(1, std::memory_order_relaxed);
  const LockGuard lock{mutex_};
  const auto same = std::ranges::find_if(recent_, [&](const RecentError& r) {
    return r.kind == error.code && r.message == error.public_detail;
  });
  RecentError latest{now, error.code, error.public_detail, 1};
  if (same != recent_.end()) {
    latest.count += same->count;
    recent_.erase(same);
  }
  recent_.push_front(std::move(latest));
  if (recent_.size() > kRecent) recent_.pop_back();
}

void Counters::publish(const LimiterGauges& gauges, SteadyTime now, WallTime wall) {
  const auto wall_of = [&](SteadyTime at) {
    return wall + std::chrono::ceil<std::chrono::milliseconds>(at - now);
  };
  const LockGuard lock{mutex_};
  used_ = gauges.used;
  allowed_ = gauges.allowed;
  window_ends_at_ = wall_of(gauges.window_end);
  held_until_.reset();
  if (gauges.held_until > now) held_until_ = wall_of(gauges.held_until);
}

void Counters::read_limiter(EnrichStats& into) const {
  const LockGuard lock{mutex_};
  into.limiter_used = used_;
  into.limiter_allowed = allowed_;
  into.limiter_window_ends_at = window_ends_at_;
  into.limiter_held_until = held_until_;
}

std::vector<RecentError> Counters::recent() const {
  const LockGuard lock{mutex_};
  return {recent_.begin(), recent_.end()};
}

}  // namespace cardstock::enrich
