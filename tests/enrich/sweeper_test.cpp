#include <cardstock/enrich/sweeper.hpp>

#include "enrich/enrich_fixture.hpp"
#include "store/sample.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::key_of;

namespace {

struct SweepFixture {
  SweepFixture() {
    settings.policy = {.ttl = 60s, .ttl_absent = 200s, .grace = 10s, .keep = 100s, .jitter = 0};
    settings.per_type[EntityType::Url] = {
        .ttl = 10s, .ttl_absent = 10s, .grace = 0s, .keep = 0s, .jitter = 0};
  }
  void put(const std::string& name, IndicatorType type, std::chrono::seconds age) {
    store.put(key_of(name, type), test::found(clock.wall() - age));
  }
  bool holds(const std::string& name, IndicatorType type = IndicatorType::Host) {
    return store.find(key_of(name, type)).value().has_value();
  }

  test::ManualClock clock;
  store::MemoryRecordStore store;
  NullLog log;
  EnrichSettings settings;
};

}  // namespace

TEST_CASE("sweeper: rows that nothing serves any more go, each type by its own times",
          "[enrich][time]") {
  SweepFixture f;
  f.put("dead.test", IndicatorType::Host, 201s);
  f.put("kept.test", IndicatorType::Host, 200s);
  f.put("future.test", IndicatorType::Host, -50s);
  f.put("http://dead.test/", IndicatorType::Url, 11s);
  f.put("http://kept.test/", IndicatorType::Url, 10s);
  Sweeper sweeper{f.settings, f.store, f.clock, f.log};
  CHECK(sweeper.sweep() == 0);  // how the clocks go is not known yet
  CHECK(sweeper.sweep() == 2);
  CHECK_FALSE(f.holds("dead.test"));
  CHECK(f.holds("kept.test"));
  CHECK(f.holds("future.test"));
  CHECK_FALSE(f.holds("http://dead.test/", IndicatorType::Url));
  CHECK(f.holds("http://kept.test/", IndicatorType::Url));
}

TEST_CASE("sweeper: a wall clock that has leapt is not believed at once", "[enrich][time]") {
  SweepFixture f;
  f.put("evil.test", IndicatorType::Host, 0s);
  Sweeper sweeper{f.settings, f.store, f.clock, f.log};
  CHECK(sweeper.sweep() == 0);
  f.clock.step_wall(24h);
  CHECK(sweeper.sweep() == 0);
  f.clock.step_wall(-24h);
  CHECK(sweeper.sweep() == 0);
  CHECK(f.holds("evil.test"));
  // Time that really passes is believed, and so is a leap that lasts.
  f.clock.advance(10min);
  CHECK(sweeper.sweep() == 1);
}

TEST_CASE("sweeper: in cache-only mode nothing goes", "[enrich][time]") {
  SweepFixture f;
  f.settings.cache_only = true;
  f.put("old.test", IndicatorType::Host, 100h);
  Sweeper sweeper{f.settings, f.store, f.clock, f.log};
  CHECK(sweeper.sweep() == 0);
  CHECK(sweeper.sweep() == 0);
  CHECK(f.holds("old.test"));
}

TEST_CASE("sweeper: its thread ends when it is told, whatever the round", "[enrich]") {
  SweepFixture f;
  {
    Sweeper sweeper{f.settings, f.store, f.clock, f.log};
    sweeper.start();
  }
  CHECK(f.store.stats().rows == 0);
}
