#include <catch2/catch.hpp>

#include <fstream>
#include <memory>
#include <string>

#include <simdjson.h>

#include <cardstock/admin/history.hpp>

#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace std::chrono_literals;
using admin::Figures;
using admin::History;

namespace {

constexpr WallTime kStart{std::chrono::hours{490'000}};

/// A service whose counters a test moves, and its two clocks.
struct Run {
  History history;
  Figures figures;
  Histogram latency;
  SteadyTime steady{1000s};

  Run() { figures.now = kStart; }
  bool step(std::chrono::seconds span = 10s) {
    figures.now += span;
    steady += span;
    figures.requests.latency = latency.counts();
    return history.take(figures, steady);
  }
};

struct Read {
  explicit Read(const std::string& text) : root{parser->parse(text)} {}
  std::size_t size() { return root["at"].get_array().size(); }
  double at(const char* series, std::size_t index) {
    return number<double>(root["series"][series], index);
  }
  std::int64_t label(std::size_t index) { return number<std::int64_t>(root["at"], index); }

  template <class Number>
  static Number number(const simdjson::dom::array& list, std::size_t index) {
    for (const simdjson::dom::element value : list)
      if (index-- == 0) return Number{value};
    FAIL("the list is shorter");
    return {};
  }

  std::unique_ptr<simdjson::dom::parser> parser = std::make_unique<simdjson::dom::parser>();
  simdjson::dom::element root;
};

}  // namespace

TEST_CASE("history: a sample holds what was added within its step", "[admin]") {
  Run run;
  run.figures.enricher.hit = 1'000'000;  // from before the first look
  run.step();
  run.figures.enricher.hit += 7;
  run.latency.record(5ms);
  run.step();
  run.figures.enricher.hit += 2;
  run.step();
  Read hour{run.history.json(History::Span::Hour)};
  REQUIRE(hour.size() == 2);
  CHECK(hour.at("hit", 0) == 7);
  CHECK(hour.at("hit", 1) == 2);
  CHECK(hour.at("latency_p99", 0) >= 0.005);
  CHECK(hour.at("latency_p99", 1) == 0);
  CHECK(hour.label(1) - hour.label(0) == 10);
  CHECK(Read{run.history.json(History::Span::Day)}.size() == 0);
}

TEST_CASE("history: a sample of the day has the greatest queue that was seen, and the last rows",
          "[admin]") {
  Run run;
  run.step();
  for (int i = 1; i <= 30; ++i) {
    run.figures.enricher.waiting[0] = i == 11 ? 44 : 0;
    run.figures.store.rows = i;
    CHECK(run.step() == (i == 30));
  }
  Read day{run.history.json(History::Span::Day)};
  REQUIRE(day.size() == 1);
  CHECK(day.at("waiting_analyst", 0) == 44);
  CHECK(day.at("rows", 0) == 30);
}

TEST_CASE("history: an hour and a day are kept, and no more", "[admin]") {
  Run run;
  for (int i = 0; i < 9000; ++i) run.step();
  CHECK(Read{run.history.json(History::Span::Hour)}.size() == History::kHourSamples);
  CHECK(Read{run.history.json(History::Span::Day)}.size() == History::kDaySamples);
}

TEST_CASE("history: a wall clock that steps back takes what is to come away", "[admin]") {
  Run run;
  for (int i = 0; i < 10; ++i) run.step();
  run.figures.now -= 55s;
  run.step();
  Read hour{run.history.json(History::Span::Hour)};
  for (std::size_t i = 1; i < hour.size(); ++i) CHECK(hour.label(i) > hour.label(i - 1));
  CHECK(
      hour.label(hour.size() - 1) ==
      std::chrono::duration_cast<std::chrono::seconds>(run.figures.now.time_since_epoch()).count());
}

TEST_CASE("history: it survives a restart, and what is too old does not", "[admin]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("history");
  Run before;
  before.step();
  for (int i = 0; i < 60; ++i) {
    before.figures.enricher.miss += 3;
    before.step();
  }
  REQUIRE(before.history.save(path));
  Run after;
  REQUIRE(after.history.load(path, before.figures.now + 30min));
  Read hour{after.history.json(History::Span::Hour)};
  REQUIRE(hour.size() == 60);
  CHECK(hour.at("miss", 59) == 3);
  Run later;
  REQUIRE(later.history.load(path, before.figures.now + 2h));
  CHECK(Read{later.history.json(History::Span::Hour)}.size() == 0);
  CHECK(Read{later.history.json(History::Span::Day)}.size() == 2);
  Run earlier;  // a clock that has been set back believes none of it
  REQUIRE(earlier.history.load(path, kStart - 1h));
  CHECK(Read{earlier.history.json(History::Span::Hour)}.size() == 0);
}

TEST_CASE("history: a damaged file is as none", "[admin]") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("history");
  for (const char* text :
       {"", "{", "[]", "7", R"({"hour":7,"day":[]})", R"({"hour":{"at":7,"series":7}})",
        R"({"hour":{"at":[1,"x",null],"series":{"hit":[{}]}}})",
        R"({"hour":{"at":[1e300,-1e300],"series":{}}})"}) {
    CAPTURE(text);
    std::ofstream{path} << text;
    Run run;
    CHECK(run.history.load(path, kStart));
    CHECK(Read{run.history.json(History::Span::Hour)}.size() == 0);
  }
  Run run;
  CHECK(run.history.load(folder.file("absent"), kStart));
  // One of its own span, but short of series: what is not there is 0.
  std::ofstream{path} << R"({"hour":{"at":[)" << std::int64_t{490'000} * 3600 - 5
                      << R"(],"series":{"hit":[4],"other":[1]}}})";
  REQUIRE(run.history.load(path, kStart));
  Read hour{run.history.json(History::Span::Hour)};
  REQUIRE(hour.size() == 1);
  CHECK(hour.at("hit", 0) == 4);
  CHECK(hour.at("miss", 0) == 0);
}
