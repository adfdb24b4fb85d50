#pragma once
/// \file instance.hpp
/// \brief One ThreatConnect: what waits for it, and what of it may go out now.
///
/// The order is: what analysts wait for, then refreshes, then prewarming. Lower lanes leave a call
/// slot and a tenth of the minute to analysts and are spread over the minute, so that an analyst
/// who comes late finds budget. Credentials that were never accepted have a tenth of the minute in
/// all, so that a stranger cannot spend what belongs to others.
///
/// Threads: none of its own (the enricher's thread owns it). Time: steady. Limits: kMaxWaiting
/// flights a lane.
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include <cardstock/enrich/enricher.hpp>
#include <cardstock/enrich/rate_limiter.hpp>

#include "breaker.hpp"
#include "flight.hpp"
#include "lane_queue.hpp"
#include "retry.hpp"

namespace cardstock::enrich {

inline constexpr std::array<std::size_t, kLanes> kMaxWaiting{20'000, 10'000, 10'000};

class Instance {
 public:
  Instance(std::string name, const EnrichSettings& settings);

  LaneQueue& lane(Lane which) noexcept { return lanes_[static_cast<std::size_t>(which)]; }
  const LaneQueue& lane(Lane which) const noexcept {
    return lanes_[static_cast<std::size_t>(which)];
  }
  /// Next pages, halves of a refused query, retries: made already, and before anything new.
  void prepare(CallPtr call) { prepared_.push_back(std::move(call)); }
  void prepare_at(SteadyTime when, CallPtr call) { delayed_.emplace(when, std::move(call)); }

  /// What may start at `now`: a call that is made, or flights of one tenant to make one of; empty
  /// when nothing may.
  struct Work {
    CallPtr call;
    std::vector<FlightPtr> flights;
    explicit operator bool() const noexcept { return call || !flights.empty(); }
  };
  Work next(SteadyTime now);
  /// When next() may have something that it has not now; SteadyTime::max() when only an answer or
  /// an ask can bring it.
  SteadyTime next_due(SteadyTime now) const;
  /// The earliest start of a call that has `ahead` others before it, as limits and holds say now.
  SteadyTime earliest(SteadyTime now, std::size_t ahead, SteadyTime until) const {
    return limiter.next_behind(now, ahead, until);
  }
  /// Calls before the one that carries the newest flight of `flight`'s tenant and lane, at least.
  std::size_t calls_ahead(const Flight& flight) const;
  /// Every call that is made and waits.
  void each_call(const std::function<void(const CallPtr&)>& visit) const;
  /// Gives up everything that waits: calls and flights.
  std::pair<std::vector<CallPtr>, std::vector<FlightPtr>> take_all();

  void started(Call& call, SteadyTime now);
  void ended(const Call& call, SteadyTime now);
  void slow_down(SteadyTime call_started, SteadyTime now);
  void speed_up() noexcept;
  /// Takes what waits of one tenant: calls that are made, and flights.
  std::vector<FlightPtr> take_tenant(const TenantId& tenant);

  /// Nothing waits, a slot is free beside the analysts', and half of the minute is: room for a call
  /// that no card wants.
  bool idle(SteadyTime now) const noexcept;
  /// Such a call starts; gives back the instant at which it counts, for end_aside().
  SteadyTime begin_aside(SteadyTime now);
  void end_aside(SteadyTime counted, SteadyTime now);

  bool waiting() const noexcept;
  /// Nothing is under way, waiting or remembered that a new instance would not know as well.
  bool forgettable(SteadyTime now) const noexcept;

  const std::string origin;
  RateLimiter limiter;  ///< of all calls
  Breaker breaker;
  RetryBudget retries;
  int refusals_in_a_row = 0;  ///< 429 or 503, since the last accepted call

 private:
  /// Who wants a call.
  struct Demand {
    Lane lane;
    bool stranger;
  };
  SteadyTime may_start(const Demand& demand, SteadyTime now) const noexcept;
  CallPtr take_prepared(Lane from, Lane to, SteadyTime now);
  std::vector<FlightPtr> take_flights(Lane lane, SteadyTime now);

  std::int64_t concurrent_;
  std::size_t per_call_;
  RateLimiter lower_;      ///< of calls that no analyst waits for
  RateLimiter strangers_;  ///< of calls under credentials that were never accepted
  std::int64_t in_flight_ = 0;
  std::int64_t strangers_in_flight_ = 0;
  std::int64_t lower_in_flight_ = 0;
  std::deque<CallPtr> prepared_;
  std::multimap<SteadyTime, CallPtr> delayed_;
  std::array<LaneQueue, kLanes> lanes_;
};

}  // namespace cardstock::enrich
