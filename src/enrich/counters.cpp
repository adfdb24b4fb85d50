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

void Counters::read(EnrichStats& into) const {
  const auto now = [](const Count& count) { return count.load(std::memory_order_relaxed); };
  into.hit = now(hit);
  into.miss = now(miss);
  into.stale = now(stale);
  into.negative = now(negative);
  into.coalesced = now(coalesced);
  into.bypass = now(bypass);
  into.calls = now(calls);
  into.indicators = now(indicators);
  into.calls_saved = into.hit + into.stale + into.negative + into.coalesced + now(rode_along);
  into.unmatched_rows = now(unmatched_rows);
  into.store_failures = now(store_failures);
  into.rejected = now(rejected);
  for (std::size_t i = 0; i < errors.size(); ++i)
    if (const std::uint64_t count = now(errors[i]); count != 0)
      into.errors.emplace(name_of(static_cast<ErrorCode>(i)), count);
  for (std::size_t i = 0; i < kLanes; ++i) {
    into.waiting[i] = now(waiting[i]);
    into.dropped[i] = now(dropped[i]);
  }
  into.retries = now(retries);
  into.retry_after_capped = now(retry_after_capped);
  into.retry_after_unusable = now(retry_after_unusable);
  into.breaker = name_of(breaker.load(std::memory_order_relaxed));
  into.latency = latency.counts();
  const LockGuard lock{mutex_};
  into.limiter_used = used_;
  into.limiter_allowed = allowed_;
  into.limiter_window_ends_at = window_ends_at_;
  into.limiter_held_until = held_until_;
  into.recent_errors = {recent_.begin(), recent_.end()};
}

}  // namespace cardstock::enrich
