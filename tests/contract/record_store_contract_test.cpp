/// \file record_store_contract_test.cpp
/// \brief What every RecordStore promises, on every implementation: a new one joins the list below.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <thread>

#include <cardstock/store/memory_record_store.hpp>
#include <cardstock/store/sqlite_record_store.hpp>

#include "store/sample.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

namespace {

constexpr std::int64_t kMaxRows = 40;

struct Memory {
  static constexpr const char* kName = "memory";
  MemoryRecordStore store{kMaxRows};
  RecordStore& get() { return store; }
};

struct Sqlite {
  static constexpr const char* kName = "sqlite";
  TemporaryDirectory folder;
  ManualClock clock;
  SystemRandom random;
  NullLog log;
  std::unique_ptr<SqliteRecordStore> store;
  Sqlite() {
    auto opened = SqliteRecordStore::open({.path = folder.file("cards.db"), .max_rows = kMaxRows},
                                          clock, random, log);
    REQUIRE(opened);
    store = *std::move(opened);
  }
  RecordStore& get() { return *store; }
};

std::set<std::string> canonicals(RecordStore& store) {
  std::set<std::string> seen;
  REQUIRE(store.each(
      [&](const Key& key, const StoredRecord&) { return seen.insert(key.canonical).second; }));
  return seen;
}

std::int64_t purged(RecordStore& store, const PurgeFilter& filter) {
  const Result<std::int64_t> gone = store.purge(filter);
  REQUIRE(gone);
  return *gone;
}

}  // namespace

