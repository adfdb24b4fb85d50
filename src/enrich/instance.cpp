#include "instance.hpp"

#include <algorithm>
#include <utility>

#include <cardstock/threatconnect/call_packing.hpp>

namespace cardstock::enrich {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::int64_t tenth_of(std::int64_t limit) {
  return (limit + 9) / 10;
}

/// Lower lanes are spread over the minute: no more than a tenth of it in a tenth of its time.
std::vector<RateLimiter::Window> lower_windows(const EnrichSettings& settings) {
  std::vector<RateLimiter::Window> windows{{settings.requests_per_minute, minutes{1}},
                                           {tenth_of(settings.requests_per_minute), seconds{6}}};
  if (settings.burst > 0)
    windows.push_back({std::max<std::int64_t>(1, settings.burst - 1), seconds{1}});
  return windows;
}

}  // namespace

Instance::Instance(std::string name, const EnrichSettings& settings)
    : origin{std::move(name)},
      limiter{settings.requests_per_minute, settings.burst},
      concurrent_{settings.concurrent},
      per_call_{settings.max_indicators_per_call},
      lower_{lower_windows(settings)},
      strangers_{tenth_of(settings.requests_per_minute), 0} {}

SteadyTime Instance::may_start(const Demand& demand, SteadyTime now) const noexcept {
  const std::int64_t all_but_one = std::max<std::int64_t>(1, concurrent_ - 1);
  if (in_flight_ >= concurrent_) return SteadyTime::max();
  SteadyTime at = std::max(limiter.next(now), breaker.retry_at(now));
  if (demand.stranger) {
    if (strangers_in_flight_ >= all_but_one) return SteadyTime::max();
    at = std::max(at, strangers_.next(now));
  }
  if (demand.lane == Lane::Analyst) return at;
  if (lower_in_flight_ >= all_but_one) return SteadyTime::max();
  const std::int64_t for_analysts = tenth_of(limiter.allowed_per_minute());
  return std::max({at, lower_.next(now), limiter.next(now, for_analysts)});
}

Instance::Work Instance::next(SteadyTime now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    prepared_.push_back(std::move(delayed_.begin()->second));
    delayed_.erase(delayed_.begin());
  }
  if (!breaker.allows(now) || may_start({Lane::Analyst, false}, now) > now) return {};
  if (CallPtr call = take_prepared(Lane::Analyst, Lane::Analyst, now)) return {call, {}};
  Work work{nullptr, take_flights(Lane::Analyst, now)};
  if (work || may_start({Lane::Prewarm, false}, now) > now) return work;
  if (CallPtr call = take_prepared(Lane::Refresh, Lane::Prewarm, now)) return {call, {}};
  for (const Lane lower : {Lane::Refresh, Lane::Prewarm}) {
    work.flights = take_flights(lower, now);
    if (work) break;
  }
  return work;
}

CallPtr Instance::take_prepared(Lane from, Lane to, SteadyTime now) {
  const auto it = std::ranges::find_if(prepared_, [&](const CallPtr& call) {
    const Lane lane = lane_of(*call);
    return lane >= from && lane <= to &&
           may_start({lane, of_stranger(*call->flights.front())}, now) <= now;
  });
  if (it == prepared_.end()) return nullptr;
  CallPtr call = std::move(*it);
  prepared_.erase(it);
  return call;
}

std::vector<FlightPtr> Instance::take_flights(Lane highest, SteadyTime now) {
  const bool strangers_too = may_start({highest, true}, now) <= now;
  const FlightPtr first = lane(highest).first(
      [&](const Flight& flight) { return strangers_too || !of_stranger(flight); });
  if (!first) return {};
  const TenantId tenant = first->tenant->id;
  std::vector<FlightPtr> together;
  threatconnect::CallRoom room{per_call_};
  const auto fits = [&room](const Flight& flight) {
    return room.take(threatconnect::target_cost(flight.indicator.type(), flight.spellings));
  };
  // Room that is left in the call costs nothing: what lower lanes want of the same tenant rides
  // along.
  for (auto i = static_cast<std::size_t>(highest); i < kLanes; ++i)
    lanes_[i].take(tenant, fits, together);
  return together;
}

