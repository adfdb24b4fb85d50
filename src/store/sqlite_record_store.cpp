#include <cardstock/store/sqlite_record_store.hpp>

#include <exception>
#include <limits>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

#include "commit_queue.hpp"
#include "committer.hpp"
#include "row_codec.hpp"
#include "sqlite_fault.hpp"
#include "sqlite_file.hpp"
#include "sqlite_reader.hpp"
#include "store_state.hpp"

namespace cardstock::store {

class SqliteRecordStore::Impl {
 public:
  Impl(SqliteSettings settings, std::string path, const Clock& clock, Random& random, Log& log)
      : settings_{std::move(settings)},
        path_{std::move(path)},
        tools_{settings_.busy_timeout, clock, random, log},
        queue_{settings_},
        readers_{settings_},
        committer_{settings_, path_, tools_, queue_, readers_, state_} {}

  Status start() { return committer_.start(); }

  Result<std::optional<StoredRecord>> find(const Key& key);
  void put(const Key& key, StoredRecord record, Committed committed);
  Status flush() { return queue_.flush().get(); }
  Result<std::int64_t> purge(const PurgeFilter& filter) { return queue_.purge(filter).get(); }
  Status each(const std::function<bool(const Key&, const StoredRecord&)>& visit);
  Result<std::optional<TenantState>> tenant(const TenantId& id);
  void put_tenant(const TenantId& id, const TenantState& state);
  StoreStats stats();
  std::string state() { return state_.text(); }
  std::uint64_t foreign_writes() const noexcept { return state_.foreign_writes(); }

 private:
  /// Lends `use` a reader; what is thrown becomes an error, and damage is reported.
  template <class Use>
  auto read(Use use) -> decltype(use(std::declval<ReaderPool::Loan&>()));
  void drop(const Row& row, std::uint64_t generation);

  const SqliteSettings settings_;
  const std::string path_;
  const FileTools tools_;
  StoreState state_;
  CommitQueue queue_;
  ReaderPool readers_;
  Committer committer_;  ///< last: its thread uses all of the above
};

template <class Use>
auto SqliteRecordStore::Impl::read(Use use) -> decltype(use(std::declval<ReaderPool::Loan&>())) {
  std::uint64_t generation = 0;
  try {
    Result<ReaderPool::Loan> loan = readers_.take(generation);
    if (!loan) return std::unexpected(std::move(loan.error()));
    return use(*loan);
  } catch (const SQLite::Exception& e) {
    const Fault fault = classify(e);
    if (fault.kind == FaultKind::Damaged) {
      state_.report({generation, fault.text});
      queue_.wake();
    }
    return std::unexpected(to_error(fault));
  } catch (const std::exception& e) {
    return fail(ErrorCode::StoreFailed, "The store failed.", e.what());
  }
}

void SqliteRecordStore::Impl::drop(const Row& row, std::uint64_t generation) {
  tools_.log.warning("store_row_unreadable", {{"cause", row.record.error().cause}});
  // A full queue: the row is found again.
  static_cast<void>(queue_.drop(DropJob{row.id, row.fetched_at_ms, generation}));
}

Result<std::optional<StoredRecord>> SqliteRecordStore::Impl::find(const Key& key) {
  if (const std::shared_ptr<const StoredRecord> pending = queue_.pending(key))
    return std::optional{*pending};
  return read([&](ReaderPool::Loan& reader) -> Result<std::optional<StoredRecord>> {
    std::optional<Row> row = reader->find(row_id(reader.hash_key(), key));
    if (!row || row->key != key) return std::optional<StoredRecord>{};
    if (!row->record) {
      drop(*row, reader.generation());
      return std::optional<StoredRecord>{};
    }
    return std::optional{*std::move(row->record)};
  });
}

void SqliteRecordStore::Impl::put(const Key& key, StoredRecord record, Committed committed) {
  if (queue_.put(key, std::move(record), committed) == CommitQueue::Admission::Queued) return;
  state_.count_refused_put();
  if (committed)
    committed(fail(ErrorCode::StoreBusy, "The store is busy, try again.", "write queue full"));
}

void SqliteRecordStore::Impl::put_tenant(const TenantId& id, const TenantState& state) {
  if (queue_.put_tenant(id, state) == CommitQueue::Admission::Queued) return;
  state_.count_refused_put();
}

Status SqliteRecordStore::Impl::each(
    const std::function<bool(const Key&, const StoredRecord&)>& visit) {
  // What cannot be committed is not there either.
  [[maybe_unused]] const Status flushed = flush();
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  for (;;) {
    std::uint64_t generation = 0;
    const Result<std::vector<Row>> rows =
        read([&](ReaderPool::Loan& reader) -> Result<std::vector<Row>> {
          generation = reader.generation();
          return reader->page(from);
        });
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) return {};
    for (const Row& row : *rows) {
      if (!row.record) {
        drop(row, generation);
      } else if (!visit(row.key, *row.record)) {
        return {};
      }
    }
    if (rows->back().id == std::numeric_limits<std::int64_t>::max()) return {};
    from = rows->back().id + 1;
  }
}

