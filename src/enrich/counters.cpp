#include "counters.hpp"

#include <algorithm>

namespace cardstock::enrich {

void Counters::failed(const Error& error, WallTime now) {
  errors[static_cast<std::size_t>(error.code)].fetch_add(1, std::memory_order_relaxed);
  const LockGuard lock{mutex};
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

std::vector<RecentError> Counters::recent() const {
  const LockGuard lock{mutex};
  return {recent_.begin(), recent_.end()};
}

}  // namespace cardstock::enrich
