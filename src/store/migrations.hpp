#pragma once
/// \file migrations.hpp
/// \brief Brings the schema of a SQLite file up to date.
///
/// Threads: none of its own. Blocking: disk, and another process's migration for as long as the
/// connection's busy time-out. Errors: InvalidConfig (the file is newer than this program),
/// Internal (edited or missing migrations, a step that fails). Stored: number, name and checksum of
/// each applied step, in `schema_migration`.
#include <span>
#include <string_view>

#include <cardstock/util/embedded_file.hpp>
#include <cardstock/util/result.hpp>

namespace SQLite {
class Database;
}

namespace cardstock::store {

/// A published migration is immutable: its checksum is stored when it is applied, and a file in
/// which it differs is refused.
struct Migration {
  int version;  ///< 1, 2, 3, ... without gaps
  std::string_view name;
  std::string_view sql;
};

/// The files of migrations/, `NNNN_what.sql`.
std::span<const EmbeddedFile> migration_files() noexcept;
/// Those of migrations/, compiled in.
std::span<const Migration> embedded_migrations();

/// Applies what is pending, in order, each in a transaction of its own: an interrupted one leaves
/// the version before it whole. Returns the resulting version. SQLite::Exception passes through.
Result<int> migrate(SQLite::Database& db, std::span<const Migration> known);

}  // namespace cardstock::store
