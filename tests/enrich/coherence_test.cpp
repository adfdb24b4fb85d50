#include <cardstock/store/sqlite_record_store.hpp>

#include "enrich/enrich_fixture.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using store::Key;
using store::StoredRecord;

namespace {

StoredRecord row_of(std::string_view owner, WallTime fetched_at) {
  StoredRecord row{.record = {}, .fetched_at = fetched_at, .asked = {}};
  row.record.copies.push_back({.id = 1, .owner = std::string{owner}});
  return row;
}

/// A service on a file that another process has open too.
struct Shared : test::EnrichFixture {
  Shared() {
    through = mine.get();
    restart();
    for (const TenantPtr& known : {one, two})
      mine->put_tenant(known->id, {.last_accepted_at = clock.wall()});
    REQUIRE(mine->flush());
  }
  std::unique_ptr<store::SqliteRecordStore> open() {
    return *store::SqliteRecordStore::open({.path = folder.file("shared.db")}, clock, system, log);
  }
  Key key(std::string_view name) const { return {one->id, IndicatorType::Host, std::string{name}}; }
  void put(std::string_view name, StoredRecord row) {
    mine->put(key(name), std::move(row));
    REQUIRE(mine->flush());
  }
  void other_puts(std::string_view name, StoredRecord row) {
    other->put(key(name), std::move(row));
    REQUIRE(other->flush());
  }
  /// Has the store look whether others have written; it does so by itself every second.
  void notice() { REQUIRE(mine->flush()); }
  std::string shown(std::string_view name) {
    const auto looked = enricher->look(ask(name, one, AskMode::OnlyIfCached));
    REQUIRE(looked.reply);
    return looked.reply->entry ? owners(looked.reply) : "nothing";
  }

  test::TemporaryDirectory folder;
  SystemRandom system;
  std::unique_ptr<store::SqliteRecordStore> mine = open();
  std::unique_ptr<store::SqliteRecordStore> other = open();
};

}  // namespace

TEST_CASE("coherence: what another process imports, replaces and purges is seen in memory",
          "[enrich]") {
  Shared f;
  const WallTime now = f.clock.wall();
  f.put("a.test", row_of("Old", now - 10s));
  REQUIRE(f.shown("a.test") == "Old;");
  REQUIRE(f.enricher->stats().memory_rows == 1);
  f.other_puts("a.test", row_of("New", now - 5s));
  f.notice();
  CHECK(f.shown("a.test") == "New;");
  CHECK(f.shown("a.test") == "New;");
  REQUIRE(f.other->purge({}).value() == 1);
  f.notice();
  CHECK(f.shown("a.test") == "nothing");
  CHECK(f.enricher->stats().memory_rows == 0);
}

TEST_CASE("coherence: what memory holds is compared once and stays when it is what the store holds",
          "[enrich]") {
  Shared f;
  const WallTime now = f.clock.wall();
  f.put("a.test", row_of("A", now - 10s));
  const auto entry = [&] { return f.enricher->look(f.ask("a.test")).reply->entry; };
  const EntryPtr first = entry();
  f.other_puts("other.test", row_of("B", now));
  f.notice();
  CHECK(entry() == first);
  // Compared, it is not looked for again: what the store holds now goes unseen.
  const std::uint64_t seen = f.mine->foreign_writes();
  f.put("a.test", row_of("C", now - 1s));
  CHECK(entry() == first);
  CHECK(f.mine->foreign_writes() == seen);  // its own writes are no others'
}

TEST_CASE("coherence: a flight that lands on what another process has replaced is asked upstream",
          "[enrich]") {
  Shared f;
  f.put("a.test", row_of("Old", f.clock.wall() - 10s));
  REQUIRE(f.shown("a.test") == "Old;");
  f.other_puts("a.test", row_of("New", f.clock.wall() - 5s));
  f.notice();
  // Looked before, fetched now: the second look does not take what may have been replaced.
  std::optional<Reply> reply;
  f.enricher->fetch(f.ask("a.test"), {}, [&](Reply r) { reply = std::move(r); });
  f.run();
  REQUIRE(f.client.request_count() == 1);
  f.answer(0, test::page({test::row("Host", "a.test", "Asked")}));
  CHECK(f.owners(reply) == "Asked;");
  CHECK(f.shown("a.test") == "Asked;");
}
