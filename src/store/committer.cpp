#include "committer.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <bit>
#include <exception>
#include <limits>
#include <utility>
#include <variant>

#include <SQLiteCpp/SQLiteCpp.h>

#include "dictionary.hpp"

namespace cardstock::store {
namespace {

// A log above this is emptied as soon as no reader holds it, not only when the store is idle.
constexpr std::uint64_t kLongLog = std::uint64_t{64} << 20U;

}  // namespace

Committer::Committer(const SqliteSettings& settings,
                     std::string path,
                     const FileTools& tools,
                     CommitQueue& queue,
                     ReaderPool& readers,
                     StoreState& state)
    : settings_{settings},
      path_{std::move(path)},
      tools_{tools},
      queue_{queue},
      readers_{readers},
      state_{state} {}

Committer::~Committer() {
  queue_.stop();
  if (thread_.joinable()) thread_.join();
}

Status Committer::start() {
  Result<OpenedFile> file = open();
  if (!file) return std::unexpected(std::move(file.error()));
  if (const std::optional<Fault> fault = adopt(std::move(file))) {
    Error error = to_error(*fault);
    error.public_detail = "store.path \"" + path_ + "\": " + error.public_detail;
    return std::unexpected(std::move(error));
  }
  thread_ = std::jthread{[this] { run(); }};
  return {};
}

void Committer::run() {
  pthread_setname_np(pthread_self(), "cs-store");
  for (;;) {
    CommitQueue::Batch batch =
        queue_.take(purges_.empty() ? CommitQueue::Wait::UntilDue : CommitQueue::Wait::No);
    const bool idle = batch.jobs.empty() && purges_.empty();
    const bool stopping = batch.stopping;
    const std::optional<StoreState::Damage> damage = state_.take_damage();
    if (damage && damage->generation == generation_) set_degraded(recover(damage->text));
    look_for_others();
    if (!batch.jobs.empty()) {
      std::vector<Status> outcomes;
      std::optional<Fault> fault = commit(batch, outcomes);
      // The new file takes what the damaged one did not.
      if (fault && fault->kind == FaultKind::Damaged && writer_) fault = commit(batch, outcomes);
      finish(std::move(batch), fault, outcomes);
    }
    train_when_due();
    if (!purges_.empty()) step_purge();
    if (idle && !stopping) look_after_file();
    if (stopping && purges_.empty()) break;
  }
  readers_.close();
  writer_.reset();  // the last connection folds the log and removes it
}

template <class Change>
std::optional<Fault> Committer::transact(Change change) {
  if (!writer_) {
    // Another try at what `recover` could not do.
    if (std::optional<Fault> fault = adopt(open())) return fault;
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

std::vector<std::optional<EncodedRow>> Committer::encode(const CommitQueue::Batch& batch,
                                                         std::vector<Status>& outcomes) {
  outcomes.assign(batch.jobs.size(), Status{});
  std::vector<std::optional<EncodedRow>> rows(batch.jobs.size());
  for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
    const auto* put = std::get_if<PutJob>(&batch.jobs[i]);
    if (put == nullptr) continue;
    Result<EncodedRow> row = encode_row(*put->record, settings_.max_record_bytes, compressor_);
    if (row) {
      rows[i] = *std::move(row);
    } else {
      outcomes[i] = std::unexpected(std::move(row.error()));
    }
  }
  return rows;
}

std::optional<Fault> Committer::commit(const CommitQueue::Batch& batch,
                                       std::vector<Status>& outcomes) {
  std::vector<std::optional<EncodedRow>> rows = encode(batch, outcomes);
  const std::uint64_t encoded_for = generation_;
  const bool any = std::ranges::any_of(batch.jobs, [](const CommitJob& job) {
    return std::holds_alternative<PutJob>(job) || std::holds_alternative<TenantJob>(job) ||
           std::holds_alternative<DropJob>(job);
  });
  if (!any) return std::nullopt;
  std::vector<std::int64_t> kept;
  std::optional<Fault> fault = transact([&] {
    kept.clear();
    // The file has been replaced since, and with it the dictionary.
    if (generation_ != encoded_for) rows = encode(batch, outcomes);
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

void Committer::finish(CommitQueue::Batch batch,
                       const std::optional<Fault>& fault,
                       std::vector<Status>& outcomes) {
  queue_.settle(batch);
  for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
    if (auto* put = std::get_if<PutJob>(&batch.jobs[i])) {
      if (!put->committed) continue;
      if (fault && outcomes[i]) outcomes[i] = std::unexpected(to_error(*fault));
      put->committed(outcomes[i]);
    } else if (auto* flush = std::get_if<FlushJob>(&batch.jobs[i])) {
      const std::string degraded = state_.degraded();
      flush->done.set_value(degraded.empty()
                                ? Status{}
                                : fail(ErrorCode::StoreFailed, "The store failed.", degraded));
    } else if (auto* purge = std::get_if<PurgeRequest>(&batch.jobs[i])) {
      purges_.push_back({PurgeJob{std::move(purge->filter)}, std::move(purge->done)});
    }
  }
}

void Committer::step_purge() {
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

void Committer::train_when_due() {
  if (!writer_ || settings_.dictionary_rows == 0 || compressor_.dictionary() != kNoDictionary ||
      writer_->rows() < std::max(settings_.dictionary_rows, train_at_rows_))
    return;
  train_at_rows_ = 2 * writer_->rows();
  std::array<std::byte, sizeof(std::int64_t)> seed{};
  tools_.random.fill(seed);
  try {
    // A negative id: half of the rows and more come behind it.
    const auto from = std::numeric_limits<std::int64_t>::min() +
                      static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(seed) >> 1U);
    const std::optional<std::string> bytes =
        train_dictionary(writer_->dictionaries().sample_bodies(from));
    if (!bytes) return;
    if (transact([&] { writer_->dictionaries().add(*bytes); })) return;
    const DictionaryTable::Dictionary dictionary = writer_->dictionaries().newest();
    compressor_.use(dictionary.id, dictionary.bytes);
    tools_.log.info("store_dictionary_made", {{"bytes", std::to_string(dictionary.bytes.size())}});
  } catch (const SQLite::Exception& e) {
    // Rows are as good without one; what is damaged is found by those who need it.
    tools_.log.warning("store_dictionary_failed", {{"cause", e.what()}});
  }
}

void Committer::look_for_others() {
  if (!writer_) return;
  try {
    const std::int64_t version = writer_->data_version();
    if (std::exchange(data_version_, version) != version) state_.count_foreign_write();
  } catch (const SQLite::Exception& e) {
    // Whatever else is wrong is met by the next commit.
    if (const Fault fault = classify(e); fault.kind == FaultKind::Damaged)
      state_.report({generation_, fault.text});
  }
}

const char* Committer::file_fault() {
  const std::optional<FileIdentity> now = identity_of(path_);
  if (!now) return "the file was removed";
  if (now != identity_.file) return "the file was replaced by another";
  const std::uint64_t size = size_of(path_);
  if (size < file_size_) return "the file was cut short";
  file_size_ = size;
  return nullptr;
}

void Committer::look_after_file() {
  if (!writer_ || !state_.degraded().empty()) {
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
    file_size_ = size_of(path_);
  } catch (const SQLite::Exception& e) {
    const Fault fault = classify(e);
    set_degraded(fault.kind == FaultKind::Damaged ? recover(fault.text) : std::optional{fault});
  }
}

Result<OpenedFile> Committer::open() {
  std::string rebuilt;
  Result<OpenedFile> file = open_file(path_, tools_, rebuilt);
  if (!rebuilt.empty()) state_.set_rebuilt(std::move(rebuilt));
  return file;
}

Result<OpenedFile> Committer::replace(const std::string& reason) {
  std::string rebuilt;
  Result<OpenedFile> file = replace_file(path_, identity_, reason, tools_, rebuilt);
  if (!rebuilt.empty()) state_.set_rebuilt(std::move(rebuilt));
  return file;
}

std::optional<Fault> Committer::adopt(Result<OpenedFile> file) {
  for (int attempt = 0; file; ++attempt) {
    identity_ = open_identity_of(path_);
    try {
      writer_ = std::make_unique<Writer>(*std::move(file), settings_);
      const DictionaryTable::Dictionary dictionary = writer_->dictionaries().newest();
      compressor_.use(dictionary.id, dictionary.bytes);
      data_version_ = writer_->data_version();
    } catch (const SQLite::Exception& e) {
      Fault fault = classify(e);
      // Tables are missing although the migrations say otherwise. A new file cannot have that.
      if (fault.kind != FaultKind::Damaged || attempt > 0) return fault;
      file = replace(fault.text);
      continue;
    }
    ++generation_;
    file_size_ = 0;
    unfolded_ = true;
    readers_.open(path_, generation_, writer_->hash_key());
    return std::nullopt;
  }
  return Fault{file.error().code == ErrorCode::StoreBusy ? FaultKind::Locked : FaultKind::Failed,
               file.error().public_detail + " " + file.error().cause};
}

std::optional<Fault> Committer::recover(const std::string& reason) {
  readers_.close();
  // The old connection goes after the file has its new name: SQLite sees that it moved, and lets
  // the log be.
  Result<OpenedFile> file = replace(reason);
  writer_.reset();
  return adopt(std::move(file));
}

void Committer::set_degraded(const std::optional<Fault>& fault) {
  const std::string before = state_.set_degraded(fault ? fault->text : std::string{});
  if (fault && before.empty())
    tools_.log.error("store_degraded", {{"path", path_}, {"cause", fault->text}});
  if (!fault && !before.empty()) tools_.log.info("store_recovered", {{"path", path_}});
}

}  // namespace cardstock::store
