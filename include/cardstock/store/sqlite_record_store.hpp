#pragma once
/// \file sqlite_record_store.hpp
/// \brief A RecordStore in one SQLite file (WAL): the embedded default.
///
/// Threads: all methods from any thread. One thread of its own, `cs-store`, does every write;
/// readers use up to `max_readers` connections, and wait for one when all are in use. Several
/// stores, also of several processes, may have one file open. Blocking: `find`, `each`, `tenant`
/// and `stats` read disk. `flush` waits for the queue, `purge` for the queue and its own deletes
/// (small transactions, puts go on between them). `put` and `put_tenant` never block. The
/// destructor commits what is queued. `open` waits for another process that is opening the same
/// file, at most some seconds. Errors: StoreBusy (queue full, or locked by another process for
/// longer than `busy_timeout`), StoreFailed (disk full, unwritable, damaged, a record above
/// `max_record_bytes`, a log that a foreign reader keeps from being folded). `open` also:
/// InvalidConfig (the path cannot be used, the file is of another program or of a newer version;
/// the message names `store.path`), Internal (the migrations of this program do not fit the file).
/// Time: wall, for the names of files set aside; steady (real) for the commit window.
/// Limits: those of SqliteSettings. Oldest rows go when `max_rows` or `max_bytes` is passed. A
/// tenant without rows goes when there are more than 10,000 tenants. Durability: a row is committed
/// within a second of its put when the disk can; committed rows survive kill -9; a power loss may
/// cost the last second (synchronous=NORMAL), never the consistency of the file. Damage: a file
/// that is not readable as ours is set aside as PATH.damaged-TIME (the last three are kept) and
/// replaced by an empty one, at open and at run time; `stats().state` then says "rebuilt: …" until
/// the next start. A row whose body cannot be read is deleted and counts as absent. Stored: the
/// layout, by the numbered files in migrations/. File mode 0600, its -wal and -shm likewise.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <cardstock/store/record_store.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/random.hpp>

namespace cardstock::store {

struct SqliteSettings {
  std::string path;
  std::int64_t max_rows = 5'000'000;
  std::uint64_t max_bytes = std::uint64_t{64} << 30U;  ///< pages in use in the file
  std::uint64_t max_wal_bytes = std::uint64_t{256}
                                << 20U;  ///< beyond it puts are refused until it can be folded
  std::size_t max_record_bytes = std::size_t{32} << 20U;  ///< one record as JSON
  std::size_t queue_entries = 8192;                       ///< puts that wait or are being committed
  std::size_t queue_bytes = std::size_t{64} << 20U;       ///< their records, roughly
  std::size_t batch_rows = 256;                           ///< a commit takes at most this many
  std::chrono::milliseconds batch_window{50};             ///< and waits at most this long for them
  std::chrono::milliseconds busy_timeout{5000};           ///< waiting for another process's write
  std::size_t max_readers = 16;
  std::int64_t dictionary_rows =
      2000;  ///< from so many rows on, a zstd dictionary is made; 0: never
};

class SqliteRecordStore final : public RecordStore {
 public:
  /// Opens or creates the file and brings its schema up to date. Constant time in the number of
  /// rows. `clock`, `random` and `log` must outlive the store.
  static Result<std::unique_ptr<SqliteRecordStore>> open(SqliteSettings settings,
                                                         const Clock& clock,
                                                         Random& random,
                                                         Log& log);
  ~SqliteRecordStore() override;

  Result<std::optional<StoredRecord>> find(const Key& key) override;
  void put(const Key& key, StoredRecord record, Committed committed = {}) override;
  Status flush() override;
  Result<std::int64_t> purge(const PurgeFilter& filter) override;
  Status each(const std::function<bool(const Key&, const StoredRecord&)>& visit) override;
  Result<std::optional<TenantState>> tenant(const TenantId& id) override;
  void put_tenant(const TenantId& id, const TenantState& state) override;
  StoreStats stats() override;
  std::string state() override;
  std::uint64_t foreign_writes() const noexcept override;

 private:
  class Impl;
  explicit SqliteRecordStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cardstock::store
