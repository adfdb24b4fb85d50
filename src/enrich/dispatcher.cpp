#include "dispatcher.hpp"

#include <algorithm>

#include <cardstock/util/time_text.hpp>

namespace cardstock::enrich {
namespace {

using std::chrono::seconds;

constexpr std::size_t kTargetBudget =
    threatconnect::kMaxTarget - 512;  // what stands around the values
constexpr std::size_t kMaxRows = 10'000;
constexpr std::size_t kMaxAskedSpellings = 24;
constexpr std::size_t kMaxInstances = 1000;
constexpr std::size_t kMaxRememberedTenants = 100'000;
constexpr std::chrono::minutes kAcceptedEvery{1};

/// A refusal may not be papered over with what an earlier, accepted call had shown.
bool may_serve_stale(ErrorCode code) {
  return code != ErrorCode::AuthFailed && code != ErrorCode::OwnerForbidden &&
         code != ErrorCode::Cancelled;
}

void add_missing(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& text : from)
    if (to.size() < kMaxAskedSpellings && std::ranges::find(to, text) == to.end())
      to.push_back(text);
}

}  // namespace

Dispatcher::Dispatcher(const EnrichSettings& settings,
                       const EnrichParts& parts,
                       Cache& cache,
                       std::shared_ptr<Counters> counters,
                       PostDone post)
    : settings_{settings},
      parts_{parts},
      cache_{cache},
      counters_{std::move(counters)},
      post_{std::move(post)} {}

store::Key Dispatcher::key_of(const Tenant& tenant, const Indicator& indicator) {
  return {tenant.id, indicator.type(), indicator.canonical()};
}

void Dispatcher::handle(Command command) {
  if (auto* fetch = std::get_if<FetchCommand>(&command)) {
    on_fetch(std::move(*fetch));
  } else if (auto* purge = std::get_if<PurgeCommand>(&command)) {
    forget(purge->filter);
    purge->done();
  } else {
    on_done(std::move(std::get<CallDone>(command)));
  }
}

void Dispatcher::on_fetch(FetchCommand command) {
  Ask& ask = command.ask;
  const bool refresh = ask.mode == AskMode::Refresh;
  const store::Key key = key_of(*ask.tenant, ask.indicator);
  if (const auto it = flights_.find(key); it != flights_.end()) {
    const FlightPtr flight = it->second;
    const std::size_t known = flight->spellings.size();
    std::vector<std::string> all = flight->spellings;
    add_missing(all, ask.indicator.spellings());
    if (all.size() == known || !flight->sent) {
      flight->spellings = std::move(all);
      if (command.done)
        join(flight, ask, std::move(command.done),
             refresh ? CacheStatus::Bypass : CacheStatus::Coalesced);
      return;
    }
    // A new spelling of a query that is already out: it gets a flight of its own, which takes the
    // key over.
  } else if (!refresh) {
    // The second look: a flight may have landed between this caller's look and now.
    EntryPtr entry = cache_.in_memory(*ask.tenant, ask.indicator);
    const bool usable = entry && freshness(entry->life, parts_.clock.wall()) == Freshness::Fresh &&
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
  flight->lane = command.done ? ask.lane : Lane::Refresh;
  flights_[key] = flight;
  Instance& instance = instance_of(ask.tenant->base);
  instance.lane(flight->lane).push_back(flight);
  if (command.done)
    join(flight, ask, std::move(command.done), refresh ? CacheStatus::Bypass : CacheStatus::Miss);
}

void Dispatcher::join(const FlightPtr& flight, Ask& ask, Enricher::Done done, CacheStatus status) {
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
  if (ask.lane < flight->lane) {
    if (!flight->sent) {  // what a higher lane waits for overtakes what only a lower one does
      Instance& instance = instance_of(flight->tenant->base);
      std::erase(instance.lane(flight->lane), flight);
      instance.lane(ask.lane).push_back(flight);
    }
    flight->lane = ask.lane;
  }
  const std::uint64_t id = next_waiter_++;
  flight->waiters.push_back(
      {id, deadlines_.emplace(ask.deadline, std::pair{flight, id}), status, std::move(done)});
}

bool Dispatcher::expire(SteadyTime now) {
  bool any = false;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto [flight, id] = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    const auto it = std::ranges::find(flight->waiters, id, &Waiter::id);
    if (it == flight->waiters.end()) continue;
    Waiter waiter = std::move(*it);
    flight->waiters.erase(it);
    any = true;
    if (flight->sent) {
      const Error error{ErrorCode::Timeout,
                        "ThreatConnect did not answer in time; ask again in a moment.",
                        "card deadline"};
      counters_->failed(error, parts_.clock.wall());
      waiter.done(failure_reply(*flight, error));
      continue;
    }
    counters_->rejected.fetch_add(1, std::memory_order_relaxed);
    const SteadyTime free = instance_of(flight->tenant->base).limiter.next(now);
    const auto wait = std::max(seconds{1}, std::chrono::ceil<seconds>(free - now));
    Reply reply = failure_reply(
        *flight, Error{ErrorCode::Busy,
                       "The limit of calls to ThreatConnect is reached; the answer is still being "
                       "fetched. Ask again in " +
                           to_words(wait) + ".",
                       "card deadline before a call was free"});
    reply.retry_after = wait;
    waiter.done(std::move(reply));
  }
  return any;
}

