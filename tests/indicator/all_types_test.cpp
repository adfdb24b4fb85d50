#include <catch2/catch.hpp>
#include <string>

#include "indicator/support.hpp"

using namespace cardstock;
using namespace cardstock::testing;

namespace {

/// A sound name of each type, in canonical form.
std::string_view sample(EntityType type) {
  switch (type) {
    case EntityType::IpAddress:
      return "192.0.2.7";
    case EntityType::InternetDomainName:
      return "www.bad.test";
    case EntityType::Url:
      return "http://bad.test/a";
    case EntityType::Hash:
      return "0123456789abcdef0123456789abcdef";
    case EntityType::EmailAddress:
      return "who@bad.test";
  }
  return {};
}

constexpr EntityType kTypes[] = {EntityType::IpAddress, EntityType::InternetDomainName,
                                 EntityType::Url, EntityType::Hash, EntityType::EmailAddress};

}  // namespace

TEST_CASE("all types: names of types are read exactly, and ThreatConnect's in any case",
          "[indicator]") {
  for (const EntityType type : kTypes) CHECK(entity_type(name_of(type)) == type);
  CHECK_FALSE(entity_type("ipaddress"));
  CHECK_FALSE(entity_type("Url"));
  CHECK_FALSE(entity_type(""));
  for (const auto type : {IndicatorType::Address, IndicatorType::Cidr, IndicatorType::Host,
                          IndicatorType::Url, IndicatorType::File, IndicatorType::EmailAddress})
    CHECK(indicator_type(name_of(type)) == type);
  CHECK(indicator_type("emailaddress") == IndicatorType::EmailAddress);
  CHECK(indicator_type("cidr") == IndicatorType::Cidr);
  CHECK_FALSE(indicator_type("Mutex"));
  CHECK(entity_of(IndicatorType::Cidr) == EntityType::IpAddress);
  CHECK(entity_of(IndicatorType::File) == EntityType::Hash);
}

TEST_CASE("all types: white space at the ends goes, Unicode's too", "[indicator]") {
  for (const EntityType type : kTypes)
    for (const std::string space :
         {" ", "\t", "\n", "\v", "\f", "\r", "\u0085", "\u00A0", "\u1680", "\u2000", "\u200A",
          "\u2028", "\u2029", "\u202F", "\u205F", "\u3000", " \u3000\r\n"}) {
      CAPTURE(name_of(type), space);
      CHECK(canonical_of(type, space + std::string{sample(type)} + space) == sample(type));
    }
}

TEST_CASE("all types: invisible format characters go wherever they stand", "[indicator]") {
  for (const EntityType type : kTypes)
    for (const std::string sign : {"\u00AD", "\u200B", "\u200C", "\u200D", "\u200E", "\u200F",
                                   "\u202A", "\u202E", "\u2060", "\u2064", "\uFEFF"}) {
      const std::string name{sample(type)};
      for (std::size_t at = 0; at <= name.size(); ++at) {
        CAPTURE(name_of(type), at);
        CHECK(canonical_of(type, std::string{name}.insert(at, sign)) == name);
      }
      CHECK(canonical_of(type, " " + sign + " " + name + sign + " " + sign) == name);
    }
}

TEST_CASE("all types: control characters are refused wherever they stay", "[indicator]") {
  for (const EntityType type : kTypes)
    for (const std::string& sign :
         {std::string(1, '\0'), std::string{"\x01"}, std::string{"\r"}, std::string{"\n"},
          std::string{"\t"}, std::string{"\x1f"}, std::string{"\x7f"}, std::string{"\u0080"},
          std::string{"\u0085"}, std::string{"\u009F"}}) {
      const std::string name{sample(type)};
      CAPTURE(name_of(type), static_cast<int>(sign[0]));
      CHECK_THAT(refusal_of(type, std::string{name}.insert(5, sign)),
                 Catch::Contains("control character"));
    }
  // Not white space, so not trimmed.
  CHECK_THAT(refusal_of(EntityType::Url, "http://bad.test/\x1c"),
             Catch::Contains("control character"));
}

