#include <cardstock/store/sqlite_record_store.hpp>

#include <pthread.h>

#include <exception>
#include <list>
#include <thread>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

#include <cardstock/util/mutex.hpp>

#include "commit_queue.hpp"
#include "purge_job.hpp"
#include "row_codec.hpp"
#include "sqlite_fault.hpp"
#include "sqlite_file.hpp"
#include "sqlite_reader.hpp"
#include "sqlite_writer.hpp"

namespace cardstock::store {
namespace {

// A log above this is emptied as soon as no reader holds it, not only when the store is idle.
constexpr std::uint64_t kLongLog = std::uint64_t{64} << 20U;

}  // namespace

class SqliteRecordStore::Impl {
 public:
  Impl(SqliteSettings settings, std::string path, const Clock& clock, Random& random, Log& log)
      : settings_{std::move(settings)},
        path_{std::move(path)},
        tools_{settings_.busy_timeout, clock, random, log},
        queue_{settings_},
        readers_{settings_} {}
  ~Impl() {
    queue_.stop();
    if (thread_.joinable()) thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status start();

  Result<std::optional<StoredRecord>> find(const Key& key);
  void put(const Key& key, StoredRecord record, Committed committed);
  Status flush() { return queue_.flush().get(); }
  Result<std::int64_t> purge(const PurgeFilter& filter) { return queue_.purge(filter).get(); }
  Status each(const std::function<bool(const Key&, const StoredRecord&)>& visit);
  Result<std::optional<TenantState>> tenant(const TenantId& id);
  void put_tenant(const TenantId& id, const TenantState& state);
  StoreStats stats();

 private:
  struct ActivePurge {
    PurgeJob job;
    std::promise<Result<std::int64_t>> done;
  };
  struct Damage {
    std::uint64_t generation;  ///< of the file it was seen in
    std::string text;
  };

  // Any thread.
  template <class Use>
  auto read(Use use) -> decltype(use(std::declval<ReaderPool::Loan&>()));
  void report_damage(std::uint64_t generation, std::string text) CARDSTOCK_EXCLUDES(state_mutex_);
  void drop(const Row& row, std::uint64_t generation);

  // The writer's thread only (and `start` before there is one).
  void run();
  std::optional<Fault> commit(const CommitQueue::Batch& batch, std::vector<Status>& outcomes);
  void finish(CommitQueue::Batch batch,
              const std::optional<Fault>& fault,
              std::vector<Status>& outcomes);
  void step_purge();
  /// What can be seen from outside to be wrong with the file; null: nothing.
  const char* file_fault();
  void look_after_file();
  /// Runs `change` in a transaction. A fault has rolled it back, and damage has brought a new file.
  template <class Change>
  std::optional<Fault> transact(Change change);
  std::optional<Fault> adopt(Result<OpenedFile> file);
  std::optional<Fault> recover(const std::string& reason);
  void set_degraded(const std::optional<Fault>& fault) CARDSTOCK_EXCLUDES(state_mutex_);

  const SqliteSettings settings_;
  const std::string path_;
  const FileTools tools_;
  CommitQueue queue_;
  ReaderPool readers_;

  // The writer's thread only.
  std::unique_ptr<Writer> writer_;  ///< null: there is no usable file
  OpenIdentity identity_;
  std::uint64_t generation_ = 0;
  std::uint64_t file_size_ = 0;  ///< a SQLite file of ours never shrinks
  bool unfolded_ = true;         ///< the log may hold something
  Compressor compressor_;
  std::list<ActivePurge> purges_;

  Mutex state_mutex_;  ///< guards what `stats` says, and what readers found
  std::string rebuilt_ CARDSTOCK_GUARDED_BY(state_mutex_);
  std::string degraded_ CARDSTOCK_GUARDED_BY(state_mutex_);
  std::optional<Damage> damage_ CARDSTOCK_GUARDED_BY(state_mutex_);
  std::uint64_t puts_refused_ CARDSTOCK_GUARDED_BY(state_mutex_) = 0;

  std::jthread thread_;
};

Status SqliteRecordStore::Impl::start() {
  Result<OpenedFile> file = open_file(path_, tools_);
  if (!file) return std::unexpected(std::move(file.error()));
  if (const std::optional<Fault> fault = adopt(std::move(file))) {
    Error error = to_error(*fault);
    error.public_detail = "store.path \"" + path_ + "\": " + error.public_detail;
    return std::unexpected(std::move(error));
  }
  thread_ = std::jthread{[this] { run(); }};
  return {};
}

// ---- any thread ----

template <class Use>
auto SqliteRecordStore::Impl::read(Use use) -> decltype(use(std::declval<ReaderPool::Loan&>())) {
  std::uint64_t generation = 0;
  try {
    Result<ReaderPool::Loan> loan = readers_.take(generation);
    if (!loan) return std::unexpected(std::move(loan.error()));
    return use(*loan);
  } catch (const SQLite::Exception& e) {
    const Fault fault = classify(e);
    if (fault.kind == FaultKind::Damaged) report_damage(generation, fault.text);
    return std::unexpected(to_error(fault));
  } catch (const std::exception& e) {
    return fail(ErrorCode::StoreFailed, "The store failed.", e.what());
  }
}

void SqliteRecordStore::Impl::report_damage(std::uint64_t generation, std::string text) {
  {
    const LockGuard lock{state_mutex_};
    if (!damage_) damage_ = Damage{generation, std::move(text)};
  }
  queue_.wake();
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
  {
    const LockGuard lock{state_mutex_};
    ++puts_refused_;
  }
  if (committed)
    committed(fail(ErrorCode::StoreBusy, "The store is busy, try again.", "write queue full"));
}

void SqliteRecordStore::Impl::put_tenant(const TenantId& id, const TenantState& state) {
  if (queue_.put_tenant(id, state) == CommitQueue::Admission::Queued) return;
  const LockGuard lock{state_mutex_};
  ++puts_refused_;
}

Status SqliteRecordStore::Impl::each(
    const std::function<bool(const Key&, const StoredRecord&)>& visit) {
  // What cannot be committed is not there either.
  static_cast<void>(flush());
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
  Result<StoreStats> read_stats = read([](ReaderPool::Loan& reader) -> Result<StoreStats> {
    StoreStats stats;
    reader->stats(stats);
    return stats;
  });
  StoreStats stats = read_stats ? *std::move(read_stats) : StoreStats{};
  stats.backend = "sqlite";
  stats.file_bytes = size_of(path_);
  stats.wal_bytes = size_of(path_ + "-wal");
  const LockGuard lock{state_mutex_};
  stats.puts_refused = puts_refused_;
  if (!degraded_.empty()) {
    stats.state = "degraded: " + degraded_;
  } else if (!read_stats) {
    stats.state = "degraded: " + read_stats.error().cause;
  } else if (!rebuilt_.empty()) {
    stats.state = "rebuilt: " + rebuilt_;
  }
  return stats;
}

// ---- the writer's thread ----

void SqliteRecordStore::Impl::run() {
  pthread_setname_np(pthread_self(), "cs-store");
  for (;;) {
    CommitQueue::Batch batch =
        queue_.take(purges_.empty() ? CommitQueue::Wait::UntilDue : CommitQueue::Wait::No);
    const bool idle = batch.jobs.empty() && purges_.empty();
    const bool stopping = batch.stopping;
    std::optional<Damage> damage;
    {
      const LockGuard lock{state_mutex_};
      damage.swap(damage_);
    }
    if (damage && damage->generation == generation_) set_degraded(recover(damage->text));
    if (!batch.jobs.empty()) {
      std::vector<Status> outcomes;
      std::optional<Fault> fault = commit(batch, outcomes);
      // The new file takes what the damaged one did not.
      if (fault && fault->kind == FaultKind::Damaged && writer_) fault = commit(batch, outcomes);
      finish(std::move(batch), fault, outcomes);
    }
    if (!purges_.empty()) step_purge();
    if (idle && !stopping) look_after_file();
    if (stopping && purges_.empty()) break;
  }
  readers_.close();
  writer_.reset();  // the last connection folds the log and removes it
}

template <class Change>
std::optional<Fault> SqliteRecordStore::Impl::transact(Change change) {
  if (!writer_) {
    // Another try at what `recover` could not do.
    if (std::optional<Fault> fault = adopt(open_file(path_, tools_))) return fault;
  } else if (const char* reason = file_fault()) {
    if (std::optional<Fault> fault = recover(reason)) return fault;
  }
  try {
    if (size_of(path_ + "-wal") > settings_.max_wal_bytes && !writer_->fold(Writer::Fold::WholeLog))
      return Fault{FaultKind::Failed, "a reader keeps the write-ahead log from being folded"};
    writer_->begin();
    change();
    writer_->commit();
    unfolded_ = true;
    if (size_of(path_ + "-wal") > kLongLog) writer_->fold(Writer::Fold::WholeLog);
    return std::nullopt;
  } catch (const SQLite::Exception& e) {
    Fault fault = classify(e);
    if (fault.kind == FaultKind::Damaged) {
      if (std::optional<Fault> worse = recover(fault.text)) return worse;
    } else {
      writer_->rollback();
    }
    return fault;
  } catch (const std::exception& e) {
    writer_->rollback();
    return Fault{FaultKind::Failed, e.what()};
  }
}

std::optional<Fault> SqliteRecordStore::Impl::commit(const CommitQueue::Batch& batch,
                                                     std::vector<Status>& outcomes) {
  outcomes.assign(batch.jobs.size(), Status{});
  std::vector<std::optional<EncodedRow>> rows(batch.jobs.size());
  bool any = false;
  for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
    any = any || std::holds_alternative<TenantJob>(batch.jobs[i]) ||
          std::holds_alternative<DropJob>(batch.jobs[i]);
    const auto* put = std::get_if<PutJob>(&batch.jobs[i]);
    if (put == nullptr) continue;
    any = true;
    Result<EncodedRow> row = encode_row(*put->record, settings_.max_record_bytes, compressor_);
    if (row) {
      rows[i] = *std::move(row);
    } else {
      outcomes[i] = std::unexpected(std::move(row.error()));
    }
  }
  if (!any) return std::nullopt;
  std::vector<std::int64_t> kept;
  std::optional<Fault> fault = transact([&] {
    kept.clear();
    for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
      if (rows[i]) {
        const Key& key = std::get<PutJob>(batch.jobs[i]).key;
        const std::int64_t id = row_id(writer_->hash_key(), key);
        writer_->put(id, key, *rows[i]);
        kept.push_back(id);
      } else if (const auto* tenant = std::get_if<TenantJob>(&batch.jobs[i])) {
        writer_->put_tenant(tenant->id, tenant->state);
      } else if (const auto* drop = std::get_if<DropJob>(&batch.jobs[i]);
                 drop != nullptr && drop->generation == generation_) {
        if (const auto head = writer_->head(drop->id);
            head && head->fetched_at_ms == drop->fetched_at_ms)
          writer_->erase(drop->id, *head);
      }
    }
  });
  if (!fault) {
    for (ActivePurge& purge : purges_) {
      for (const std::int64_t id : kept) purge.job.keep(id);
    }
  }
  set_degraded(fault);
  return fault;
}

