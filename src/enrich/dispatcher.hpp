#pragma once
/// \file dispatcher.hpp
/// \brief Every flight and call, owned by one thread: who waits, what goes out next, what comes
/// back.
///
/// Threads: one at a time (the enricher's). Blocking: none. Limits: EnrichSettings.
#include <map>
#include <memory>
#include <variant>

#include <cardstock/enrich/enricher.hpp>

#include "cache.hpp"
#include "counters.hpp"
#include "flight.hpp"
#include "instance.hpp"
#include "tenant_ledger.hpp"

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

/// What is on its way of a credential's own organization and owners.
struct Learning {
  TenantPtr tenant;
  threatconnect::BaseUrl base;
  OwnerProfile profile;
  std::vector<std::string> organizations;
  SteadyTime counted_at;  ///< as the limiter counts the call that is out
};

/// Owners that a credential's "no result" would count, to be asked for when nothing else is.
struct LearnLater {
  TenantPtr tenant;
  threatconnect::BaseUrl base;
  SteadyTime due;
  SteadyTime until;  ///< its credentials are not kept longer for this
};

struct LearnDone {
  enum class Step { Owners, OwnOwner };
  Learning learning;
  Step step;
  Result<fetch::HttpResponse> response;
};

/// A page of a query that somebody wants listed.
struct ListCommand {
  Enricher::Listing listing;
  Enricher::Listed done;
  bool other_form_tried = false;
};
struct ListDone {
  ListCommand command;
  threatconnect::BaseUrl base;
  SteadyTime counted_at;  ///< as the limiter counts the call
  Result<fetch::HttpResponse> response;
};

/// The store has committed a row that somebody waits for, or will not.
struct StoredDone {
  std::uint64_t ticket;
  Status status;
};

using Command = std::
    variant<FetchCommand, CallDone, PurgeCommand, LearnDone, StoredDone, ListCommand, ListDone>;

class Dispatcher {
 public:
  /// How an answer comes back: from the client's thread into the enricher's queue.
  using PostDone = std::function<void(Command)>;
  /// Purges what a refused credential had fetched; does not wait for it.
  using PurgeTenant = std::function<void(const TenantId&)>;

  Dispatcher(const EnrichSettings& settings,
             const EnrichParts& parts,
             Cache& cache,
             TenantLedger& ledger,
             std::shared_ptr<Counters> counters,
             PostDone post,
             PurgeTenant purge);

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
  void on_fetch(FetchCommand command);
  /// Puts a new flight in its lane. False, with a reply for whoever asked, when there is no room.
  bool enqueue(Instance& instance, const FlightPtr& flight);
  void join(const FlightPtr& flight, Ask& ask, Enricher::Done done, CacheStatus status);
  void count(CacheStatus status);
  void settle(const FlightPtr& flight, const EntryPtr& entry, const Error* error);
  /// Takes those off the flight who wait until its row is committed: what tells them.
  Cache::Committed hold_until_stored(Flight& flight);
  void on_stored(const StoredDone& done);
  /// Gives those who may see an old answer that answer; the others wait on.
  void serve_fallback(const FlightPtr& flight, const Error& error);
  /// New asks for its key start another.
  void unlist(const FlightPtr& flight);
  bool has_servable_fallback(const Flight& flight, const Error& error) const;
  Reply failure_reply(const Flight& flight, const Error& error) const;
  Reply busy_reply(const Flight& flight, SteadyTime now, SteadyTime free) const;

  bool expire(SteadyTime now);
  /// Ends the wait at `at`; the fetch goes on.
  void give_up(Deadlines::iterator at, Reply reply);
  /// Those who cannot be served before their deadline are told so now.
  void turn_away(const Instance& instance, SteadyTime now);
  void drop_forgotten(SteadyTime now);
  bool pump(Instance& instance);
  void send(Instance& instance, const CallPtr& call, SteadyTime now);
  CallPtr new_call(const std::vector<FlightPtr>& flights);
  void shed(Instance& instance, SteadyTime now);
  Error breaker_error(const Instance& instance, SteadyTime now) const;
  /// Null when no more instances can be kept apart.
  Instance* instance_of(const threatconnect::BaseUrl& base, SteadyTime now);
  void publish_gauges(SteadyTime now);

  // What comes back: answers.cpp.
  void on_done(CallDone done);
  void on_answer(Instance& instance, const CallPtr& call, const fetch::HttpResponse& response);
  void on_refusal(Instance& instance,
                  const CallPtr& call,
                  const Error& error,
                  const fetch::HttpResponse* response);
  void pace(Instance& instance, SteadyTime call_started, const fetch::HttpResponse& response);
  /// Whether the call was worth asking in another way: in the other form, in halves, with a fresh
  /// time stamp, or once more.
  bool ask_otherwise(Instance& instance, const CallPtr& call, const Error& error);
  bool try_again(Instance& instance, const CallPtr& call, const Error& error, int status);
  void on_page(Instance& instance, const CallPtr& call, threatconnect::Page page);
  void finish(Instance& instance, Call& call);
  /// Asks again, in two calls, for what one call could not tell.
  void ask_in_halves(Instance& instance, const Call& call);
  void log_failure(const Call& call, const Error& error);
  /// `form`: the base URL as it was asked.
  void note_accepted(const Tenant& tenant, const threatconnect::BaseUrl& form);
  void note_refused(Instance& instance, const Tenant& tenant, const Error& error);

  // Owners of a credential: learn.cpp.
  void learn_owners(const Call& call, const threatconnect::Record& record);
  void learn_later(const Call& call, SteadyTime now);
  void learn_what_is_due(SteadyTime now);
  /// Whether the question went out.
  bool try_learning(const TenantPtr& tenant, const threatconnect::BaseUrl& base, SteadyTime now);
  void ask_aside(Instance& instance, Learning learning, LearnDone::Step step);
  void on_learned(LearnDone done);

  // Queries of the operator's own: listing.cpp.
  void on_list(ListCommand command);
  void ask_list(ListCommand command, const threatconnect::BaseUrl& base);
  void on_listed(ListDone done);

  static store::Key key_of(const Tenant& tenant, const Indicator& indicator);

  const EnrichSettings& settings_;
  EnrichParts parts_;
  Cache& cache_;
  TenantLedger& ledger_;
  std::shared_ptr<Counters> counters_;
  PostDone post_;
  PurgeTenant purge_;
  std::map<store::Key, FlightPtr> flights_;
  Deadlines deadlines_;                        ///< of every waiter
  std::map<std::string, Instance> instances_;  ///< by origin: what ThreatConnect would count
  /// The base URL form that has answered, by instance_name.
  std::map<std::string, threatconnect::BaseUrl> forms_;
  std::map<TenantId, LearnLater> learn_later_;
  SteadyTime learn_due_ = SteadyTime::max();  ///< the earliest of them
  std::map<TenantId, WallTime> accepted_;     ///< when the store was last told of a tenant
  std::vector<CallPtr> open_calls_;
  struct Unstored {
    EntryPtr entry;
    std::vector<Waiter> waiters;
  };
  std::map<std::uint64_t, Unstored> unstored_;  ///< by ticket
  std::uint64_t next_unstored_ = 1;
  std::uint64_t next_waiter_ = 1;
  SteadyTime next_drop_ = SteadyTime::min();
};

}  // namespace cardstock::enrich
