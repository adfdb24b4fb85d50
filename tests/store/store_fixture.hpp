#pragma once
/// \file store_fixture.hpp
/// \brief A SQLite store in a folder of its own, and ways to get at its file.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include <cardstock/store/sqlite_record_store.hpp>

#include "store/sample.hpp"
#include "support/event_log.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_directory.hpp"

namespace cardstock::test {

struct StoreFixture {
  TemporaryDirectory folder;
  ManualClock clock;
  SystemRandom random;
  EventLog log;
  store::SqliteSettings settings{.path = folder.file("cards.db")};

  Result<std::unique_ptr<store::SqliteRecordStore>> try_open() {
    return store::SqliteRecordStore::open(settings, clock, random, log);
  }
  std::unique_ptr<store::SqliteRecordStore> open() {
    auto opened = try_open();
    if (!opened) FAIL(opened.error().public_detail << " " << opened.error().cause);
    return *std::move(opened);
  }
  /// Rows host0.test to hostN.test, fetched at their number's hour.
  static void fill(store::RecordStore& store, int rows) {
    for (int i = 0; i < rows; ++i) store.put(host(i), found(at_hour(i)));
    REQUIRE(store.flush());
  }
  static store::Key host(int i) { return key_of("host" + std::to_string(i) + ".test"); }

  /// What a shell would do to the file.
  void sql(const std::string& statement) {
    SQLite::Database db{settings.path, SQLite::OPEN_READWRITE, 5000};
    db.exec(statement);
  }
  void overwrite(std::uintmax_t offset, const std::string& bytes) {
    std::fstream file{settings.path, std::ios::in | std::ios::out | std::ios::binary};
    REQUIRE(file.seekp(static_cast<std::streamoff>(offset)));
    REQUIRE(file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  }
  std::vector<std::string> set_aside() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
      const std::string name = entry.path().filename().string();
      if (name.find(".damaged-") != std::string::npos && !name.ends_with("-wal"))
        names.push_back(name);
    }
    return names;
  }
};

inline unsigned mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

/// A put that is waited for.
inline Status put_and_wait(store::RecordStore& store,
                           const store::Key& key,
                           store::StoredRecord record) {
  Status outcome = fail(ErrorCode::Internal, "committed was not called");
  store.put(key, std::move(record), [&](const Status& status) { outcome = status; });
  static_cast<void>(store.flush());
  return outcome;
}

}  // namespace cardstock::test
