#include <catch2/catch.hpp>

#include "indicator/support.hpp"

using namespace cardstock;
using namespace cardstock::testing;

namespace {
constexpr auto kType = EntityType::IpAddress;
using Texts = std::vector<std::string>;
}  // namespace

TEST_CASE("address: IPv4 is four decimal octets and nothing else", "[indicator]") {
  for (const std::string_view good :
       {"0.0.0.0", "255.255.255.255", "10.0.0.1", "127.0.0.1", "192.0.2.200"})
    CHECK(canonical_of(kType, good) == good);
  check_refusals(kType, {{"256.1.1.1", "octet above 255"},
                         {"1.2.3.999999999999", "octet above 255"},
                         {"1.2.3", "three octets"},
                         {"1.2", "two octets"},
                         {"3232235777", "one octet"},
                         {"1.2.3.4.5", "more than four octets"},
                         {"1..2.3", "empty octet"},
                         {"1.2.3.4.", "empty octet"},
                         {".1.2.3", "empty octet"},
                         {"00.0.0.0", "leading zero is ambiguous"},
                         {"1.2.3.04", "leading zero is ambiguous"},
                         {"0x7f.0.0.1", "hexadecimal"},
                         {"0X7F000001", "hexadecimal"},
                         {"1.2.3.-4", "not an IP address"},
                         {"1.2.3.+4", "not an IP address"},
                         {"1.2. 3.4", "not an IP address"},
                         {"1,2,3,4", "not an IP address"},
                         {"\uFF11.2.3.4", "not an IP address"},
                         {"1\u30022\u30023\u30024", "not an IP address"},
                         {"1%2E2.3.4", "not an IP address"}});
}

