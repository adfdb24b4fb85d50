#pragma once
/// \file dispatcher.hpp
/// \brief Every flight and call, owned by one thread: who waits, what goes out next, what comes
/// back.
///
/// Threads: one at a time (the enricher's). Blocking: none. Limits: EnrichSettings.
#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <variant>

#include <cardstock/enrich/enricher.hpp>
#include <cardstock/enrich/rate_limiter.hpp>

#include "cache.hpp"
#include "counters.hpp"
#include "flight.hpp"

namespace cardstock::enrich {

/// A look-up that the cache could not answer; without `done`, a refresh behind an answer.
struct FetchCommand {
  Ask ask;
  Enricher::Held held;
  Enricher::Done done;
};

/// A purge begins, or has ended.
struct PurgeCommand {
  store::PurgeFilter filter;
  std::move_only_function<void()> done;
};

struct CallDone {
  CallPtr call;
  Result<fetch::HttpResponse> response;
};

using Command = std::variant<FetchCommand, CallDone, PurgeCommand>;

class Dispatcher {
 public:
  /// How an answer comes back: from the client's thread into the enricher's queue.
  using PostDone = std::function<void(CallDone)>;

  Dispatcher(const EnrichSettings& settings,
             const EnrichParts& parts,
             Cache& cache,
             std::shared_ptr<Counters> counters,
             PostDone post);

  void handle(Command command);
  /// Ends the waits whose deadline has come, then sends what may be sent. Returns whether anything
  /// was done.
  bool advance();
  /// When advance() has something to do by itself; SteadyTime::max() when nothing is due.
  SteadyTime next_due() const;
  /// Callers who wait.
  std::size_t waiting() const noexcept { return deadlines_.size(); }
  /// No flight that is out brings back, and none shows for want of better, what a purge deletes.
  void forget(const store::PurgeFilter& filter);
  /// Gives every waiter `error` and cancels every call.
  void abandon(const Error& error);

 private:
  /// One ThreatConnect: its limits and what waits for it.
  struct Instance {
    explicit Instance(const EnrichSettings& settings)
        : limiter{settings.requests_per_minute, settings.burst} {}
    RateLimiter limiter;
    std::int64_t in_flight = 0;
    std::deque<CallPtr>
        prepared;  ///< next pages and halves of a refused query: before anything new
    std::array<std::deque<FlightPtr>, kLanes> lanes;
    std::optional<threatconnect::BaseUrl> answering_form;  ///< the base URL form that has answered
    bool waiting() const noexcept {
      return !prepared.empty() ||
             std::ranges::any_of(lanes, [](const auto& lane) { return !lane.empty(); });
    }
    std::deque<FlightPtr>& lane(Lane which) noexcept {
      return lanes[static_cast<std::size_t>(which)];
    }
  };

  void on_fetch(FetchCommand command);
  void on_done(CallDone done);
  void on_page(const CallPtr& call, threatconnect::Page page);
  void on_failure(const CallPtr& call, const Error& error);
  void join(const FlightPtr& flight, Ask& ask, Enricher::Done done, CacheStatus status);
  void finish(Call& call);
  void settle(const FlightPtr& flight, const EntryPtr& entry, const Error* error);
  Reply failure_reply(const Flight& flight, const Error& error) const;
  void send(Instance& instance, const CallPtr& call);
  CallPtr next_call(Instance& instance);
  bool pump(Instance& instance, SteadyTime now);
  bool expire(SteadyTime now);
  Instance& instance_of(const threatconnect::BaseUrl& base);
  void note_accepted(const Tenant& tenant);
  void publish_gauges(SteadyTime now);
  static store::Key key_of(const Tenant& tenant, const Indicator& indicator);

  const EnrichSettings& settings_;
  EnrichParts parts_;
  Cache& cache_;
  std::shared_ptr<Counters> counters_;
  PostDone post_;
  std::map<store::Key, FlightPtr> flights_;
  Deadlines deadlines_;                        ///< of every waiter
  std::map<std::string, Instance> instances_;  ///< by instance_name
  std::map<TenantId, WallTime> accepted_;      ///< when the store was last told of a tenant
  std::vector<CallPtr> open_calls_;
  std::uint64_t next_waiter_ = 1;
};

}  // namespace cardstock::enrich
