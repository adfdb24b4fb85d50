#include "dispatcher.hpp"

#include <algorithm>
#include <utility>

#include <cardstock/util/time_text.hpp>

namespace cardstock::enrich {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxAskedSpellings = 24;
constexpr std::size_t kMaxInstances = 1000;
constexpr std::size_t kMaxStrangers = 1000;  // credentials that wait in a lane
/// A fetch that nobody waits for any more is not made later than this: credentials are not kept for
/// ever.
constexpr std::chrono::minutes kLongestFetch{15};
constexpr std::chrono::minutes kDropEvery{1};

void add_missing(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& text : from)
    if (to.size() < kMaxAskedSpellings && std::ranges::find(to, text) == to.end())
      to.push_back(text);
}

CacheStatus status_of_first(AskMode mode) {
  return mode == AskMode::Refresh ? CacheStatus::Bypass : CacheStatus::Miss;
}

}  // namespace

Dispatcher::Dispatcher(const EnrichSettings& settings,
                       const EnrichParts& parts,
                       Cache& cache,
                       TenantLedger& ledger,
                       std::shared_ptr<Counters> counters,
                       PostDone post,
                       PurgeTenant purge)
    : settings_{settings},
      parts_{parts},
      cache_{cache},
      ledger_{ledger},
      counters_{std::move(counters)},
      post_{std::move(post)},
      purge_{std::move(purge)} {}

store::Key Dispatcher::key_of(const Tenant& tenant, const Indicator& indicator) {
  return {tenant.id, indicator.type(), indicator.canonical()};
}

void Dispatcher::handle(Command command) {
  if (auto* fetch = std::get_if<FetchCommand>(&command)) {
    on_fetch(std::move(*fetch));
  } else if (auto* purge = std::get_if<PurgeCommand>(&command)) {
    forget(purge->filter);
    purge->done();
  } else if (auto* stored = std::get_if<StoredDone>(&command)) {
    on_stored(*stored);
  } else if (auto* learnt = std::get_if<LearnDone>(&command)) {
    on_learned(std::move(*learnt));
  } else if (auto* list = std::get_if<ListCommand>(&command)) {
    on_list(std::move(*list));
  } else if (auto* listed = std::get_if<ListDone>(&command)) {
    on_listed(std::move(*listed));
  } else {
    on_done(std::move(std::get<CallDone>(command)));
  }
}

void Dispatcher::on_fetch(FetchCommand command) {
  Ask& ask = command.ask;
  const bool refresh = ask.mode == AskMode::Refresh;
  const store::Key key = key_of(*ask.tenant, ask.indicator);
  const StandingPtr standing = ledger_.of(ask.tenant->id);
  if (const auto it = flights_.find(key); it != flights_.end()) {
    const FlightPtr flight = it->second;
    const std::size_t known = flight->spellings.size();
    std::vector<std::string> all = flight->spellings;
    add_missing(all, ask.indicator.spellings());
    if (all.size() == known || flight->state == Flight::State::Waiting) {
      flight->spellings = std::move(all);
      if (!command.done) return;
      if (refresh) counters_->rode_along.fetch_add(1, std::memory_order_relaxed);
      join(flight, ask, std::move(command.done),
           refresh ? CacheStatus::Bypass : CacheStatus::Coalesced);
      return;
    }
    // A new spelling of a query that is already out: it gets a flight of its own, which takes the
    // key over.
  } else if (!refresh) {
    // The second look: a flight may have landed between this caller's look and now.
    EntryPtr entry = cache_.in_memory(*ask.tenant, ask.indicator);
    const WallTime wall = parts_.clock.wall();
    const bool usable = entry && standing->vouched(wall, longest_unchecked(settings_)) &&
                        freshness(entry->life, wall) == Freshness::Fresh &&
                        (!entry->absent || Cache::covers(*entry, ask.indicator));
    if (usable) {
      if (command.done) {
        (entry->absent ? counters_->negative : counters_->hit)
            .fetch_add(1, std::memory_order_relaxed);
        command.done(Reply{.entry = std::move(entry), .status = CacheStatus::Hit});
      }
      return;
    }
  }
  auto flight = std::make_shared<Flight>(Flight{.tenant = ask.tenant, .indicator = ask.indicator});
  flight->spellings = ask.indicator.spellings();
  const EntryPtr& held = command.held.entry;
  if (held && command.held.generation == cache_.generation()) {
    if (held->absent) {
      add_missing(flight->spellings, held->asked);
    } else {
      flight->fallback = held;
    }
  }
  const SteadyTime now = parts_.clock.steady();
  flight->created_at = now;
  flight->standing = standing;
  flight->lane = command.done ? ask.lane : Lane::Refresh;
  const auto refuse = [&](Reply reply) {
    if (!command.done) return;
    count(status_of_first(ask.mode));
    command.done(std::move(reply));
  };
  Instance* instance = instance_of(ask.tenant->base, now);
  if (instance == nullptr) return refuse(busy_reply(*flight, now, now + seconds{60}));
  if (!instance->breaker.allows(now))
    return refuse(failure_reply(*flight, breaker_error(*instance, now)));
  if (!enqueue(*instance, flight))
    return refuse(busy_reply(*flight, now, instance->earliest(now, 1, now + seconds{60})));
  flights_[key] = flight;
  if (command.done) join(flight, ask, std::move(command.done), status_of_first(ask.mode));
}

