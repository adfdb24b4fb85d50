#include <catch2/catch.hpp>

#include <cardstock/threatconnect/answer.hpp>

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

Indicator indicator(EntityType type, std::string_view name) {
  return Indicator::parse(type, name).value();
}

Row row_of(std::optional<IndicatorType> type, std::vector<std::string> values) {
  Row row;
  row.type = type;
  row.values = std::move(values);
  return row;
}

using Indexes = std::vector<std::size_t>;

}  // namespace

TEST_CASE("match: a row is what its value is in canonical form", "[threatconnect]") {
  const std::vector<Indicator> wanted{indicator(EntityType::IpAddress, "2001:db8::1"),
                                      indicator(EntityType::InternetDomainName, "bad.example"),
                                      indicator(EntityType::EmailAddress, "someone@bad.example"),
                                      indicator(EntityType::IpAddress, "198.51.100.0/24"),
                                      indicator(EntityType::Url, "http://bad.example/A")};
  CHECK(match(row_of(IndicatorType::Address, {"2001:db8:0:0:0:0:0:1"}), wanted) == Indexes{0});
  CHECK(match(row_of(IndicatorType::Host, {"BAD.example"}), wanted) == Indexes{1});
  CHECK(match(row_of(IndicatorType::EmailAddress, {"Someone@bad.example"}), wanted) == Indexes{2});
  CHECK(match(row_of(IndicatorType::Cidr, {"198.51.100.0/24"}), wanted) == Indexes{3});
  CHECK(match(row_of(IndicatorType::Url, {"HTTP://Bad.Example/A"}), wanted) == Indexes{4});
}

TEST_CASE("match: never by a part of the value", "[threatconnect]") {
  const std::vector<Indicator> wanted{indicator(EntityType::IpAddress, "1.1.1.1"),
                                      indicator(EntityType::InternetDomainName, "evil.test"),
                                      indicator(EntityType::Url, "http://evil.test/a")};
  CHECK(match(row_of(IndicatorType::Address, {"11.1.1.1"}), wanted).empty());
  CHECK(match(row_of(IndicatorType::Host, {"notevil.test"}), wanted).empty());
  CHECK(match(row_of(IndicatorType::Host, {"sub.evil.test"}), wanted).empty());
  CHECK(match(row_of(IndicatorType::Url, {"http://evil.test/A"}), wanted).empty());
}

TEST_CASE("match: the type must be the one asked for", "[threatconnect]") {
  const std::vector<Indicator> wanted{indicator(EntityType::IpAddress, "1.1.1.1")};
  CHECK(match(row_of(std::nullopt, {"1.1.1.1"}), wanted).empty());
  CHECK(match(row_of(IndicatorType::Host, {"1.1.1.1"}), wanted).empty());
  CHECK(match(row_of(IndicatorType::Cidr, {"1.1.1.1"}), wanted).empty());
  CHECK(match(row_of(IndicatorType::Address, {"1.1.1.1/32"}), wanted).empty());
  CHECK(match(row_of(IndicatorType::Address, {"not an address"}), wanted).empty());
  CHECK(match(row_of(IndicatorType::Address, {}), wanted).empty());
}

TEST_CASE("match: a file answers for each hash that was asked, in ascending order",
          "[threatconnect]") {
  const std::string md5(32, 'A');
  const std::string sha1(40, 'B');
  const std::string sha256(64, 'C');
  const std::vector<Indicator> wanted{
      indicator(EntityType::Hash, sha256), indicator(EntityType::Hash, std::string(32, 'd')),
      indicator(EntityType::Hash, std::string(32, 'a')), indicator(EntityType::Hash, sha256)};
  CHECK(match(row_of(IndicatorType::File, {md5, sha1, sha256}), wanted) == Indexes{0, 2, 3});
  CHECK(match(row_of(IndicatorType::File, {sha1}), wanted).empty());
}