TEMPLATE_TEST_CASE("RecordStore contract: rows", "[store][contract]", Memory, Sqlite) {
  TestType backend;
  RecordStore& store = backend.get();

  SECTION("absence is a value, not an error") {
    const auto got = store.find(key_of("evil.test"));
    REQUIRE(got);
    CHECK_FALSE(got->has_value());
  }
  SECTION("a found record comes back as it was put, before and after it is committed") {
    StoredRecord row =
        found(WallTime{std::chrono::milliseconds{1'700'000'000'123}}, {"Org A", "Source \"B\""});
    row.record.copies_cut = 3;
    store.put(key_of("evil.test"), row);
    CHECK(store.find(key_of("evil.test")).value() == row);
    REQUIRE(store.flush());
    CHECK(store.find(key_of("evil.test")).value() == row);
  }
  SECTION("an absent record keeps the spellings that were asked, whatever is in them") {
    const StoredRecord row =
        absent(at_hour(3), {"http://x.test/?a=%0d", "7:,", std::string{"nul\0byte", 8}, ""});
    store.put(key_of("http://x.test/?a=%0D", IndicatorType::Url), row);
    REQUIRE(store.flush());
    CHECK(store.find(key_of("http://x.test/?a=%0D", IndicatorType::Url)).value() == row);
  }
  SECTION("times before 1970 and in the future are kept") {
    store.put(key_of("past.test"), found(WallTime{std::chrono::milliseconds{-5}}));
    store.put(key_of("future.test"), found(at_hour(2'000'000)));
    REQUIRE(store.flush());
    CHECK(store.find(key_of("past.test")).value()->fetched_at ==
          WallTime{std::chrono::milliseconds{-5}});
    CHECK(store.find(key_of("future.test")).value()->fetched_at == at_hour(2'000'000));
  }
  SECTION("put replaces, found by absent and back, and the last one wins") {
    store.put(key_of("evil.test"), found(at_hour(1)));
    REQUIRE(store.flush());
    store.put(key_of("evil.test"), found(at_hour(2)));
    store.put(key_of("evil.test"), absent(at_hour(3)));
    CHECK(store.find(key_of("evil.test")).value() == absent(at_hour(3)));
    REQUIRE(store.flush());
    CHECK(store.find(key_of("evil.test")).value() == absent(at_hour(3)));
    CHECK(store.stats().rows == 1);
  }
  SECTION("tenant, type and text are each part of the key") {
    store.put(key_of("a.test", IndicatorType::Host, 1), found(at_hour(1)));
    REQUIRE(store.flush());
    CHECK_FALSE(store.find(key_of("a.test", IndicatorType::Host, 2)).value());
    CHECK_FALSE(store.find(key_of("a.test", IndicatorType::Url, 1)).value());
    CHECK_FALSE(store.find(key_of("A.test", IndicatorType::Host, 1)).value());
    CHECK(store.find(key_of("a.test", IndicatorType::Host, 1)).value());
  }
  SECTION("committed is called once, with success, and then the row counts") {
    std::promise<std::pair<bool, std::int64_t>> done;
    std::atomic<int> calls = 0;
    store.put(key_of("evil.test"), found(at_hour(1)), [&](const Status& status) {
      ++calls;
      done.set_value({status.has_value(), 0});
    });
    CHECK(done.get_future().get().first);
    CHECK(store.stats().rows == 1);
    REQUIRE(store.flush());
    CHECK(calls == 1);
  }
  SECTION("each visits every row once and stops when told") {
    for (int i = 0; i < 30; ++i)
      store.put(key_of("host" + std::to_string(i) + ".test"), found(at_hour(i)));
    int visits = 0;
    REQUIRE(store.each([&](const Key& key, const StoredRecord& row) {
      ++visits;
      CHECK(key.canonical.starts_with("host"));
      CHECK(row.record.copies.at(0) == copy_of("Org A"));
      return true;
    }));
    CHECK(visits == 30);
    CHECK(canonicals(store).size() == 30);
    visits = 0;
    REQUIRE(store.each([&](const Key&, const StoredRecord&) { return ++visits < 4; }));
    CHECK(visits == 4);
  }
  SECTION("each lets the visitor use the store") {
    store.put(key_of("a.test"), found(at_hour(1)));
    store.put(key_of("b.test"), found(at_hour(1)));
    int seen = 0;
    REQUIRE(store.each([&](const Key& key, const StoredRecord&) {
      seen += store.find(key).value() ? 1 : 0;
      return true;
    }));
    CHECK(seen == 2);
  }
  SECTION("rows are bounded: those fetched longest ago go") {
    for (int i = 0; i < kMaxRows + 10; ++i)
      store.put(key_of("host" + std::to_string(i) + ".test",
                       i % 2 == 0 ? IndicatorType::Host : IndicatorType::Url),
                found(at_hour(1000 - i)));
    REQUIRE(store.flush());
    CHECK(store.stats().rows == kMaxRows);
    CHECK(store.find(key_of("host39.test", IndicatorType::Url)).value());
    CHECK_FALSE(store.find(key_of("host40.test")).value());
    CHECK_FALSE(store.find(key_of("host49.test", IndicatorType::Url)).value());
    CHECK(store.stats().oldest_fetched_at == at_hour(1000 - 39));
  }
}