Reply Dispatcher::failure_reply(const Flight& flight, const Error& error) const {
  if (flight.fallback && may_serve_stale(error.code) &&
      freshness(flight.fallback->life, parts_.clock.wall()) != Freshness::Expired) {
    counters_->stale.fetch_add(1, std::memory_order_relaxed);
    return {.entry = flight.fallback,
            .status = CacheStatus::Stale,
            .stale_reason = std::string{name_of(error.code)},
            .error = error};
  }
  return {.error = error};
}

void Dispatcher::settle(const FlightPtr& flight, const EntryPtr& entry, const Error* error) {
  const auto it = flights_.find(key_of(*flight->tenant, flight->indicator));
  if (it != flights_.end() && it->second == flight) flights_.erase(it);
  for (Waiter& waiter : std::exchange(flight->waiters, {})) {
    deadlines_.erase(waiter.deadline);
    if (error != nullptr) {
      waiter.done(failure_reply(*flight, *error));
    } else {
      waiter.done(Reply{.entry = entry, .status = waiter.status});
    }
  }
}

Dispatcher::Instance& Dispatcher::instance_of(const threatconnect::BaseUrl& base) {
  const std::string name = instance_name(base);
  if (const auto it = instances_.find(name); it != instances_.end()) return it->second;
  if (instances_.size() >= kMaxInstances)
    std::erase_if(instances_, [](const auto& item) {
      return item.second.in_flight == 0 && !item.second.waiting();
    });
  return instances_.emplace(name, Instance{settings_}).first->second;
}

bool Dispatcher::advance() {
  const SteadyTime now = parts_.clock.steady();
  bool any = expire(now);
  for (auto& [name, instance] : instances_) any = pump(instance, now) || any;
  publish_gauges(now);
  return any;
}

SteadyTime Dispatcher::next_due() const {
  SteadyTime due = deadlines_.empty() ? SteadyTime::max() : deadlines_.begin()->first;
  const SteadyTime now = parts_.clock.steady();
  for (const auto& [name, instance] : instances_) {
    if (instance.waiting() && instance.in_flight < settings_.concurrent)
      due = std::min(due, instance.limiter.next(now));
  }
  return due;
}

bool Dispatcher::pump(Instance& instance, SteadyTime now) {
  bool any = false;
  while (instance.in_flight < settings_.concurrent && instance.limiter.next(now) <= now) {
    const CallPtr call = next_call(instance);
    if (!call) break;
    instance.limiter.start(now);
    send(instance, call);
    any = true;
  }
  return any;
}