TEST_CASE("address: IPv6 is written by RFC 5952", "[indicator]") {
  check_canonical(kType, {{"::", "::"},
                          {"::1", "::1"},
                          {"1::", "1::"},
                          {"0:0:0:0:0:0:0:0", "::"},
                          {"2001:DB8:0:0:0:0:0:A", "2001:db8::a"},
                          {"2001:db8::0:1", "2001:db8::1"},
                          {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
                          {"2001:0:0:1:2:0:0:1", "2001::1:2:0:0:1"},
                          {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
                          {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
                          {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
                          {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
                          {"64:ff9b::192.0.2.7", "64:ff9b::c000:207"},
                          {"::192.0.2.7", "::c000:207"},
                          {"1:2:3:4:5:6:192.0.2.7", "1:2:3:4:5:6:c000:207"},
                          {"2001[:]db8[:][:]1", "2001:db8::1"}});
}

TEST_CASE("address: an IPv4-mapped address is the IPv4 address in every spelling", "[indicator]") {
  for (const std::string_view name :
       {"::ffff:1.2.3.4", "::FFFF:1.2.3.4", "::ffff:102:304", "::ffff:0102:0304",
        "0:0:0:0:0:ffff:1.2.3.4", "0000:0000::ffff:1.2.3.4", "::ffff:1[.]2[.]3[.]4"}) {
    CAPTURE(name);
    CHECK(canonical_of(kType, name) == "1.2.3.4");
    CHECK(spellings_of(kType, name) == Texts{"1.2.3.4"});
  }
  CHECK(canonical_of(kType, "::fffe:1.2.3.4") == "::fffe:102:304");
  CHECK(canonical_of(kType, "::1:ffff:1.2.3.4") == "::1:ffff:102:304");
  CHECK_THAT(refusal_of(kType, "::ffff:010.1.1.1"), Catch::Contains("leading zero is ambiguous"));
}

TEST_CASE("address: what is no IPv6 address is refused with its fault", "[indicator]") {
  check_refusals(kType, {{"1::2::3", "more than one double colon"},
                         {":::", "empty group"},
                         {"1:::2", "empty group"},
                         {":1:2:3:4:5:6:7", "empty group"},
                         {"1:2:3:4:5:6:7:", "single colon"},
                         {"1:2:3:4:5:6:7", "fewer than eight"},
                         {"1:2:3:4:5:6:7:8:9", "more than eight"},
                         {"1:2:3:4::5:6:7:8", "stands for nothing"},
                         {"::12345", "more than four digits"},
                         {"::g", "not hexadecimal"},
                         {"::1.2.3", "three octets"},
                         {"1.2.3.4::", "not at its end"},
                         {"1:2:3:4:5:6:7:1.2.3.4", "more than eight"},
                         {"fe80::1%eth0", "zone id"},
                         {"fe80::1%25eth0", "zone id"},
                         {"[2001:db8::1]", "brackets"},
                         {"[192.0.2.7]", "brackets"},
                         {"[2001:db8::1]:443", "has a port"},
                         {"203.0.113.7:443", "has a port"},
                         {"203.0.113.7[:]443", "has a port"},
                         {"203.0.113.7:", "has a port"}});
}

TEST_CASE("address: a range has its host bits cleared and its prefix in range", "[indicator]") {
  for (const Case& one :
       {Case{"198.51.100.9/24", "198.51.100.0/24"}, Case{"198.51.100.255/25", "198.51.100.128/25"},
        Case{"255.255.255.255/1", "128.0.0.0/1"}, Case{"1.2.3.4/0", "0.0.0.0/0"},
        Case{"1.2.3.4/32", "1.2.3.4/32"}, Case{"1.2.3.5/31", "1.2.3.4/31"},
        Case{"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
        Case{"2001:db8::1/128", "2001:db8::1/128"}, Case{"ffff::/0", "::/0"},
        Case{"2001:db8::ff/121", "2001:db8::80/121"}, Case{"::ffff:1.2.3.4/120", "1.2.3.0/24"},
        Case{"::ffff:1.2.3.4/96", "0.0.0.0/0"}, Case{"::ffff:102:304/128", "1.2.3.4/32"},
        Case{"::ffff:1.2.3.4/95", "::fffe:0:0/95"}, Case{"::ffff:1.2.3.4/64", "::/64"},
        Case{"ip:198[.]51[.]100[.]9/24", "198.51.100.0/24"}}) {
    CAPTURE(one.name);
    const Result<Indicator> found = Indicator::parse(kType, one.name);
    REQUIRE(found);
    CHECK(found->canonical() == one.expected);
    CHECK(found->type() == IndicatorType::Cidr);
    CHECK(found->entity() == EntityType::IpAddress);
  }
  check_refusals(kType, {{"1.2.3.4/33", "prefix length above 32"},
                         {"::/129", "prefix length above 128"},
                         {"1.2.3.4/4294967296", "prefix length above 32"},
                         {"1.2.3.4/00", "leading zero"},
                         {"1.2.3.4/024", "leading zero"},
                         {"1.2.3.4/", "missing"},
                         {"1.2.3.4/24/24", "not a number"},
                         {"1.2.3.4/-1", "not a number"},
                         {"1.2.3.4/+8", "not a number"},
                         {"1.2.3.4/ 8", "not a number"},
                         {"1.2.3.4/255.255.255.0", "not a number"},
                         {"/24", "no address"},
                         {"[::]/24", "brackets"},
                         {"1.2.3.4:80/24", "has a port"},
                         {"fe80::1%eth0/64", "zone id"},
                         {"010.2.3.4/24", "leading zero is ambiguous"},
                         {"1.2.3/24", "three octets"}});
}

TEST_CASE("address: ThreatConnect is asked in its own spelling", "[indicator]") {
  CHECK(spellings_of(kType, "192.0.2.7") == Texts{"192.0.2.7"});
  CHECK(spellings_of(kType, "2001:DB8::A") == Texts{"2001:db8:0:0:0:0:0:a"});
  CHECK(spellings_of(kType, "::") == Texts{"0:0:0:0:0:0:0:0"});
  CHECK(spellings_of(kType, "2001:db8::1/32") == Texts{"2001:db8:0:0:0:0:0:0/32"});
  CHECK(spellings_of(kType, "192.0.2.7/24") == Texts{"192.0.2.0/24"});
}
