#include <catch2/catch.hpp>

#include <array>
#include <span>
#include <string>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>

#include "migrations.hpp"
#include "support/temporary_directory.hpp"

using cardstock::ErrorCode;
using cardstock::store::embedded_migrations;
using cardstock::store::migrate;
using cardstock::store::Migration;

namespace {

struct Memory {
  SQLite::Database db{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
};

constexpr Migration kFirst{1, "0001_a.sql", "CREATE TABLE a(x INTEGER)"};
constexpr Migration kSecond{2, "0002_b.sql", "CREATE TABLE b(x INTEGER)"};

}  // namespace

TEST_CASE("migrate: each step is applied once, in order", "[store]") {
  Memory memory;
  const std::array steps{kFirst, kSecond};
  CHECK(migrate(memory.db, std::span{steps}.first(1)) == 1);
  CHECK(memory.db.tableExists("a"));
  CHECK_FALSE(memory.db.tableExists("b"));
  CHECK(migrate(memory.db, steps) == 2);
  CHECK(migrate(memory.db, steps) == 2);
  CHECK(memory.db.execAndGet("SELECT count(*) FROM schema_migration").getInt() == 2);
}

TEST_CASE("migrate: an edited step is refused", "[store]") {
  Memory memory;
  std::array steps{kFirst, kSecond};
  REQUIRE(migrate(memory.db, steps) == 2);
  steps[0].sql = "CREATE TABLE a(x TEXT)";
  const auto refused = migrate(memory.db, steps);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::Internal);
  CHECK(refused.error().cause.find("0001_a.sql") != std::string::npos);
}

TEST_CASE("migrate: a gap is refused, in the program and in the file", "[store]") {
  Memory memory;
  const std::array gap{kFirst, Migration{3, "0003_c.sql", "CREATE TABLE c(x INTEGER)"}};
  CHECK_FALSE(migrate(memory.db, gap));
  CHECK_FALSE(memory.db.tableExists("a"));
  const std::array steps{kFirst, kSecond};
  REQUIRE(migrate(memory.db, steps) == 2);
  memory.db.exec("DELETE FROM schema_migration WHERE version = 1");
  CHECK_FALSE(migrate(memory.db, steps));
}

TEST_CASE("migrate: a file newer than the program is refused", "[store]") {
  Memory memory;
  const std::array steps{kFirst, kSecond};
  REQUIRE(migrate(memory.db, steps) == 2);
  const auto refused = migrate(memory.db, std::span{steps}.first(1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::InvalidConfig);
  CHECK(refused.error().public_detail.find("newer") != std::string::npos);
}

TEST_CASE("migrate: a step that fails half-way leaves the version before it whole", "[store]") {
  Memory memory;
  const std::array steps{kFirst, Migration{2, "0002_b.sql", "CREATE TABLE c(x INTEGER); NOT SQL"}};
  CHECK_FALSE(migrate(memory.db, steps));
  CHECK(memory.db.tableExists("a"));
  CHECK_FALSE(memory.db.tableExists("c"));
  CHECK(migrate(memory.db, std::span{steps}.first(1)) == 1);
  const std::array mended{kFirst, kSecond};
  CHECK(migrate(memory.db, mended) == 2);
}

TEST_CASE("migrate: two programs that start at once apply each step once", "[store]") {
  const cardstock::test::TemporaryDirectory folder;
  const std::array steps{kFirst, kSecond};
  const auto open = [&] {
    SQLite::Database db{folder.file("m.db"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 5000};
    return migrate(db, steps).value_or(-1);
  };
  std::array<int, 4> versions{};
  {
    std::vector<std::jthread> threads;
    for (int& version : versions) threads.emplace_back([&] { version = open(); });
  }
  for (const int version : versions) CHECK(version == 2);
}

TEST_CASE("migrate: the embedded steps are numbered from 1, and make the schema", "[store]") {
  Memory memory;
  const auto steps = embedded_migrations();
  REQUIRE_FALSE(steps.empty());
  CHECK(migrate(memory.db, steps) == static_cast<int>(steps.size()));
  for (const char* table : {"record", "owner", "record_owner", "tenant", "installation", "counter"})
    CHECK(memory.db.tableExists(table));
  CHECK(memory.db.execAndGet("PRAGMA application_id").getInt() == 0x43415244);
  CHECK(memory.db
            .execAndGet("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name NOT "
                        "LIKE 'sqlite_%' "
                        "AND NOT strict")
            .getInt() == 0);
}
