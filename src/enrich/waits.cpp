/// Those who wait for a flight: how they join, give up, and get their answer. A part of Dispatcher.
#include <algorithm>
#include <utility>

#include <cardstock/util/time_text.hpp>

#include "dispatcher.hpp"

namespace cardstock::enrich {
namespace {

using std::chrono::seconds;

/// A refusal may not be papered over with what an earlier, accepted call had shown.
bool may_serve_stale(ErrorCode code) {
  return code != ErrorCode::AuthFailed && code != ErrorCode::OwnerForbidden &&
         code != ErrorCode::Cancelled;
}

}  // namespace

void Dispatcher::join(const FlightPtr& flight, Ask& ask, Enricher::Done done, CacheStatus status) {
  count(status);
  const SteadyTime now = parts_.clock.steady();
  Instance& instance = *instance_of(flight->tenant->base, now);
  if (ask.lane < flight->lane) {
    const Lane before = std::exchange(flight->lane, ask.lane);
    // What a higher lane waits for overtakes what only a lower one does.
    if (flight->state == Flight::State::Waiting && instance.lane(before).remove(flight))
      instance.lane(ask.lane).push(flight);
  }
  const std::uint64_t id = next_waiter_++;
  const auto deadline = deadlines_.emplace(ask.deadline, std::pair{flight, id});
  flight->waiters.push_back({id, deadline, status, ask.lane == Lane::Prewarm, std::move(done)});
  if (flight->state == Flight::State::Sent) return;
  const std::size_t ahead = flight->waiters.size() == 1 ? instance.calls_ahead(*flight) : 0;
  const SteadyTime free = instance.earliest(now, ahead, ask.deadline);
  if (free > ask.deadline) give_up(deadline, busy_reply(*flight, now, free));
}

bool Dispatcher::expire(SteadyTime now) {
  bool any = false;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const FlightPtr flight = deadlines_.begin()->second.first;
    any = true;
    if (flight->state == Flight::State::Sent) {
      give_up(
          deadlines_.begin(),
          failure_reply(*flight, {ErrorCode::Timeout,
                                  "ThreatConnect did not answer in time; ask again in a moment.",
                                  "card deadline"}));
      continue;
    }
    const Instance& instance = *instance_of(flight->tenant->base, now);
    give_up(deadlines_.begin(), busy_reply(*flight, now, instance.earliest(now, 0, now)));
  }
  return any;
}

void Dispatcher::give_up(Deadlines::iterator at, Reply reply) {
  const auto [flight, id] = at->second;
  deadlines_.erase(at);
  const auto it = std::ranges::find(flight->waiters, id, &Waiter::id);
  if (it == flight->waiters.end()) return;
  Waiter waiter = std::move(*it);
  flight->waiters.erase(it);
  if (flight->waiters.empty() && flight->lane == Lane::Analyst &&
      flight->state == Flight::State::Waiting) {
    // Nobody waits for it: it does not stand before those for whom somebody does.
    Instance& instance = *instance_of(flight->tenant->base, parts_.clock.steady());
    instance.lane(Lane::Analyst).remove(flight);
    flight->lane = Lane::Refresh;
    enqueue(instance, flight);
  }
  waiter.done(std::move(reply));
}

void Dispatcher::turn_away(const Instance& instance, SteadyTime now) {
  const SteadyTime free = instance.earliest(now, 0, now);
  for (auto it = deadlines_.begin(); it != deadlines_.end() && it->first < free;) {
    const auto at = it++;
    const FlightPtr flight = at->second.first;
    if (flight->state == Flight::State::Sent || instance_of(flight->tenant->base, now) != &instance)
      continue;
    give_up(at, busy_reply(*flight, now, free));
  }
}

bool Dispatcher::has_servable_fallback(const Flight& flight, const Error& error) const {
  return flight.fallback && may_serve_stale(error.code) &&
         freshness(flight.fallback->life, parts_.clock.wall()) != Freshness::Expired;
}

Reply Dispatcher::failure_reply(const Flight& flight, const Error& error) const {
  if (has_servable_fallback(flight, error)) {
    counters_->stale.fetch_add(1, std::memory_order_relaxed);
    return {.entry = flight.fallback,
            .status = CacheStatus::Stale,
            .stale_reason = std::string{name_of(error.code)},
            .error = error};
  }
  return {.error = error};
}

Reply Dispatcher::busy_reply(const Flight& flight, SteadyTime now, SteadyTime free) const {
  const auto wait = std::max(seconds{1}, std::chrono::ceil<seconds>(free - now));
  Reply reply = failure_reply(
      flight, Error{ErrorCode::Busy,
                    "The limit of calls to ThreatConnect is reached; the answer is still being "
                    "fetched. Ask again in " +
                        to_words(wait) + ".",
                    "no call is free before the card deadline"});
  if (!reply.entry) counters_->rejected.fetch_add(1, std::memory_order_relaxed);
  reply.retry_after = wait;
  return reply;
}

void Dispatcher::settle(const FlightPtr& flight, const EntryPtr& entry, const Error* error) {
  unlist(flight);
  if (error != nullptr && flight->fallback)
    flight->fallback->refresh_failure.store(static_cast<int>(error->code),
                                            std::memory_order_relaxed);
  for (Waiter& waiter : std::exchange(flight->waiters, {})) {
    deadlines_.erase(waiter.deadline);
    if (error != nullptr) {
      Reply reply = failure_reply(*flight, *error);
      if (error->code == ErrorCode::RateLimited) {
        const SteadyTime now = parts_.clock.steady();
        const Instance& instance = *instance_of(flight->tenant->base, now);
        reply.retry_after = std::chrono::ceil<seconds>(instance.earliest(now, 0, now) - now);
      }
      waiter.done(std::move(reply));
    } else {
      waiter.done(Reply{.entry = entry, .status = waiter.status});
    }
  }
}

Cache::Committed Dispatcher::hold_until_stored(Flight& flight) {
  if (std::ranges::none_of(flight.waiters, &Waiter::until_stored)) return {};
  const std::uint64_t ticket = next_unstored_++;
  Unstored& unstored = unstored_[ticket];
  for (Waiter& waiter : flight.waiters) {
    if (!waiter.until_stored) continue;
    deadlines_.erase(waiter.deadline);
    unstored.waiters.push_back(std::move(waiter));
  }
  std::erase_if(flight.waiters, [](const Waiter& waiter) { return waiter.until_stored; });
  return [post = post_, ticket](const Status& status) { post(StoredDone{ticket, status}); };
}

void Dispatcher::on_stored(const StoredDone& done) {
  auto held = unstored_.extract(done.ticket);
  if (held.empty()) return;
  for (Waiter& waiter : held.mapped().waiters) {
    waiter.done(done.status ? Reply{.entry = held.mapped().entry, .status = waiter.status}
                            : Reply{.error = done.status.error()});
  }
}

void Dispatcher::serve_fallback(const FlightPtr& flight, const Error& error) {
  if (!has_servable_fallback(*flight, error)) return;
  for (Waiter& waiter : std::exchange(flight->waiters, {})) {
    deadlines_.erase(waiter.deadline);
    waiter.done(failure_reply(*flight, error));
  }
}

}  // namespace cardstock::enrich
