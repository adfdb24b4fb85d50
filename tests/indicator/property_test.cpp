#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <cardstock/util/text.hpp>

#include "indicator/support.hpp"

using namespace cardstock;
using namespace cardstock::testing;

namespace {

/// Deterministic: the engine's sequence is fixed by the standard, and no distribution is used.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_{seed} {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_()) % bound; }
  bool coin() { return below(2) == 1; }
  template <class Range>
  const auto& one_of(const Range& range) {
    return *std::next(std::begin(range), static_cast<std::ptrdiff_t>(below(std::size(range))));
  }

 private:
  std::mt19937 engine_;
};

constexpr EntityType kTypes[] = {EntityType::IpAddress, EntityType::InternetDomainName,
                                 EntityType::Url, EntityType::Hash, EntityType::EmailAddress};

/// Pieces that the rules give a meaning to, so that random names meet their edges.
const std::vector<std::string> kPieces = {"http",
                                          "hxxp",
                                          "://",
                                          "[:]",
                                          "//",
                                          "[/]",
                                          "[://]",
                                          "url:",
                                          "email:",
                                          "mailto:",
                                          "ip:",
                                          "idn:",
                                          "hash:",
                                          "md5:",
                                          "sha-256:",
                                          ".",
                                          "[.]",
                                          "(.)",
                                          "{.}",
                                          "[dot]",
                                          "(d%6ft)",
                                          "\\",
                                          "[",
                                          "]",
                                          "(",
                                          ")",
                                          "{",
                                          "}",
                                          "@",
                                          "[at]",
                                          "(@)",
                                          "%40",
                                          "%2E",
                                          "%2e",
                                          "%",
                                          "%4",
                                          "%zz",
                                          "%34",
                                          "1",
                                          "0",
                                          "255",
                                          "256",
                                          "a",
                                          "B",
                                          "ff",
                                          ":",
                                          "::",
                                          "ffff",
                                          "/",
                                          "?",
                                          "#",
                                          "..",
                                          "/../",
                                          "/./",
                                          "xn--",
                                          "xn--ls8h",
                                          "xn--bcher-kva",
                                          "bad",
                                          ".test",
                                          "\u00F6",
                                          "\u3002",
                                          "\uFF0E",
                                          "\uFF41",
                                          "\u00DF",
                                          "\u200B",
                                          "\u00A0",
                                          " ",
                                          "\u3000",
                                          "_",
                                          "-",
                                          "+",
                                          ",",
                                          ":80",
                                          ":443",
                                          ":0080",
                                          "'",
                                          "\"",
                                          "\U0001F4A9",
                                          "\u2100",
                                          "0123456789abcdef0123456789abcdef",
                                          "2001:db8::1",
                                          "192.0.2.7",
                                          "/24",
                                          "\u0416",
                                          "%C3%B6"};

std::string random_name(Dice& dice) {
  std::string name;
  const std::size_t pieces = 1 + dice.below(10);
  for (std::size_t i = 0; i < pieces; ++i) name += dice.one_of(kPieces);
  return name;
}

std::string random_frame(EntityType type, Dice& dice) {
  const std::string middle = random_name(dice);
  switch (type) {
    case EntityType::IpAddress:
      return dice.coin() ? "192.0.2." + middle : "2001:" + middle + ":1";
    case EntityType::InternetDomainName:
      return middle + ".bad.test";
    case EntityType::Url:
      return dice.coin() ? "http://bad.test/" + middle
                         : "http://" + middle + "@bad.test" + random_name(dice);
    case EntityType::Hash:
      return middle + "0123456789abcdef0123456789abcdef";
    case EntityType::EmailAddress:
      return middle + "@bad.test";
  }
  return middle;
}

/// Everything that must hold of any name; counts the accepted ones.
std::size_t check_properties(EntityType type, const std::string& name) {
  const Result<Indicator> found = Indicator::parse(type, name);
  // A blank before the name is trimmed, so it changes nothing; but it leads past the fast path for
  // canonical names.
  const Result<Indicator> slow = Indicator::parse(type, name.size() < 4096 ? " " + name : name);
  REQUIRE(found.has_value() == slow.has_value());
  if (!found) {
    REQUIRE(found.error().code == ErrorCode::InvalidIndicator);
    REQUIRE(found.error().public_detail.ends_with('.'));
    return 0;
  }
  REQUIRE(*slow == *found);
  REQUIRE(slow->spellings() == found->spellings());
  REQUIRE(found->entity() == type);
  const Result<Indicator> again = Indicator::parse(type, found->canonical());
  REQUIRE(again);
  REQUIRE(*again == *found);
  const Result<Indicator> again_slow = Indicator::parse(type, found->canonical() + "\n");
  if (found->canonical().size() < 4096) REQUIRE(again_slow);
  if (again_slow) REQUIRE(*again_slow == *found);
  const std::vector<std::string> spellings = found->spellings();
  REQUIRE(!spellings.empty());
  REQUIRE(spellings.size() <= Indicator::kMaxSpellings);
  REQUIRE(std::set<std::string>(spellings.begin(), spellings.end()).size() == spellings.size());
  for (const std::string& spelling : spellings) {
    CAPTURE(spelling);
    const Result<Indicator> row = Indicator::parse(type, spelling);
    REQUIRE(row);
    REQUIRE(*row == *found);
  }
  return 1;
}

