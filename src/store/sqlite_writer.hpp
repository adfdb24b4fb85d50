#pragma once
/// \file sqlite_writer.hpp
/// \brief The one writing connection: rows, owners and counters change together, between `begin`
/// and `commit`.
///
/// Threads: the one that made it. Blocking: disk, and another process's transaction in `begin`.
/// Errors: SQLite::Exception passes through; `rollback` then gives up the transaction. Stored: see
/// migrations/.
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include <cardstock/store/record_store.hpp>
#include <cardstock/store/sqlite_record_store.hpp>

#include "dictionary_table.hpp"
#include "row_codec.hpp"
#include "sqlite_file.hpp"

namespace cardstock::store {

/// What must be known of a row to replace or delete it.
struct RowHead {
  std::int64_t tenant = 0;
  int type = 0;
  bool absent = false;
  std::int64_t fetched_at_ms = 0;
  std::vector<std::int64_t> owners;
  std::string canonical;
};

/// A place in the order of the index on age.
struct AgeCursor {
  std::int64_t fetched_at_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t id = std::numeric_limits<std::int64_t>::min();
};

class Writer {
 public:
  Writer(OpenedFile file, const SqliteSettings& settings);

  const SipKey& hash_key() const noexcept { return hash_key_; }

  void begin();
  /// `id`: of the key, under this file's hash key.
  void put(std::int64_t id, const Key& key, const EncodedRow& row);
  void put_tenant(const TenantId& id, const TenantState& state);
  std::optional<RowHead> head(std::int64_t id);
  void erase(std::int64_t id, const RowHead& head);
  /// Counters, eviction down to the limits (in steps: a file far above them takes several commits),
  /// then COMMIT.
  void commit();
  void rollback() noexcept;
  /// Whether the last commit left rows above the limits.
  bool more_to_evict() const noexcept { return more_to_evict_; }
  /// Changes nothing, and writes it.
  void touch();

  /// For purges. `tenants`: all, or the one with this id.
  std::vector<std::pair<std::int64_t, TenantId>> tenants(const std::optional<TenantId>& only);
  std::optional<std::int64_t> owner(const std::string& name);
  std::vector<std::int64_t> rows_of_owner(std::int64_t owner, std::int64_t from, int limit);
  /// In the order of age; `last_ms`: the youngest to take.
  std::vector<AgeCursor> rows_by_age(
      std::int64_t tenant, int type, const AgeCursor& from, std::int64_t last_ms, int limit);

  /// Another than the last time when somebody else has written to the file meanwhile.
  std::int64_t data_version() { return db_->execAndGet("PRAGMA data_version").getInt64(); }
  DictionaryTable& dictionaries() noexcept { return dictionaries_; }
  /// As of the last commit.
  std::int64_t rows() const noexcept { return rows_; }

  enum class Fold { AsFarAsItGoes, WholeLog };
  /// Copies the log into the file; WholeLog also empties it, when no reader holds it. Waits for
  /// nobody. False: not all of it.
  bool fold(Fold how);

 private:
  std::int64_t tenant_number(const TenantId& id);
  std::int64_t owner_number(const std::string& name);
  void apply_counters();
  std::int64_t rows_too_many();
  void evict(std::int64_t count);

  struct Delta {
    std::int64_t rows = 0;
    std::int64_t absent = 0;
  };

  const SqliteSettings& settings_;
  SipKey hash_key_;
  std::unique_ptr<SQLite::Database> db_;
  SQLite::Statement begin_, commit_, rollback_, head_, upsert_, delete_, find_tenant_, add_tenant_,
      put_tenant_, find_owner_, add_owner_, add_record_owner_, delete_record_owner_, count_type_,
      count_tenant_, drop_tenant_, touch_, count_owner_, drop_owner_, total_, pages_, oldest_,
      all_tenants_, trim_tenants_, rows_of_owner_, rows_by_age_;
  DictionaryTable dictionaries_;

  // Of the transaction at hand.
  std::map<TenantId, std::int64_t> tenant_numbers_;
  std::map<std::string, std::int64_t> owner_numbers_;
  std::map<int, Delta> type_deltas_;
  std::map<std::int64_t, std::int64_t> tenant_deltas_;
  std::map<std::int64_t, std::int64_t> owner_deltas_;
  bool tenant_added_ = false;

  bool more_to_evict_ = true;
  std::int64_t rows_ = 0;
};

}  // namespace cardstock::store
