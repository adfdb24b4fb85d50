#pragma once
/// \file sqlite_file.hpp
/// \brief The file under the SQLite store: found, checked, created, set aside.
///
/// Threads: none of its own. Blocking: disk; `open_file` and `replace_file` also wait, some seconds
/// at most, for another process that is in one of them for the same folder. Errors: InvalidConfig
/// (the path cannot be used, or the file is not for this program), StoreBusy, StoreFailed,
/// Internal. Every message names `store.path`. Stored: file names; mode 0600.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/random.hpp>
#include <cardstock/util/result.hpp>
#include <cardstock/util/siphash.hpp>

namespace SQLite {
class Database;
}

namespace cardstock::store {

/// Which file a path names, whatever it is called. nullopt: none.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};
std::optional<FileIdentity> identity_of(const std::string& path) noexcept;

/// A file that is open, and its log.
struct OpenIdentity {
  std::optional<FileIdentity> file;
  std::optional<FileIdentity> log;
};
OpenIdentity open_identity_of(const std::string& path) noexcept;
/// 0 for a file that is not there.
std::uint64_t size_of(const std::string& path) noexcept;

/// `path` made absolute (so that SQLite sees no URI and no special name in it), its folder known to
/// exist.
Result<std::string> checked_path(const std::string& path);

struct OpenedFile {
  std::unique_ptr<SQLite::Database> db;  ///< a connection for writing
  SipKey hash_key{};
};

/// What both functions need beside the path.
struct FileTools {
  std::chrono::milliseconds busy_timeout;
  const Clock& clock;
  Random& random;
  Log& log;
};

/// `rebuilt`, in both: a sentence when an older file was set aside or found replaced, also when the
/// call fails after that; else left as it is.

/// Opens or creates the file at a checked path; a damaged one is set aside first.
Result<OpenedFile> open_file(const std::string& path, const FileTools& tools, std::string& rebuilt);

/// For a file found damaged, or no longer in its place, while it was open as `old`: set aside
/// (unless another process did), then as open_file. Connections to the old file may still be open.
Result<OpenedFile> replace_file(const std::string& path,
                                const OpenIdentity& old,
                                const std::string& reason,
                                const FileTools& tools,
                                std::string& rebuilt);

/// A further connection, for reading only. SQLite::Exception passes through.
std::unique_ptr<SQLite::Database> connect_reader(const std::string& path,
                                                 std::chrono::milliseconds busy_timeout);

}  // namespace cardstock::store
