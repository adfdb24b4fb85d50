#include <map>

#include <catch2/catch.hpp>

#include <cardstock/util/text.hpp>

#include "card/generator.hpp"

/// Recorded Future refuses a whole card for one key that metadata.json does not declare: generated
/// records, with text from outside at its worst, against the document that metadata_json() makes.
using namespace cardstock;
using namespace cardstock::test;
using simdjson::dom::element;

namespace {

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

/// How often each key was met, by its path: `all_owners/owner`.
using Met = std::map<std::string, std::size_t>;

std::string walk(element value, element declared, const std::string& path, Met& met);

/// Every member is declared among `entries`, once, in their order.
std::string walk_members(simdjson::dom::object members,
                         simdjson::dom::array entries,
                         const std::string& within,
                         Met& met) {
  auto next = entries.begin();
  std::size_t count = 0;
  for (const auto member : members) {
    ++count;
    while (next != entries.end() && std::string_view{(*next)["key"]} != member.key) ++next;
    if (next == entries.end())
      return "undeclared, repeated or out of order: " + std::string{member.key};
    const std::string path = within + std::string{member.key};
    ++met[path];
    if (const std::string fault = walk(member.value, *next, path + '/', met); !fault.empty())
      return std::string{member.key} + ": " + fault;
    ++next;
  }
  return count == 0 ? "empty object" : "";
}

std::string walk(element value, element declared, const std::string& path, Met& met) {
  const std::string_view type = declared["type"];
  if (type == "integer") return value.is_int64() ? "" : "not an integer";
  if (type == "list") {
    simdjson::dom::array items;
    if (value.get(items) != simdjson::SUCCESS) return "not a list";
    if (items.size() == 0) return "empty list";
    for (const element item : items)
      if (std::string fault = walk(item, declared["item"], path, met); !fault.empty()) return fault;
    return {};
  }
  if (type == "dict") {
    simdjson::dom::object members;
    if (value.get(members) != simdjson::SUCCESS) return "not an object";
    return walk_members(members, declared["entries"], path, met);
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
  const auto asked = Indicator::parse(EntityType::IpAddress, "203.0.113.7");
  REQUIRE(asked);
  Met met;
  std::size_t found = 0;
  std::size_t named = 0;
  std::size_t asked_for = 0;
  std::size_t none_met = 0;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    Generator generate{seed};
    const auto record = generate.record();
    const auto settings = generate.settings();
    const auto rendered = card::render(record, settings, &*asked);
    const std::string json = card_text(rendered, generate.text());
    CAPTURE(seed, json);
    if (rendered.found) ++found;
    if (json.find(R"("criteria":["None of )") != std::string::npos) ++none_met;
    if (json.find(R"("criteria":[)") != std::string::npos) ++asked_for;
    REQUIRE(Document{"[" + rendered.criteria + "]"}.root().is_array());
    REQUIRE(is_valid_utf8(json));
    const Document card{json};
    REQUIRE(walk_members(simdjson::dom::object{card.root()}, metadata.root()["entries"], "", met) ==
            "");
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
  // The generator reaches what it is meant to reach: every key that there is, at every depth.
  for (const card::KeyInfo& key : card::keys()) {
    CAPTURE(key.key);
    CHECK(met[std::string{key.key}] > 50);
    for (const card::KeyInfo& entry : key.entries) {
      CAPTURE(entry.key);
      CHECK(met[std::string{key.key} + '/' + std::string{entry.key}] > 50);
    }
  }
  CHECK(found > 1500);
  CHECK(named > 3000);
  CHECK(none_met > 500);
  CHECK(asked_for > none_met + 200);
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
