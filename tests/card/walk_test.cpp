#include <array>
#include <random>

#include <catch2/catch.hpp>

#include <cardstock/util/text.hpp>

#include "card/samples.hpp"

/// Recorded Future refuses a whole card for one key that metadata.json does not declare: generated
/// records, with text from outside at its worst, against the document that metadata_json() makes.
using namespace cardstock;
using namespace cardstock::test;
using namespace std::string_literals;
using simdjson::dom::element;

namespace {

constexpr std::string_view kPortal = "https://tc.example.org:8443";

/// Owners whose names are found in no other text, so that a name in a card can only come from its
/// owner.
const std::array<std::string, 8> kOwners{
    "Owner-Alpha", "Owner-Bravo ",  "Owner \"Charlie\"",      "Owner-Delta",
    " Owner-Echo", "Owner-Foxtrot", "Owner\xE2\x80\xAE-Golf", ""};

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : engine_{seed} {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  std::string text() {
    static const std::vector<std::string> kPieces{"word",
                                                  " ",
                                                  "\n",
                                                  "\r",
                                                  "\t",
                                                  "\0"s,
                                                  "\x1B[31m",
                                                  "\x7F",
                                                  "\xC2\x9B",
                                                  "\xFF",
                                                  "\xE2\x82",
                                                  "\xED\xA0\x80",
                                                  "\xF4\x90\x80\x80",
                                                  "\xE2\x80\xAE",
                                                  "\xE2\x80\x8F",
                                                  "\xD8\x9C",
                                                  "\xE2\x81\xA7",
                                                  "\xE2\x80\x8B",
                                                  "\xEF\xBB\xBF",
                                                  "\xE2\x80\xA8",
                                                  "\xE2\x80\x8D",
                                                  "\xC3\xA9",
                                                  "\xF0\x9F\x91\xA9",
                                                  "\"",
                                                  "\\",
                                                  "/",
                                                  "</script>",
                                                  "<b>",
                                                  "<script>",
                                                  "<!--",
                                                  "-->",
                                                  "<a href='",
                                                  "&lt;",
                                                  "&#0;",
                                                  "&#x202E;",
                                                  "&#13;",
                                                  "**",
                                                  "*",
                                                  "_",
                                                  "`",
                                                  "[",
                                                  "](http://e.test/)",
                                                  "# ",
                                                  "{",
                                                  "}",
                                                  "null",
                                                  "\\u0000",
                                                  "%00"};
    std::string text;
    for (std::size_t n = below(12); n > 0; --n) text += kPieces[below(kPieces.size())];
    if (chance(40)) text.append(3000, 'x');
    return text;
  }

  std::string link() {
    static const std::vector<std::string> kLinks{
        "",
        "null/auth",
        "javascript:alert(1)",
        "https://tc.example.org:8443/#/details/indicators/5",
        "https://tc.example.org/x",
        "https://tc.example.org:8443.evil.test/",
        "https://tc.example.org:8443@evil.test/",
        "https://evil.test/?https://tc.example.org:8443/",
        "http://tc.example.org:8443/",
        "HTTPS://TC.example.org:8443/x"};
    const std::string link = kLinks[below(kLinks.size())];
    return chance(4) ? link + text() : link;
  }

  template <class Value>
  std::optional<Value> maybe(Value value) {
    return chance(3) ? std::nullopt : std::optional{value};
  }

  std::optional<WallTime> time() {
    static const std::array<std::int64_t, 6> kSeconds{
        0, -1, 1'795'572'000, 253402300799, 253402300800, 951782400};
    return maybe(WallTime{std::chrono::seconds{kSeconds[below(kSeconds.size())]}});
  }

  std::int64_t id() {
    static const std::array<std::int64_t, 5> kIds{0, -7, 5, 11111797252348111, 9223372036854775807};
    return chance(2) ? kIds[below(kIds.size())] : static_cast<std::int64_t>(below(1000));
  }

  const std::string& owner() { return kOwners[below(kOwners.size())]; }

  threatconnect::OwnerCopy copy() {
    static const std::array<double, 7> kRatings{0, 3, 4.2, 3.5, 5, -1, 1e300};
    threatconnect::OwnerCopy copy;
    copy.id = id();
    copy.owner = owner();
    copy.summary = text();
    copy.active = chance(2);
    copy.rating = maybe(kRatings[below(kRatings.size())]);
    copy.confidence = maybe(static_cast<std::int64_t>(below(110)) - 5);
    copy.last_modified = time();
    copy.web_link = link();
    copy.threat_assess_score = maybe(static_cast<std::int64_t>(below(1100)) - 50);
    copy.false_positives = maybe(id());
    for (std::size_t n = below(6); n > 0; --n)
      copy.attributes.push_back(
          {.type = text(), .value = text(), .is_default = chance(3), .pinned = chance(3)});
    for (std::size_t n = below(6); n > 0; --n)
      copy.groups.push_back(
          {.id = id(), .type = text(), .name = text(), .owner = owner(), .link = link()});
    for (std::size_t n = below(6); n > 0; --n) copy.tags.push_back(text());
    return copy;
  }

  threatconnect::Record record() {
    threatconnect::Record record;
    for (std::size_t n = below(7); n > 0; --n) record.copies.push_back(copy());
    record.copies_cut = chance(4) ? static_cast<std::int64_t>(below(3)) : 0;
    return record;
  }

  card::CardSettings settings() {
    card::CardSettings settings;
    settings.portal_origin = chance(8) ? "" : std::string{kPortal};
    settings.owners.default_owner = chance(3) ? "" : owner();
    settings.max_owners = below(6);
    settings.max_groups = below(8);
    settings.max_attributes = below(8);
    settings.max_tags = below(8);
    settings.max_text = chance(3) ? below(20) : 1000;
    for (std::size_t n = below(3); n > 0; --n) settings.owners.order.push_back(owner());
    if (chance(3))
      for (std::size_t n = 1 + below(4); n > 0; --n) settings.owners.allow.push_back(owner());
    if (chance(2))
      for (std::size_t n = 1 + below(4); n > 0; --n) settings.owners.deny.push_back(owner());
    for (const std::string& name : kOwners)
      if (chance(2)) settings.owners.kinds.emplace(name, chance(2) ? "Organization" : text());
    return settings;
  }

 private:
  std::mt19937 engine_;
};

std::string fault_of_text(std::string_view text) {
  if (text.empty()) return "empty text";
  if (!is_valid_utf8(text)) return "ill-formed UTF-8";
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next_code_point(text, i);
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
    const bool bidirectional = c == 0x061C || c == 0x200E || c == 0x200F ||
                               (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
                               c == 0xFEFF || c == 0x200B;
    if (control || bidirectional)
      return "forbidden character " + std::to_string(static_cast<std::uint32_t>(c));
  }
  return {};
}

bool is_date(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return false;
  return true;
}

std::string walk(element value, element declared);

/// Every member is declared among `entries`, once, in their order.
std::string walk_members(simdjson::dom::object members, simdjson::dom::array entries) {
  auto next = entries.begin();
  std::size_t count = 0;
  for (const auto member : members) {
    ++count;
    while (next != entries.end() && std::string_view{(*next)["key"]} != member.key) ++next;
    if (next == entries.end())
      return "undeclared, repeated or out of order: " + std::string{member.key};
    if (const std::string fault = walk(member.value, *next); !fault.empty())
      return std::string{member.key} + ": " + fault;
    ++next;
  }
  return count == 0 ? "empty object" : "";
}

std::string walk(element value, element declared) {
  const std::string_view type = declared["type"];
  if (type == "integer") return value.is_int64() ? "" : "not an integer";
  if (type == "list") {
    simdjson::dom::array items;
    if (value.get(items) != simdjson::SUCCESS) return "not a list";
    if (items.size() == 0) return "empty list";
    for (const element item : items)
      if (std::string fault = walk(item, declared["item"]); !fault.empty()) return fault;
    return {};
  }
  if (type == "dict") {
    simdjson::dom::object members;
    if (value.get(members) != simdjson::SUCCESS) return "not an object";
    return walk_members(members, declared["entries"]);
  }
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return "not a text";
  if (type == "date" && !is_date(text)) return "not a date: " + std::string{text};
  if (type == "link" && !starts_with_ignoring_case(text, std::string{kPortal} + "/"))
    return "a foreign link: " + std::string{text};
  if (type != "date" && type != "link" && type != "text")
    return "unknown type " + std::string{type};
  return fault_of_text(text);
}

/// A blank name is no entry.
bool in_list(const std::vector<std::string>& list, std::string_view owner) {
  for (const std::string& name : list)
    if (!trim(name).empty() && trim(name) == trim(owner)) return true;
  return false;
}

/// Blank names do not make a list.
bool lists_nobody(const std::vector<std::string>& list) {
  for (const std::string& name : list)
    if (!trim(name).empty()) return false;
  return true;
}

}  // namespace

TEST_CASE("walk: whatever the record holds, every key is declared and every value obeys its type",
          "[card]") {
  const Document metadata{card::metadata_json()};
  std::size_t found = 0;
  std::size_t named = 0;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    Generator generate{seed};
    const auto record = generate.record();
    const auto settings = generate.settings();
    const auto rendered = card::render(record, settings);
    const std::string json = card_text(rendered, generate.text());
    CAPTURE(seed, json);
    if (rendered.found) ++found;
    REQUIRE(is_valid_utf8(json));
    const Document card{json};
    REQUIRE(walk_members(simdjson::dom::object{card.root()}, metadata.root()["entries"]).empty());
    // Nothing of an owner that may not be seen, by name; the names are found nowhere else.
    for (const std::string& owner : kOwners) {
      const std::string name{trim(owner)};
      if (name.empty() || name.find('\xE2') != std::string::npos ||
          name.find('"') != std::string::npos)
        continue;
      if (json.find(name) == std::string::npos) continue;
      ++named;
      REQUIRE_FALSE(in_list(settings.owners.deny, owner));
      REQUIRE((lists_nobody(settings.owners.allow) || in_list(settings.owners.allow, owner)));
    }
    for (const std::size_t i : card::order_copies(record, settings.owners))
      REQUIRE_FALSE(in_list(settings.owners.deny, record.copies[i].owner));
  }
  // The generator reaches what it is meant to reach.
  CHECK(found > 1500);
  CHECK(named > 3000);
}

