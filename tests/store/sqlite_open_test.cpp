#include <sys/stat.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "store/store_fixture.hpp"
#include "support/read_file.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

namespace {

void check_refused(const std::string& path) {
  StoreFixture fixture;
  fixture.settings.path = path;
  const auto opened = fixture.try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::InvalidConfig);
  CHECK(opened.error().public_detail.find("store.path") != std::string::npos);
  CHECK(opened.error().public_detail.find(path) != std::string::npos);
}

}  // namespace

TEST_CASE("sqlite store: a path that cannot be used is refused by name", "[store]") {
  const TemporaryDirectory folder;
  std::ofstream{folder.file("file")} << "x";
  check_refused("");
  check_refused(folder.path().string());
  check_refused(folder.file("no/such/folder/cards.db"));
  check_refused(folder.file("file/cards.db"));
  check_refused("/proc/cards.db");
  check_refused("/dev/null");
  check_refused(folder.file(std::string(300, 'n')));
}

TEST_CASE("sqlite store: rows and tenants survive a restart, age counts from the fetch",
          "[store]") {
  StoreFixture fixture;
  {
    const auto store = fixture.open();
    store->put(key_of("a.test"), found(at_hour(5)));
    store->put(key_of("b.test"), absent(at_hour(6)));
    store->put_tenant(tenant_id(1), {"https://tc.test/api", at_hour(7)});
  }
  CHECK_FALSE(std::filesystem::exists(fixture.settings.path + "-wal"));
  const auto store = fixture.open();
  CHECK(store->find(key_of("a.test")).value() == found(at_hour(5)));
  CHECK(store->find(key_of("b.test")).value() == absent(at_hour(6)));
  CHECK(store->tenant(tenant_id(1)).value() == TenantState{"https://tc.test/api", at_hour(7)});
  const StoreStats stats = store->stats();
  CHECK(stats.rows == 2);
  CHECK(stats.rows_absent == 1);
  CHECK(stats.state == "ok");
  CHECK(stats.file_bytes > 0);
}

TEST_CASE(
    "sqlite store: the files are for their owner alone, whatever the umask and the mode before",
    "[store]") {
  StoreFixture fixture;
  const mode_t before = ::umask(0);
  {
    const auto store = fixture.open();
    StoreFixture::fill(*store, 3);
    CHECK(mode_of(fixture.settings.path) == 0600);
    CHECK(mode_of(fixture.settings.path + "-wal") == 0600);
    CHECK(mode_of(fixture.settings.path + "-shm") == 0600);
  }
  ::umask(0777);
  REQUIRE(::chmod(fixture.settings.path.c_str(), 0644) == 0);
  {
    const auto store = fixture.open();
    StoreFixture::fill(*store, 3);
    CHECK(mode_of(fixture.settings.path) == 0600);
    CHECK(mode_of(fixture.settings.path + "-wal") == 0600);
  }
  ::umask(before);
}

TEST_CASE("sqlite store: a database of another program is refused and left as it is", "[store]") {
  StoreFixture fixture;
  {
    SQLite::Database db{fixture.settings.path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
    db.exec("CREATE TABLE bookmark(url TEXT)");
  }
  REQUIRE(::chmod(fixture.settings.path.c_str(), 0640) == 0);
  const std::string before = read_file(fixture.settings.path);
  const auto opened = fixture.try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::InvalidConfig);
  CHECK(opened.error().public_detail.find("another program") != std::string::npos);
  CHECK(read_file(fixture.settings.path) == before);
  CHECK(mode_of(fixture.settings.path) == 0640);
}

TEST_CASE("sqlite store: a file of a newer version is refused and left as it is", "[store]") {
  StoreFixture fixture;
  StoreFixture::fill(*fixture.open(), 2);
  fixture.sql(
      "INSERT INTO schema_migration SELECT max(version) + 1, 'later.sql', 1 FROM "
      "schema_migration");
  const auto opened = fixture.try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::InvalidConfig);
  CHECK(opened.error().public_detail.find("newer") != std::string::npos);
  CHECK(opened.error().public_detail.find(fixture.settings.path) != std::string::npos);
  CHECK(fixture.set_aside().empty());
}

