#include <cardstock/enrich/enricher.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include <pthread.h>

#include <cardstock/util/mutex.hpp>

#include "cache.hpp"
#include "counters.hpp"
#include "dispatcher.hpp"
#include "mailbox.hpp"
#include "purger.hpp"
#include "tenant_ledger.hpp"

namespace cardstock::enrich {
namespace {

constexpr std::chrono::seconds kRefreshPause{10};

Error stopping() {
  return {ErrorCode::Cancelled, "The service is stopping; ask again in a moment.", "shutdown"};
}

}  // namespace

std::string_view name_of(CacheStatus status) noexcept {
  switch (status) {
    case CacheStatus::Hit:
      return "hit";
    case CacheStatus::Miss:
      return "miss";
    case CacheStatus::Stale:
      return "stale";
    case CacheStatus::Coalesced:
      return "coalesced";
    case CacheStatus::Bypass:
      return "bypass";
  }
  return "miss";
}

class Enricher::Core {
 public:
  Core(EnrichSettings settings, EnrichParts parts, Drive drive)
      : settings_{std::move(settings)},
        parts_{std::move(parts)},
        ledger_{parts_.store},
        cache_{settings_, parts_, ledger_, counters_},
        drive_{drive},
        dispatcher_{settings_,
                    parts_,
                    cache_,
                    ledger_,
                    counters_,
                    [mailbox = mailbox_](Command command) { mailbox->post(std::move(command)); },
                    [this](const TenantId& tenant) { purge_behind({.tenant = tenant}); }} {
    if (drive == Drive::OwnThread)
      thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
  }

  ~Core() { stop(); }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  Looked look(const Ask& ask) {
    const StandingPtr standing = ledger_.of(ask.tenant->id);
    if (standing->blocked()) return blocked(ask, *standing);
    const std::uint64_t generation = cache_.generation();
    EntryPtr entry = cache_.held(*ask.tenant, ask.indicator, ask.lane);
    const bool only_cached = settings_.cache_only || ask.mode == AskMode::OnlyIfCached;
    if (ask.mode == AskMode::Refresh && !only_cached)
      return {std::nullopt, {std::move(entry), generation}};
    if (!entry || (entry->absent && !Cache::covers(*entry, ask.indicator)))
      return {only_cached ? std::optional{not_in_cache()} : std::nullopt,
              {std::move(entry), generation}};
    // Before the clock is read: what is accepted meanwhile would seem to be of the future.
    const auto accepted = standing->accepted_at();
    const WallTime now = parts_.clock.wall();
    if (!only_cached && !standing->vouched(now, longest_unchecked(settings_))) return {};
    switch (freshness(entry->life, now)) {
      case Freshness::Fresh:
        if (!only_cached && is_hot(*entry) && nearly_stale(entry->life, now))
          refresh_behind(ask, {entry, generation});
        if (!only_cached) check_behind(ask, {entry, generation}, *standing, accepted, now);
        if (is_counted(ask))
          (entry->absent ? counters_->negative : counters_->hit)
              .fetch_add(1, std::memory_order_relaxed);
        return {Reply{.entry = entry, .status = CacheStatus::Hit}, {}};
      case Freshness::Grace:
        if (!only_cached) refresh_behind(ask, {entry, generation});
        if (is_counted(ask)) counters_->stale.fetch_add(1, std::memory_order_relaxed);
        return {Reply{.entry = entry,
                      .status = CacheStatus::Stale,
                      .stale_reason = only_cached ? "only_if_cached" : refresh_state(*entry)},
                {}};
      case Freshness::Keep:
        if (!only_cached) return {std::nullopt, {std::move(entry), generation}};
        counters_->stale.fetch_add(1, std::memory_order_relaxed);
        return {
            Reply{.entry = entry, .status = CacheStatus::Stale, .stale_reason = "only_if_cached"},
            {}};
      case Freshness::Expired:
        break;
    }
    return {only_cached ? std::optional{not_in_cache()} : std::nullopt, {}};
  }

  void fetch_all(std::vector<Fetch> fetches) {
    std::vector<Command> admitted;
    admitted.reserve(fetches.size());
    for (Fetch& fetch : fetches) {
      if (!admit(fetch.done)) continue;
      admitted.push_back(FetchCommand{std::move(fetch.ask), std::move(fetch.held),
                                      [this, done = std::move(fetch.done)](Reply reply) mutable {
                                        give(std::move(done), std::move(reply));
                                      }});
    }
    if (mailbox_->post_all(admitted)) return;
    for (Command& command : admitted)
      std::get<FetchCommand>(command).done(Reply{.error = stopping()});
  }

  void list(Listing listing, Listed done) {
    if (draining_.load(std::memory_order_relaxed)) return done(std::unexpected(stopping()));
    if (settings_.cache_only)
      return done(fail(ErrorCode::NotInCache, "This service runs without ThreatConnect."));
    Command command{ListCommand{std::move(listing), std::move(done)}};
    if (!mailbox_->post(std::move(command)))
      std::get<ListCommand>(command).done(std::unexpected(stopping()));
  }

