#include "purge_job.hpp"
#include "sqlite_file.hpp"
#include "sqlite_writer.hpp"
#include "store/store_fixture.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

TEST_CASE("sqlite store: what others write is counted, and nothing of its own is", "[store]") {
  StoreFixture fixture;
  fixture.settings.dictionary_rows = 50;
  const auto store = fixture.open();
  StoreFixture::fill(*store, 200);  // a dictionary is made, and the log is folded
  REQUIRE(store->purge({.canonical = "host1.test"}));
  for (int i = 0; i < 200; ++i) REQUIRE(store->find(StoreFixture::host(i)));
  REQUIRE(store->flush());
  CHECK(store->foreign_writes() == 0);

  const auto other = fixture.open();
  REQUIRE(other->find(StoreFixture::host(2)).value());
  REQUIRE(store->flush());
  CHECK(store->foreign_writes() == 0);

  CHECK(put_and_wait(*other, StoreFixture::host(2), found(at_hour(900))));
  REQUIRE(store->flush());
  const std::uint64_t once = store->foreign_writes();
  CHECK(once > 0);
  StoreFixture::fill(*store, 5);
  CHECK(store->foreign_writes() == once);
  REQUIRE(other->purge({.canonical = "host3.test"}).value() == 1);
  REQUIRE(store->flush());
  CHECK(store->foreign_writes() > once);
}

TEST_CASE("sqlite store: a purge leaves off between two steps when it is told to", "[store]") {
  StoreFixture fixture;
  constexpr int kRows = 3 * PurgeJob::kStepRows;
  StoreFixture::fill(*fixture.open(), kRows);
  std::stop_source stop;
  const PurgeFilter filter{.stop = stop.get_token()};
  {
    const FileTools tools{fixture.settings.busy_timeout, fixture.clock, fixture.random,
                          fixture.log};
    std::string rebuilt;
    Writer writer{open_file(fixture.settings.path, tools, rebuilt).value(), fixture.settings};
    PurgeJob job{filter};
    const auto step = [&] {
      writer.begin();
      const bool more = job.step(writer);
      writer.commit();
      return more;
    };
    CHECK(step());
    stop.request_stop();
    CHECK_FALSE(step());
    CHECK(job.deleted() == PurgeJob::kStepRows);
  }
  const auto store = fixture.open();
  CHECK(store->stats().rows == kRows - PurgeJob::kStepRows);
  CHECK(store->purge(filter).value() == 0);
  CHECK(store->purge({}).value() == kRows - PurgeJob::kStepRows);
}