/// Another spelling of the canonical text of one indicator, by rules that keep the key.
std::string respelled(EntityType type, std::string name, Dice& dice) {
  const auto replace_dots = [&](std::size_t from, std::size_t to) {
    const std::vector<std::string> dots = {"[.]",   "(.)", "{.}", "[dot]", "(DOT)",
                                           "{dot}", "[.",  ".]",  "\\.",   "."};
    std::string out = name.substr(0, from);
    for (std::size_t i = from; i < name.size(); ++i)
      out += name[i] == '.' && i < to ? dice.one_of(dots) : std::string(1, name[i]);
    name = out;
  };
  const auto raise = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, name.size()); ++i)
      if (dice.coin()) name[i] = ascii_upper(name[i]);
  };
  switch (type) {
    case EntityType::IpAddress:
      raise(0, name.size());
      if (!name.contains(':')) {
        if (dice.coin()) name = (name.contains('/') ? "" : "::ffff:") + name;
        replace_dots(0, name.size());
      }
      if (dice.coin()) name = "IP:" + name;
      break;
    case EntityType::InternetDomainName:
      raise(0, name.size());
      if (dice.coin()) name += ".";
      replace_dots(0, name.size());
      if (dice.coin()) name = "idn:" + name;
      break;
    case EntityType::Url: {
      // Plain paths only: a defanged host has its path refanged, which plain ones do not show.
      const std::size_t end = name.find('/', 8);
      raise(0, end);
      replace_dots(0, end);
      if (name.starts_with("http:") && dice.coin()) name = "hXXp[:]//" + name.substr(7);
      if (dice.coin()) name = "URL:" + name;
      break;
    }
    case EntityType::Hash:
      raise(0, name.size());
      if (dice.coin()) name = "hash:" + name;
      break;
    case EntityType::EmailAddress:
      raise(0, name.size());
      replace_dots(name.find('@'), name.size());
      if (dice.coin()) name.replace(name.find('@'), 1, "[at]");
      if (dice.coin()) name = "mailto:" + name;
      break;
  }
  const std::vector<std::string> invisible = {"\u00AD", "\u200B", "\u200E", "\u2060", "\uFEFF"};
  if (dice.coin()) name += dice.one_of(invisible);
  if (dice.coin()) name = "\u00A0 " + name + "\r\n";
  return name;
}

std::pair<EntityType, std::string> indicator_number(std::size_t i) {
  const std::string n = std::to_string(i);
  switch (i % 5) {
    case 0:
      return {EntityType::IpAddress, i % 2 == 0 ? "192.0.2." + n : "2001:db8::" + n};
    case 1:
      return {EntityType::InternetDomainName, "www" + n + ".bad.test"};
    case 2:
      return {EntityType::Url, "http://www" + n + ".bad.test/Path/" + n};
    case 3:
      return {EntityType::Hash, std::string(32 - n.size(), 'c') + n};
    default:
      return {EntityType::EmailAddress, "who" + n + "@bad.test"};
  }
}

}  // namespace

TEST_CASE("property: canonical forms and spellings parse to the same indicator, whatever the name",
          "[indicator]") {
  Dice dice{20250401};
  std::size_t accepted = 0;
  for (int round = 0; round < 6000; ++round)
    for (const EntityType type : kTypes) {
      const std::string name = dice.below(4) == 0 ? random_name(dice) : random_frame(type, dice);
      CAPTURE(round, name_of(type), name);
      accepted += check_properties(type, name);
    }
  // The generator has to reach the accepting half of the rules too.
  CHECK(accepted > 3000);
}

TEST_CASE("property: 1,000 mixed spellings of 100 indicators give exactly 100 keys",
          "[indicator]") {
  Dice dice{7};
  std::set<std::pair<IndicatorType, std::string>> keys;
  std::set<std::string> names;
  for (std::size_t i = 0; i < 100; ++i) {
    const auto [type, canonical] = indicator_number(i);
    for (int spelling = 0; spelling < 10; ++spelling) {
      const std::string name = respelled(type, canonical, dice);
      CAPTURE(name_of(type), canonical, name);
      const Result<Indicator> found = Indicator::parse(type, name);
      REQUIRE(found);
      REQUIRE(found->canonical() == canonical);
      keys.emplace(found->type(), found->canonical());
      names.insert(name);
    }
  }
  CHECK(keys.size() == 100);
  CHECK(names.size() > 900);
}

TEST_CASE("property: recognise finds what parse finds, and never more", "[indicator]") {
  Dice dice{99};
  std::size_t accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    const std::string name = random_frame(dice.one_of(kTypes), dice);
    CAPTURE(round, name);
    const Result<Indicator> found = Indicator::recognise(name);
    if (!found) continue;
    ++accepted;
    const Result<Indicator> parsed = Indicator::parse(found->entity(), name);
    REQUIRE(parsed);
    REQUIRE(*parsed == *found);
  }
  CHECK(accepted > 500);
}
