#include <catch2/catch.hpp>
#include <string>

#include "indicator/support.hpp"

using namespace cardstock;
using namespace cardstock::testing;

namespace {

constexpr auto kType = EntityType::InternetDomainName;

/// A domain of `size` bytes, in labels of at most 63.
std::string domain_of(std::size_t size) {
  std::string text;
  while (text.size() + 63 < size) text += std::string(62, 'a') + ".";
  return text + std::string(size - text.size(), 'b');
}

}  // namespace

TEST_CASE("domain: lower case, plain dots, no trailing dot", "[indicator]") {
  for (const Case& one :
       {Case{"WWW.Bad.TEST", "www.bad.test"}, Case{"bad.test.", "bad.test"},
        Case{"bad.test[.]", "bad.test"}, Case{"bad\u3002test", "bad.test"},
        Case{"bad\uFF0Etest\uFF61", "bad.test"}, Case{"_dmarc._x.bad.test", "_dmarc._x.bad.test"},
        Case{"r3---sn-x.bad.test", "r3---sn-x.bad.test"}, Case{"a_b.1.test", "a_b.1.test"},
        Case{"1.2.3.4a", "1.2.3.4a"}, Case{"0x7f.0x1", "0x7f.0x1"},
        Case{"hxxp.test", "hxxp.test"}}) {
    CAPTURE(one.name);
    CHECK(canonical_of(kType, one.name) == one.expected);
    CHECK(spellings_of(kType, one.name) == std::vector<std::string>{std::string{one.expected}});
  }
}

TEST_CASE("domain: other scripts become A-labels, UTS 46 non-transitional", "[indicator]") {
  check_canonical(kType, {{"B\u00DCCHER.test", "xn--bcher-kva.test"},
                          {"bu\u0308cher.test", "xn--bcher-kva.test"},
                          {"XN--BCHER-KVA.test", "xn--bcher-kva.test"},
                          {"fa\u00DF.test", "xn--fa-hia.test"},
                          {"\u03B2\u03CC\u03BB\u03BF\u03C2.test", "xn--nxasmm1c.test"},
                          {"\uFF42\uFF41\uFF44.test", "bad.test"},
                          {"\uFF58n--bcher-kva.test", "xn--bcher-kva.test"},
                          {"\u4F8B\u3048.\u30C6\u30B9\u30C8", "xn--r8jz45g.xn--zckzah"},
                          {"_\u00F6.test", "xn--_-1ga.test"},
                          {"ab--c.\u00F6.test", "ab--c.xn--nda.test"},
                          {"\U0001F4A9.test", "xn--ls8h.test"},
                          {"xn--ls8h.test", "xn--ls8h.test"},
                          {"\u2665\uFE0F.test", "xn--g6h.test"},
                          {"I\u2665NY.test", "xn--iny-zx5a.test"}});
}

TEST_CASE("domain: broken punycode and what mapping uncovers is refused", "[indicator]") {
  check_refusals(kType,
                 {"xn--a.test", "xn--.test", "xn--999.test", "xn--abc-.test", "xn--9999999999.test",
                  "xn--7ba.test", "xn--e-xbb.test", "xn--z1g.test", "xn--6a0m.test", "a.xn--zug",
                  "xn--\u00F6.test"},
                 "broken punycode");
  check_refusals(kType, {{"\u2100.test", "character"},
                         {"bad\uFF0Ftest.test", "character"},
                         {"bad\uFF1A80.test", "character"},
                         {"bad\u3000x.test", "space"},
                         {"\u2066bad.test", "character"},
                         {"-\u00F6.test", "hyphen"},
                         {"\u0301a.test", "character"},
                         {"\u05D0a.test", "character"},
                         {"\uFF0A.test", "wildcard"},
                         {"bad.\uFF11", "all digits"}});
}

TEST_CASE("domain: labels and the whole have their limits", "[indicator]") {
  const std::string longest(63, 'a');
  CHECK(canonical_of(kType, longest + ".test") == longest + ".test");
  CHECK_THAT(refusal_of(kType, longest + "a.test"), Catch::Contains("label above 63"));
  CHECK(canonical_of(kType, domain_of(253)) == domain_of(253));
  CHECK(canonical_of(kType, domain_of(253) + ".") == domain_of(253));
  CHECK_THAT(refusal_of(kType, domain_of(254)), Catch::Contains("above 253"));
  std::string umlauts;
  for (int i = 0; i < 60; ++i) umlauts += "\u00F6";
  CHECK_THAT(refusal_of(kType, umlauts + umlauts + ".test"), Catch::Contains("label above 63"));
  std::string many = "a";
  for (int i = 0; i < 2000; ++i) many += ".a";
  CHECK_THAT(refusal_of(kType, many), Catch::Contains("above 253"));
}

TEST_CASE("domain: what no domain has is refused by its name", "[indicator]") {
  check_refusals(kType, {{"localhost", "single label"},
                         {"localhost.", "single label"},
                         {"a..b.test", "empty label"},
                         {".bad.test", "empty label"},
                         {"bad.test..", "empty label"},
                         {".", "empty label"},
                         {"-a.test", "label begins with a hyphen"},
                         {"a-.test", "label ends with a hyphen"},
                         {"a.-", "label begins with a hyphen"},
                         {"*.bad.test", "wildcard"},
                         {"b*d.test", "wildcard"},
                         {"bad.test:80", "has a port"},
                         {"bad.test/x", "has a path"},
                         {"bad.test?x", "query"},
                         {"bad.test#x", "fragment"},
                         {"bad .test", "space"},
                         {"@bad.test", "at sign"},
                         {"bad.123", "all digits"},
                         {"1.2.3", "all digits"},
                         {"bad%2Etest", "character"},
                         {"bad,test", "character"},
                         {"b\\ad.test", "character"},
                         {"'bad.test", "character"}});
}