bool Dispatcher::enqueue(Instance& instance, const FlightPtr& flight) {
  LaneQueue& lane = instance.lane(flight->lane);
  const auto which = static_cast<std::size_t>(flight->lane);
  const bool too_many_strangers = of_stranger(*flight) && lane.tenants() >= kMaxStrangers &&
                                  lane.size_of(flight->tenant->id) == 0;
  if (lane.size() >= kMaxWaiting[which] || too_many_strangers) {
    counters_->dropped[which].fetch_add(1, std::memory_order_relaxed);
    if (flight->lane != Lane::Refresh || too_many_strangers) return false;
    unlist(lane.drop());  // the newest refresh is of what is looked at now
  }
  lane.push(flight);
  return true;
}

void Dispatcher::unlist(const FlightPtr& flight) {
  const auto it = flights_.find(key_of(*flight->tenant, flight->indicator));
  if (it != flights_.end() && it->second == flight) flights_.erase(it);
}

void Dispatcher::count(CacheStatus status) {
  switch (status) {
    case CacheStatus::Bypass:
      counters_->bypass.fetch_add(1, std::memory_order_relaxed);
      break;
    case CacheStatus::Coalesced:
      counters_->coalesced.fetch_add(1, std::memory_order_relaxed);
      break;
    case CacheStatus::Hit:
    case CacheStatus::Stale:
    case CacheStatus::Miss:
      counters_->miss.fetch_add(1, std::memory_order_relaxed);
      break;
  }
}

void Dispatcher::drop_forgotten(SteadyTime now) {
  if (now < next_drop_) return;
  next_drop_ = now + kDropEvery;
  std::erase_if(flights_, [&](const auto& item) {
    const FlightPtr& flight = item.second;
    if (!flight->waiters.empty() || flight->state != Flight::State::Waiting ||
        now - flight->created_at < kLongestFetch)
      return false;
    const auto which = static_cast<std::size_t>(flight->lane);
    counters_->dropped[which].fetch_add(1, std::memory_order_relaxed);
    instance_of(flight->tenant->base, now)->lane(flight->lane).remove(flight);
    return true;
  });
}

Error Dispatcher::breaker_error(const Instance& instance, SteadyTime now) const {
  Error error = instance.breaker.last_error();
  const auto wait =
      std::max(seconds{1}, std::chrono::ceil<seconds>(instance.breaker.retry_at(now) - now));
  if (!error.public_detail.empty() && error.public_detail.back() == '.')
    error.public_detail.pop_back();
  error.public_detail += "; it kept failing and is asked again in " + to_words(wait) + ".";
  return error;
}

Instance* Dispatcher::instance_of(const threatconnect::BaseUrl& base, SteadyTime now) {
  const std::string name = base.origin();
  if (const auto it = instances_.find(name); it != instances_.end()) return &it->second;
  if (instances_.size() >= kMaxInstances)
    std::erase_if(instances_, [now](const auto& item) { return item.second.forgettable(now); });
  if (instances_.size() >= kMaxInstances) return nullptr;
  return &instances_.try_emplace(name, name, settings_).first->second;
}

bool Dispatcher::advance() {
  const SteadyTime now = parts_.clock.steady();
  bool any = expire(now);
  drop_forgotten(now);
  for (auto& [name, instance] : instances_) any = pump(instance) || any;
  learn_what_is_due(now);
  publish_gauges(parts_.clock.steady());
  return any;
}

SteadyTime Dispatcher::next_due() const {
  SteadyTime due = deadlines_.empty() ? SteadyTime::max() : deadlines_.begin()->first;
  const SteadyTime now = parts_.clock.steady();
  for (const auto& [name, instance] : instances_) {
    due = std::min(due, instance.next_due(now));
    // The figures say what the window holds, also when nothing else happens.
    if (instance.limiter.used(now) > 0) due = std::min(due, instance.limiter.window_end(now));
  }
  return std::min(due, learn_due_);
}