TEMPLATE_TEST_CASE("RecordStore contract: purge", "[store][contract]", Memory, Sqlite) {
  TestType backend;
  RecordStore& store = backend.get();
  store.put(key_of("a.test", IndicatorType::Host, 1), found(at_hour(1), {"Org A", "Source B"}));
  store.put(key_of("b.test", IndicatorType::Host, 1), found(at_hour(2), {"Source B"}));
  store.put(key_of("a.test", IndicatorType::Host, 2), found(at_hour(3), {"Org A"}));
  store.put(key_of("http://a.test/", IndicatorType::Url, 1), found(at_hour(4), {"Org A"}));
  store.put(key_of("c.test", IndicatorType::Host, 1), absent(at_hour(5)));

  SECTION("nothing stated: all rows") {
    CHECK(purged(store, {}) == 5);
    CHECK(store.stats().rows == 0);
    CHECK(store.stats().rows_absent == 0);
    CHECK(canonicals(store).empty());
    CHECK_FALSE(store.find(key_of("a.test")).value());
    CHECK(purged(store, {}) == 0);
  }
  SECTION("no more rows than wanted") {
    CHECK(purged(store, {.type = IndicatorType::Host, .at_most = 3}) == 3);
    CHECK(store.stats().rows == 2);
    CHECK(purged(store, {.type = IndicatorType::Host, .at_most = 3}) == 1);
    CHECK(purged(store, {.at_most = 0}) == 0);
    CHECK(store.stats().rows == 1);
  }
  SECTION("by tenant") {
    CHECK(purged(store, {.tenant = tenant_id(1)}) == 4);
    CHECK_FALSE(store.find(key_of("a.test", IndicatorType::Host, 1)).value());
    CHECK(store.find(key_of("a.test", IndicatorType::Host, 2)).value());
    CHECK(purged(store, {.tenant = tenant_id(9)}) == 0);
  }
  SECTION("by type") {
    CHECK(purged(store, {.type = IndicatorType::Url}) == 1);
    CHECK_FALSE(store.find(key_of("http://a.test/", IndicatorType::Url)).value());
    CHECK(store.stats().rows == 4);
  }
  SECTION("by indicator, in every tenant or in one") {
    CHECK(purged(store, {.type = IndicatorType::Host, .canonical = "a.test"}) == 2);
    CHECK(purged(store, {.tenant = tenant_id(1), .canonical = "b.test"}) == 1);
    CHECK(purged(store, {.tenant = tenant_id(2), .canonical = "c.test"}) == 0);
    CHECK(store.stats().rows == 2);
  }
  SECTION("by owner: every row in which the owner has a copy") {
    CHECK(purged(store, {.owner = "Source B"}) == 2);
    CHECK_FALSE(store.find(key_of("a.test")).value());
    CHECK_FALSE(store.find(key_of("b.test")).value());
    CHECK(store.find(key_of("a.test", IndicatorType::Host, 2)).value());
    CHECK(purged(store, {.owner = "Source B"}) == 0);
    CHECK(purged(store, {.owner = "nobody"}) == 0);
  }
  SECTION("by owner: an owner that left the row has no share in it") {
    store.put(key_of("a.test"), found(at_hour(6), {"Source B"}));
    CHECK(purged(store, {.owner = "Org A"}) == 2);
    CHECK(store.find(key_of("a.test")).value());
  }
  SECTION("by age: strictly before") {
    CHECK(purged(store, {.fetched_before = at_hour(3)}) == 2);
    CHECK(store.find(key_of("a.test", IndicatorType::Host, 2)).value());
    CHECK(store.stats().oldest_fetched_at == at_hour(3));
  }
  SECTION("every stated field must match") {
    CHECK(purged(store, {.tenant = tenant_id(1), .owner = "Org A", .fetched_before = at_hour(4)}) ==
          1);
    CHECK(purged(store, {.canonical = "a.test", .owner = "Source B"}) == 0);
    CHECK(purged(store, {.type = IndicatorType::Host, .canonical = "http://a.test/"}) == 0);
    CHECK(purged(store, {.tenant = tenant_id(2),
                         .type = IndicatorType::Host,
                         .canonical = "a.test",
                         .owner = "Org A",
                         .fetched_before = at_hour(4)}) == 1);
    CHECK(store.stats().rows == 3);
  }
  SECTION("a row put again after a purge is there") {
    CHECK(purged(store, {}) == 5);
    store.put(key_of("a.test"), found(at_hour(7)));
    REQUIRE(store.flush());
    CHECK(store.find(key_of("a.test")).value());
    CHECK(store.stats().rows == 1);
  }
}

