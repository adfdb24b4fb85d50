/// What comes back from ThreatConnect, and what follows from it. A part of Dispatcher.
#include <algorithm>

#include <cardstock/util/time_text.hpp>

#include "dispatcher.hpp"
#include "read_answer.hpp"
#include "retry_after.hpp"

namespace cardstock::enrich {
namespace {

constexpr std::size_t kMaxRememberedTenants = 100'000;
constexpr std::size_t kMaxForms = 1000;
constexpr std::chrono::minutes kAcceptedEvery{1};
/// Of a 429 that says no usable time: doubled with every refusal in a row, to kLongestHold.
constexpr std::chrono::seconds kFirstHold{1};
constexpr int kMostDoublings = 6;

std::chrono::milliseconds hold_without_time(int refusals_in_a_row) {
  return kFirstHold * (1 << std::clamp(refusals_in_a_row - 1, 0, kMostDoublings));
}

}  // namespace

void Dispatcher::on_done(CallDone done) {
  const CallPtr& call = done.call;
  std::erase(open_calls_, call);
  const SteadyTime now = parts_.clock.steady();
  Instance& instance = *instance_of(call->base, now);
  instance.ended(*call, now);
  if (!done.response) return on_refusal(instance, call, done.response.error(), nullptr);
  counters_->latency.record(done.response->elapsed);
  on_answer(instance, call, *done.response);
}

void Dispatcher::on_answer(Instance& instance,
                           const CallPtr& call,
                           const fetch::HttpResponse& response) {
  Result<threatconnect::Page> page =
      read_answer(response, call->tenant->credentials, threatconnect::read_indicators);
  if (!page) return on_refusal(instance, call, page.error(), &response);
  instance.breaker.succeeded();
  instance.speed_up();
  instance.refusals_in_a_row = 0;
  note_accepted(*call->tenant, call->base);
  on_page(instance, call, *std::move(page));
}

void Dispatcher::on_refusal(Instance& instance,
                            const CallPtr& call,
                            const Error& error,
                            const fetch::HttpResponse* response) {
  const int status = response == nullptr ? 0 : response->status;
  switch (sign_of(error, status)) {
    case Sign::Alive:
      instance.breaker.succeeded();
      break;
    case Sign::Dead:
      instance.breaker.failed(call->role, error, parts_.clock.steady(), parts_.random.unit());
      break;
    case Sign::Nothing:
      instance.breaker.forget(call->role);
      break;
  }
  if (status == 429 || status == 503) pace(instance, call->started_at, *response);
  if (ask_otherwise(instance, call, error)) return;
  counters_->failed(error, parts_.clock.wall());
  log_failure(*call, error);
  if (error.code == ErrorCode::AuthFailed) note_refused(instance, *call->tenant, error);
  if (try_again(instance, call, error, status)) return;
  for (const FlightPtr& flight : call->flights) settle(flight, nullptr, &error);
}

void Dispatcher::pace(Instance& instance,
                      SteadyTime call_started,
                      const fetch::HttpResponse& response) {
  const SteadyTime now = parts_.clock.steady();
  instance.slow_down(call_started, now);
  ++instance.refusals_in_a_row;
  const RetryAfter asked =
      read_retry_after(response.retry_after, response.date, parts_.clock.wall());
  std::chrono::milliseconds wait = asked.wait;
  switch (asked.kind) {
    case RetryAfter::Kind::Understood:
      break;
    case RetryAfter::Kind::Absent:
      // 503 without a time is an outage, not a limit: retries and the breaker see to it.
      if (response.status == 429) wait = hold_without_time(instance.refusals_in_a_row);
      break;
    case RetryAfter::Kind::Unusable:
      wait = hold_without_time(instance.refusals_in_a_row);
      counters_->retry_after_unusable.fetch_add(1, std::memory_order_relaxed);
      break;
    case RetryAfter::Kind::Capped:
      counters_->retry_after_capped.fetch_add(1, std::memory_order_relaxed);
      break;
  }
  parts_.log.warning(
      "upstream_limit",
      {{"instance", instance.origin},
       {"status", std::to_string(response.status)},
       {"held", to_words(wait)},
       {"capped", asked.kind == RetryAfter::Kind::Capped ? "yes" : "no"},
       {"allowed_per_minute", std::to_string(instance.limiter.allowed_per_minute())}});
  if (wait.count() <= 0) return;
  instance.limiter.hold(now + wait);
  turn_away(instance, now);
}

bool Dispatcher::ask_otherwise(Instance& instance, const CallPtr& call, const Error& error) {
  const bool form_known = forms_.contains(instance_name(call->base));
  if (error.code == ErrorCode::WrongBaseUrl && !call->other_form_tried && !form_known) {
    CallPtr again = make_call(call->flights, call->base.other_form(), settings_.owners);
    again->other_form_tried = true;
    instance.prepare(std::move(again));
    return true;
  }
  if (error.code == ErrorCode::QueryRefused && call->flights.size() > 1) {
    // One of them spoils the query for all: ask in halves until it stands alone.
    ask_in_halves(instance, *call);
    return true;
  }
  if (error.code == ErrorCode::ClockSkew && !call->clock_retried) {
    call->clock_retried = true;  // it may have waited long in a queue on the way
    instance.prepare(call);
    return true;
  }
  return false;
}

bool Dispatcher::try_again(Instance& instance,
                           const CallPtr& call,
                           const Error& error,
                           int status) {
  const SteadyTime now = parts_.clock.steady();
  const auto pause =
      retry_pause(error, status, call->attempts, settings_.max_attempts, parts_.random.unit());
  if (!pause || !instance.breaker.allows(now)) return false;
  const SteadyTime when = instance.earliest(now + *pause, 0, now);
  // What ThreatConnect has put off is fetched all the same, for the next who asks.
  const bool put_off = error.code == ErrorCode::RateLimited;
  const bool awaited = std::ranges::any_of(call->flights, [&](const FlightPtr& flight) {
    return std::ranges::any_of(flight->waiters,
                               [&](const Waiter& waiter) { return waiter.deadline->first > when; });
  });
  if ((!put_off && !awaited) || !instance.retries.take()) return false;
  counters_->retries.fetch_add(1, std::memory_order_relaxed);
  for (const FlightPtr& flight : call->flights) {
    serve_fallback(flight, error);
    if (put_off) flight->state = Flight::State::HeldBack;
  }
  if (put_off) {
    instance.prepare(call);
    turn_away(instance, now);
  } else {
    instance.prepare_at(when, call);
  }
  return true;
}

void Dispatcher::on_page(Instance& instance, const CallPtr& call, threatconnect::Page page) {
  if (call->pages++ == 0) call->total = page.count.value_or(0);
  call->attempts = 0;
  call->skipped += static_cast<std::int64_t>(page.skipped);
  const bool empty = page.rows.empty() && page.skipped == 0;
  std::ranges::move(page.rows, std::back_inserter(call->rows));
  const bool more = !page.next.empty();
  std::optional<std::string> target;
  if (more) target = threatconnect::next_target(call->base, page.next);
  const bool in_place = target && (empty || *target == call->line.target);
  if (!more || in_place || call->pages >= settings_.max_pages ||
      call->rows.size() >= threatconnect::kMaxRows) {
    const std::int64_t missing = call->total - static_cast<std::int64_t>(call->rows.size());
    call->rows_cut = std::max({missing, call->skipped, std::int64_t{more ? 1 : 0}});
    return finish(instance, *call);
  }
  if (!target) {
    return on_refusal(
        instance, call,
        Error{
            ErrorCode::UpstreamFailed,
            "ThreatConnect's answer continues at another address, which is not followed; check the "
            "base URL and the system's own address in ThreatConnect.",
            "next link leaves the origin"},
        nullptr);
  }
  call->line = {*std::move(target), {}};
  instance.prepare(call);
}

void Dispatcher::finish(Instance& instance, Call& call) {
  // Whose rows were not read cannot be told: each is asked alone in the end.
  if (call.rows_cut > 0 && call.flights.size() > 1) return ask_in_halves(instance, call);
  std::uint64_t unmatched = 0;
  std::vector<threatconnect::Record> records = records_of(call, unmatched);
  counters_->unmatched_rows.fetch_add(unmatched, std::memory_order_relaxed);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const FlightPtr& flight = call.flights[i];
    learn_owners(call, records[i]);
    if (records[i].absent() && call.rows_cut > 0) {
      // It may be among the rows that were not read.
      const Error error{ErrorCode::AnswerUnreadable,
                        "ThreatConnect's answer could not be read in full, and what was read does "
                        "not hold this indicator.",
                        std::to_string(call.rows_cut) + " rows not read"};
      counters_->failed(error, parts_.clock.wall());
      log_failure(call, error);
      settle(flight, nullptr, &error);
      continue;
    }
    store::StoredRecord stored{
        .record = std::move(records[i]), .fetched_at = call.sent_at, .asked = {}};
    if (stored.record.absent()) stored.asked = flight->spellings;
    EntryPtr entry;
    if (flight->overtaken) {
      entry = cache_.show(*flight->tenant, flight->indicator, stored);
    } else {
      Cache::Committed committed = hold_until_stored(*flight);
      const bool awaited = static_cast<bool>(committed);
      entry =
          cache_.keep(*flight->tenant, flight->indicator, std::move(stored), std::move(committed));
      if (awaited) unstored_.rbegin()->second.entry = entry;
    }
    settle(flight, entry, nullptr);
  }
}

