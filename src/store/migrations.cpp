#include "migrations.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include <cardstock/util/siphash.hpp>

namespace cardstock::store {
namespace {

/// Detects changes only; nobody is kept out by it.
std::int64_t checksum(std::string_view text) {
  return static_cast<std::int64_t>(siphash(SipKey{0, 0}, text));
}

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::Internal, "The store was made by another build of Cardstock.",
              std::move(why));
}

/// The four digits that a file's name begins with.
int version_of(std::string_view name) noexcept {
  int version = 0;
  for (const char digit : name.substr(0, 4)) version = 10 * version + (digit - '0');
  return version;
}

/// The version up to which `known` has been applied.
Result<int> applied_version(SQLite::Database& db, std::span<const Migration> known) {
  if (!db.tableExists("schema_migration")) return 0;
  int applied = 0;
  SQLite::Statement rows{db,
                         "SELECT version, name, checksum FROM schema_migration ORDER BY version"};
  while (rows.executeStep()) {
    const int version = rows.getColumn(0).getInt();
    const std::string name = rows.getColumn(1).getString();
    if (version != applied + 1) return refuse("applied migrations have a gap before " + name);
    if (version > static_cast<int>(known.size())) {
      return fail(ErrorCode::InvalidConfig, "The store was made by a newer version of Cardstock.",
                  "unknown migration " + name);
    }
    if (rows.getColumn(2).getInt64() != checksum(known[static_cast<std::size_t>(version) - 1].sql))
      return refuse("migration was edited after it had been applied: " + name);
    applied = version;
  }
  return applied;
}

}  // namespace

std::span<const Migration> embedded_migrations() {
  static const std::vector<Migration> all = [] {
    std::vector<Migration> steps;
    for (const EmbeddedFile& file : migration_files())
      steps.push_back({version_of(file.name), file.name, file.content});
    return steps;
  }();
  return all;
}

Result<int> migrate(SQLite::Database& db, std::span<const Migration> known) {
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i].version != static_cast<int>(i) + 1) return refuse("migration numbers have a gap");
  }
  Result<int> applied = applied_version(db, known);
  while (applied && *applied < static_cast<int>(known.size())) {
    SQLite::Transaction transaction{db, SQLite::TransactionBehavior::IMMEDIATE};
    // Another process may have been faster between the look above and the lock.
    applied = applied_version(db, known);
    if (!applied || *applied == static_cast<int>(known.size())) break;
    db.exec(
        "CREATE TABLE IF NOT EXISTS schema_migration("
        "version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT");
    const Migration& step = known[static_cast<std::size_t>(*applied)];
    try {
      db.exec(std::string{step.sql});
    } catch (const SQLite::Exception& e) {
      if (e.getErrorCode() != 1)
        throw;  // SQLITE_ERROR: the SQL itself; anything else is the disk's
      return refuse(std::string{step.name} + ": " + e.what());
    }
    SQLite::Statement insert{db, "INSERT INTO schema_migration VALUES(?, ?, ?)"};
    insert.bind(1, step.version);
    insert.bind(2, std::string{step.name});
    insert.bind(3, checksum(step.sql));
    insert.exec();
    transaction.commit();
    applied = step.version;
  }
  return applied;
}

}  // namespace cardstock::store