CallPtr Dispatcher::next_call(Instance& instance) {
  if (!instance.prepared.empty()) {
    CallPtr call = std::move(instance.prepared.front());
    instance.prepared.pop_front();
    return call;
  }
  const auto highest =
      std::ranges::find_if(instance.lanes, [](const auto& lane) { return !lane.empty(); });
  if (highest == instance.lanes.end()) return nullptr;
  const TenantPtr tenant = highest->front()->tenant;
  std::vector<FlightPtr> together;
  std::size_t cost = 0;
  const auto take = [&](std::deque<FlightPtr>& from) {
    for (auto it = from.begin();
         it != from.end() && together.size() < settings_.max_indicators_per_call;) {
      const std::size_t more = target_cost(**it);
      if ((*it)->tenant->id != tenant->id || (!together.empty() && cost + more > kTargetBudget)) {
        ++it;
        continue;
      }
      cost += more;
      together.push_back(std::move(*it));
      it = from.erase(it);
    }
  };
  // Room that is left in the call costs nothing: what lower lanes want of the same tenant rides
  // along.
  for (auto lane = highest; lane != instance.lanes.end(); ++lane) take(*lane);
  for (const FlightPtr& flight : together) flight->sent = true;
  counters_->indicators.fetch_add(together.size(), std::memory_order_relaxed);
  counters_->first_pages.fetch_add(1, std::memory_order_relaxed);
  return make_call(std::move(together), instance.answering_form.value_or(tenant->base),
                   settings_.owners);
}

void Dispatcher::send(Instance& instance, const CallPtr& call) {
  ++instance.in_flight;
  counters_->calls.fetch_add(1, std::memory_order_relaxed);
  const WallTime now = parts_.clock.wall();
  if (call->pages == 0) call->sent_at = now;
  open_calls_.push_back(call);
  call->ticket = parts_.client.send(
      signed_request(*call, now),
      [post = post_, call](Result<fetch::HttpResponse> r) { post(CallDone{call, std::move(r)}); });
}

void Dispatcher::on_done(CallDone done) {
  const CallPtr& call = done.call;
  std::erase(open_calls_, call);
  Instance& instance = instance_of(call->base);
  --instance.in_flight;
  if (!done.response) return on_failure(call, done.response.error());
  counters_->latency.record(done.response->elapsed);
  const auto& response = *done.response;
  Result<threatconnect::Page> page =
      threatconnect::read_indicators(response.status, response.content_type, response.body);
  if (page) {
    instance.answering_form = call->base;
    note_accepted(*call->tenant);
    return on_page(call, *std::move(page));
  }
  if (page.error().code == ErrorCode::WrongBaseUrl && !call->other_form_tried &&
      !instance.answering_form) {
    CallPtr again = make_call(call->flights, call->base.other_form(), settings_.owners);
    again->other_form_tried = true;
    instance.prepared.push_back(std::move(again));
    return;
  }
  if (page.error().code == ErrorCode::QueryRefused && call->flights.size() > 1) {
    // One of them spoils the query for all: ask in halves until it stands alone.
    const auto middle =
        call->flights.begin() + static_cast<std::ptrdiff_t>(call->flights.size() / 2);
    instance.prepared.push_back(
        make_call({call->flights.begin(), middle}, call->base, settings_.owners));
    instance.prepared.push_back(
        make_call({middle, call->flights.end()}, call->base, settings_.owners));
    return;
  }
  on_failure(call, page.error());
}

void Dispatcher::on_page(const CallPtr& call, threatconnect::Page page) {
  ++call->pages;
  std::ranges::move(page.rows, std::back_inserter(call->rows));
  if (page.next.empty()) return finish(*call);
  if (call->pages >= settings_.max_pages || call->rows.size() >= kMaxRows) {
    call->rows_cut = std::max<std::int64_t>(
        1, page.count.value_or(0) - static_cast<std::int64_t>(call->rows.size()));
    return finish(*call);
  }
  std::optional<std::string> target = threatconnect::next_target(call->base, page.next);
  if (!target) {
    return on_failure(
        call,
        Error{
            ErrorCode::UpstreamFailed,
            "ThreatConnect's answer continues at another address, which is not followed; check the "
            "base URL and the system's own address in ThreatConnect.",
            "next link leaves the origin"});
  }
  call->line = {*std::move(target), {}};
  instance_of(call->base).prepared.push_back(call);
}

