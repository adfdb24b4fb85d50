#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include <cardstock/admin/top_indicators.hpp>
#include <cardstock/util/file.hpp>

#include "support/temporary_directory.hpp"

using namespace cardstock;
using admin::TopIndicators;

namespace {

Indicator address(unsigned number) {
  const std::string text = "10." + std::to_string(number >> 16U) + "." +
                           std::to_string((number >> 8U) & 255U) + "." +
                           std::to_string(number & 255U);
  return *Indicator::parse(EntityType::IpAddress, text);
}

}  // namespace

TEST_CASE("top indicators: few are counted exactly, most asked first", "[admin]") {
  TopIndicators top{{1, 2}};
  for (unsigned i = 1; i <= 40; ++i)
    for (unsigned n = 0; n < i; ++n) top.count(address(i));
  const auto rows = top.top(3);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].canonical == "10.0.0.40");
  CHECK(rows[0].asks == 40);
  CHECK(rows[0].over == 0);
  CHECK(rows[0].type == EntityType::IpAddress);
  CHECK(rows[2].asks == 38);
  CHECK(top.top(1000).size() == 40);
}

TEST_CASE("top indicators: among very many, the hot ones are found and never counted too low",
          "[admin]") {
  TopIndicators top{{3, 4}};
  std::map<std::string, std::uint64_t> truth;
  const auto ask = [&](unsigned number) {
    const Indicator indicator = address(number);
    top.count(indicator);
    ++truth[indicator.canonical()];
  };
  for (unsigned round = 0; round < 20'000; ++round) {
    ask(1000 + round);            // each once
    if (round % 4 == 0) ask(1);   // 5000 of 26,000
    if (round % 20 == 0) ask(2);  // 1000
  }
  const auto rows = top.top(10);
  CHECK(rows[0].canonical == "10.0.0.1");
  CHECK(rows[1].canonical == "10.0.0.2");
  for (const auto& row : rows) {
    CHECK(row.asks >= truth[row.canonical]);
    CHECK(row.asks - row.over <= truth[row.canonical]);
  }
  CHECK(top.top(100'000).size() <= TopIndicators::kShards * TopIndicators::kSlots);
}

TEST_CASE("top indicators: a day later, counts are half", "[admin]") {
  TopIndicators top{{1, 2}};
  for (int i = 0; i < 9; ++i) top.count(address(7));
  top.count(address(8));
  top.halve();
  const auto rows = top.top(9);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].asks == 4);
}

TEST_CASE("top indicators: one text of two types is two indicators", "[admin]") {
  TopIndicators top{{1, 2}};
  top.count(*Indicator::parse(EntityType::InternetDomainName, "a.test"));
  top.count(*Indicator::parse(EntityType::Url, "http://a.test/"));
  CHECK(top.top(9).size() == 2);
}

TEST_CASE("top indicators: many threads lose nothing", "[admin]") {
  TopIndicators top{{5, 6}};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&top] {
        for (unsigned i = 0; i < 8000; ++i) top.count(address(i % 8));
      });
  }
  std::uint64_t sum = 0;
  for (const auto& row : top.top(100)) sum += row.asks;
  CHECK(sum == 32'000);
}

TEST_CASE("top indicators: what was asked most is known after a restart", "[admin]") {
  const test::TemporaryDirectory folder;
  TopIndicators before{{1, 2}};
  for (int i = 0; i < 5; ++i) before.count(address(7));
  before.count(*Indicator::parse(EntityType::Url, "http://a.test/"));
  REQUIRE(before.save(folder.file("asked")));

  TopIndicators after{{3, 4}};
  REQUIRE(after.load(folder.file("none")));
  CHECK(after.top(9).empty());
  REQUIRE(after.load(folder.file("asked")));
  after.count(address(7));
  const auto rows = after.top(9);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].canonical == address(7).canonical());
  CHECK(rows[0].asks == 6);
  CHECK(rows[1].type == EntityType::Url);
}

TEST_CASE("top indicators: of a file that others wrote only what is an indicator is taken",
          "[admin]") {
  const test::TemporaryDirectory folder;
  REQUIRE(replace_file(folder.file("asked"), R"({"indicators":[
    {"type":"IpAddress","name":"not one","asks":5,"over":0},
    {"type":"Other","name":"1.1.1.1","asks":5,"over":0},
    {"type":"IpAddress","name":"1.1.1[.]1","asks":5,"over":0},
    {"type":"IpAddress","name":"1.1.1.1","asks":5,"over":6},
    {"type":"IpAddress","name":"2.2.2.2","asks":-1,"over":0}, 7,
    {"type":"IpAddress","name":"3.3.3.3","asks":5,"over":0}]})"));
  TopIndicators top{{1, 2}};
  REQUIRE(top.load(folder.file("asked")));
  const auto rows = top.top(9);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].canonical == "3.3.3.3");
}
