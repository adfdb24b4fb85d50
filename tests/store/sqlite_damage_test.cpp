#include <unistd.h>

#include <span>

#include "store/store_fixture.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

namespace {

/// What is found is either right or not there. Returns how many are there.
int count_right(RecordStore& store, int rows) {
  int there = 0;
  for (int i = 0; i < rows; ++i) {
    const auto got = store.find(StoreFixture::host(i));
    if (!got || !*got) continue;
    CHECK(**got == found(at_hour(i)));
    ++there;
  }
  return there;
}

void check_rebuilt_and_working(StoreFixture& fixture, RecordStore& store) {
  CHECK(put_and_wait(store, key_of("after.test"), found(at_hour(1))));
  CHECK(store.find(key_of("after.test")).value() == found(at_hour(1)));
  CHECK(store.stats().state.starts_with("rebuilt: "));
  CHECK(fixture.log.has("store_rebuilt"));
}

}  // namespace

TEST_CASE("sqlite store: text in the place of the file is set aside at open", "[store][damage]") {
  StoreFixture fixture;
  std::ofstream{fixture.settings.path} << std::string(10'000, 'x');
  const auto store = fixture.open();
  check_rebuilt_and_working(fixture, *store);
  REQUIRE(fixture.set_aside().size() == 1);
  CHECK(fixture.set_aside()[0] == "cards.db.damaged-20191220T000000Z");
  CHECK(std::filesystem::file_size(fixture.folder.file(fixture.set_aside()[0])) == 10'000);
  CHECK(store->stats().state.find("cards.db.damaged-20191220T000000Z") != std::string::npos);
  CHECK(mode_of(fixture.settings.path) == 0600);
}

TEST_CASE("sqlite store: a file emptied or cut while nobody had it open is set aside",
          "[store][damage]") {
  const std::uintmax_t size = GENERATE(0U, 100U, 8192U);
  StoreFixture fixture;
  StoreFixture::fill(*fixture.open(), 200);
  std::filesystem::resize_file(fixture.settings.path, size);
  const auto store = fixture.open();
  CHECK(count_right(*store, 200) == 0);
  check_rebuilt_and_working(fixture, *store);
  CHECK(fixture.set_aside().size() == 1);
}

TEST_CASE("sqlite store: a dropped table is damage", "[store][damage]") {
  StoreFixture fixture;
  StoreFixture::fill(*fixture.open(), 3);
  fixture.sql("DROP TABLE record_owner");
  const auto store = fixture.open();
  check_rebuilt_and_working(fixture, *store);
}

TEST_CASE("sqlite store: 4 kB overwritten anywhere never gives a wrong answer, and answers go on",
          "[store][damage]") {
  StoreFixture fixture;
  StoreFixture::fill(*fixture.open(), 400);
  const std::uintmax_t pages = std::filesystem::file_size(fixture.settings.path) / 4096;
  REQUIRE(pages > 30);
  const TemporaryDirectory kept;
  std::filesystem::copy_file(fixture.settings.path, kept.file("good.db"));
  int damaged_rounds = 0;
  for (std::uintmax_t page = 0; page < pages; page += 3) {
    std::filesystem::copy_file(kept.file("good.db"), fixture.settings.path,
                               std::filesystem::copy_options::overwrite_existing);
    std::string noise(4096, '\0');
    fixture.random.fill(std::as_writable_bytes(std::span{noise}));
    fixture.overwrite(page * 4096, page % 2 == 0 ? noise : std::string(4096, '\0'));
    const auto store = fixture.open();
    const int there = count_right(*store, 400);
    CHECK(put_and_wait(*store, key_of("after.test"), found(at_hour(1))));
    const std::string state = store->stats().state;
    CHECK((state == "ok" || state.starts_with("rebuilt: ")));
    if (state != "ok") {
      ++damaged_rounds;
      CHECK(put_and_wait(*store, key_of("again.test"), found(at_hour(1))));
    } else {
      CHECK(there > 0);
    }
  }
  CHECK(damaged_rounds > 5);
  CHECK(fixture.set_aside().size() == 3);
}

TEST_CASE("sqlite store: a file emptied under a running store does not stop it",
          "[store][damage]") {
  StoreFixture fixture;
  const auto store = fixture.open();
  StoreFixture::fill(*store, 200);
  std::filesystem::resize_file(fixture.settings.path, 0);
  count_right(*store, 200);
  CHECK(put_and_wait(*store, key_of("after.test"), found(at_hour(1))));
  CHECK(store->find(key_of("after.test")).value() == found(at_hour(1)));
  // The log may have been folded into the emptied file just then: nothing is lost, or it is said.
  const int there = count_right(*store, 200);
  REQUIRE(store->flush());
  INFO(there << " " << store->stats().state << " " << store->stats().rows);
  CHECK((there == 200 || store->stats().state.starts_with("rebuilt: ")));
}

TEST_CASE("sqlite store: pages overwritten under a running store are noticed by reading",
          "[store][damage]") {
  StoreFixture fixture;
  StoreFixture::fill(*fixture.open(), 400);
  const auto store = fixture.open();
  const std::uintmax_t size = std::filesystem::file_size(fixture.settings.path);
  fixture.overwrite(4096, std::string(size - 4096, 'x'));
  CHECK(count_right(*store, 400) == 0);
  check_rebuilt_and_working(fixture, *store);
  CHECK(store->stats().rows == 1);
}

TEST_CASE("sqlite store: a file removed or replaced under a running store is made anew",
          "[store][damage]") {
  StoreFixture fixture;
  const auto store = fixture.open();
  StoreFixture::fill(*store, 20);
  SECTION("removed") {
    REQUIRE(::unlink(fixture.settings.path.c_str()) == 0);
  }
  SECTION("replaced by text") {
    std::ofstream{fixture.folder.file("text")} << "not a database";
    std::filesystem::rename(fixture.folder.file("text"), fixture.settings.path);
  }
  SECTION("replaced by another store's file, which is then used") {
    StoreFixture other;
    StoreFixture::fill(*other.open(), 0);
    std::filesystem::rename(other.settings.path, fixture.settings.path);
  }
  check_rebuilt_and_working(fixture, *store);
  CHECK(store->stats().rows == 1);
  CHECK(std::filesystem::exists(fixture.settings.path));
  SQLite::Database db{fixture.settings.path, SQLite::OPEN_READONLY};
  CHECK(db.execAndGet("PRAGMA integrity_check").getString() == "ok");
}

TEST_CASE("sqlite store: a second store follows when the first has replaced the file",
          "[store][damage]") {
  StoreFixture fixture;
  const auto first = fixture.open();
  const auto second = fixture.open();
  StoreFixture::fill(*first, 200);
  std::filesystem::resize_file(fixture.settings.path, 0);
  check_rebuilt_and_working(fixture, *first);
  CHECK(put_and_wait(*second, key_of("second.test"), found(at_hour(2))));
  CHECK(first->find(key_of("second.test")).value() == found(at_hour(2)));
  CHECK(second->find(key_of("after.test")).value() == found(at_hour(1)));
  CHECK(fixture.set_aside().size() == 1);
}

TEST_CASE("sqlite store: a row whose body cannot be read is a miss, and deleted",
          "[store][damage]") {
  StoreFixture fixture;
  const auto store = fixture.open();
  StoreFixture::fill(*store, 4);
  fixture.sql("UPDATE record SET body = x'00112233' WHERE canonical = 'host1.test'");
  fixture.sql("UPDATE record SET dictionary = 9 WHERE canonical = 'host2.test'");
  fixture.sql("UPDATE record SET asked = x'3939' WHERE canonical = 'host3.test'");
  for (int i = 1; i < 4; ++i) CHECK_FALSE(store->find(StoreFixture::host(i)).value());
  CHECK(store->find(StoreFixture::host(0)).value() == found(at_hour(0)));
  REQUIRE(store->flush());
  CHECK(store->stats().rows == 1);
  CHECK(store->stats().state == "ok");
  CHECK(fixture.log.has("store_row_unreadable"));
}

TEST_CASE("sqlite store: a key that does not match is a miss, and its put replaces",
          "[store][damage]") {
  // A 2^-64 collision, made by hand: the row of host0 bears the name of another.
  StoreFixture fixture;
  const auto store = fixture.open();
  StoreFixture::fill(*store, 1);
  fixture.sql("UPDATE record SET canonical = 'other.test', type = 4");
  CHECK_FALSE(store->find(StoreFixture::host(0)).value());
  fixture.sql("UPDATE counter SET type = 4");
  CHECK(put_and_wait(*store, StoreFixture::host(0), found(at_hour(8))));
  CHECK(store->find(StoreFixture::host(0)).value() == found(at_hour(8)));
  CHECK(store->stats().rows_by_type == std::map<std::string, std::int64_t>{{"Host", 1}});
}