void SqliteRecordStore::Impl::finish(CommitQueue::Batch batch,
                                     const std::optional<Fault>& fault,
                                     std::vector<Status>& outcomes) {
  queue_.settle(batch);
  for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
    if (auto* put = std::get_if<PutJob>(&batch.jobs[i])) {
      if (!put->committed) continue;
      if (fault && outcomes[i]) outcomes[i] = std::unexpected(to_error(*fault));
      put->committed(outcomes[i]);
    } else if (auto* flush = std::get_if<FlushJob>(&batch.jobs[i])) {
      std::string degraded;
      {
        const LockGuard lock{state_mutex_};
        degraded = degraded_;
      }
      flush->done.set_value(degraded.empty()
                                ? Status{}
                                : fail(ErrorCode::StoreFailed, "The store failed.", degraded));
    } else if (auto* purge = std::get_if<PurgeRequest>(&batch.jobs[i])) {
      purges_.push_back({PurgeJob{std::move(purge->filter)}, std::move(purge->done)});
    }
  }
}

void SqliteRecordStore::Impl::step_purge() {
  ActivePurge& purge = purges_.front();
  bool more = false;
  const std::optional<Fault> fault = transact([&] { more = purge.job.step(*writer_); });
  set_degraded(fault);
  if (!fault && more) return;
  if (fault) {
    purge.done.set_value(std::unexpected(to_error(*fault)));
  } else {
    purge.done.set_value(purge.job.deleted());
  }
  purges_.pop_front();
}