bool Dispatcher::pump(Instance& instance) {
  bool any = false;
  for (;;) {
    // The clock is read for every call: what is noted is not earlier than what happens.
    const SteadyTime now = parts_.clock.steady();
    Instance::Work work = instance.next(now);
    if (!work) break;
    send(instance, work.call ? work.call : new_call(work.flights), now);
    any = true;
  }
  const SteadyTime now = parts_.clock.steady();
  if (!instance.breaker.allows(now) && instance.waiting()) shed(instance, now);
  return any;
}

void Dispatcher::shed(Instance& instance, SteadyTime now) {
  const Error error = breaker_error(instance, now);
  const auto [calls, flights] = instance.take_all();
  for (const CallPtr& call : calls)
    for (const FlightPtr& flight : call->flights) settle(flight, nullptr, &error);
  for (const FlightPtr& flight : flights) settle(flight, nullptr, &error);
}

CallPtr Dispatcher::new_call(const std::vector<FlightPtr>& flights) {
  const Tenant& tenant = *flights.front()->tenant;
  counters_->indicators.fetch_add(flights.size(), std::memory_order_relaxed);
  counters_->rode_along.fetch_add(flights.size() - 1, std::memory_order_relaxed);
  const auto form = forms_.find(instance_name(tenant.base));
  return make_call(flights, form == forms_.end() ? tenant.base : form->second, settings_.owners);
}

void Dispatcher::send(Instance& instance, const CallPtr& call, SteadyTime now) {
  for (const FlightPtr& flight : call->flights) flight->state = Flight::State::Sent;
  instance.started(*call, now);
  if (++call->attempts == 1) instance.retries.earn();
  counters_->calls.fetch_add(1, std::memory_order_relaxed);
  const WallTime wall = parts_.clock.wall();
  if (call->pages == 0) call->sent_at = wall;
  open_calls_.push_back(call);
  call->ticket = parts_.client.send(
      signed_request(*call->tenant, call->base, call->line, wall),
      [post = post_, call](Result<fetch::HttpResponse> r) { post(CallDone{call, std::move(r)}); });
}

void Dispatcher::forget(const store::PurgeFilter& filter) {
  const auto matches = [&filter](const Flight& flight) {
    return may_match(filter, flight.tenant->id, flight.indicator.type(),
                     flight.indicator.canonical());
  };
  // Answers that are on their way: those that a later flight of the same key has displaced, too.
  const auto overtake = [&](const CallPtr& call) {
    if (filter.fetched_before && call->sent_at >= *filter.fetched_before) return;
    for (const FlightPtr& flight : call->flights) {
      if (!matches(*flight)) continue;
      flight->overtaken = true;
      flight->fallback = nullptr;
      unlist(flight);
    }
  };
  for (const CallPtr& call : open_calls_) overtake(call);
  for (auto& [name, instance] : instances_) instance.each_call(overtake);
  for (const auto& [key, flight] : flights_) {
    if (flight->fallback && matches(*flight) &&
        (!filter.fetched_before || flight->fallback->life.fetched_at < *filter.fetched_before))
      flight->fallback = nullptr;
  }
}

void Dispatcher::publish_gauges(SteadyTime now) {
  std::array<std::uint64_t, kLanes> waiting{};
  LimiterGauges gauges{.allowed = settings_.requests_per_minute, .window_end = now};
  BreakerState worst = BreakerState::Closed;
  for (const auto& [name, instance] : instances_) {
    for (std::size_t i = 0; i < kLanes; ++i)
      waiting[i] += instance.lane(static_cast<Lane>(i)).size();
    worst = std::max(worst, instance.breaker.state());
    gauges.held_until = std::max(gauges.held_until, instance.limiter.held_until());
    // The instance that has used most speaks for the limiter.
    if (const std::int64_t used = instance.limiter.used(now); used >= gauges.used) {
      gauges.used = used;
      gauges.allowed = instance.limiter.allowed_per_minute();
      gauges.window_end = instance.limiter.window_end(now);
    }
  }
  for (std::size_t i = 0; i < kLanes; ++i)
    counters_->waiting[i].store(waiting[i], std::memory_order_relaxed);
  counters_->breaker.store(worst, std::memory_order_relaxed);
  counters_->publish(gauges, now, parts_.clock.wall());
}

void Dispatcher::abandon(const Error& error) {
  for (const CallPtr& call : open_calls_) parts_.client.cancel(call->ticket);
  while (!deadlines_.empty()) settle(FlightPtr{deadlines_.begin()->second.first}, nullptr, &error);
  for (auto& [ticket, unstored] : std::exchange(unstored_, {}))
    for (Waiter& waiter : unstored.waiters) waiter.done(Reply{.error = error});
  flights_.clear();
  learn_later_.clear();
  instances_.clear();
}

}  // namespace cardstock::enrich
