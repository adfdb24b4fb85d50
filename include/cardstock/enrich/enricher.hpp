#pragma once
/// \file enricher.hpp
/// \brief The cache policy: what is answered from the cache, what is asked upstream, and who waits
/// for it.
///
/// A look-up is answered by `look` at once whenever the cache may answer; else `fetch` joins or
/// starts the one flight of its key. Flights that wait go out together, up to 50 indicators of one
/// tenant in one call.
///
/// Threads: `look`, `fetch` and `stats` from any. One thread of its own (`cs-enrich`) owns every
/// flight, so that flights need no lock; it never blocks on the network or the disk. Blocking:
/// `look` may read the store (disk); `fetch` never blocks. Errors: those of
/// threatconnect/answer.hpp and fetch/http_client.hpp, Busy, NotInCache, Timeout, Cancelled. Time:
/// one wall instant for a decision about age; steady for deadlines and limits. Limits:
/// `max_waiters` look-ups waiting; one more is Busy. Owns: the memory tier; borrows store, client
/// and clock, which outlive it.
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <cardstock/enrich/entry.hpp>
#include <cardstock/enrich/freshness.hpp>
#include <cardstock/enrich/memory_tier.hpp>
#include <cardstock/enrich/tenant.hpp>
#include <cardstock/fetch/http_client.hpp>
#include <cardstock/store/record_store.hpp>
#include <cardstock/threatconnect/answer.hpp>
#include <cardstock/threatconnect/call_packing.hpp>
#include <cardstock/threatconnect/query.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/histogram.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/random.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::enrich {

enum class AskMode {
  Normal,
  Refresh,       ///< no-cache: go upstream even when fresh
  OnlyIfCached,  ///< never go upstream
};

enum class CacheStatus { Hit, Miss, Stale, Coalesced, Bypass };
/// "hit", "miss", "stale", "coalesced", "bypass".
std::string_view name_of(CacheStatus status) noexcept;

/// Who goes first when calls are scarce: a lower lane never delays a higher one.
enum class Lane { Analyst, Refresh, Prewarm };
inline constexpr std::size_t kLanes = 3;

struct Ask {
  TenantPtr tenant;
  Indicator indicator;
  AskMode mode = AskMode::Normal;
  Lane lane = Lane::Analyst;
  SteadyTime deadline = SteadyTime::max();  ///< how long this caller waits
};

struct Reply {
  EntryPtr entry;  ///< null only when `error` says why
  CacheStatus status = CacheStatus::Miss;
  std::string stale_reason;  ///< of Stale: "refreshing", or the name of the error that kept it from
                             ///< being refreshed
  std::optional<Error> error;           ///< why there is no entry, or of Stale: why it is stale
  std::chrono::seconds retry_after{0};  ///< of Busy
};

struct EnrichSettings {
  FreshnessPolicy policy;
  std::map<EntityType, FreshnessPolicy> per_type;
  threatconnect::OwnerFilter owners;
  std::int64_t requests_per_minute = 60;  ///< 0: none
  std::int64_t burst = 10;
  std::int64_t concurrent = 4;
  std::size_t memory_bytes = std::size_t{64} << 20U;
  std::size_t max_waiters = 20000;
  std::size_t max_indicators_per_call = threatconnect::kMostIndicators;
  bool cache_only = false;  ///< every ask is OnlyIfCached, whatever its mode
  int max_pages = 20;       ///< of one call; more is cut and counted
  int max_attempts = 3;     ///< of one request, the first included
  /// Whether a credential's own organization and the kinds of its owners are asked for, once a day,
  /// where `default_owner` does not decide; and in a quiet moment after what nobody holds.
  bool learn_owners = false;
  std::string default_owner;
  /// A credential that ThreatConnect has not accepted for so long is checked behind a hit.
  std::chrono::milliseconds credential_recheck{std::chrono::minutes{15}};
};

/// How long what a credential has fetched is shown while ThreatConnect cannot be asked whether it
/// still holds.
inline std::chrono::milliseconds longest_unchecked(const EnrichSettings& settings) noexcept {
  return settings.policy.keep + settings.credential_recheck;
}

struct RecentError {
  WallTime at;
  ErrorCode kind{};
  std::string message;  ///< public_detail
  std::uint64_t count = 1;
};