Result<std::optional<TenantState>> SqliteRecordStore::Impl::tenant(const TenantId& id) {
  if (std::optional<TenantState> pending = queue_.pending_tenant(id)) return pending;
  return read([&](ReaderPool::Loan& reader) -> Result<std::optional<TenantState>> {
    return reader->tenant(id);
  });
}

StoreStats SqliteRecordStore::Impl::stats() {
  const Result<StoreStats> read_stats = read([](ReaderPool::Loan& reader) -> Result<StoreStats> {
    StoreStats stats;
    reader->stats(stats);
    return stats;
  });
  StoreStats stats = read_stats.value_or(StoreStats{});
  stats.backend = "sqlite";
  stats.file_bytes = size_of(path_);
  stats.wal_bytes = size_of(path_ + "-wal");
  stats.puts_refused = state_.puts_refused();
  stats.state = state_.text();
  if (!read_stats && !stats.state.starts_with("degraded"))
    stats.state = "degraded: " + read_stats.error().cause;
  return stats;
}

Result<std::unique_ptr<SqliteRecordStore>> SqliteRecordStore::open(SqliteSettings settings,
                                                                   const Clock& clock,
                                                                   Random& random,
                                                                   Log& log) try {
  Result<std::string> path = checked_path(settings.path);
  if (!path) return std::unexpected(std::move(path.error()));
  auto impl = std::make_unique<Impl>(std::move(settings), *std::move(path), clock, random, log);
  if (const Status started = impl->start(); !started) return std::unexpected(started.error());
  return std::unique_ptr<SqliteRecordStore>{new SqliteRecordStore{std::move(impl)}};
} catch (const std::exception& e) {
  return fail(ErrorCode::StoreFailed, "store.path: the store could not be opened.", e.what());
}

SqliteRecordStore::SqliteRecordStore(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
SqliteRecordStore::~SqliteRecordStore() = default;

Result<std::optional<StoredRecord>> SqliteRecordStore::find(const Key& key) {
  return impl_->find(key);
}
void SqliteRecordStore::put(const Key& key, StoredRecord record, Committed committed) {
  impl_->put(key, std::move(record), std::move(committed));
}
Status SqliteRecordStore::flush() {
  return impl_->flush();
}
Result<std::int64_t> SqliteRecordStore::purge(const PurgeFilter& filter) {
  return impl_->purge(filter);
}
Status SqliteRecordStore::each(const std::function<bool(const Key&, const StoredRecord&)>& visit) {
  return impl_->each(visit);
}
Result<std::optional<TenantState>> SqliteRecordStore::tenant(const TenantId& id) {
  return impl_->tenant(id);
}
void SqliteRecordStore::put_tenant(const TenantId& id, const TenantState& state) {
  impl_->put_tenant(id, state);
}
StoreStats SqliteRecordStore::stats() {
  return impl_->stats();
}

std::string SqliteRecordStore::state() {
  return impl_->state();
}

std::uint64_t SqliteRecordStore::foreign_writes() const noexcept {
  return impl_->foreign_writes();
}

}  // namespace cardstock::store
