#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include <sqlite3.h>

#include "migrations.hpp"
#include "store/store_fixture.hpp"
#include "support/read_file.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

namespace {

/// Makes the file of the fixture as that version of the schema left it.
void restore_sample(const StoreFixture& fixture, int version) {
  const std::string path =
      CARDSTOCK_SOURCE_DIR "/tests/store/samples/schema-" + std::to_string(version) + ".sql";
  CAPTURE(path);
  SQLite::Database db{fixture.settings.path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  db.exec(read_file(path));
}

/// What every sample holds.
void check_rows(RecordStore& store) {
  const auto row = [&store](const Key& key) {
    const auto got = store.find(key);
    CAPTURE(key.canonical);
    REQUIRE(got);
    REQUIRE(*got);
    return **got;
  };
  CHECK(row(key_of("evil.test")) == found(at_hour(480'000), {"Org A", "Source \"B\""}));
  CHECK(row(key_of("203.0.113.7", IndicatorType::Address)) == found(at_hour(480'001)));
  CHECK(row(key_of("203.0.113.0/24", IndicatorType::Cidr, 2)) ==
        found(at_hour(480'002), {"Org B"}));
  CHECK(row(key_of("http://evil.test/a?b=%0D", IndicatorType::Url, 2)) ==
        found(at_hour(480'003), {"Org B"}));
  CHECK(row(key_of("test@x.test", IndicatorType::EmailAddress)) ==
        absent(at_hour(480'004), {"test@x.test", "Test@x.test"}));
  CHECK(row(key_of("d41d8cd98f00b204e9800998ecf8427e", IndicatorType::File)) ==
        absent(at_hour(480'005), {"D41D8CD98F00B204E9800998ECF8427E"}));
  const StoreStats stats = store.stats();
  CHECK(stats.rows == 6);
  CHECK(stats.rows_absent == 2);
  CHECK(stats.oldest_fetched_at == at_hour(480'000));
  CHECK(stats.state == "ok");
  CHECK(store.tenant(tenant_id(1)).value() ==
        TenantState{.base_url = "https://tc.test/api", .last_accepted_at = at_hour(480'000)});
}

/// Opens the file, changes it by one more migration, and dies in the middle of that.
[[noreturn]] void die_migrating(const std::string& path) {
  SQLite::Database db{path, SQLite::OPEN_READWRITE, 5000};
  db.exec("PRAGMA journal_mode=WAL");
  sqlite3_create_function(
      db.getHandle(), "die", 0, SQLITE_UTF8, nullptr,
      [](sqlite3_context*, int, sqlite3_value**) { ::kill(::getpid(), SIGKILL); }, nullptr,
      nullptr);
  std::vector<Migration> steps{embedded_migrations().begin(), embedded_migrations().end()};
  steps.push_back({static_cast<int>(steps.size()) + 1, "9999_half.sql",
                   "CREATE TABLE half(x INTEGER); DELETE FROM record; DROP TABLE owner; "
                   "SELECT die()"});
  static_cast<void>(migrate(db, steps));
  ::_exit(3);
}

}  // namespace

TEST_CASE("upgrade: a store of every released schema opens, with all its rows, and goes on",
          "[store][upgrade]") {
  for (const Migration& released : embedded_migrations()) {
    CAPTURE(released.version);
    StoreFixture fixture;
    restore_sample(fixture, released.version);
    {
      const auto store = fixture.open();
      check_rows(*store);
      REQUIRE(put_and_wait(*store, key_of("new.test"), found(at_hour(480'010), {"Org B"})));
      CHECK(store->purge({.owner = "Org B"}) == 3);
      CHECK(store->stats().rows == 4);
    }
    CHECK(fixture.set_aside().empty());
    SQLite::Database db{fixture.settings.path, SQLite::OPEN_READONLY};
    CHECK(db.execAndGet("PRAGMA integrity_check").getString() == "ok");
    CHECK(db.execAndGet("SELECT count(*) FROM schema_migration").getInt() ==
          static_cast<int>(embedded_migrations().size()));
    CHECK(db.execAndGet("SELECT sum(rows) FROM counter").getInt() ==
          db.execAndGet("SELECT count(*) FROM record").getInt());
  }
}

TEST_CASE("upgrade: killed in the middle of a migration, the store is whole as it was before",
          "[store][upgrade][crash]") {
  StoreFixture fixture;
  restore_sample(fixture, 1);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) die_migrating(fixture.settings.path);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  const auto store = fixture.open();
  check_rows(*store);
  CHECK(fixture.set_aside().empty());
  SQLite::Database db{fixture.settings.path, SQLite::OPEN_READONLY};
  CHECK_FALSE(db.tableExists("half"));
  CHECK(db.tableExists("owner"));
}
