#include "enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::test;
using enrich::Lane;

namespace {

/// Keeps what waits for a commit until the test says how it went.
class SlowStore final : public store::RecordStore {
 public:
  explicit SlowStore(store::RecordStore& under) : under_{under} {}
  Result<std::optional<store::StoredRecord>> find(const store::Key& key) override {
    return under_.find(key);
  }
  void put(const store::Key& key, store::StoredRecord record, Committed committed) override {
    under_.put(key, std::move(record));
    waiting.push_back(std::move(committed));
  }
  Status flush() override { return under_.flush(); }
  Result<std::int64_t> purge(const store::PurgeFilter& filter) override {
    return under_.purge(filter);
  }
  Status each(
      const std::function<bool(const store::Key&, const store::StoredRecord&)>& visit) override {
    return under_.each(visit);
  }
  Result<std::optional<store::TenantState>> tenant(const store::TenantId& id) override {
    return under_.tenant(id);
  }
  void put_tenant(const store::TenantId& id, const store::TenantState& state) override {
    under_.put_tenant(id, state);
  }
  store::StoreStats stats() override { return under_.stats(); }

  std::vector<Committed> waiting;

 private:
  store::RecordStore& under_;
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
