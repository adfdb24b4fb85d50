#include "sqlite_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cardstock/util/time_text.hpp>

#include "migrations.hpp"
#include "sqlite_fault.hpp"

namespace cardstock::store {
namespace {

namespace fs = std::filesystem;

constexpr int kApplicationId = 0x43415244;  // "CARD", as in migrations/0001
constexpr std::size_t kDamagedFilesKept = 3;
// A batch changes some pages a row, all over the file: they stay in memory until it is committed,
// and in the log until several batches have changed them. A log that grew beyond its usual size is
// cut when it starts anew.
constexpr const char* kWriterPragmas =
    "PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=8192; PRAGMA journal_size_limit=67108864";

std::string errno_text() {
  return std::generic_category().message(errno);
}

std::unexpected<Error> bad_path(const std::string& path,
                                const std::string& why,
                                std::string cause = {}) {
  return fail(ErrorCode::InvalidConfig, "store.path \"" + path + "\": " + why + ".",
              std::move(cause));
}

/// Serialises creating, migrating and setting aside between processes: flock(2) on the folder
/// leaves nothing behind and does not meet SQLite's own locks (fcntl, on the files). It has no
/// time-out, hence the loop; after some seconds, or where the file system knows no flock, we go on
/// without it: the worst is a second set-aside file.
class FolderLock {
 public:
  explicit FolderLock(const std::string& path)
      : fd_{::open(fs::path{path}.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {
    if (fd_ < 0) return;
    constexpr int kTries = 250;
    for (int i = 0; i < kTries && ::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

/// Renames the file and its log away. `why` becomes the sentence that says so.
Status set_aside(const std::string& path, std::string& why, const FileTools& tools) {
  std::string stamp = to_rfc3339(tools.clock.wall());
  std::erase(stamp, ':');
  std::erase(stamp, '-');
  const std::string prefix = path + ".damaged-";
  std::string aside = prefix + stamp;
  for (int i = 2; identity_of(aside); ++i) aside = prefix + stamp + "-" + std::to_string(i);
  // The log first: left behind by a crash in between, it would stand beside a new file.
  if (::rename((path + "-wal").c_str(), (aside + "-wal").c_str()) != 0 && errno != ENOENT) {
    return fail(ErrorCode::StoreFailed,
                "store.path \"" + path + "\": the log of a damaged file cannot be renamed.",
                errno_text());
  }
  if (::rename(path.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
    return fail(ErrorCode::StoreFailed,
                "store.path \"" + path + "\": the file is damaged and cannot be renamed.",
                errno_text());
  }
  ::unlink((path + "-shm").c_str());
  why += "; the old file is kept as " + fs::path{aside}.filename().string();
  tools.log.error("store_rebuilt", {{"path", path}, {"reason", why}});

  std::vector<std::string> kept;
  std::error_code error;
  fs::directory_iterator entry{fs::path{path}.parent_path(), error};
  for (; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
    const std::string name = entry->path().string();
    if (name.starts_with(prefix) && !name.ends_with("-wal")) kept.push_back(name);
  }
  std::ranges::sort(kept);
  for (std::size_t i = 0; i + kDamagedFilesKept < kept.size(); ++i) {
    ::unlink(kept[i].c_str());
    ::unlink((kept[i] + "-wal").c_str());
  }
  return {};
}

/// Creates the file with mode 0600 whatever the umask; SQLite gives its -wal and -shm the mode of
/// the file. An existing file is tightened.
Status ensure_private(const std::string& path, Log& log) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) {
    const int rc = ::fchmod(fd, 0600);
    ::close(fd);
    if (rc != 0) return bad_path(path, "the mode cannot be set", errno_text());
    return {};
  }
  if (errno != EEXIST) return bad_path(path, "the file cannot be created: " + errno_text());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    if (::chmod((path + suffix).c_str(), 0600) != 0 && errno != ENOENT)
      log.warning("store_mode_not_set", {{"path", path + suffix}, {"cause", errno_text()}});
  }
  return {};
}

std::unique_ptr<SQLite::Database> connect(const std::string& path,
                                          std::chrono::milliseconds busy_timeout) {
  auto db = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX,
                                               static_cast<int>(busy_timeout.count()));
  // A damaged schema must not run code: no functions or virtual tables from it.
  sqlite3_db_config(db->getHandle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db->getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return db;
}

/// Nothing of the file is changed before it is known to be ours or empty.
Result<bool> is_ours(SQLite::Database& db) {
  const int application = db.execAndGet("PRAGMA application_id").getInt();
  const bool empty = db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
  return application == kApplicationId || (application == 0 && empty);
}

SipKey installation_key(SQLite::Database& db, Random& random) {
  const auto read = [&]() -> std::optional<SipKey> {
    SQLite::Statement select{db, "SELECT hash_key FROM installation WHERE only = 1"};
    if (!select.executeStep()) return std::nullopt;
    const SQLite::Column column = select.getColumn(0);
    SipKey key{};
    if (column.getBytes() != static_cast<int>(sizeof key))
      throw SQLite::Exception{"installation key of a wrong size", SQLITE_CORRUPT};
    std::memcpy(key.data(), column.getBlob(), sizeof key);
    return key;
  };
  if (const auto key = read()) return *key;
  SipKey fresh{};
  random.fill(std::as_writable_bytes(std::span{fresh}));
  SQLite::Statement insert{db, "INSERT OR IGNORE INTO installation(only, hash_key) VALUES(1, ?)"};
  insert.bind(1, fresh.data(), static_cast<int>(sizeof fresh));
  insert.exec();
  if (const auto key = read()) return *key;
  throw SQLite::Exception{"no installation key", SQLITE_CORRUPT};
}

struct Attempt {
  OpenedFile file;
  std::string damage;  ///< not empty: the file is not readable as ours
};

Result<Attempt> attempt_open(const std::string& path, const FileTools& tools) try {
  Attempt attempt;
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return bad_path(path, "this is a folder");
    if (!S_ISREG(status.st_mode)) return bad_path(path, "this is not a regular file");
    if (status.st_size == 0) {
      attempt.damage = "the file was empty";
      return attempt;
    }
  }
  // The mode of a file is touched only once it is known to be ours.
  const bool existing = identity_of(path).has_value();
  if (!existing) {
    if (const Status made = ensure_private(path, tools.log); !made)
      return std::unexpected(made.error());
  }
  attempt.file.db = connect(path, tools.busy_timeout);
  SQLite::Database& db = *attempt.file.db;
  if (sqlite3_db_readonly(db.getHandle(), "main") == 1)
    return bad_path(path, "the file cannot be written");
  const Result<bool> ours = is_ours(db);
  if (!ours) return std::unexpected(ours.error());
  if (!*ours) return bad_path(path, "the file is a database of another program");
  if (existing) {
    if (const Status made = ensure_private(path, tools.log); !made)
      return std::unexpected(made.error());
  }
  db.exec("PRAGMA journal_mode=WAL");
  db.exec("PRAGMA synchronous=NORMAL");
  db.exec("PRAGMA foreign_keys=ON");
  db.exec(kWriterPragmas);
  if (const Result<int> version = migrate(db, embedded_migrations()); !version) {
    Error error = version.error();
    error.public_detail = "store.path \"" + path + "\": " + error.public_detail;
    return std::unexpected(std::move(error));
  }
  attempt.file.hash_key = installation_key(db, tools.random);
  return attempt;
} catch (const SQLite::Exception& e) {
  const Fault fault = classify(e);
  if (fault.kind == FaultKind::Damaged) return Attempt{.file = {}, .damage = fault.text};
  const int code = e.getErrorCode();
  if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_PERM)
    return bad_path(path, "the file or its folder cannot be written", fault.text);
  Error error = to_error(fault);
  error.public_detail = "store.path \"" + path + "\": " + error.public_detail;
  return std::unexpected(std::move(error));
}

/// Another connection may remove a left-over log between SQLite's look at it and its own removal:
/// an I/O error that the next try does not meet.
Result<Attempt> attempt_open_again(const std::string& path, const FileTools& tools) {
  constexpr int kTries = 3;
  Result<Attempt> attempt = attempt_open(path, tools);
  for (int i = 1; i < kTries && !attempt && attempt.error().code == ErrorCode::StoreFailed; ++i)
    attempt = attempt_open(path, tools);
  return attempt;
}

Result<OpenedFile> open_locked(const std::string& path,
                               const FileTools& tools,
                               std::string& rebuilt) {
  Result<Attempt> attempt = attempt_open_again(path, tools);
  if (attempt && !attempt->damage.empty()) {
    std::string why = attempt->damage;
    attempt->file.db.reset();
    if (const Status moved = set_aside(path, why, tools); !moved)
      return std::unexpected(moved.error());
    rebuilt = std::move(why);
    attempt = attempt_open_again(path, tools);
  }
  if (!attempt) return std::unexpected(std::move(attempt.error()));
  if (!attempt->damage.empty()) {
    return fail(ErrorCode::StoreFailed,
                "store.path \"" + path + "\": a new file is damaged at once.", attempt->damage);
  }
  return std::move(attempt->file);
}

}  // namespace

std::optional<FileIdentity> identity_of(const std::string& path) noexcept {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

OpenIdentity open_identity_of(const std::string& path) noexcept {
  return {identity_of(path), identity_of(path + "-wal")};
}

std::uint64_t size_of(const std::string& path) noexcept {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::string> checked_path(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos)
    return bad_path(path, "a file name is needed");
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return bad_path(path, error.message());
  const fs::path folder = absolute.parent_path();
  if (!fs::is_directory(folder, error)) return bad_path(path, "its folder does not exist");
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return bad_path(path, "its folder cannot be written", errno_text());
  }
  return absolute.string();
}

Result<OpenedFile> open_file(const std::string& path,
                             const FileTools& tools,
                             std::string& rebuilt) {
  const FolderLock lock{path};
  return open_locked(path, tools, rebuilt);
}

Result<OpenedFile> replace_file(const std::string& path,
                                const OpenIdentity& old,
                                const std::string& reason,
                                const FileTools& tools,
                                std::string& rebuilt) {
  const FolderLock lock{path};
  std::string why = reason;
  const OpenIdentity now = open_identity_of(path);
  if (now.file && now.file == old.file) {
    // A newer program may have changed the schema under us: that file is not damaged.
    if (const Result<Attempt> probe = attempt_open(path, tools);
        !probe && probe.error().code == ErrorCode::InvalidConfig)
      return std::unexpected(probe.error());
    if (const Status moved = set_aside(path, why, tools); !moved)
      return std::unexpected(moved.error());
  } else {
    // Another file stands here. The log of the one that was open must not be applied to it.
    if (now.log && now.log == old.log) {
      ::unlink((path + "-wal").c_str());
      ::unlink((path + "-shm").c_str());
    }
    tools.log.error("store_rebuilt", {{"path", path}, {"reason", why}});
  }
  rebuilt = std::move(why);
  return open_locked(path, tools, rebuilt);
}

std::unique_ptr<SQLite::Database> connect_reader(const std::string& path,
                                                 std::chrono::milliseconds busy_timeout) {
  std::unique_ptr<SQLite::Database> db = connect(path, busy_timeout);
  db->exec("PRAGMA query_only=ON");
  // Folding the log is the writer's work; a reader of a file that was set aside must not touch the
  // log of the new one.
  sqlite3_db_config(db->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return db;
}

}  // namespace cardstock::store
