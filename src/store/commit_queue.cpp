#include "commit_queue.hpp"

#include <chrono>
#include <utility>

#include "row_codec.hpp"

namespace cardstock::store {
namespace {

constexpr std::chrono::seconds kTick{1};

bool is_waited_for(const CommitJob& job) {
  return std::holds_alternative<FlushJob>(job) || std::holds_alternative<PurgeRequest>(job);
}

}  // namespace

CommitQueue::Admission CommitQueue::put(const Key& key,
                                        StoredRecord&& record,
                                        RecordStore::Committed& committed) {
  PutJob job{.key = key,
             .record = std::make_shared<const StoredRecord>(std::move(record)),
             .bytes = 0,
             .committed = {}};
  job.bytes = approximate_bytes(*job.record);
  const LockGuard lock{mutex_};
  if (entries_ >= settings_.queue_entries) return Admission::Full;
  // One record above the whole budget still passes through an empty queue.
  if (bytes_ > 0 && bytes_ + job.bytes > settings_.queue_bytes) return Admission::Full;
  job.sequence = ++sequence_;
  job.committed = std::move(committed);
  puts_.insert_or_assign(key, PendingPut{job.sequence, job.record});
  ++entries_;
  bytes_ += job.bytes;
  push(std::move(job));
  return Admission::Queued;
}

CommitQueue::Admission CommitQueue::put_tenant(const TenantId& id, const TenantState& state) {
  const LockGuard lock{mutex_};
  if (entries_ >= settings_.queue_entries) return Admission::Full;
  const std::uint64_t sequence = ++sequence_;
  tenants_.insert_or_assign(id, PendingTenant{sequence, state});
  ++entries_;
  push(TenantJob{id, state, sequence});
  return Admission::Queued;
}

CommitQueue::Admission CommitQueue::drop(const DropJob& job) {
  const LockGuard lock{mutex_};
  if (entries_ >= settings_.queue_entries) return Admission::Full;
  ++entries_;
  push(job);
  return Admission::Queued;
}

template <class Job>
auto CommitQueue::push_waited_for(Job job) {
  auto future = job.done.get_future();
  const LockGuard lock{mutex_};
  ++waited_for_;
  push(std::move(job));
  ready_.notify_one();
  return future;
}

std::future<Status> CommitQueue::flush() {
  return push_waited_for(FlushJob{});
}

std::future<Result<std::int64_t>> CommitQueue::purge(const PurgeFilter& filter) {
  return push_waited_for(PurgeRequest{.filter = filter, .done = {}});
}

void CommitQueue::push(CommitJob job) {
  if (jobs_.empty()) first_at_ = std::chrono::steady_clock::now();
  jobs_.push_back(std::move(job));
  if (jobs_.size() == 1 || jobs_.size() == settings_.batch_rows) ready_.notify_one();
}

std::shared_ptr<const StoredRecord> CommitQueue::pending(const Key& key) {
  const LockGuard lock{mutex_};
  const auto found = puts_.find(key);
  return found == puts_.end() ? nullptr : found->second.record;
}

std::optional<TenantState> CommitQueue::pending_tenant(const TenantId& id) {
  const LockGuard lock{mutex_};
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? std::nullopt : std::optional{found->second.state};
}

CommitQueue::Batch CommitQueue::take(Wait wait) {
  Batch batch;
  const LockGuard lock{mutex_};
  if (wait == Wait::UntilDue) {
    const SteadyTime tick = std::chrono::steady_clock::now() + kTick;
    const auto due = [&]() CARDSTOCK_REQUIRES(mutex_) {
      return jobs_.empty() ? tick : first_at_ + settings_.batch_window;
    };
    while (!stopping_ && !woken_ && waited_for_ == 0 && jobs_.size() < settings_.batch_rows &&
           std::chrono::steady_clock::now() < due())
      ready_.wait_until(mutex_, due());
  }
  woken_ = false;
  while (!jobs_.empty() && batch.jobs.size() < settings_.batch_rows) {
    batch.jobs.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
    if (is_waited_for(batch.jobs.back())) {
      --waited_for_;
      break;
    }
  }
  batch.stopping = stopping_ && jobs_.empty();
  return batch;
}

void CommitQueue::settle(const Batch& batch) {
  std::vector<std::shared_ptr<const StoredRecord>> freed;  // big ones: outside the lock
  const LockGuard lock{mutex_};
  for (const CommitJob& job : batch.jobs) {
    if (is_waited_for(job)) continue;
    --entries_;
    if (const auto* put = std::get_if<PutJob>(&job)) {
      bytes_ -= put->bytes;
      const auto found = puts_.find(put->key);
      if (found != puts_.end() && found->second.sequence == put->sequence) {
        freed.push_back(std::move(found->second.record));
        puts_.erase(found);
      }
    } else if (const auto* tenant = std::get_if<TenantJob>(&job)) {
      const auto found = tenants_.find(tenant->id);
      if (found != tenants_.end() && found->second.sequence == tenant->sequence)
        tenants_.erase(found);
    }
  }
}

void CommitQueue::wake() {
  const LockGuard lock{mutex_};
  woken_ = true;
  ready_.notify_one();
}

void CommitQueue::stop() {
  const LockGuard lock{mutex_};
  stopping_ = true;
  ready_.notify_one();
}

}  // namespace cardstock::store