void Dispatcher::ask_in_halves(Instance& instance, const Call& call) {
  const auto middle = call.flights.begin() + static_cast<std::ptrdiff_t>(call.flights.size() / 2);
  instance.prepare(make_call({call.flights.begin(), middle}, call.base, settings_.owners));
  instance.prepare(make_call({middle, call.flights.end()}, call.base, settings_.owners));
}

void Dispatcher::log_failure(const Call& call, const Error& error) {
  parts_.log.warning("upstream_error", {{"error", std::string{name_of(error.code)}},
                                        {"instance", call.base.origin()},
                                        {"tenant", to_text(call.tenant->id)},
                                        {"indicators", std::to_string(call.flights.size())},
                                        {"attempt", std::to_string(call.attempts)},
                                        {"cause", error.cause}});
}

void Dispatcher::note_accepted(const Tenant& tenant, const threatconnect::BaseUrl& form) {
  if (forms_.size() >= kMaxForms) forms_.clear();
  forms_.insert_or_assign(instance_name(form), form);
  const WallTime now = parts_.clock.wall();
  ledger_.of(tenant.id)->accept(now);
  const auto it = accepted_.find(tenant.id);
  if (it != accepted_.end() && now - it->second < kAcceptedEvery && now >= it->second) return;
  if (accepted_.size() >= kMaxRememberedTenants) accepted_.clear();
  accepted_[tenant.id] = now;
  parts_.store.put_tenant(tenant.id,
                          {.base_url = tenant.base.canonical(), .last_accepted_at = now});
}

void Dispatcher::note_refused(Instance& instance, const Tenant& tenant, const Error& error) {
  // What else waits for this credential would be refused as well.
  for (const FlightPtr& flight : instance.take_tenant(tenant.id)) settle(flight, nullptr, &error);
  if (!ledger_.of(tenant.id)->refuse(parts_.clock.steady())) return;
  parts_.log.warning("credential_refused", {{"tenant", to_text(tenant.id)}});
  // Whatever becomes of the purge, also over a restart: nothing is shown before it is accepted
  // again.
  accepted_.erase(tenant.id);
  parts_.store.put_tenant(tenant.id,
                          {.base_url = tenant.base.canonical(), .last_accepted_at = WallTime{}});
  purge_(tenant.id);
}

}  // namespace cardstock::enrich
