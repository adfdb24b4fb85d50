#pragma once
/// \file memory_record_store.hpp
/// \brief A RecordStore that forgets everything when it goes: for tests, and for a service that may
/// keep nothing on disk.
///
/// Threads: all methods from any thread. Blocking: no; `each` calls `visit` outside the lock.
/// Errors: none. Limits: `max_rows` rows; one more and the row fetched longest ago goes.
#include <set>
#include <utility>

#include <cardstock/store/record_store.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::store {

class MemoryRecordStore final : public RecordStore {
 public:
  static constexpr std::int64_t kDefaultMaxRows = 100'000;

  explicit MemoryRecordStore(std::int64_t max_rows = kDefaultMaxRows) : max_rows_{max_rows} {}

  Result<std::optional<StoredRecord>> find(const Key& key) override CARDSTOCK_EXCLUDES(mutex_);
  void put(const Key& key, StoredRecord record, Committed committed = {}) override
      CARDSTOCK_EXCLUDES(mutex_);
  Status flush() override { return {}; }
  Result<std::int64_t> purge(const PurgeFilter& filter) override CARDSTOCK_EXCLUDES(mutex_);
  Status each(const std::function<bool(const Key&, const StoredRecord&)>& visit) override
      CARDSTOCK_EXCLUDES(mutex_);
  Result<std::optional<TenantState>> tenant(const TenantId& id) override CARDSTOCK_EXCLUDES(mutex_);
  void put_tenant(const TenantId& id, const TenantState& state) override CARDSTOCK_EXCLUDES(mutex_);
  StoreStats stats() override CARDSTOCK_EXCLUDES(mutex_);

 private:
  using Rows = std::map<Key, StoredRecord>;

  Rows::iterator erase(Rows::iterator row) CARDSTOCK_REQUIRES(mutex_);

  const std::int64_t max_rows_;
  Mutex mutex_;  ///< guards everything below
  Rows rows_ CARDSTOCK_GUARDED_BY(mutex_);
  std::set<std::pair<WallTime, Key>> by_age_ CARDSTOCK_GUARDED_BY(mutex_);
  std::map<TenantId, TenantState> tenants_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::store
