#include <catch2/catch.hpp>

#include <sstream>
#include <thread>
#include <vector>

#include "app/spdlog_log.hpp"
#include "support/manual_clock.hpp"

using namespace cardstock;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  test::ManualClock clock{WallTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 25} + 2h}};
  std::ostringstream out;
  app::SpdlogLog log{LogLevel::Info, clock, out};
  std::size_t lines() const {
    const std::string text = out.str();
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }
};

}  // namespace

TEST_CASE("spdlog_log: one event is one line of JSON", "[app]") {
  Fixture f;
  f.log.info("started", {{"port", "8080"}, {"note", "a \"b\" {} {0} %v"}});
  CHECK(f.out.str() ==
        "{\"time\":\"2026-11-25T02:00:00Z\",\"level\":\"info\",\"event\":\"started\",\"port\":"
        "\"8080\","
        "\"note\":\"a \\\"b\\\" {} {0} %v\"}\n");
}

TEST_CASE("spdlog_log: hostile bytes never leave the line raw", "[app]") {
  Fixture f;
  f.log.warning("bad", {{"value", std::string{"a\r\nb\0\x1b[31m\xff\xc2\x9b\x7f", 14}}});
  const std::string line = f.out.str();
  CHECK(line.ends_with("\"value\":\"a\\r\\nb\\u0000\\u001b[31m\xEF\xBF\xBD\\u009b\\u007f\"}\n"));
  CHECK(f.lines() == 1);
}

TEST_CASE("spdlog_log: values are cut at 1 KiB and at a whole character", "[app]") {
  Fixture f;
  f.log.info("long", {{"value", "x" + [] {
                         std::string text;
                         for (int i = 0; i < 1000; ++i) text += "é";
                         return text;
                       }()}});
  std::string want = "\"x";
  for (int i = 0; i < 511; ++i) want += "é";
  CHECK(f.out.str().find(want + "…\"}") != std::string::npos);
}

TEST_CASE("spdlog_log: lower levels are not written", "[app]") {
  Fixture f;
  f.log.debug("quiet");
  CHECK(f.out.str().empty());
  CHECK_FALSE(f.log.enabled(LogLevel::Debug));
  CHECK(f.log.enabled(LogLevel::Info));
  f.log.error("loud");
  CHECK(f.lines() == 1);
}

TEST_CASE("spdlog_log: an event has 20 lines a second, and the next one counts what was left out",
          "[app]") {
  Fixture f;
  for (int i = 0; i < 50; ++i) f.log.info("flood");
  CHECK(f.lines() == 20);
  f.log.info("other");
  CHECK(f.lines() == 21);
  f.clock.advance(999ms);
  f.log.info("flood");
  CHECK(f.lines() == 21);
  f.clock.advance(1ms);
  f.log.info("flood");
  CHECK(f.out.str().ends_with("\"event\":\"flood\",\"suppressed\":31}\n"));
  f.log.info("flood");
  CHECK(f.out.str().ends_with("\"event\":\"flood\"}\n"));
}

TEST_CASE("spdlog_log: lines of several threads do not mix", "[app][threads]") {
  Fixture f;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&f, t] {
        for (int i = 0; i < 10; ++i)
          f.log.info("event" + std::to_string(t), {{"value", std::string(200, 'x')}});
      });
    }
  }
  std::istringstream lines{f.out.str()};
  std::size_t whole = 0;
  for (std::string line; std::getline(lines, line);) {
    whole +=
        line.starts_with("{\"time\"") && line.ends_with(std::string(200, 'x') + "\"}") ? 1U : 0U;
  }
  CHECK(whole == 40);
}
