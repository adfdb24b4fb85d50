#include <cardstock/admin/prewarm_jobs.hpp>

#include <algorithm>

#include "enrich/enrich_fixture.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using admin::JobState;
using admin::PrewarmJobs;
using More = PrewarmJobs::More;

namespace {

/// Nobody is asked in these tests.
class NoAsker final : public prewarm::Asker {
 public:
  void ask(Kind, const std::vector<prewarm::Item>&, Done done) override { done({}); }
};

struct JobsFixture : EnrichFixture {
  TemporaryDirectory folder;
  admin::Audit audit{folder.file("audit"), log, clock};
  admin::TopIndicators top{SipKey{}};
  SystemRandom ids;
  NoAsker asker;
  const admin::PrewarmAsker who{"ops", "127.0.0.1", "0123456789abcdef"};

  PrewarmJobs::Parts parts() {
    return {asker, *enricher, one, top, audit, clock, ids, folder.file("spool")};
  }
  bool has_line(const std::string& id, std::string_view outcome) const {
    const std::string end = "\"outcome\":\"" + std::string{outcome} + '"';
    return std::ranges::any_of(audit.recent(20), [&](const std::string& line) {
      return line.contains("job " + id) && line.contains(end);
    });
  }
};

}  // namespace

TEST_CASE("prewarm_jobs: a list of which no part comes any more is dropped, and that is audited",
          "[admin]") {
  JobsFixture f;
  std::string dropped;
  {
    PrewarmJobs jobs{f.parts()};
    dropped = jobs.create(admin::ListOrder{}, "a.test\n", More::Follows, f.who)->id;
    f.clock.advance(PrewarmJobs::kPartWithin);
    REQUIRE(jobs.create(admin::ListOrder{}, "b.test\n", More::Follows, f.who));
    const auto job = jobs.find(dropped);
    REQUIRE(job);
    CHECK(job->state == JobState::Failed);
    CHECK(job->error == "The rest of the list did not come.");
    CHECK_FALSE(jobs.append(dropped, job->bytes, "c.test\n", More::Last));
  }
  CHECK(f.has_line(dropped, "ordered"));
  CHECK(f.has_line(dropped, "failed"));
}

TEST_CASE("prewarm_jobs: what waits when the service stops has its end in the audit", "[admin]") {
  JobsFixture f;
  std::string id;
  {
    PrewarmJobs jobs{f.parts()};
    id = jobs.create(admin::ListOrder{}, "a.test\n", More::Follows, f.who)->id;
    jobs.begin_stop();
    CHECK_FALSE(jobs.create(admin::MostAskedOrder{1}, {}, More::Last, f.who));
  }
  CHECK(f.has_line(id, "cancelled"));
}
