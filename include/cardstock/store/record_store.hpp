#pragma once
/// \file record_store.hpp
/// \brief What the cache policy needs from storage, and nothing else.
///
/// Threads: all methods from any thread. Blocking: `put` and `put_tenant` never; the others read or
/// wait for disk. Errors: StoreBusy (queue full or locked: try again), StoreFailed (disk full,
/// damaged, unwritable). Time: wall, as given. Limits: as the implementation says. Age is not
/// judged here (enrich/freshness.hpp).
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/threatconnect/record.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::store {

/// Keyed hash of base URL, access id and secret; says nothing to whom it is shown.
using TenantId = std::array<std::uint8_t, 16>;

struct Key {
  TenantId tenant{};
  IndicatorType type{};
  std::string canonical;
  bool operator==(const Key&) const = default;
  auto operator<=>(const Key&) const = default;
};

struct StoredRecord {
  threatconnect::Record record;
  WallTime fetched_at;
  /// For an absent record: the spellings that were asked. Empty for a found one.
  std::vector<std::string> asked;
  bool operator==(const StoredRecord&) const = default;
};

/// What is remembered of a tenant beside its rows. No secret.
struct TenantState {
  std::string base_url;
  /// Last call that ThreatConnect accepted; the epoch: it has refused the credential since.
  /// nullopt: not known.
  std::optional<WallTime> last_accepted_at;
  bool operator==(const TenantState&) const = default;
};

struct TenantCount {
  TenantId id{};
  TenantState state;
  std::int64_t rows = 0;
};

/// Committed rows only.
struct StoreStats {
  std::string backend;  ///< "sqlite", "memory"
  std::int64_t rows = 0;
  std::int64_t rows_absent = 0;
  std::map<std::string, std::int64_t> rows_by_type;    ///< by ThreatConnect type name
  std::map<std::string, std::int64_t> absent_by_type;  ///< of those, the absent ones
  std::uint64_t file_bytes = 0;
  std::uint64_t wal_bytes = 0;
  std::optional<WallTime> oldest_fetched_at;
  std::string state = "ok";  ///< "ok", "degraded: …", "rebuilt: …"
  std::vector<TenantCount> tenants;
  std::uint64_t puts_refused = 0;  ///< since start, because the queue was full
};

/// Every stated field must match; nothing stated: all rows.
struct PurgeFilter {
  std::optional<TenantId> tenant = std::nullopt;
  std::optional<IndicatorType> type = std::nullopt;
  std::optional<std::string> canonical = std::nullopt;
  std::optional<std::string> owner = std::nullopt;  ///< rows in which this owner has a copy
  std::optional<WallTime> fetched_before = std::nullopt;
  /// No condition: stops after so many rows, whichever they are.
  std::int64_t at_most = std::numeric_limits<std::int64_t>::max();
  /// No condition: stops between two steps when it is asked for; what is deleted stays deleted.
  std::stop_token stop;
};

class RecordStore {
 public:
  using Committed = std::move_only_function<void(const Status&)>;

  virtual ~RecordStore() = default;

  /// nullopt when absent. Sees every put that returned before the call.
  virtual Result<std::optional<StoredRecord>> find(const Key& key) = 0;
  /// Replaces the row of this key. `committed` is called once, from any thread, when the row is
  /// durable (or is not going to be); it must not block, throw or call the store. Committed within
  /// a second.
  virtual void put(const Key& key, StoredRecord record, Committed committed = {}) = 0;
  /// Waits until everything put before is committed or refused. Fails while the store cannot
  /// commit.
  virtual Status flush() = 0;
  /// Deletes; returns how many rows went. A put that returned before is covered.
  virtual Result<std::int64_t> purge(const PurgeFilter& filter) = 0;
  /// Calls `visit` for every row until it returns false; rows put meanwhile may or may not be seen.
  virtual Status each(const std::function<bool(const Key&, const StoredRecord&)>& visit) = 0;

  virtual Result<std::optional<TenantState>> tenant(const TenantId& id) = 0;
  virtual void put_tenant(const TenantId& id, const TenantState& state) = 0;
  /// Cheap: counters kept, no scan. Sizes are of the last look at the files.
  virtual StoreStats stats() = 0;
  /// As StoreStats::state. Never blocks.
  virtual std::string state() { return "ok"; }
  /// Counts the moments at which somebody else was seen to have written to the rows, a second or so
  /// after it: what was read before may have been replaced or deleted since. Never blocks.
  virtual std::uint64_t foreign_writes() const noexcept { return 0; }
};

}  // namespace cardstock::store
