#include <catch2/catch.hpp>

#include "stix_pattern.hpp"

using namespace cardstock;

namespace {

using Lines = std::vector<std::string>;

/// "TYPE value" of each that is named; then "N unread, first …"; "! why" when it is no pattern.
Lines read(std::string_view pattern) {
  const auto reading = prewarm::read_stix_pattern(pattern);
  if (!reading) return {"! " + reading.error().public_detail};
  Lines lines;
  for (const auto& named : reading->named)
    lines.push_back(std::string{name_of(named.type)} + " " + named.value);
  if (reading->unread > 0)
    lines.push_back(std::to_string(reading->unread) + " unread, first " + reading->first_unread);
  return lines;
}

}  // namespace

TEST_CASE("stix_pattern: each of the paths that name an indicator", "[app]") {
  CHECK(read("[ipv4-addr:value = '198.51.100.1']") == Lines{"IpAddress 198.51.100.1"});
  CHECK(read("[ipv6-addr:value='2001:db8::1']") == Lines{"IpAddress 2001:db8::1"});
  CHECK(read("[domain-name:value = 'evil.test']") == Lines{"InternetDomainName evil.test"});
  CHECK(read("[url:value == 'http://evil.test/a?b=c']") == Lines{"URL http://evil.test/a?b=c"});
  CHECK(read("[file:hashes.'SHA-256' = 'aa']") == Lines{"Hash aa"});
  CHECK(read("[file:hashes.MD5 = 'bb' OR file:hashes.'SHA-1' = 'cc' OR file:hashes.SHA1 = 'dd']") ==
        Lines{"Hash bb", "Hash cc", "Hash dd"});
  CHECK(read("[email-addr:value = 'a@evil.test']") == Lines{"EmailAddress a@evil.test"});
  CHECK(read("[email-message:from_ref.value = 'b@evil.test']") ==
        Lines{"EmailAddress b@evil.test"});
  CHECK(read("[ipv4-addr:value ISSUBSET '198.51.100.0/24']") == Lines{"IpAddress 198.51.100.0/24"});
}

TEST_CASE("stix_pattern: however they are joined", "[app]") {
  CHECK(read("[url:value = 'a' AND domain-name:value = 'b'] FOLLOWEDBY ([url:value = 'c'] OR "
             "[url:value = 'd'] WITHIN 300 SECONDS) REPEATS 5 TIMES") ==
        Lines{"URL a", "InternetDomainName b", "URL c", "URL d"});
  CHECK(read("[url:value = 'a'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00.5Z' AND "
             "[(url:value = 'b' OR (url:value = 'c'))]") == Lines{"URL a", "URL b", "URL c"});
  CHECK(read("[domain-name:value IN ('a.test', 'b.test')]") ==
        Lines{"InternetDomainName a.test", "InternetDomainName b.test"});
  CHECK(read("\n[\turl:value\r\n=\n'a' ]\n") == Lines{"URL a"});
}

TEST_CASE("stix_pattern: escapes stand for the sign behind them", "[app]") {
  CHECK(read(R"([url:value = 'http://x.test/\'a\\b] OR'])") ==
        Lines{R"(URL http://x.test/'a\b] OR)"});
  CHECK(read(R"([url:value = 'a\'])") == Lines{"! a text in its pattern does not end"});
}

TEST_CASE("stix_pattern: comparisons that name nothing to ask are counted", "[app]") {
  CHECK(read("[file:name = 'x.exe' AND file:size > 25536 AND file:hashes.MD5 = 'aa']") ==
        Lines{"Hash aa", "2 unread, first file:name ="});
  CHECK(read("[url:value != 'a' OR url:value NOT = 'b' OR NOT url:value = 'c' OR url:value LIKE "
             "'d%']") == Lines{"4 unread, first url:value !="});
  CHECK(read("[NOT (url:value = 'a' OR url:value = 'b') AND url:value = 'c']") ==
        Lines{"URL c", "2 unread, first NOT (…)"});
  CHECK(read("[domain-name:value ISSUBSET 'a']") ==
        Lines{"1 unread, first domain-name:value ISSUBSET"});
  CHECK(read("[EXISTS url:value]") == Lines{"1 unread, first url:value EXISTS"});
  CHECK(read("[file:hashes.SSDEEP = 'x']") == Lines{"1 unread, first file:hashes.SSDEEP ="});
  CHECK(read("[process:x[*].y.'z z' = true OR process:x[0] IN (1, -2.5, h'ff')]") ==
        Lines{"4 unread, first process:x.[*].y.z z ="});
}

TEST_CASE("stix_pattern: what is no pattern is refused with its place", "[app]") {
  CHECK(read("") == Lines{"! its pattern needs [ at place 1"});
  CHECK(read("[url:value = 'a'") == Lines{"! its pattern needs ] at place 17"});
  CHECK(read("[url:value 'a']") == Lines{"! its pattern needs a comparison at place 12"});
  CHECK(read("[url = 'a']") == Lines{"! its pattern needs : at place 6"});
  CHECK(read("[url:value = 'a'] OR") == Lines{"! its pattern needs [ at place 21"});
  CHECK(read("[url:value = 'a'] x") == Lines{"! its pattern should end at place 19"});
  CHECK(read("[url:value = 'a'] WITHIN 5") == Lines{"! its pattern needs SECONDS at place 27"});
  CHECK(read("[url:value = ]") == Lines{"! its pattern needs a value at place 14"});
  CHECK(read("[url:value = \"a\"]") == Lines{"! its pattern has an unknown sign at place 14"});
  CHECK(read(std::string(100'000, '(')) == Lines{"! its pattern is nested too deep at place 66"});
  CHECK(read("[" + std::string(100'000, '(')) ==
        Lines{"! its pattern is nested too deep at place 66"});
}