void Dispatcher::finish(Call& call) {
  std::uint64_t unmatched = 0;
  std::vector<threatconnect::Record> records = records_of(call, unmatched);
  counters_->unmatched_rows.fetch_add(unmatched, std::memory_order_relaxed);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const FlightPtr& flight = call.flights[i];
    store::StoredRecord stored{
        .record = std::move(records[i]), .fetched_at = call.sent_at, .asked = {}};
    if (stored.record.absent()) stored.asked = flight->spellings;
    settle(flight,
           flight->overtaken ? cache_.show(*flight->tenant, flight->indicator, stored)
                             : cache_.keep(*flight->tenant, flight->indicator, std::move(stored)),
           nullptr);
  }
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
      const auto at = flights_.find(key_of(*flight->tenant, flight->indicator));
      if (at != flights_.end() && at->second == flight) flights_.erase(at);
    }
  };
  for (const CallPtr& call : open_calls_) overtake(call);
  for (auto& [name, instance] : instances_)
    for (const CallPtr& call : instance.prepared) overtake(call);
  for (const auto& [key, flight] : flights_) {
    if (flight->fallback && matches(*flight) &&
        (!filter.fetched_before || flight->fallback->life.fetched_at < *filter.fetched_before))
      flight->fallback = nullptr;
  }
}

void Dispatcher::on_failure(const CallPtr& call, const Error& error) {
  counters_->failed(error, parts_.clock.wall());
  parts_.log.warning("upstream_error", {{"error", std::string{name_of(error.code)}},
                                        {"instance", call->base.origin()},
                                        {"tenant", to_text(call->tenant->id)},
                                        {"indicators", std::to_string(call->flights.size())},
                                        {"cause", error.cause}});
  for (const FlightPtr& flight : call->flights) settle(flight, nullptr, &error);
}

void Dispatcher::note_accepted(const Tenant& tenant) {
  const WallTime now = parts_.clock.wall();
  const auto it = accepted_.find(tenant.id);
  if (it != accepted_.end() && now - it->second < kAcceptedEvery && now >= it->second) return;
  if (accepted_.size() >= kMaxRememberedTenants) accepted_.clear();
  accepted_[tenant.id] = now;
  parts_.store.put_tenant(tenant.id,
                          {.base_url = tenant.base.canonical(), .last_accepted_at = now});
}

void Dispatcher::publish_gauges(SteadyTime now) {
  std::array<std::uint64_t, kLanes> waiting{};
  std::int64_t used = 0;
  SteadyTime window_end = now;
  for (const auto& [name, instance] : instances_) {
    for (std::size_t i = 0; i < kLanes; ++i) waiting[i] += instance.lanes[i].size();
    if (const std::int64_t here = instance.limiter.used(now); here >= used) {
      used = here;  // the instance that has used most speaks for the limiter
      window_end = instance.limiter.window_end(now);
    }
  }
  for (std::size_t i = 0; i < kLanes; ++i)
    counters_->waiting[i].store(waiting[i], std::memory_order_relaxed);
  counters_->limiter_used.store(used, std::memory_order_relaxed);
  const WallTime ends =
      parts_.clock.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(window_end - now);
  counters_->limiter_window_ends_at.store(ends.time_since_epoch().count(),
                                          std::memory_order_relaxed);
}

void Dispatcher::abandon(const Error& error) {
  for (const CallPtr& call : open_calls_) parts_.client.cancel(call->ticket);
  while (!deadlines_.empty()) settle(FlightPtr{deadlines_.begin()->second.first}, nullptr, &error);
  flights_.clear();
  instances_.clear();
}

}  // namespace cardstock::enrich
