#include <cardstock/store/memory_record_store.hpp>

#include <algorithm>
#include <iterator>

namespace cardstock::store {
namespace {

bool matches(const PurgeFilter& filter, const Key& key, const StoredRecord& row) {
  if (filter.tenant && key.tenant != *filter.tenant) return false;
  if (filter.type && key.type != *filter.type) return false;
  if (filter.canonical && key.canonical != *filter.canonical) return false;
  if (filter.fetched_before && row.fetched_at >= *filter.fetched_before) return false;
  return !filter.owner || std::ranges::any_of(row.record.copies, [&](const auto& copy) {
    return copy.owner == *filter.owner;
  });
}

}  // namespace

Result<std::optional<StoredRecord>> MemoryRecordStore::find(const Key& key) {
  const LockGuard lock{mutex_};
  const auto row = rows_.find(key);
  if (row == rows_.end()) return std::optional<StoredRecord>{};
  return std::optional{row->second};
}

void MemoryRecordStore::put(const Key& key, StoredRecord record, Committed committed) {
  {
    const LockGuard lock{mutex_};
    if (const auto old = rows_.find(key); old != rows_.end()) erase(old);
    by_age_.emplace(record.fetched_at, key);
    rows_.emplace(key, std::move(record));
    while (std::ssize(rows_) > max_rows_) erase(rows_.find(by_age_.begin()->second));
  }
  if (committed) committed(Status{});
}

MemoryRecordStore::Rows::iterator MemoryRecordStore::erase(Rows::iterator row) {
  by_age_.erase({row->second.fetched_at, row->first});
  return rows_.erase(row);
}

Result<std::int64_t> MemoryRecordStore::purge(const PurgeFilter& filter) {
  const LockGuard lock{mutex_};
  std::int64_t gone = 0;
  for (auto row = rows_.begin();
       row != rows_.end() && gone < filter.at_most && !filter.stop.stop_requested();) {
    if (matches(filter, row->first, row->second)) {
      row = erase(row);
      ++gone;
    } else {
      ++row;
    }
  }
  return gone;
}

Status MemoryRecordStore::each(const std::function<bool(const Key&, const StoredRecord&)>& visit) {
  // One row a lock: the visitor may call the store.
  std::optional<Rows::value_type> row;
  for (;;) {
    {
      const LockGuard lock{mutex_};
      const auto next = row ? rows_.upper_bound(row->first) : rows_.begin();
      if (next == rows_.end()) return {};
      row.emplace(*next);
    }
    if (!visit(row->first, row->second)) return {};
  }
}

Result<std::optional<TenantState>> MemoryRecordStore::tenant(const TenantId& id) {
  const LockGuard lock{mutex_};
  const auto found = tenants_.find(id);
  if (found == tenants_.end()) return std::optional<TenantState>{};
  return std::optional{found->second};
}

void MemoryRecordStore::put_tenant(const TenantId& id, const TenantState& state) {
  const LockGuard lock{mutex_};
  tenants_.insert_or_assign(id, state);
}

StoreStats MemoryRecordStore::stats() {
  const LockGuard lock{mutex_};
  StoreStats stats;
  stats.backend = "memory";
  std::map<TenantId, std::int64_t> rows_of;
  for (const auto& [id, state] : tenants_) rows_of.emplace(id, 0);
  for (const auto& [key, row] : rows_) {
    ++stats.rows;
    const std::string type{name_of(key.type)};
    ++stats.rows_by_type[type];
    stats.absent_by_type[type] += row.record.absent() ? 1 : 0;
    stats.rows_absent += row.record.absent() ? 1 : 0;
    ++rows_of[key.tenant];
  }
  if (!by_age_.empty()) stats.oldest_fetched_at = by_age_.begin()->first;
  for (const auto& [id, rows] : rows_of) {
    const auto known = tenants_.find(id);
    stats.tenants.push_back({id, known == tenants_.end() ? TenantState{} : known->second, rows});
  }
  return stats;
}

}  // namespace cardstock::store
