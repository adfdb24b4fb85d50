#include <catch2/catch.hpp>

#include <atomic>
#include <sstream>

#include <cardstock/prewarm/run.hpp>
#include "cli/prewarm_stand.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using cli::ExitCode;

TEST_CASE("prewarm: exit codes of lists that hold nothing, or nothing usable", "[app]") {
  CommandStand empty{all_found()};
  CHECK(run_prewarm(empty, "# nothing today\n") == ExitCode::Ok);
  CHECK(empty.http.request_count() == 0);
  CommandStand junk{all_found()};
  CHECK(run_prewarm(junk, "not an indicator\n") == ExitCode::Failed);
  CommandStand refused{service([](const std::string&) { return "invalid_indicator"; })};
  CHECK(run_prewarm(refused, addresses(3)) == ExitCode::Failed);
}

TEST_CASE("prewarm: complaints are bounded in number and fit for a terminal", "[app]") {
  CommandStand stand{all_found()};
  std::string list = "10.0.0.0\n";
  for (int i = 0; i < 25; ++i) list += "junk \x1b[31m\n";
  CHECK(run_prewarm(stand, list) == ExitCode::Partly);
  CHECK_THAT(stand.err.str(), Contains("refused 5 more\n") && !Contains("\x1b"));
}

TEST_CASE("prewarm: progress is a bar on a terminal and a line now and then elsewhere", "[app]") {
  const TemporaryDirectory folder;
  write_file(folder.file("list"), addresses(2500));
  const auto run = [&folder](bool terminal) {
    CommandStand* moving = nullptr;
    CommandStand stand{[&moving](const fetch::HttpRequest& request) {
      moving->clock.advance(15s);
      return all_found()(request);
    }};
    moving = &stand;
    stand.context.err_is_terminal = terminal;
    CHECK(run_prewarm(stand, "", {.files = {folder.file("list")}}) == ExitCode::Ok);
    return stand.err.str();
  };
  const std::string lines = run(false);
  CHECK_THAT(lines, Contains("500 of ") && Contains(" a minute, ") &&
                        Contains(" left, 500 found\n") && Contains("2,500 of 2,500") &&
                        !Contains("\r"));
  const std::string bar = run(true);
  CHECK_THAT(bar, Contains("\r[######") && Contains("..] ") && !Contains("\n") &&
                      Catch::Matchers::EndsWith("\r\x1b[K"));
}

TEST_CASE("prewarm: a bar is no wider than its terminal", "[app]") {
  CommandStand* moving = nullptr;
  CommandStand stand{[&moving](const fetch::HttpRequest& request) {
    moving->clock.advance(15s);
    return all_found()(request);
  }};
  moving = &stand;
  stand.context.err_is_terminal = true;
  stand.context.err_columns = 20;
  CHECK(run_prewarm(stand, addresses(2500)) == ExitCode::Ok);
  std::istringstream drawn{stand.err.str()};
  for (std::string line; std::getline(drawn, line, '\r');)
    CHECK(line.size() <= 19 + std::string_view{"\x1b[K"}.size());
}

TEST_CASE("prewarm: a stop sends nothing more, waits for what is open and tells the truth",
          "[app]") {
  bool stop = false;
  CommandStand stand{[&stop](const fetch::HttpRequest& request) {
    if (!is_look(request)) stop = true;
    return all_found()(request);
  }};
  stand.context.stop_asked = [&stop] { return stop; };
  CHECK(run_prewarm(stand, addresses(5000)) == ExitCode::Stopped);
  CHECK(asks_of(stand).size() == 1);
  CHECK_THAT(stand.out.str(), Contains("found       500\n") && Contains("failed      0\n"));
  CHECK_THAT(stand.err.str(), Contains("stopped before the end"));
}

TEST_CASE("prewarm: a service that goes away in the middle is waited for", "[app]") {
  std::atomic<int> requests{0};
  CommandStand stand{[&](const fetch::HttpRequest& request) -> Result<fetch::HttpResponse> {
    const int number = ++requests;
    if (number >= 2 && number <= 4) return fail(ErrorCode::ConnectFailed, "connection refused");
    return *all_found()(request);
  }};
  CHECK(run_prewarm(stand, addresses(10)) == ExitCode::Ok);
  CHECK(stand.pauses.size() == 3);
  CHECK(stand.out.str() == summary(10, 0, 10, 10, 0, 0, 0));
}
