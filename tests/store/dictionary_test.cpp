#include "store/store_fixture.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

namespace {

constexpr int kRows = 600;

struct TrainedFixture : StoreFixture {
  TrainedFixture() { settings.dictionary_rows = 200; }
  static StoredRecord row(int number) {
    StoredRecord row = found(at_hour(number), {"Org A", "Source " + std::to_string(number % 7)});
    for (auto& copy : row.record.copies) {
      copy.id = 1'000'003LL * number;
      copy.attributes[0].value = "seen " + std::to_string(number * 104'729) + " times";
    }
    return row;
  }
  static void fill(RecordStore& store, int from, int to) {
    for (int i = from; i < to; ++i) {
      store.put(host(i), row(i));
      if (i % 100 == 99) REQUIRE(store.flush());
    }
    REQUIRE(store.flush());
  }
  static int unlike(RecordStore& store, int from, int to) {
    int wrong = 0;
    for (int i = from; i < to; ++i) {
      const auto got = store.find(host(i));
      if (!got || !*got || **got != row(i)) ++wrong;
    }
    return wrong;
  }
  std::int64_t number(const std::string& query) const {
    SQLite::Database db{settings.path, SQLite::OPEN_READONLY};
    return db.execAndGet(query).getInt64();
  }
};

}  // namespace

TEST_CASE("dictionary: made of the first rows, used by later ones, read after a restart",
          "[store]") {
  TrainedFixture fixture;
  {
    const auto store = fixture.open();
    fixture.fill(*store, 0, kRows);
    CHECK(fixture.log.has("store_dictionary_made"));
    CHECK(fixture.unlike(*store, 0, kRows) == 0);
  }
  CHECK(fixture.number("SELECT count(*) FROM dictionary") == 1);
  CHECK(fixture.number("SELECT count(*) FROM record WHERE dictionary = 1") > 100);
  CHECK(fixture.number("SELECT avg(length(body)) FROM record WHERE dictionary = 1") * 2 <
        fixture.number("SELECT avg(length(body)) FROM record WHERE dictionary = 0"));
  const auto store = fixture.open();
  CHECK(fixture.unlike(*store, 0, kRows) == 0);
  fixture.fill(*store, kRows, kRows + 10);
  CHECK(fixture.number("SELECT count(*) FROM record WHERE dictionary = 1 AND fetched_at_ms >= " +
                       std::to_string(kRows * 3'600'000LL)) == 10);
  CHECK(fixture.unlike(*store, 0, kRows + 10) == 0);
}

TEST_CASE("dictionary: a store that was open before it was made reads the rows, and goes on",
          "[store]") {
  TrainedFixture fixture;
  fixture.settings.dictionary_rows = 0;
  const auto bystander = fixture.open();
  fixture.settings.dictionary_rows = 200;
  const auto store = fixture.open();
  fixture.fill(*store, 0, kRows);
  REQUIRE(fixture.number("SELECT count(*) FROM record WHERE dictionary = 1") > 0);
  CHECK(fixture.unlike(*bystander, 0, kRows) == 0);
  fixture.fill(*bystander, kRows, kRows + 10);
  CHECK(fixture.unlike(*store, kRows, kRows + 10) == 0);
}

TEST_CASE("dictionary: a file that is replaced takes none of the old one's along", "[store]") {
  TrainedFixture fixture;
  const auto store = fixture.open();
  fixture.fill(*store, 0, kRows);
  REQUIRE(fixture.number("SELECT count(*) FROM record WHERE dictionary = 1") > 0);
  std::filesystem::remove(fixture.settings.path);
  fixture.fill(*store, 0, 10);
  CHECK(fixture.number("SELECT count(*) FROM record WHERE dictionary <> 0") == 0);
  CHECK(fixture.unlike(*store, 0, 10) == 0);
}

TEST_CASE("dictionary: rows whose dictionary is gone count as absent and are dropped", "[store]") {
  TrainedFixture fixture;
  {
    const auto store = fixture.open();
    fixture.fill(*store, 0, kRows);
  }
  fixture.sql("DELETE FROM dictionary");
  const auto store = fixture.open();
  const std::int64_t lost = fixture.number("SELECT count(*) FROM record WHERE dictionary = 1");
  CHECK(fixture.unlike(*store, 0, kRows) == lost);
  REQUIRE(store->flush());
  CHECK(store->stats().rows == kRows - lost);
  CHECK(fixture.set_aside().empty());
}
