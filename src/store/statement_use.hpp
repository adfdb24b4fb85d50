#pragma once
/// \file statement_use.hpp
/// \brief Small things that every user of a prepared statement needs.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <SQLiteCpp/SQLiteCpp.h>

#include <cardstock/store/record_store.hpp>

namespace cardstock::store {

/// Resets the statement when it goes: one left standing keeps its read transaction, and with it the
/// log, alive.
class StatementUse {
 public:
  explicit StatementUse(SQLite::Statement& statement) : statement_{statement} {}
  ~StatementUse() { statement_.tryReset(); }
  StatementUse(const StatementUse&) = delete;
  StatementUse& operator=(const StatementUse&) = delete;

 private:
  SQLite::Statement& statement_;
};

/// Valid until the statement's next step.
inline std::string_view bytes_of(const SQLite::Column& column) {
  const void* data = column.getBlob();
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(column.getBytes())};
}

inline TenantId tenant_id_of(const SQLite::Column& column) {
  TenantId id{};
  const std::string_view bytes = bytes_of(column);
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.size()), id.begin());
  return id;
}

inline std::optional<WallTime> optional_time(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return WallTime{std::chrono::milliseconds{column.getInt64()}};
}

}  // namespace cardstock::store
