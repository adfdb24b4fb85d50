#include "sqlite_writer.hpp"

#include <algorithm>
#include <string_view>

#include <sqlite3.h>

#include "statement_use.hpp"

namespace cardstock::store {
namespace {

constexpr std::int64_t kPageBytes = 4096;
constexpr std::int64_t kMaxTenants = 10'000;
// Rows that one commit may evict; a commit adds at most `batch_rows`, far fewer.
constexpr std::int64_t kMaxEvicted = 1024;
// Rows taken from one (tenant, type) range before the oldest range is looked for again, and how
// much younger than the next range's oldest they may be: eviction is by age to within a minute.
constexpr int kEvictionStep = 64;
constexpr std::int64_t kEvictionSlackMs = 60'000;

void bind_blob(SQLite::Statement& statement, int index, std::string_view bytes) {
  if (bytes.empty()) {
    statement.bind(index);
  } else {
    statement.bindNoCopy(index, bytes.data(), static_cast<int>(bytes.size()));
  }
}

bool contains(const std::vector<std::int64_t>& owners, std::int64_t owner) {
  return std::ranges::find(owners, owner) != owners.end();
}

void run(SQLite::Statement& statement) {
  const StatementUse use{statement};
  statement.exec();
}

}  // namespace

Writer::Writer(OpenedFile file, const SqliteSettings& settings)
    : settings_{settings},
      hash_key_{file.hash_key},
      db_{std::move(file.db)},
      begin_{*db_, "BEGIN IMMEDIATE"},
      commit_{*db_, "COMMIT"},
      rollback_{*db_, "ROLLBACK"},
      head_{
          *db_,
          "SELECT tenant, type, absent, fetched_at_ms, owners, canonical FROM record WHERE id = ?"},
      upsert_{
          *db_,
          "INSERT INTO record(id, tenant, type, absent, fetched_at_ms, owners, canonical, asked, "
          "body, dictionary) "
          "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET tenant = "
          "excluded.tenant, "
          "type = excluded.type, absent = excluded.absent, fetched_at_ms = excluded.fetched_at_ms, "
          "owners = excluded.owners, canonical = excluded.canonical, asked = excluded.asked, "
          "dictionary = excluded.dictionary, body = excluded.body"},
      delete_{*db_, "DELETE FROM record WHERE id = ?"},
      find_tenant_{*db_, "SELECT id FROM tenant WHERE digest = ?"},
      add_tenant_{*db_, "INSERT INTO tenant(digest) VALUES(?)"},
      put_tenant_{*db_, "UPDATE tenant SET base_url = ?, last_accepted_ms = ? WHERE id = ?"},
      find_owner_{*db_, "SELECT id FROM owner WHERE name = ?"},
      add_owner_{*db_, "INSERT INTO owner(name) VALUES(?)"},
      add_record_owner_{*db_, "INSERT OR IGNORE INTO record_owner(owner, record) VALUES(?, ?)"},
      delete_record_owner_{*db_, "DELETE FROM record_owner WHERE owner = ? AND record = ?"},
      count_type_{
          *db_,
          "INSERT INTO counter(type, rows, absent) VALUES(?, ?, ?) ON CONFLICT(type) DO UPDATE SET "
          "rows = rows + excluded.rows, absent = absent + excluded.absent"},
      count_tenant_{*db_, "UPDATE tenant SET rows = rows + ? WHERE id = ?"},
      drop_tenant_{*db_, "DELETE FROM tenant WHERE id = ? AND rows <= 0 AND base_url IS NULL"},
      touch_{*db_, "UPDATE installation SET only = 1"},
      count_owner_{*db_, "UPDATE owner SET rows = rows + ? WHERE id = ?"},
      drop_owner_{*db_, "DELETE FROM owner WHERE id = ? AND rows <= 0"},
      total_{*db_, "SELECT coalesce(sum(rows), 0) FROM counter"},
      pages_{*db_,
             "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"},
      oldest_{*db_,
              "SELECT t.id, c.type, (SELECT min(fetched_at_ms) FROM record WHERE tenant = t.id AND "
              "type = c.type) "
              "AS age FROM tenant t, counter c WHERE age IS NOT NULL ORDER BY age LIMIT 2"},
      all_tenants_{*db_, "SELECT id, digest FROM tenant WHERE ?1 IS NULL OR digest = ?1"},
      trim_tenants_{*db_,
                    "DELETE FROM tenant WHERE id IN (SELECT id FROM tenant WHERE rows <= 0 "
                    "ORDER BY last_accepted_ms LIMIT max(0, (SELECT count(*) FROM tenant) - ?))"},
      rows_of_owner_{*db_,
                     "SELECT record FROM record_owner WHERE owner = ? AND record >= ? ORDER BY "
                     "record LIMIT ?"},
      rows_by_age_{*db_,
                   "SELECT fetched_at_ms, id FROM record WHERE tenant = ? AND type = ? AND "
                   "(fetched_at_ms, id) >= (?, ?) AND fetched_at_ms <= ? ORDER BY fetched_at_ms, "
                   "id LIMIT ?"},
      dictionaries_{*db_} {}

void Writer::begin() {
  tenant_numbers_.clear();
  owner_numbers_.clear();
  type_deltas_.clear();
  tenant_deltas_.clear();
  owner_deltas_.clear();
  tenant_added_ = false;
  run(begin_);
}

void Writer::rollback() noexcept {
  // Some errors have ended the transaction already.
  if (sqlite3_get_autocommit(db_->getHandle()) != 0) return;
  rollback_.tryReset();
  rollback_.tryExecuteStep();
  rollback_.tryReset();
}

std::optional<RowHead> Writer::head(std::int64_t id) {
  const StatementUse use{head_};
  head_.bind(1, id);
  if (!head_.executeStep()) return std::nullopt;
  RowHead head;
  head.tenant = head_.getColumn(0).getInt64();
  head.type = head_.getColumn(1).getInt();
  head.absent = head_.getColumn(2).getInt() != 0;
  head.fetched_at_ms = head_.getColumn(3).getInt64();
  head.owners = split_owners(head_.getColumn(4).getString());
  head.canonical = head_.getColumn(5).getString();
  return head;
}

void Writer::put(std::int64_t id, const Key& key, const EncodedRow& row) {
  const std::optional<RowHead> old = head(id);
  const std::int64_t tenant = tenant_number(key.tenant);
  const int type = static_cast<int>(key.type);
  std::vector<std::int64_t> owners;
  owners.reserve(row.owners.size());
  for (const std::string& name : row.owners) owners.push_back(owner_number(name));

  {
    const StatementUse use{upsert_};
    upsert_.bind(1, id);
    upsert_.bind(2, tenant);
    upsert_.bind(3, type);
    upsert_.bind(4, row.absent ? 1 : 0);
    upsert_.bind(5, row.fetched_at_ms);
    if (owners.empty()) {
      upsert_.bind(6);
    } else {
      upsert_.bind(6, join_owners(owners));
    }
    upsert_.bindNoCopy(7, key.canonical);
    bind_blob(upsert_, 8, row.asked);
    bind_blob(upsert_, 9, row.body);
    upsert_.bind(10, row.dictionary);
    upsert_.exec();
  }
  const auto link = [&](SQLite::Statement& statement, std::int64_t owner, std::int64_t delta) {
    const StatementUse use{statement};
    statement.bind(1, owner);
    statement.bind(2, id);
    statement.exec();
    owner_deltas_[owner] += delta;
  };
  if (old) {
    type_deltas_[old->type].rows -= 1;
    type_deltas_[old->type].absent -= old->absent ? 1 : 0;
    tenant_deltas_[old->tenant] -= 1;
    for (const std::int64_t owner : old->owners) {
      if (!contains(owners, owner)) link(delete_record_owner_, owner, -1);
    }
  }
  for (const std::int64_t owner : owners) {
    if (!old || !contains(old->owners, owner)) link(add_record_owner_, owner, 1);
  }
  type_deltas_[type].rows += 1;
  type_deltas_[type].absent += row.absent ? 1 : 0;
  tenant_deltas_[tenant] += 1;
}

void Writer::erase(std::int64_t id, const RowHead& head) {
  delete_.bind(1, id);
  run(delete_);
  for (const std::int64_t owner : head.owners) {
    delete_record_owner_.bind(1, owner);
    delete_record_owner_.bind(2, id);
    run(delete_record_owner_);
    owner_deltas_[owner] -= 1;
  }
  type_deltas_[head.type].rows -= 1;
  type_deltas_[head.type].absent -= head.absent ? 1 : 0;
  tenant_deltas_[head.tenant] -= 1;
}

void Writer::put_tenant(const TenantId& id, const TenantState& state) {
  const std::int64_t number = tenant_number(id);
  put_tenant_.bind(1, state.base_url);
  if (state.last_accepted_at) {
    put_tenant_.bind(2,
                     static_cast<std::int64_t>(state.last_accepted_at->time_since_epoch().count()));
  } else {
    put_tenant_.bind(2);
  }
  put_tenant_.bind(3, number);
  run(put_tenant_);
}

std::int64_t Writer::tenant_number(const TenantId& id) {
  if (const auto known = tenant_numbers_.find(id); known != tenant_numbers_.end())
    return known->second;
  const auto find = [&]() -> std::optional<std::int64_t> {
    const StatementUse use{find_tenant_};
    find_tenant_.bind(1, id.data(), static_cast<int>(id.size()));
    if (!find_tenant_.executeStep()) return std::nullopt;
    return find_tenant_.getColumn(0).getInt64();
  };
  std::optional<std::int64_t> number = find();
  if (!number) {
    add_tenant_.bind(1, id.data(), static_cast<int>(id.size()));
    run(add_tenant_);
    tenant_added_ = true;
    number = db_->getLastInsertRowid();
  }
  tenant_numbers_.emplace(id, *number);
  tenant_deltas_.try_emplace(*number, 0);
  return *number;
}

std::optional<std::int64_t> Writer::owner(const std::string& name) {
  const StatementUse use{find_owner_};
  find_owner_.bindNoCopy(1, name);
  if (!find_owner_.executeStep()) return std::nullopt;
  return find_owner_.getColumn(0).getInt64();
}

std::int64_t Writer::owner_number(const std::string& name) {
  if (const auto known = owner_numbers_.find(name); known != owner_numbers_.end())
    return known->second;
  std::optional<std::int64_t> number = owner(name);
  if (!number) {
    add_owner_.bind(1, name);
    run(add_owner_);
    number = db_->getLastInsertRowid();
  }
  owner_numbers_.emplace(name, *number);
  return *number;
}

void Writer::apply_counters() {
  for (const auto& [type, delta] : type_deltas_) {
    if (delta.rows == 0 && delta.absent == 0) continue;
    count_type_.bind(1, type);
    count_type_.bind(2, delta.rows);
    count_type_.bind(3, delta.absent);
    run(count_type_);
  }
  for (const auto& [tenant, delta] : tenant_deltas_) {
    if (delta != 0) {
      count_tenant_.bind(1, delta);
      count_tenant_.bind(2, tenant);
      run(count_tenant_);
    }
    // A tenant that has neither rows nor a state says nothing; nor does an owner without rows.
    if (delta <= 0) {
      drop_tenant_.bind(1, tenant);
      run(drop_tenant_);
    }
  }
  for (const auto& [owner, delta] : owner_deltas_) {
    if (delta != 0) {
      count_owner_.bind(1, delta);
      count_owner_.bind(2, owner);
      run(count_owner_);
    }
    if (delta <= 0) {
      drop_owner_.bind(1, owner);
      run(drop_owner_);
    }
  }
  type_deltas_.clear();
  tenant_deltas_.clear();
  owner_deltas_.clear();
}

std::int64_t Writer::rows_too_many() {
  const auto number = [](SQLite::Statement& statement) {
    const StatementUse use{statement};
    statement.executeStep();
    return statement.getColumn(0).getInt64();
  };
  const std::int64_t rows = number(total_);
  rows_ = rows;
  std::int64_t excess = rows - settings_.max_rows;
  const auto max_pages = static_cast<std::int64_t>(settings_.max_bytes / kPageBytes);
  if (number(pages_) > max_pages)
    excess = std::max<std::int64_t>(excess, std::min(rows, kMaxEvicted / 2));
  return std::clamp<std::int64_t>(excess, 0, kMaxEvicted);
}

void Writer::evict(std::int64_t count) {
  while (count > 0) {
    std::int64_t tenant = 0;
    int type = 0;
    std::int64_t last_ms = std::numeric_limits<std::int64_t>::max();
    {
      const StatementUse use{oldest_};
      if (!oldest_.executeStep()) return;
      tenant = oldest_.getColumn(0).getInt64();
      type = oldest_.getColumn(1).getInt();
      if (oldest_.executeStep()) {
        const std::int64_t next = oldest_.getColumn(2).getInt64();
        if (next < last_ms - kEvictionSlackMs) last_ms = next + kEvictionSlackMs;
      }
    }
    const int limit = static_cast<int>(std::min<std::int64_t>(count, kEvictionStep));
    const std::vector<AgeCursor> oldest = rows_by_age(tenant, type, AgeCursor{}, last_ms, limit);
    if (oldest.empty()) return;
    for (const AgeCursor& row : oldest) {
      if (const auto found = head(row.id)) erase(row.id, *found);
    }
    count -= std::ssize(oldest);
  }
}

void Writer::commit() {
  apply_counters();
  std::int64_t excess = rows_too_many();
  if (excess > 0) {
    evict(excess);
    apply_counters();
    excess = rows_too_many();
  }
  if (tenant_added_) {
    trim_tenants_.bind(1, kMaxTenants);
    run(trim_tenants_);
  }
  run(commit_);
  more_to_evict_ = excess > 0;
}

void Writer::touch() {
  run(touch_);
}

std::vector<std::pair<std::int64_t, TenantId>> Writer::tenants(
    const std::optional<TenantId>& only) {
  const StatementUse use{all_tenants_};
  if (only) {
    all_tenants_.bind(1, only->data(), static_cast<int>(only->size()));
  } else {
    all_tenants_.bind(1);
  }
  std::vector<std::pair<std::int64_t, TenantId>> out;
  while (all_tenants_.executeStep())
    out.emplace_back(all_tenants_.getColumn(0).getInt64(), tenant_id_of(all_tenants_.getColumn(1)));
  return out;
}

std::vector<std::int64_t> Writer::rows_of_owner(std::int64_t owner, std::int64_t from, int limit) {
  const StatementUse use{rows_of_owner_};
  rows_of_owner_.bind(1, owner);
  rows_of_owner_.bind(2, from);
  rows_of_owner_.bind(3, limit);
  std::vector<std::int64_t> out;
  while (rows_of_owner_.executeStep()) out.push_back(rows_of_owner_.getColumn(0).getInt64());
  return out;
}

std::vector<AgeCursor> Writer::rows_by_age(
    std::int64_t tenant, int type, const AgeCursor& from, std::int64_t last_ms, int limit) {
  const StatementUse use{rows_by_age_};
  rows_by_age_.bind(1, tenant);
  rows_by_age_.bind(2, type);
  rows_by_age_.bind(3, from.fetched_at_ms);
  rows_by_age_.bind(4, from.id);
  rows_by_age_.bind(5, last_ms);
  rows_by_age_.bind(6, limit);
  std::vector<AgeCursor> out;
  while (rows_by_age_.executeStep())
    out.push_back({rows_by_age_.getColumn(0).getInt64(), rows_by_age_.getColumn(1).getInt64()});
  return out;
}

bool Writer::fold(Fold how) {
  // A checkpoint that empties the log would wait for readers as long as the busy time-out: ask once
  // instead.
  sqlite3_busy_timeout(db_->getHandle(), 0);
  int frames = 0;
  int folded = 0;
  const int mode = how == Fold::WholeLog ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int rc = sqlite3_wal_checkpoint_v2(db_->getHandle(), nullptr, mode, &frames, &folded);
  sqlite3_busy_timeout(db_->getHandle(), static_cast<int>(settings_.busy_timeout.count()));
  if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED) return false;
  if (rc != SQLITE_OK) throw SQLite::Exception{db_->getHandle(), rc};
  return frames == folded;
}

}  // namespace cardstock::store
