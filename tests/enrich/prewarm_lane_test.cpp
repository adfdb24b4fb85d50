#include "enrich_fixture.hpp"
#include "support/passing_store.hpp"

using namespace cardstock;
using namespace cardstock::test;
using enrich::Lane;

namespace {

/// Keeps what waits for a commit until the test says how it went.
class SlowStore final : public PassingStore {
 public:
  explicit SlowStore(store::RecordStore& under) : PassingStore{under} {}
  void put(const store::Key& key, store::StoredRecord record, Committed committed) override {
    PassingStore::put(key, std::move(record));
    waiting.push_back(std::move(committed));
  }
  std::vector<Committed> waiting;
};

struct PrewarmFixture : EnrichFixture {
  PrewarmFixture() {
    through = &slow;
    restart();
  }
  auto get_in(Lane lane, std::string_view name) {
    enrich::Ask a = ask(name);
    a.lane = lane;
    return get(a);
  }
  SlowStore slow{store};
};

}  // namespace

TEST_CASE("prewarm_lane: an ask is answered when its row is committed", "[enrich]") {
  PrewarmFixture f;
  const auto warm = f.get_in(Lane::Prewarm, "a.test");
  const auto analyst = f.get_in(Lane::Analyst, "a.test");
  f.answer(0, page({row("Host", "a.test", "Org")}));
  CHECK(EnrichFixture::owners(*analyst) == "Org;");
  CHECK_FALSE(*warm);
  REQUIRE(f.slow.waiting.size() == 1);
  f.slow.waiting[0]({});
  f.run();
  CHECK(EnrichFixture::owners(*warm) == "Org;");
}

TEST_CASE("prewarm_lane: a full disk is told to who fills the cache and not to analysts",
          "[enrich]") {
  PrewarmFixture f;
  const auto warm = f.get_in(Lane::Prewarm, "a.test");
  const auto analyst = f.get_in(Lane::Analyst, "a.test");
  f.answer(0, page({}));
  f.slow.waiting.at(0)(fail(ErrorCode::StoreFailed, "The disk is full."));
  f.run();
  REQUIRE(*analyst);
  CHECK((*analyst)->entry);
  REQUIRE(*warm);
  CHECK_FALSE((*warm)->entry);
  CHECK((*warm)->error->code == ErrorCode::StoreFailed);
}

TEST_CASE("prewarm_lane: a disk that is full is one line in the log, not one a row", "[enrich]") {
  PrewarmFixture f;
  const auto store_row = [&](int number, const Status& outcome) {
    const std::string name = "n" + std::to_string(number) + ".test";
    const auto reply = f.get(f.ask(name));
    f.answer(f.client.request_count() - 1, page({row("Host", name, "Org")}));
    f.slow.waiting.back()(outcome);
    CHECK(EnrichFixture::owners(*reply) == "Org;");
  };
  const Status full = fail(ErrorCode::StoreFailed, "The disk is full.");
  for (int i = 0; i < 50; ++i) store_row(i, full);
  CHECK(f.log.count("store_write_failed") == 1);
  CHECK(f.enricher->stats().store_failures == 50);
  store_row(50, {});
  for (int i = 51; i < 60; ++i) store_row(i, full);
  CHECK(f.log.count("store_write_failed") == 2);
}

TEST_CASE("prewarm_lane: who waits for a commit is let go when the enricher stops", "[enrich]") {
  PrewarmFixture f;
  const auto warm = f.get_in(Lane::Prewarm, "a.test");
  f.answer(0, page({}));
  f.enricher->stop();
  REQUIRE(*warm);
  CHECK((*warm)->error->code == ErrorCode::Cancelled);
  f.slow.waiting.at(0)({});  // comes too late, and harms nobody
  CHECK(f.enricher->drain(SteadyTime::min()));
}

TEST_CASE("prewarm_lane: many that are asked for at once make full calls", "[enrich]") {
  PrewarmFixture f;
  std::vector<enrich::Enricher::Fetch> fetches;
  for (int i = 0; i < 125; ++i) {
    enrich::Ask a = f.ask("h" + std::to_string(i) + ".test");
    a.lane = Lane::Prewarm;
    fetches.push_back({std::move(a), {}, [](const enrich::Reply&) {}});
  }
  f.enricher->fetch_all(std::move(fetches));
  f.run();
  CHECK(f.client.request_count() == 3);
  f.enricher->stop();
}

TEST_CASE("prewarm_lane: what it goes through twice does not push out what analysts ask",
          "[enrich]") {
  EnrichFixture f;
  f.settings.memory_bytes = 64U << 10U;  // a few entries a shard
  f.restart();
  const auto ask_in = [&](Lane lane, const std::string& name) {
    enrich::Ask a = f.ask(name);
    a.lane = lane;
    a.mode = enrich::AskMode::OnlyIfCached;
    return f.enricher->look(a).reply;
  };
  constexpr int kRows = 2000;
  const auto name = [](int i) { return "n" + std::to_string(i) + ".test"; };
  for (int i = 0; i < kRows; ++i)
    f.store.put({f.one->id, IndicatorType::Host, name(i)},
                {.record = {}, .fetched_at = f.clock.wall(), .asked = {name(i)}});
  const enrich::EntryPtr hot = ask_in(Lane::Analyst, "n0.test")->entry;
  REQUIRE(hot);
  REQUIRE(ask_in(Lane::Analyst, "n0.test")->entry == hot);
  for (int i = 1; i < kRows; ++i)
    for (int twice = 0; twice < 2; ++twice) REQUIRE(ask_in(Lane::Prewarm, name(i))->entry);
  CHECK(ask_in(Lane::Analyst, "n0.test")->entry == hot);
}

TEST_CASE("prewarm_lane: a look at what is held is nobody's hit and saves no call", "[enrich]") {
  PrewarmFixture f;
  f.get_in(Lane::Analyst, "a.test");
  f.answer(0, page({row("Host", "a.test", "Org")}));
  enrich::Ask look = f.ask("a.test");
  look.mode = enrich::AskMode::OnlyIfCached;
  look.lane = Lane::Prewarm;
  const auto seen = f.enricher->look(look);
  REQUIRE(seen.reply);
  CHECK(seen.reply->status == enrich::CacheStatus::Hit);
  CHECK(f.enricher->stats().hit == 0);
  CHECK(f.enricher->stats().calls_saved == 0);
  look.lane = Lane::Analyst;
  REQUIRE(f.enricher->look(look).reply);
  CHECK(f.enricher->stats().hit == 1);
  CHECK(f.enricher->stats().calls_saved == 1);
}