TEST_CASE("sqlite store: another file means other row ids", "[store]") {
  std::int64_t first = 0;
  for (int i = 0; i < 2; ++i) {
    StoreFixture fixture;
    StoreFixture::fill(*fixture.open(), 1);
    SQLite::Database db{fixture.settings.path, SQLite::OPEN_READONLY};
    const std::int64_t id = db.execAndGet("SELECT id FROM record").getInt64();
    CHECK(id != first);
    first = id;
  }
}

TEST_CASE("sqlite store: two stores on one file work at once", "[store]") {
  StoreFixture fixture;
  const auto service = fixture.open();
  const auto prewarm = fixture.open();
  constexpr int kRows = 300;
  std::atomic<int> failures = 0;
  const auto work = [&](RecordStore& store, std::uint8_t tenant) {
    for (int i = 0; i < kRows; ++i) {
      const Key key = key_of("host" + std::to_string(i) + ".test", IndicatorType::Host, tenant);
      store.put(key, found(at_hour(i)), [&](const Status& status) { failures += status ? 0 : 1; });
      if (!store.find(key).value_or(std::nullopt)) ++failures;
      if (i % 50 == 0 && !store.flush()) ++failures;
    }
    if (!store.flush()) ++failures;
  };
  {
    const std::jthread other{[&] { work(*prewarm, 2); }};
    work(*service, 1);
  }
  CHECK(failures == 0);
  CHECK(service->stats().rows == 2 * kRows);
  CHECK(prewarm->stats().tenants.size() == 2);
  CHECK(service->find(key_of("host7.test", IndicatorType::Host, 2)).value());
  CHECK(prewarm->purge({.tenant = tenant_id(1)}) == kRows);
  CHECK_FALSE(service->find(key_of("host7.test")).value());
  CHECK(service->stats().rows == kRows);
}

TEST_CASE("sqlite store: the counters are what a scan counts", "[store]") {
  StoreFixture fixture;
  fixture.settings.max_rows = 150;
  {
    const auto store = fixture.open();
    for (int i = 0; i < 400; ++i) {
      const Key key = key_of("host" + std::to_string(i % 170) + ".test",
                             i % 3 == 0 ? IndicatorType::Url : IndicatorType::Host,
                             static_cast<std::uint8_t>(i % 4));
      const std::vector<std::string> owners{"Owner " + std::to_string(i % 6),
                                            "Owner " + std::to_string(i % 7)};
      store->put(key, i % 5 == 0 ? absent(at_hour(i)) : found(at_hour(i), owners));
      if (i % 90 == 89)
        CHECK(store->purge({.owner = "Owner 3", .fetched_before = at_hour(i - 40)}));
    }
    REQUIRE(store->flush());
  }
  SQLite::Database db{fixture.settings.path, SQLite::OPEN_READONLY};
  const auto number = [&](const std::string& query) { return db.execAndGet(query).getInt64(); };
  CHECK(number("SELECT count(*) FROM record") > 100);
  CHECK(number("SELECT count(*) FROM record") <= 150);
  CHECK(number("SELECT count(*) FROM counter c WHERE rows != (SELECT count(*) FROM record WHERE "
               "type = c.type) OR "
               "absent != (SELECT count(*) FROM record WHERE type = c.type AND absent)") == 0);
  CHECK(number("SELECT sum(rows) FROM counter") == number("SELECT count(*) FROM record"));
  CHECK(number("SELECT count(*) FROM tenant t WHERE rows != (SELECT count(*) FROM record WHERE "
               "tenant = t.id)") == 0);
  CHECK(number("SELECT count(*) FROM owner o WHERE rows != (SELECT count(*) FROM record_owner "
               "WHERE owner = o.id)") == 0);
  CHECK(number("SELECT count(*) FROM owner WHERE rows < 1") == 0);
  CHECK(number("SELECT count(*) FROM record_owner WHERE record NOT IN (SELECT id FROM record)") ==
        0);
  CHECK(number("SELECT count(*) FROM record_owner") ==
        number("SELECT sum(length(owners) - length(replace(owners, ' ', '')) + 1) FROM record "
               "WHERE owners IS NOT NULL"));
  CHECK(db.execAndGet("PRAGMA integrity_check").getString() == "ok");
  CHECK_FALSE(SQLite::Statement(db, "PRAGMA foreign_key_check").executeStep());
}