TEST_CASE("walk: nothing of a refused owner is in the card, whatever field it comes from",
          "[card]") {
  std::size_t shown = 0;
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    Generator generate{seed};
    auto settings = generate.settings();
    settings.owners.allow = {};
    settings.owners.deny = {"Owner-Alpha"};
    settings.max_text = 1000;
    const auto clean = [&generate] { return "t" + std::to_string(generate.below(1000)); };
    auto record = generate.record();
    for (auto& copy : record.copies) {
      const std::string mark = copy.owner == "Owner-Alpha" ? "FORBIDDEN" : "visible";
      copy.attributes.push_back({.type = mark, .value = mark + clean(), .is_default = true});
      copy.tags.push_back(mark + clean());
      copy.groups.push_back(
          {.id = 0, .type = mark, .name = mark + clean(), .owner = copy.owner, .link = ""});
      copy.groups.push_back(
          {.id = 0, .type = "FORBIDDEN", .name = "FORBIDDEN", .owner = "Owner-Alpha ", .link = ""});
      if (copy.owner == "Owner-Alpha") {
        copy.threat_assess_score = 987;
        copy.false_positives = 987654;
        copy.id = 98765432;
        copy.web_link = std::string{kPortal} + "/FORBIDDEN";
      } else {
        copy.threat_assess_score.reset();
        copy.false_positives.reset();
      }
    }
    const std::string json = card_text(card::render(record, settings));
    CAPTURE(seed, json);
    for (const char* trace : {"FORBIDDEN", "Owner-Alpha", "987 of", "987654", "98765432"})
      REQUIRE(json.find(trace) == std::string::npos);
    if (json.find("visible") != std::string::npos) ++shown;
  }
  CHECK(shown > 100);
}