SteadyTime Instance::next_due(SteadyTime now) const {
  SteadyTime due = delayed_.empty() ? SteadyTime::max() : delayed_.begin()->first;
  for (const CallPtr& call : prepared_)
    due = std::min(due, may_start({lane_of(*call), of_stranger(*call->flights.front())}, now));
  for (std::size_t i = 0; i < kLanes; ++i) {
    const auto has = [&](bool stranger) {
      return lanes_[i].first([&](const Flight& flight) { return of_stranger(flight) == stranger; });
    };
    for (const bool stranger : {false, true})
      if (has(stranger)) due = std::min(due, may_start({static_cast<Lane>(i), stranger}, now));
  }
  return due;
}

std::size_t Instance::calls_ahead(const Flight& flight) const {
  return lane(flight.lane).calls_ahead(flight.tenant->id, per_call_);
}

void Instance::each_call(const std::function<void(const CallPtr&)>& visit) const {
  for (const CallPtr& call : prepared_) visit(call);
  for (const auto& [when, call] : delayed_) visit(call);
}

std::pair<std::vector<CallPtr>, std::vector<FlightPtr>> Instance::take_all() {
  std::vector<CallPtr> calls{std::make_move_iterator(prepared_.begin()),
                             std::make_move_iterator(prepared_.end())};
  prepared_.clear();
  for (auto& [when, call] : delayed_) calls.push_back(std::move(call));
  delayed_.clear();
  std::vector<FlightPtr> flights;
  for (LaneQueue& queue : lanes_) std::ranges::move(queue.take_all(), std::back_inserter(flights));
  return {std::move(calls), std::move(flights)};
}

void Instance::started(Call& call, SteadyTime now) {
  call.lower = lane_of(call) != Lane::Analyst;
  call.started_at = now;
  call.counted_at = limiter.start(now);
  call.role = breaker.start();
  ++in_flight_;
  if (call.lower) {
    lower_.start(now);
    ++lower_in_flight_;
  }
  call.stranger = of_stranger(*call.flights.front());
  if (call.stranger) {
    strangers_.start(now);
    ++strangers_in_flight_;
  }
}

void Instance::ended(const Call& call, SteadyTime now) {
  limiter.answered(call.counted_at, now);
  --in_flight_;
  if (call.stranger) {
    strangers_.answered(call.counted_at, now);
    --strangers_in_flight_;
  }
  if (!call.lower) return;
  lower_.answered(call.counted_at, now);
  --lower_in_flight_;
}

void Instance::slow_down(SteadyTime call_started, SteadyTime now) {
  limiter.slow_down(call_started, now);
  lower_.slow_down(call_started, now);
  strangers_.slow_down(call_started, now);
}

void Instance::speed_up() noexcept {
  limiter.speed_up();
  lower_.speed_up();
  strangers_.speed_up();
}

std::vector<FlightPtr> Instance::take_tenant(const TenantId& tenant) {
  std::vector<FlightPtr> taken;
  for (LaneQueue& queue : lanes_) queue.take(tenant, [](const Flight&) { return true; }, taken);
  const auto take_call = [&](const CallPtr& call) {
    if (call->tenant->id != tenant) return false;
    std::ranges::copy(call->flights, std::back_inserter(taken));
    return true;
  };
  std::erase_if(prepared_, take_call);
  std::erase_if(delayed_, [&](const auto& item) { return take_call(item.second); });
  return taken;
}

bool Instance::idle(SteadyTime now) const noexcept {
  const std::int64_t half = (limiter.allowed_per_minute() + 1) / 2;
  return !waiting() && breaker.state() == BreakerState::Closed &&
         in_flight_ < std::max<std::int64_t>(1, concurrent_ - 1) && limiter.per_minute() != 1 &&
         limiter.next(now, half) <= now;
}

SteadyTime Instance::begin_aside(SteadyTime now) {
  ++in_flight_;
  return limiter.start(now);
}

void Instance::end_aside(SteadyTime counted, SteadyTime now) {
  limiter.answered(counted, now);
  --in_flight_;
}

bool Instance::waiting() const noexcept {
  return !prepared_.empty() || !delayed_.empty() ||
         std::ranges::any_of(lanes_, [](const LaneQueue& queue) { return !queue.empty(); });
}

bool Instance::forgettable(SteadyTime now) const noexcept {
  return in_flight_ == 0 && !waiting() && breaker.state() == BreakerState::Closed &&
         limiter.used(now) == 0 && limiter.held_until() <= now &&
         limiter.allowed_per_minute() == limiter.per_minute();
}

}  // namespace cardstock::enrich
