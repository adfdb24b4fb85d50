#include <cardstock/admin/audit.hpp>
#include <cardstock/admin/purge.hpp>

#include <future>

#include "enrich/enrich_fixture.hpp"
#include "support/passing_store.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

/// Has deleted seven rows, of very many, and goes on until it is told to stop.
class LongPurge final : public PassingStore {
 public:
  explicit LongPurge(store::RecordStore& under) : PassingStore{under} {}
  std::promise<void> begun;
  int purges = 0;

  Result<std::int64_t> purge(const store::PurgeFilter& filter) override {
    ++purges;
    std::promise<void> stopped;
    const std::stop_callback when_told{filter.stop, [&stopped] { stopped.set_value(); }};
    begun.set_value();
    stopped.get_future().wait();
    return 7;
  }
};

}  // namespace

TEST_CASE("purges: a long one is interrupted by the end of the service, answered and audited",
          "[admin]") {
  EnrichFixture f;
  LongPurge store{f.store};
  f.through = &store;
  f.restart();
  const TemporaryDirectory folder;
  admin::Audit audit{folder.file("audit"), f.log, f.clock};
  std::promise<Result<std::int64_t>> first, second;
  std::string waiting;
  {
    admin::Purges purges{*f.enricher, audit};
    const auto order = [&](auto& outcome) {
      return purges.start(
          {{{.type = IndicatorType::Url}, {.type = IndicatorType::Host}}, "two types"},
          {"ops", "127.0.0.1", "0123456789abcdef"},
          [&](Result<std::int64_t> purged) { outcome.set_value(std::move(purged)); });
    };
    REQUIRE(order(first));
    store.begun.get_future().wait();
    REQUIRE(order(second));
    purges.stop();
    const Result<std::int64_t> interrupted = first.get_future().get();
    REQUIRE_FALSE(interrupted);
    CHECK(interrupted.error().code == ErrorCode::Cancelled);
    CHECK(interrupted.error().public_detail.find("7 rows were purged") != std::string::npos);
    const Status late = order(first);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == ErrorCode::Busy);
  }
  CHECK(second.get_future().get().error().code == ErrorCode::Cancelled);
  CHECK(store.purges == 1);  // neither the second type nor the second order was begun
  const std::vector<std::string> lines = audit.recent(10);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find(R"("what":"two types: 7 rows","outcome":"interrupted")") !=
        std::string::npos);
}