const char* SqliteRecordStore::Impl::file_fault() {
  const std::optional<FileIdentity> now = identity_of(path_);
  if (!now) return "the file was removed";
  if (now != identity_.file) return "the file was replaced by another";
  const std::uint64_t size = size_of(path_);
  if (size < file_size_) return "the file was cut short";
  file_size_ = size;
  return nullptr;
}

void SqliteRecordStore::Impl::look_after_file() {
  bool degraded = false;
  {
    const LockGuard lock{state_mutex_};
    degraded = !degraded_.empty();
  }
  if (degraded || !writer_) {
    // Writes something, so that a disk that is still full is not taken for a good one.
    set_degraded(transact([&] { writer_->touch(); }));
    return;
  }
  if (const char* reason = file_fault()) {
    set_degraded(recover(reason));
    return;
  }
  if (writer_->more_to_evict()) set_degraded(transact([] {}));
  if (!unfolded_ || !writer_) return;
  try {
    unfolded_ = !writer_->fold(Writer::Fold::WholeLog);
  } catch (const SQLite::Exception& e) {
    const Fault fault = classify(e);
    set_degraded(fault.kind == FaultKind::Damaged ? recover(fault.text) : std::optional{fault});
  }
}

std::optional<Fault> SqliteRecordStore::Impl::adopt(Result<OpenedFile> file) {
  for (int attempt = 0; file; ++attempt) {
    identity_ = open_identity_of(path_);
    std::string rebuilt = file->rebuilt;
    try {
      writer_ = std::make_unique<Writer>(*std::move(file), settings_);
    } catch (const SQLite::Exception& e) {
      const Fault fault = classify(e);
      // Tables are missing although the migrations say otherwise. A new file cannot have that.
      if (fault.kind != FaultKind::Damaged || attempt > 0) return fault;
      file = replace_file(path_, identity_, fault.text, tools_);
      continue;
    }
    ++generation_;
    file_size_ = 0;
    unfolded_ = true;
    readers_.open(path_, generation_, writer_->hash_key());
    const LockGuard lock{state_mutex_};
    if (!rebuilt.empty()) rebuilt_ = std::move(rebuilt);
    return std::nullopt;
  }
  return Fault{file.error().code == ErrorCode::StoreBusy ? FaultKind::Locked : FaultKind::Failed,
               file.error().public_detail + " " + file.error().cause};
}

std::optional<Fault> SqliteRecordStore::Impl::recover(const std::string& reason) {
  readers_.close();
  // The old connection goes after the file has its new name: SQLite sees that it moved, and lets
  // the log be.
  Result<OpenedFile> file = replace_file(path_, identity_, reason, tools_);
  writer_.reset();
  return adopt(std::move(file));
}

void SqliteRecordStore::Impl::set_degraded(const std::optional<Fault>& fault) {
  std::string before;
  {
    const LockGuard lock{state_mutex_};
    before = std::exchange(degraded_, fault ? fault->text : std::string{});
  }
  if (fault && before.empty())
    tools_.log.error("store_degraded", {{"path", path_}, {"cause", fault->text}});
  if (!fault && !before.empty()) tools_.log.info("store_recovered", {{"path", path_}});
}

// ---- the public face ----

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

}  // namespace cardstock::store