  void purge_behind(const store::PurgeFilter& filter) {
    if (drive_ == Drive::ByHand) return purge_now(filter);
    if (!purger_.post(filter)) parts_.log.warning("purge_not_taken");
  }

  Result<std::int64_t> purge(const store::PurgeFilter& filter) {
    // 1. Calls that are out are marked. 2. The store deletes; answers of calls sent meanwhile are
    // younger than the purge. 3. Memory forgets, in a new generation: what a worker reads from the
    // store between 1 and the end of 2 cannot come in behind it. 4. What was joined meanwhile with
    // an old entry at hand lets go of it.
    forget_flights(filter);
    Result<std::int64_t> purged = parts_.store.purge(filter);
    cache_.forget(filter);
    forget_flights(filter);
    return purged;
  }

  bool run_ready() {
    std::vector<Command> commands = mailbox_->take();
    for (Command& command : commands) dispatcher_.handle(std::move(command));
    return dispatcher_.advance() || !commands.empty();
  }

  void stop() {
    draining_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) {
      thread_.request_stop();
      mailbox_->wake();
      thread_.join();
    }
    std::vector<Command> unread = mailbox_->close();
    for (Command& command : unread) {
      if (auto* fetch = std::get_if<FetchCommand>(&command); fetch != nullptr && fetch->done)
        fetch->done(Reply{.error = stopping()});
      if (auto* purge = std::get_if<PurgeCommand>(&command)) purge->done();
      if (auto* list = std::get_if<ListCommand>(&command)) list->done(std::unexpected(stopping()));
    }
    purger_.stop();
    dispatcher_.abandon(stopping());
  }

  bool drain(SteadyTime until) {
    draining_.store(true, std::memory_order_relaxed);
    const LockGuard lock{mailbox_->mutex};
    while (waiting_.load(std::memory_order_relaxed) != 0 &&
           std::chrono::steady_clock::now() < until)
      mailbox_->changed.wait_until(mailbox_->mutex, until);
    return waiting_.load(std::memory_order_relaxed) == 0;
  }

  EnrichStats stats() const;

 private:
  /// Counts one who waits; false, and he has been told why, when he may not.
  bool admit(Done& done) {
    if (settings_.cache_only) {
      done(not_in_cache());
      return false;
    }
    if (draining_.load(std::memory_order_relaxed)) {
      done(Reply{.error = stopping()});
      return false;
    }
    if (waiting_.fetch_add(1, std::memory_order_relaxed) < settings_.max_waiters) return true;
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    counters_->rejected.fetch_add(1, std::memory_order_relaxed);
    done(Reply{
        .error = Error{ErrorCode::Busy, "Too many look-ups are waiting; ask again in a moment.",
                       "waiters at their limit"},
        .retry_after = std::chrono::seconds{5}});
    return false;
  }

  Reply not_in_cache() const {
    return Reply{
        .error = Error{ErrorCode::NotInCache,
                       std::string{"This indicator is not in the cache, and "} +
                           (settings_.cache_only ? "this service runs without ThreatConnect."
                                                 : "the request asked not to go to ThreatConnect."),
                       "only-if-cached"}};
  }

  /// A prewarm's look at what is held is nobody's hit, and saves no call.
  static bool is_counted(const Ask& ask) noexcept {
    return ask.lane != Lane::Prewarm || ask.mode != AskMode::OnlyIfCached;
  }

  /// Counts this ask; true from the kHotAsks-th on.
  static bool is_hot(const Entry& entry) noexcept {
    if (entry.asks.load(std::memory_order_relaxed) >= kHotAsks) return true;
    return entry.asks.fetch_add(1, std::memory_order_relaxed) + 1 >= kHotAsks;
  }

  /// "refreshing", or why the last refresh did not succeed.
  static std::string refresh_state(const Entry& entry) {
    const int failure = entry.refresh_failure.load(std::memory_order_relaxed);
    return failure == Entry::kNoFailure ? "refreshing"
                                        : std::string{name_of(static_cast<ErrorCode>(failure))};
  }

  /// Of a credential that was refused: nothing that is held is shown.
  Looked blocked(const Ask& ask, const Standing& standing) const {
    if (settings_.cache_only || ask.mode == AskMode::OnlyIfCached) return {not_in_cache(), {}};
    if (!standing.refused(parts_.clock.steady())) return {};
    return {Reply{.error = Error{ErrorCode::AuthFailed,
                                 "ThreatConnect refused these credentials a moment ago; correct "
                                 "them, or ask again in half a minute.",
                                 "refused within the last 30 seconds"}},
            {}};
  }

  void purge_now(const store::PurgeFilter& filter) {
    const Result<std::int64_t> purged = purge(filter);
    if (!purged) parts_.log.warning("purge_failed", {{"cause", purged.error().cause}});
  }