struct EnrichStats {
  std::uint64_t hit = 0, miss = 0, stale = 0, negative = 0, coalesced = 0, bypass = 0;
  std::uint64_t calls = 0;        ///< requests that went upstream, pages included
  std::uint64_t indicators = 0;   ///< asked in them
  std::uint64_t calls_saved = 0;  ///< look-ups that the cache or another look-up's call answered
  std::uint64_t unmatched_rows = 0;
  std::uint64_t store_failures = 0;
  std::uint64_t rejected = 0;                   ///< Busy
  std::map<std::string, std::uint64_t> errors;  ///< by name_of(ErrorCode)
  HistogramCounts latency;                      ///< of upstream calls
  std::uint64_t retries = 0;                    ///< calls that were made again
  std::string_view breaker = "closed";          ///< of the instance that is worst off
  std::int64_t limiter_per_minute = 0, limiter_used = 0;
  std::int64_t limiter_allowed = 0;  ///< a minute, as refusals have left it; 0: no limit
  WallTime limiter_window_ends_at;
  std::optional<WallTime> limiter_held_until;  ///< nothing goes out before: ThreatConnect asked so
  std::uint64_t retry_after_capped = 0, retry_after_unusable = 0;
  std::array<std::uint64_t, kLanes> waiting{};  ///< flights without a call, by lane
  /// Look-ups refused or given up because their lane was full, or nobody waited for too long.
  std::array<std::uint64_t, kLanes> dropped{};
  std::size_t memory_rows = 0, memory_bytes = 0, memory_limit_bytes = 0;
  std::vector<RecentError> recent_errors;  ///< newest first, at most 20
};

/// Seams of the enricher; every reference outlives it.
struct EnrichParts {
  const Clock& clock;
  fetch::HttpClient& client;
  store::RecordStore& store;
  Log& log;
  Render render;
  SipKey hash_key;  ///< of this installation; spreads keys and expiries
  Random& random;   ///< jitter
};

class Enricher {
 public:
  using Done = std::move_only_function<void(Reply)>;

  /// Whether the thread runs, or a test turns the crank with run_ready().
  enum class Drive { OwnThread, ByHand };

  Enricher(EnrichSettings settings, EnrichParts parts, Drive drive = Drive::OwnThread);
  /// As stop().
  ~Enricher();
  Enricher(const Enricher&) = delete;
  Enricher& operator=(const Enricher&) = delete;

  /// What is held of an indicator, however old, and the generation in which it was looked up: a
  /// purge since then has made it worthless.
  struct Held {
    EntryPtr entry;
    std::uint64_t generation = 0;
  };
  struct Looked {
    std::optional<Reply> reply;  ///< nullopt: upstream must be asked
    Held held;                   ///< give it to fetch
  };
  /// The answer that the cache may give: a hit, a stale one in grace (a refresh is started behind
  /// it), or for OnlyIfCached what there is, NotInCache included.
  Looked look(const Ask& ask);
  /// Asks upstream, or joins the flight of the same key. `held` is served, marked stale, when that
  /// fails and its age allows. `done` is called once, on the enricher's thread; it must not block.
  /// An ask of Lane::Prewarm is answered when the row is committed, and with the store's error when
  /// it is not going to be.
  void fetch(Ask ask, Held held, Done done);
  struct Fetch {
    Ask ask;
    Held held;
    Done done;
  };
  /// The same for many at once: they are all there before a call is made of them, so that calls are
  /// full.
  void fetch_all(std::vector<Fetch> fetches);

  /// One page of what a query of the operator's own finds: names, not answers; the copies that a
  /// query leaves out would be missing from a card.
  struct Listing {
    TenantPtr tenant;
    std::string tql;
    std::string next;  ///< as the page before named it; empty: the first page
  };
  using Listed = std::move_only_function<void(Result<threatconnect::Page>)>;
  /// Asks ThreatConnect for it in a quiet moment, behind everything that waits: Busy when there is
  /// none now. `done` is called once on the enricher's thread, and dropped when the enricher stops.
  /// Errors: those of threatconnect/answer.hpp and fetch/http_client.hpp; MalformedRequest for a
  /// query that is too long; UpstreamFailed for a page at another address; Busy, Cancelled.
  void list(Listing listing, Listed done);

  /// Deletes what matches, from the store and from memory; returns how many rows the store had. An
  /// answer whose call was sent before is given to those who wait for it and kept nowhere; asks
  /// from now on get a call of their own. When this returns, nothing older than the call is served.
  /// Blocking: until the store has deleted (minutes, for millions of rows); not to be called from a
  /// `done`. Errors: those of RecordStore::purge; some rows may then be gone already.
  Result<std::int64_t> purge(const store::PurgeFilter& filter);

  EnrichStats stats() const;
  /// Does all that is due now; returns whether anything was done. Only with Drive::ByHand.
  bool run_ready();
  /// Stops taking look-ups; waits until no caller waits, at most until `until` (real time). True
  /// when none is left.
  bool drain(SteadyTime until);
  /// Gives every waiter Cancelled and joins the thread; `look` still answers, `fetch` gives
  /// Cancelled from now on.
  void stop();

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace cardstock::enrich