TEMPLATE_TEST_CASE("RecordStore contract: tenants and stats", "[store][contract]", Memory, Sqlite) {
  TestType backend;
  RecordStore& store = backend.get();

  SECTION("an empty store") {
    const StoreStats stats = store.stats();
    CHECK(stats.backend == TestType::kName);
    CHECK(stats.rows == 0);
    CHECK(stats.rows_by_type.empty());
    CHECK_FALSE(stats.oldest_fetched_at);
    CHECK(stats.state == "ok");
    CHECK(stats.tenants.empty());
    CHECK(stats.puts_refused == 0);
  }
  SECTION("counters follow puts, replacements and purges") {
    store.put(key_of("a.test"), found(at_hour(2)));
    store.put(key_of("b.test"), absent(at_hour(1)));
    store.put(key_of("http://a.test/", IndicatorType::Url, 2), found(at_hour(3)));
    REQUIRE(store.flush());
    StoreStats stats = store.stats();
    CHECK(stats.rows == 3);
    CHECK(stats.rows_absent == 1);
    CHECK(stats.rows_by_type == std::map<std::string, std::int64_t>{{"Host", 2}, {"URL", 1}});
    CHECK(stats.oldest_fetched_at == at_hour(1));
    REQUIRE(stats.tenants.size() == 2);
    CHECK(stats.tenants[0].id == tenant_id(1));
    CHECK(stats.tenants[0].rows == 2);
    CHECK(stats.tenants[1].rows == 1);

    store.put(key_of("b.test"), found(at_hour(4)));
    REQUIRE(store.flush());
    CHECK(store.stats().rows_absent == 0);
    CHECK(store.stats().oldest_fetched_at == at_hour(2));
    CHECK(purged(store, {.tenant = tenant_id(1)}) == 2);
    stats = store.stats();
    CHECK(stats.rows_by_type == std::map<std::string, std::int64_t>{{"URL", 1}});
    CHECK(stats.tenants.size() == 1);
  }
  SECTION("a tenant's state is seen at once, replaced, and outlives its rows") {
    CHECK_FALSE(store.tenant(tenant_id(1)).value());
    store.put_tenant(tenant_id(1), {"https://tc.test/api", std::nullopt});
    CHECK(store.tenant(tenant_id(1)).value() == TenantState{"https://tc.test/api", std::nullopt});
    REQUIRE(store.flush());
    CHECK(store.tenant(tenant_id(1)).value() == TenantState{"https://tc.test/api", std::nullopt});
    store.put(key_of("a.test"), found(at_hour(1)));
    store.put_tenant(tenant_id(1), {"https://tc.test/api", at_hour(9)});
    CHECK(store.tenant(tenant_id(1)).value()->last_accepted_at == at_hour(9));
    CHECK(purged(store, {}) == 1);
    CHECK(store.tenant(tenant_id(1)).value() == TenantState{"https://tc.test/api", at_hour(9)});
    const StoreStats stats = store.stats();
    REQUIRE(stats.tenants.size() == 1);
    CHECK(stats.tenants[0].state.base_url == "https://tc.test/api");
    CHECK(stats.tenants[0].rows == 0);
  }
  SECTION("a tenant of which only rows are known has no state") {
    store.put(key_of("a.test"), found(at_hour(1)));
    REQUIRE(store.flush());
    CHECK_FALSE(store.tenant(tenant_id(1)).value());
    CHECK(store.stats().tenants.at(0).state == TenantState{});
  }
}

TEMPLATE_TEST_CASE("RecordStore contract: many threads", "[store][contract]", Memory, Sqlite) {
  TestType backend;
  RecordStore& store = backend.get();
  constexpr int kThreads = 4;
  constexpr int kRounds = 60;
  std::atomic<int> wrong = 0;
  std::atomic<int> committed = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        // Each thread writes keys of its own tenant, so that what it put is what it must find.
        const auto tenant = static_cast<std::uint8_t>(t + 1);
        for (int i = 0; i < kRounds; ++i) {
          const Key key =
              key_of("host" + std::to_string(i % 5) + ".test", IndicatorType::Host, tenant);
          store.put(key, found(at_hour(i)),
                    [&](const Status& status) { committed += status ? 1 : 0; });
          const auto got = store.find(key);
          if (!got || !*got || (*got)->fetched_at != at_hour(i)) ++wrong;
          if (i % 20 == 19) {
            if (!store.purge({.tenant = tenant_id(tenant)})) ++wrong;
            const auto gone = store.find(key);
            if (!gone || *gone) ++wrong;
          }
          if (i % 7 == 0) static_cast<void>(store.stats());
          if (i % 15 == 0 && !store.each([](const Key&, const StoredRecord&) { return true; }))
            ++wrong;
        }
      });
    }
  }
  REQUIRE(store.flush());
  CHECK(wrong == 0);
  CHECK(committed == kThreads * kRounds);
  CHECK(store.stats().rows == 0);
}