  void check_behind(const Ask& ask,
                    const Held& held,
                    Standing& standing,
                    std::optional<WallTime> accepted,
                    WallTime now) {
    // Never as far as the store knows, or in the future: the age is not known, and a check is due.
    const bool checked =
        accepted && *accepted <= now && now - *accepted < settings_.credential_recheck;
    if (!checked && standing.take_check(parts_.clock.steady())) post_refresh(ask, held);
  }

  void post_refresh(const Ask& ask, const Held& held) {
    mailbox_->post(
        FetchCommand{{.tenant = ask.tenant, .indicator = ask.indicator, .mode = AskMode::Refresh},
                     held,
                     {}});  // no caller to tell
  }

  /// The end of every wait: the caller is told, then counted out, so that a drained enricher owes
  /// nothing.
  void give(Done done, Reply reply) {
    if (waiting_.fetch_sub(1, std::memory_order_relaxed) == 1 &&
        draining_.load(std::memory_order_relaxed)) {
      const LockGuard lock{mailbox_->mutex};
      mailbox_->changed.notify_all();
    }
    done(std::move(reply));
  }

  /// Returns when the thread has handled it; at once when there is none (any more).
  void forget_flights(const store::PurgeFilter& filter) {
    if (drive_ == Drive::ByHand) return dispatcher_.forget(filter);
    const auto handled = std::make_shared<std::promise<void>>();
    if (mailbox_->post(PurgeCommand{filter, [handled] { handled->set_value(); }}))
      handled->get_future().wait();
  }

  void refresh_behind(const Ask& ask, const Held& held) {
    const EntryPtr& entry = held.entry;
    const SteadyTime now = parts_.clock.steady();
    SteadyTime::rep due = entry->refresh_not_before.load(std::memory_order_relaxed);
    if (now.time_since_epoch().count() < due) return;
    const auto next = (now + kRefreshPause).time_since_epoch().count();
    if (!entry->refresh_not_before.compare_exchange_strong(due, next, std::memory_order_relaxed))
      return;
    post_refresh(ask, held);
  }

  void run(const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "cs-enrich");
    while (!stop.stop_requested()) {
      if (run_ready()) continue;
      const SteadyTime due = dispatcher_.next_due();
      const LockGuard lock{mailbox_->mutex};
      if (!mailbox_->commands.empty() || stop.stop_requested()) continue;
      if (due == SteadyTime::max()) {
        mailbox_->changed.wait(mailbox_->mutex);
      } else {
        mailbox_->changed.wait_until(mailbox_->mutex, due);
      }
    }
  }

  const EnrichSettings settings_;
  const EnrichParts parts_;
  std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  TenantLedger ledger_;
  Cache cache_;
  const Drive drive_;
  Dispatcher dispatcher_;  ///< touched by the thread alone while it runs
  std::atomic<std::size_t> waiting_{0};
  std::atomic<bool> draining_{false};
  Purger purger_{[this](const store::PurgeFilter& filter) { purge_now(filter); }};
  std::jthread thread_;
};

EnrichStats Enricher::Core::stats() const {
  EnrichStats s;
  counters_->read(s);
  s.limiter_per_minute = settings_.requests_per_minute;
  // The enricher's thread does not wake for the end of a pause for which nobody waits.
  if (s.limiter_held_until && *s.limiter_held_until <= parts_.clock.wall())
    s.limiter_held_until.reset();
  const MemoryTier::Size size = cache_.memory().size();
  s.memory_rows = size.rows;
  s.memory_bytes = size.bytes;
  s.memory_limit_bytes = cache_.memory().limit_bytes();
  return s;
}

Enricher::Enricher(EnrichSettings settings, EnrichParts parts, Drive drive)
    : core_{std::make_unique<Core>(std::move(settings), std::move(parts), drive)} {}
Enricher::~Enricher() = default;
Enricher::Looked Enricher::look(const Ask& ask) {
  return core_->look(ask);
}
void Enricher::fetch(Ask ask, Held held, Done done) {
  std::vector<Fetch> one;
  one.push_back({std::move(ask), std::move(held), std::move(done)});
  core_->fetch_all(std::move(one));
}
void Enricher::fetch_all(std::vector<Fetch> fetches) {
  core_->fetch_all(std::move(fetches));
}
void Enricher::list(Listing listing, Listed done) {
  core_->list(std::move(listing), std::move(done));
}
Result<std::int64_t> Enricher::purge(const store::PurgeFilter& filter) {
  return core_->purge(filter);
}
EnrichStats Enricher::stats() const {
  return core_->stats();
}
bool Enricher::run_ready() {
  return core_->run_ready();
}
void Enricher::stop() {
  core_->stop();
}
bool Enricher::drain(SteadyTime until) {
  return core_->drain(until);
}

}  // namespace cardstock::enrich
