#include "sqlite_reader.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "sqlite_file.hpp"
#include "statement_use.hpp"

namespace cardstock::store {
namespace {

constexpr const char* kColumns =
    "SELECT r.id, t.digest, r.type, r.canonical, r.fetched_at_ms, r.asked, r.dictionary, r.body "
    "FROM record r JOIN tenant t ON t.id = r.tenant ";

std::string with_columns(const char* rest) {
  return std::string{kColumns} + rest;
}

}  // namespace

Reader::Reader(const std::string& path, const SqliteSettings& settings)
    : db_{connect_reader(path, settings.busy_timeout)},
      decompressor_{settings.max_record_bytes},
      find_{*db_, with_columns("WHERE r.id = ?")},
      page_{*db_, with_columns("WHERE r.id >= ? ORDER BY r.id LIMIT ?")},
      tenant_{*db_, "SELECT base_url, last_accepted_ms FROM tenant WHERE digest = ?"},
      counters_{*db_, "SELECT type, rows, absent FROM counter WHERE rows > 0"},
      oldest_{*db_,
              "SELECT min((SELECT min(fetched_at_ms) FROM record WHERE tenant = t.id AND type = "
              "c.type)) "
              "FROM tenant t, counter c WHERE t.rows > 0 AND c.rows > 0"},
      tenants_{*db_, "SELECT digest, base_url, last_accepted_ms, rows FROM tenant ORDER BY digest"},
      dictionary_{*db_, "SELECT bytes FROM dictionary WHERE id = ?"} {}

void Reader::learn_dictionary(DictionaryId id) {
  const StatementUse use{dictionary_};
  dictionary_.bind(1, id);
  if (dictionary_.executeStep()) decompressor_.add(id, bytes_of(dictionary_.getColumn(0)));
}

Row Reader::read_row(SQLite::Statement& statement) {
  Row row;
  row.id = statement.getColumn(0).getInt64();
  row.key.tenant = tenant_id_of(statement.getColumn(1));
  const int type = statement.getColumn(2).getInt();
  row.key.type = static_cast<IndicatorType>(type);
  row.key.canonical = statement.getColumn(3).getString();
  row.fetched_at_ms = statement.getColumn(4).getInt64();
  const SQLite::Column asked = statement.getColumn(5);
  const SQLite::Column body = statement.getColumn(7);
  if (!is_indicator_type(type)) {
    row.record = fail(ErrorCode::StoreFailed, "A stored row could not be read.", "unknown type");
  } else {
    const DictionaryId dictionary = statement.getColumn(6).getInt64();
    if (!decompressor_.knows(dictionary)) learn_dictionary(dictionary);
    row.record =
        decode_row(row.fetched_at_ms, bytes_of(asked), bytes_of(body), dictionary, decompressor_);
  }
  return row;
}

std::optional<Row> Reader::find(std::int64_t id) {
  const StatementUse use{find_};
  find_.bind(1, id);
  if (!find_.executeStep()) return std::nullopt;
  return read_row(find_);
}

std::vector<Row> Reader::page(std::int64_t from) {
  const StatementUse use{page_};
  page_.bind(1, from);
  page_.bind(2, kPageRows);
  std::vector<Row> rows;
  std::size_t bytes = 0;
  while (bytes < kPageBytes && page_.executeStep()) {
    rows.push_back(read_row(page_));
    if (rows.back().record) bytes += approximate_bytes(*rows.back().record);
  }
  return rows;
}

std::optional<TenantState> Reader::tenant(const TenantId& id) {
  const StatementUse use{tenant_};
  tenant_.bind(1, id.data(), static_cast<int>(id.size()));
  if (!tenant_.executeStep() || tenant_.getColumn(0).isNull()) return std::nullopt;
  return TenantState{tenant_.getColumn(0).getString(), optional_time(tenant_.getColumn(1))};
}

void Reader::stats(StoreStats& stats) {
  // One snapshot for all three.
  const SQLite::Transaction snapshot{*db_};
  {
    const StatementUse use{counters_};
    while (counters_.executeStep()) {
      const int type = counters_.getColumn(0).getInt();
      const std::int64_t rows = counters_.getColumn(1).getInt64();
      stats.rows += rows;
      const std::int64_t absent = counters_.getColumn(2).getInt64();
      stats.rows_absent += absent;
      if (!is_indicator_type(type)) continue;
      const std::string name{name_of(static_cast<IndicatorType>(type))};
      stats.rows_by_type[name] = rows;
      stats.absent_by_type[name] = absent;
    }
  }
  {
    const StatementUse use{oldest_};
    if (oldest_.executeStep()) stats.oldest_fetched_at = optional_time(oldest_.getColumn(0));
  }
  const StatementUse use{tenants_};
  while (tenants_.executeStep()) {
    TenantCount tenant;
    tenant.id = tenant_id_of(tenants_.getColumn(0));
    tenant.state.base_url = tenants_.getColumn(1).getString();
    tenant.state.last_accepted_at = optional_time(tenants_.getColumn(2));
    tenant.rows = tenants_.getColumn(3).getInt64();
    stats.tenants.push_back(std::move(tenant));
  }
}

Result<ReaderPool::Loan> ReaderPool::take(std::uint64_t& generation) {
  std::string path;
  SipKey hash_key{};
  {
    const LockGuard lock{mutex_};
    while (!path_.empty() && free_.empty() && lent_ >= settings_.max_readers)
      returned_.wait(mutex_);
    if (path_.empty())
      return fail(ErrorCode::StoreFailed, "The store failed.", "there is no store file at present");
    ++lent_;
    generation = generation_;
    hash_key = hash_key_;
    if (!free_.empty()) {
      std::unique_ptr<Reader> reader = std::move(free_.back());
      free_.pop_back();
      return Loan{*this, std::move(reader), generation, hash_key};
    }
    path = path_;
    ++opening_;
  }
  std::unique_ptr<Reader> reader;
  try {
    reader = std::make_unique<Reader>(path, settings_);
  } catch (...) {
    done_opening();
    give_back(nullptr, generation);
    throw;
  }
  done_opening();
  return Loan{*this, std::move(reader), generation, hash_key};
}

void ReaderPool::done_opening() {
  const LockGuard lock{mutex_};
  --opening_;
  opened_.notify_all();
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader, std::uint64_t generation) {
  const LockGuard lock{mutex_};
  --lent_;
  if (reader && generation == generation_ && !path_.empty()) free_.push_back(std::move(reader));
  returned_.notify_one();
}

void ReaderPool::open(const std::string& path, std::uint64_t generation, const SipKey& hash_key) {
  std::vector<std::unique_ptr<Reader>> stale;
  const LockGuard lock{mutex_};
  stale.swap(free_);
  path_ = path;
  generation_ = generation;
  hash_key_ = hash_key;
}

void ReaderPool::close() {
  std::vector<std::unique_ptr<Reader>> stale;
  const LockGuard lock{mutex_};
  stale.swap(free_);
  path_.clear();
  returned_.notify_all();
  while (opening_ > 0) opened_.wait(mutex_);
}

}  // namespace cardstock::store
