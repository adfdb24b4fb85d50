#include <catch2/catch.hpp>

#include <cardstock/threatconnect/call_packing.hpp>
#include <cardstock/threatconnect/query.hpp>

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

std::size_t calls_for(const std::vector<std::size_t>& costs) {
  CallForecast forecast;
  for (const std::size_t cost : costs) forecast.add(cost);
  return forecast.calls();
}

}  // namespace

TEST_CASE("call packing: fifty short ones fill a call", "[threatconnect]") {
  CHECK(calls_for({}) == 0);
  CHECK(calls_for(std::vector<std::size_t>(50, 20)) == 1);
  CHECK(calls_for(std::vector<std::size_t>(51, 20)) == 2);
  CHECK(calls_for(std::vector<std::size_t>(100'001, 20)) == 2001);
}

TEST_CASE("call packing: long ones fill a call by their bytes and one too long goes alone",
          "[threatconnect]") {
  CHECK(calls_for(std::vector<std::size_t>(9, 1800)) == 3);
  CHECK(calls_for(std::vector<std::size_t>(3, 2 * kMaxTarget)) == 3);
}

TEST_CASE("call packing: what is short fills the room that what is long leaves",
          "[threatconnect]") {
  // Two of 2500 leave room for no third, and for many of 20.
  CHECK(calls_for({2500, 2500, 2500, 20, 20, 20}) == 2);
  CallRoom room;
  CHECK(room.take(2500));
  CHECK(room.take(2500));
  CHECK_FALSE(room.take(2500));
  CHECK(room.take(20));
}

TEST_CASE("call packing: an indicator costs what its spellings take in the request target",
          "[threatconnect]") {
  const std::string url = "http://evil.test/" + std::string(1000, '?');
  const auto indicator = Indicator::parse(EntityType::Url, url);
  REQUIRE(indicator);
  const std::size_t cost = target_cost(indicator->type(), indicator->spellings());
  const BaseUrl base = *BaseUrl::parse("https://tc.test");
  const auto length = [&](std::size_t count) {
    const std::vector<Wanted> wanted(count, Wanted{indicator->type(), {url}});
    return indicators_request(base, lookup_tql(wanted)).target.size();
  };
  CHECK(cost >= 3 * 1000);
  CHECK(length(1) <= kMaxTarget);
  const auto hash = Indicator::parse(EntityType::Hash, std::string(64, 'a'));
  REQUIRE(hash);
  CHECK(target_cost(hash->type(), hash->spellings()) >= 2 * 64);
}
