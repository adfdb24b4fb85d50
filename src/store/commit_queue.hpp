#pragma once
/// \file commit_queue.hpp
/// \brief What waits to be committed, and what of it `find` must already see.
///
/// Threads: any, but `take` and `settle`: the writer's. Blocking: `take` only, a second at most.
/// Limits: `queue_entries` and `queue_bytes` of the settings, of what waits and what is being
/// committed; a full queue refuses. Time: steady, real: the commit window is a promise to people,
/// not to tests.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include <cardstock/store/record_store.hpp>
#include <cardstock/store/sqlite_record_store.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::store {

struct PutJob {
  Key key;
  std::shared_ptr<const StoredRecord> record;
  std::uint64_t sequence = 0;
  std::size_t bytes = 0;
  RecordStore::Committed committed;
};
struct TenantJob {
  TenantId id{};
  TenantState state;
  std::uint64_t sequence = 0;
};
/// Deletes a row whose body could not be read, unless it was replaced since.
struct DropJob {
  std::int64_t id = 0;
  std::int64_t fetched_at_ms = 0;
  std::uint64_t generation = 0;
};
struct FlushJob {
  std::promise<Status> done;
};
struct PurgeRequest {
  PurgeFilter filter;
  std::promise<Result<std::int64_t>> done;
};
using CommitJob = std::variant<PutJob, TenantJob, DropJob, FlushJob, PurgeRequest>;

class CommitQueue {
 public:
  explicit CommitQueue(const SqliteSettings& settings) : settings_{settings} {}

  enum class Admission { Queued, Full };
  /// `committed` is moved from only when queued.
  Admission put(const Key& key, StoredRecord&& record, RecordStore::Committed& committed)
      CARDSTOCK_EXCLUDES(mutex_);
  Admission put_tenant(const TenantId& id, const TenantState& state) CARDSTOCK_EXCLUDES(mutex_);
  Admission drop(const DropJob& job) CARDSTOCK_EXCLUDES(mutex_);
  std::future<Status> flush() CARDSTOCK_EXCLUDES(mutex_);
  std::future<Result<std::int64_t>> purge(const PurgeFilter& filter) CARDSTOCK_EXCLUDES(mutex_);

  std::shared_ptr<const StoredRecord> pending(const Key& key) CARDSTOCK_EXCLUDES(mutex_);
  std::optional<TenantState> pending_tenant(const TenantId& id) CARDSTOCK_EXCLUDES(mutex_);

  struct Batch {
    std::vector<CommitJob> jobs;  ///< in the order of arrival; a flush or a purge comes last
    bool stopping = false;        ///< and nothing is left behind this batch
  };
  enum class Wait { No, UntilDue };
  /// UntilDue: until the batch is full, its window is over, someone waits for it, `wake`, `stop`,
  /// or a second has passed without any (then empty).
  Batch take(Wait wait) CARDSTOCK_EXCLUDES(mutex_);
  /// The batch is committed or refused: `find` looks at the file again.
  void settle(const Batch& batch) CARDSTOCK_EXCLUDES(mutex_);
  void wake() CARDSTOCK_EXCLUDES(mutex_);
  void stop() CARDSTOCK_EXCLUDES(mutex_);

 private:
  struct PendingPut {
    std::uint64_t sequence;
    std::shared_ptr<const StoredRecord> record;
  };
  struct PendingTenant {
    std::uint64_t sequence;
    TenantState state;
  };

  void push(CommitJob job) CARDSTOCK_REQUIRES(mutex_);
  template <class Job>
  auto push_waited_for(Job job) CARDSTOCK_EXCLUDES(mutex_);

  const SqliteSettings& settings_;
  Mutex mutex_;  ///< guards everything below
  Condition ready_;
  std::deque<CommitJob> jobs_ CARDSTOCK_GUARDED_BY(mutex_);
  SteadyTime first_at_ CARDSTOCK_GUARDED_BY(mutex_);  ///< when `jobs_` was last empty and no longer
  std::size_t waited_for_ CARDSTOCK_GUARDED_BY(mutex_) = 0;  ///< flushes and purges among them
  std::size_t entries_ CARDSTOCK_GUARDED_BY(mutex_) =
      0;  ///< others, those being committed included
  std::size_t bytes_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  std::uint64_t sequence_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  std::map<Key, PendingPut> puts_ CARDSTOCK_GUARDED_BY(mutex_);
  std::map<TenantId, PendingTenant> tenants_ CARDSTOCK_GUARDED_BY(mutex_);
  bool woken_ CARDSTOCK_GUARDED_BY(mutex_) = false;
  bool stopping_ CARDSTOCK_GUARDED_BY(mutex_) = false;
};

}  // namespace cardstock::store
