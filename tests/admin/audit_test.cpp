#include <catch2/catch.hpp>

#include <fstream>
#include <string>

#include <cardstock/admin/audit.hpp>

#include "support/event_log.hpp"
#include "support/manual_clock.hpp"
#include "support/read_file.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using admin::Audit;

namespace {

struct AuditStand {
  ManualClock clock;
  EventLog log;
  TemporaryDirectory folder;
  std::string path = folder.file("store.db.audit");
};

}  // namespace

TEST_CASE("audit: a line has who did what and when, in the file and in the log", "[admin]") {
  AuditStand stand;
  Audit audit{stand.path, stand.log, stand.clock};
  audit.record({.action = "purge",
                .who = "soar",
                .address = "192.0.2.1",
                .what = "owner \"A\"\n: 3 rows",
                .outcome = "done",
                .request_id = "0123456789abcdef"});
  const std::string line = read_file(stand.path);
  CHECK(line.starts_with(R"({"at":"2)"));
  CHECK(line.ends_with(R"(,"action":"purge","who":"soar","address":"192.0.2.1",)"
                       R"("what":"owner \"A\"\n: 3 rows","outcome":"done",)"
                       R"("request_id":"0123456789abcdef"})"
                       "\n"));
  CHECK(stand.log.has("purge"));
}

TEST_CASE("audit: the newest lines come first, those of another process too", "[admin]") {
  AuditStand stand;
  Audit service{stand.path, stand.log, stand.clock};
  CHECK(service.recent(5).empty());
  Audit command{stand.path, stand.log, stand.clock};
  for (int i = 0; i < 4; ++i) service.record({.action = "login", .who = "n" + std::to_string(i)});
  command.record({.action = "import", .who = "root"});
  const std::vector<std::string> recent = service.recent(3);
  REQUIRE(recent.size() == 3);
  CHECK(recent[0].find("import") != std::string::npos);
  CHECK(recent[1].find("n3") != std::string::npos);
  CHECK(recent[2].find("n2") != std::string::npos);
  CHECK(service.recent(100).size() == 5);
}

TEST_CASE("audit: values are cut, and half a line is not shown", "[admin]") {
  AuditStand stand;
  Audit audit{stand.path, stand.log, stand.clock};
  audit.record({.action = "login", .who = std::string(100'000, 'x')});
  CHECK(read_file(stand.path).size() < 2 * Audit::kMaxValue);
  std::ofstream{stand.path, std::ios::app} << R"({"at":"hal)";
  CHECK(audit.recent(9).empty());
}

TEST_CASE("audit: a line that a full disk has cut off spoils no other", "[admin]") {
  AuditStand stand;
  Audit audit{stand.path, stand.log, stand.clock};
  audit.record({.action = "login", .who = "before"});
  std::ofstream{stand.path, std::ios::app} << R"({"at":"half","wh)";
  audit.record({.action = "login", .who = "behind"});
  const std::vector<std::string> recent = audit.recent(9);
  REQUIRE(recent.size() == 2);
  CHECK_THAT(recent[0], Catch::Contains("behind") && Catch::StartsWith("{"));
  CHECK_THAT(recent[1], Catch::Contains("before"));
}

TEST_CASE("audit: more lines than are looked at end at a whole one", "[admin]") {
  AuditStand stand;
  Audit audit{stand.path, stand.log, stand.clock};
  for (int i = 0; i < 600; ++i) audit.record({.action = "login", .who = std::string(200, 'x')});
  const std::vector<std::string> recent = audit.recent(1000);
  CHECK(recent.size() > 100);
  CHECK(recent.size() < 600);
  for (const std::string& line : recent) {
    CHECK(line.front() == '{');
    CHECK(line.back() == '}');
  }
}

TEST_CASE("audit: a full file makes place, once", "[admin]") {
  AuditStand stand;
  Audit audit{stand.path, stand.log, stand.clock};
  std::ofstream{stand.path} << std::string(Audit::kMaxFile, '\n');
  audit.record({.action = "login", .who = "first behind"});
  CHECK(read_file(stand.path + ".1").size() == Audit::kMaxFile);
  CHECK(audit.recent(9).size() == 1);
}

TEST_CASE("audit: a file that cannot be written is told in the log", "[admin]") {
  AuditStand stand;
  Audit audit{stand.folder.file("nowhere") + "/audit", stand.log, stand.clock};
  audit.record({.action = "purge", .who = "x"});
  CHECK(stand.log.has("purge"));
  CHECK(stand.log.has("audit_failed"));
  CHECK(audit.recent(9).empty());
}