TEST_CASE("all types: the name is 1 to 4096 bytes of UTF-8", "[indicator]") {
  for (const EntityType type : kTypes) {
    CAPTURE(name_of(type));
    CHECK_THAT(refusal_of(type, ""), Catch::Contains("empty"));
    CHECK_THAT(refusal_of(type, " \u3000\u200B"), Catch::Contains("empty"));
    for (const std::string bad :
         {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
      CHECK_THAT(refusal_of(type, std::string{sample(type)} + bad), Catch::Contains("UTF-8"));
    const std::string name{sample(type)};
    CHECK(canonical_of(type, name + std::string(4096 - name.size(), ' ')) == name);
    CHECK_THAT(refusal_of(type, name + std::string(4097 - name.size(), ' ')),
               Catch::Contains("4096"));
  }
}

TEST_CASE("all types: the id prefix of the type goes, in any case; another one is named",
          "[indicator]") {
  const std::string_view prefixes[] = {"ip", "idn", "url", "hash", "email"};
  for (std::size_t own = 0; own < std::size(kTypes); ++own) {
    const std::string name{sample(kTypes[own])};
    std::string upper;
    for (const char c : prefixes[own]) upper.push_back(static_cast<char>(c - 'a' + 'A'));
    for (const std::string& prefix : {std::string{prefixes[own]} + ":", upper + ":", upper + "[:]",
                                      std::string{prefixes[own]} + ": "}) {
      CAPTURE(prefix);
      CHECK(canonical_of(kTypes[own], prefix + name) == name);
      CHECK_THAT(refusal_of(kTypes[own], prefix),
                 Catch::Contains("empty") || Catch::Contains("no scheme"));
    }
  }
  CHECK_THAT(refusal_of(EntityType::IpAddress, "idn:bad.test"),
             Catch::Contains("InternetDomainName"));
  CHECK_THAT(refusal_of(EntityType::InternetDomainName, "ip:192.0.2.7"),
             Catch::Contains("IpAddress"));
  CHECK_THAT(refusal_of(EntityType::Hash, "url:http://bad.test/"), Catch::Contains("URL"));
}

TEST_CASE("all types: every defanged dot is a dot", "[indicator]") {
  for (const std::string dot : {"[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}", "[DOT]", "(Dot)",
                                "{dOt}", "[.", ".]", "\\.", "[[.]]", "[\\.]", "([.])"}) {
    CAPTURE(dot);
    CHECK(canonical_of(EntityType::IpAddress, "192" + dot + "0" + dot + "2.7") == "192.0.2.7");
    CHECK(canonical_of(EntityType::IpAddress, "192.0.2" + dot + "9/24") == "192.0.2.0/24");
    CHECK(canonical_of(EntityType::IpAddress, "::ffff:192.0" + dot + "2.7") == "192.0.2.7");
    CHECK(canonical_of(EntityType::InternetDomainName, "www" + dot + "bad" + dot + "test") ==
          "www.bad.test");
    CHECK(canonical_of(EntityType::Url, "http://bad" + dot + "test/a") == "http://bad.test/a");
    CHECK(canonical_of(EntityType::EmailAddress, "a" + dot + "b@bad" + dot + "test") ==
          "a.b@bad.test");
  }
}

TEST_CASE("all types: what only resembles a defanged dot is none", "[indicator]") {
  for (const std::string dot :
       {",", "[,]", "(.", ".)", "{.", ".}", "[dot", "dot]", "[ . ]", "[.)", "/.", " dot "}) {
    CAPTURE(dot);
    CHECK_THAT(canonical_of(EntityType::InternetDomainName, "www" + dot + "bad.test"),
               Catch::StartsWith("refused"));
    CHECK_THAT(canonical_of(EntityType::IpAddress, "192" + dot + "0.2.7"),
               Catch::StartsWith("refused"));
  }
  CHECK(canonical_of(EntityType::InternetDomainName, "hxxp.bad.test") == "hxxp.bad.test");
  CHECK(canonical_of(EntityType::InternetDomainName, "dot.at.test") == "dot.at.test");
}

TEST_CASE("all types: a name of another type is refused by naming the mismatch", "[indicator]") {
  struct Mismatch {
    EntityType asked;
    std::string_view name;
    std::string_view phrase;
  };
  for (const Mismatch& one : {
           Mismatch{EntityType::IpAddress, "bad.test", "a domain is not an IpAddress"},
           Mismatch{EntityType::IpAddress, "http://192.0.2.7/", "a URL is not an IpAddress"},
           Mismatch{EntityType::IpAddress, "a@bad.test", "an e-mail address is not an IpAddress"},
           Mismatch{EntityType::IpAddress, "0123456789abcdef0123456789abcdef",
                    "a hash is not an IpAddress"},
           Mismatch{EntityType::InternetDomainName, "192[.]0.2.7",
                    "an IP address is not a domain name"},
           Mismatch{EntityType::InternetDomainName, "192.0.2.7.",
                    "an IP address is not a domain name"},
           Mismatch{EntityType::InternetDomainName, "2001:db8::1",
                    "an IP address is not a domain name"},
           Mismatch{EntityType::InternetDomainName, "192.0.2.0/24",
                    "a range of IP addresses is not a domain name"},
           Mismatch{EntityType::InternetDomainName, "hxxp[:]//bad.test/",
                    "a URL is not a domain name"},
           Mismatch{EntityType::InternetDomainName, "a@bad.test",
                    "an e-mail address is not a domain name"},
           Mismatch{EntityType::InternetDomainName, "0123456789abcdef0123456789abcdef",
                    "a hash is not a domain name"},
           Mismatch{EntityType::Url, "bad.test", "a domain is not a URL"},
           Mismatch{EntityType::Url, "192.0.2.7", "an IP address is not a URL"},
           Mismatch{EntityType::Url, "a@bad.test", "an e-mail address is not a URL"},
           Mismatch{EntityType::Hash, "bad.test", "a domain is not a hash"},
           Mismatch{EntityType::Hash, "2001:db8::1", "an IP address is not a hash"},
           Mismatch{EntityType::EmailAddress, "bad.test", "a domain is not an e-mail address"},
           Mismatch{EntityType::EmailAddress, "192.0.2.7",
                    "an IP address is not an e-mail address"},
           Mismatch{EntityType::EmailAddress, "http://who@bad.test",
                    "a URL is not an e-mail address"},
           Mismatch{EntityType::EmailAddress, "0123456789abcdef0123456789abcdef",
                    "a hash is not an e-mail address"},
       }) {
    CAPTURE(one.name);
    CHECK_THAT(refusal_of(one.asked, one.name), Catch::Contains(std::string{one.phrase}));
  }
}

TEST_CASE("recognise: a bare name finds its type in the order of the rule page", "[indicator]") {
  struct Bare {
    std::string_view name;
    IndicatorType type;
    std::string_view canonical;
  };
  for (const Bare& one : {
           Bare{"hXXp://Bad[.]test/x@y", IndicatorType::Url, "http://bad.test/x@y"},
           Bare{"Who[at]bad[dot]test", IndicatorType::EmailAddress, "who@bad.test"},
           Bare{"mailto:who@bad.test", IndicatorType::EmailAddress, "who@bad.test"},
           Bare{"0123456789ABCDEF0123456789abcdef", IndicatorType::File,
                "0123456789abcdef0123456789abcdef"},
           Bare{"sha1:3395856ce81f2b7382dee72602f798b642f14140", IndicatorType::File,
                "3395856ce81f2b7382dee72602f798b642f14140"},
           Bare{"192.0.2[.]7", IndicatorType::Address, "192.0.2.7"},
           Bare{"2001:DB8::1", IndicatorType::Address, "2001:db8::1"},
           Bare{"192.0.2.7/24", IndicatorType::Cidr, "192.0.2.0/24"},
           Bare{"www[.]bad[.]test", IndicatorType::Host, "www.bad.test"},
           Bare{"dead.beef", IndicatorType::Host, "dead.beef"},
           Bare{"idn:bad.test", IndicatorType::Host, "bad.test"},
           Bare{"URL:http://bad.test", IndicatorType::Url, "http://bad.test/"},
           Bare{"\u3000ip:192.0.2.7", IndicatorType::Address, "192.0.2.7"},
       }) {
    CAPTURE(one.name);
    const Result<Indicator> found = Indicator::recognise(one.name);
    REQUIRE(found);
    CHECK(found->type() == one.type);
    CHECK(found->canonical() == one.canonical);
  }
}

TEST_CASE("recognise: a refusal speaks of the likeliest type", "[indicator]") {
  for (const Case& one :
       {Case{"", "empty"}, Case{"1.2.3", "three octets"}, Case{"192.0.2.7:80", "has a port"},
        Case{"192.0.2.0/33", "prefix length above 32"}, Case{"fe80::1%eth0", "zone id"},
        Case{"http:///x", "no host"}, Case{"a@", "no domain"}, Case{"md5:abc", "3 digits"},
        Case{"localhost", "single label"}, Case{"bad.test/x", "has a path"}, Case{"\xff", "UTF-8"},
        Case{"010.1.1.1", "leading zero"}}) {
    CAPTURE(one.name);
    const Result<Indicator> found = Indicator::recognise(one.name);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::InvalidIndicator);
    CHECK_THAT(found.error().public_detail, Catch::Contains(std::string{one.expected}));
  }
}
