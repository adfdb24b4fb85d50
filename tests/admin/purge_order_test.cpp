#include <catch2/catch.hpp>

#include <string>

#include <cardstock/admin/purge.hpp>

using namespace cardstock;
using admin::read_purge_order;

namespace {

constexpr WallTime kNow{std::chrono::hours{500'000}};

ErrorCode refusal(const std::string& json) {
  const auto order = read_purge_order(json, kNow);
  return order ? ErrorCode::Internal : order.error().code;
}

}  // namespace

TEST_CASE("purge order: each term becomes a condition", "[admin]") {
  const auto order =
      read_purge_order(R"({"type":"URL","name":"hxxp://Evil[.]test/a","owner":"Org \"A\"",)"
                       R"("tenant":"000102030405060708090a0b0c0d0e0F","older_than_seconds":60})",
                       kNow);
  REQUIRE(order);
  REQUIRE(order->filters.size() == 1);
  const store::PurgeFilter& filter = order->filters[0];
  CHECK(filter.type == IndicatorType::Url);
  CHECK(filter.canonical == "http://evil.test/a");
  CHECK(filter.owner == "Org \"A\"");
  REQUIRE(filter.tenant);
  CHECK((*filter.tenant)[15] == 15);
  CHECK(filter.fetched_before == kNow - std::chrono::seconds{60});
  // The audit says what kind of purge it was, and keeps the indicator to itself.
  CHECK(order->what ==
        "one indicator, type URL, owner Org \"A\", tenant 000102030405060708090a0b0c0d0e0f, older "
        "than 60 s");
}

TEST_CASE("purge order: a type of Recorded Future is all of ThreatConnect's types for it",
          "[admin]") {
  const auto addresses = read_purge_order(R"({"type":"IpAddress"})", kNow);
  REQUIRE(addresses);
  REQUIRE(addresses->filters.size() == 2);
  CHECK(addresses->filters[0].type == IndicatorType::Address);
  CHECK(addresses->filters[1].type == IndicatorType::Cidr);
  CHECK(read_purge_order(R"({"type":"Hash"})", kNow)->filters.size() == 1);
}

TEST_CASE("purge order: everything only on that word", "[admin]") {
  const auto all = read_purge_order(R"({"all":true})", kNow);
  REQUIRE(all);
  REQUIRE(all->filters.size() == 1);
  CHECK_FALSE(all->filters[0].type);
  CHECK_FALSE(all->filters[0].fetched_before);
  CHECK(all->what == "all");
}

TEST_CASE("purge order: what is not understood is refused; it would purge more than was meant",
          "[admin]") {
  for (const char* json :
       {"", "[]", "{}", "{\"all\":false}", R"({"all":true,"type":"URL"})", R"({"ownr":"Org A"})",
        R"({"owner":null})", R"({"owner":""})", R"({"owner":7})", R"({"name":"x.test"})",
        R"({"tenant":"00"})", R"({"tenant":"zz0102030405060708090a0b0c0d0e0f"})",
        R"({"older_than_seconds":-1})", R"({"older_than_seconds":1.5})",
        R"({"older_than_seconds":9223372036854775807})", R"({"type":"URL","type":"Hash"})",
        "{\"type\":\"\xff\"}"}) {
    CAPTURE(json);
    CHECK(refusal(json) == ErrorCode::MalformedRequest);
  }
  CHECK(refusal(R"({"type":"Planet"})") == ErrorCode::UnsupportedType);
  CHECK(refusal(R"({"type":"IpAddress","name":"nonsense"})") == ErrorCode::InvalidIndicator);
}
