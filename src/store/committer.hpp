#pragma once
/// \file committer.hpp
/// \brief The thread `cs-store`: commits what is queued, purges, and looks after the file.
///
/// Threads: one of its own, between `start` and the destructor, which commits what is queued.
/// Blocking: its thread on disk, and on another process's write for as long as `busy_timeout`.
/// Errors: `start` as SqliteRecordStore::open; later ones go to the jobs concerned and to the
/// state. Lifetime: everything given must outlive it.
#include <cstdint>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "commit_queue.hpp"
#include "purge_job.hpp"
#include "row_codec.hpp"
#include "sqlite_fault.hpp"
#include "sqlite_file.hpp"
#include "sqlite_reader.hpp"
#include "sqlite_writer.hpp"
#include "store_state.hpp"

namespace cardstock::store {

class Committer {
 public:
  Committer(const SqliteSettings& settings,
            std::string path,
            const FileTools& tools,
            CommitQueue& queue,
            ReaderPool& readers,
            StoreState& state);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Opens the file for itself and for the readers.
  Status start();

 private:
  struct ActivePurge {
    PurgeJob job;
    std::promise<Result<std::int64_t>> done;
  };

  void run();
  std::optional<Fault> commit(const CommitQueue::Batch& batch, std::vector<Status>& outcomes);
  void finish(CommitQueue::Batch batch,
              const std::optional<Fault>& fault,
              std::vector<Status>& outcomes);
  /// The rows of the batch, encoded; `outcomes` says what is wrong with those that cannot be.
  std::vector<std::optional<EncodedRow>> encode(const CommitQueue::Batch& batch,
                                                std::vector<Status>& outcomes);
  void step_purge();
  /// Makes a dictionary once there are rows enough to make it of.
  void train_when_due();
  /// Counts it when another connection than this thread's has written to the file.
  void look_for_others();
  /// What can be seen from outside to be wrong with the file; null: nothing.
  const char* file_fault();
  void look_after_file();
  /// Runs `change` in a transaction. A fault has rolled it back, and damage has brought a new file.
  template <class Change>
  std::optional<Fault> transact(Change change);
  Result<OpenedFile> open();
  Result<OpenedFile> replace(const std::string& reason);
  std::optional<Fault> adopt(Result<OpenedFile> file);
  std::optional<Fault> recover(const std::string& reason);
  void set_degraded(const std::optional<Fault>& fault);

  const SqliteSettings& settings_;
  const std::string path_;
  const FileTools& tools_;
  CommitQueue& queue_;
  ReaderPool& readers_;
  StoreState& state_;

  std::unique_ptr<Writer> writer_;  ///< null: there is no usable file
  OpenIdentity identity_;
  std::uint64_t generation_ = 0;
  std::uint64_t file_size_ = 0;    ///< a SQLite file of ours never shrinks
  std::int64_t data_version_ = 0;  ///< as the file had it when it was last looked at
  bool unfolded_ = true;           ///< the log may hold something
  Compressor compressor_;
  std::int64_t train_at_rows_ = 0;  ///< doubles when they did not suffice
  std::list<ActivePurge> purges_;

  std::jthread thread_;
};

}  // namespace cardstock::store
