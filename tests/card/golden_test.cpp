#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>

#include <cardstock/threatconnect/answer.hpp>

#include "card/samples.hpp"
#include "support/read_file.hpp"

/// Whole cards against tests/golden/card/*.json, byte for byte.
using namespace cardstock;
using namespace cardstock::test;
using threatconnect::OwnerCopy;

namespace {

/// With it set, the test writes what it would compare: see tests/golden/card/README.md.
constexpr const char* kUpdate = "CARDSTOCK_UPDATE_GOLDEN";

std::string path_of(const std::string& file) {
  return std::string{CARDSTOCK_SOURCE_DIR} + "/tests/" + file;
}

/// One member a line, so that a change of one value is one line of a diff.
std::string indented(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  bool quoted = false;
  const auto line = [&] { out.append("\n").append(2 * depth, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      out += c;
      if (c == '\\') out += json[++i];
      quoted = c != '"';
      continue;
    }
    if (c == '}' || c == ']') {
      --depth;
      line();
    }
    out += c;
    quoted = c == '"';
    if (c == ':') out += ' ';
    if (c == '{' || c == '[') ++depth;
    if (c == '{' || c == '[' || c == ',') line();
  }
  return out += '\n';
}

void check_golden(const std::string& name, const std::string& card) {
  const std::string path = path_of("golden/card/" + name + ".json");
  const std::string told = indented(card);
  if (std::getenv(kUpdate) != nullptr) std::ofstream{path} << told;
  CAPTURE(name);
  CHECK(told == read_file(path));
}

void check_golden(const std::string& name,
                  const threatconnect::Record& record,
                  const card::CardSettings& settings,
                  std::string_view extra_note = {}) {
  check_golden(name, card_text(card::render(record, settings), extra_note));
}

/// The copies of `indicator` in an answer of ThreatConnect's (tests/card/answers).
threatconnect::Record answered(const std::string& name, const Indicator& indicator) {
  const auto page = threatconnect::read_indicators(
      200, "application/json", read_file(path_of("card/answers/" + name + ".json")));
  REQUIRE(page);
  REQUIRE(page->skipped == 0);
  threatconnect::Record record;
  for (const threatconnect::Row& row : page->rows)
    if (!threatconnect::match(row, {indicator}).empty()) record.copies.push_back(row.copy);
  CHECK(record.copies.size() == page->rows.size());
  return record;
}

card::CardSettings sample_settings() {
  auto settings = settings_for("Org A");
  settings.owners.kinds = {{"Org A", "Organization"},
                           {"Common Community", "Community"},
                           {"Malware Vault", "Source"},
                           {"OSINT Source", "Source"}};
  return settings;
}

void check_sample(const std::string& name, EntityType type, std::string_view asked) {
  CAPTURE(asked);
  const auto indicator = Indicator::parse(type, asked);
  REQUIRE(indicator);
  check_golden(name,
               card_text(card::render(answered(name, *indicator), sample_settings(), &*indicator)));
}

/// Everything set, with a link of the kind that the service sends.
OwnerCopy full_copy(std::string owner, std::int64_t id, std::string summary) {
  OwnerCopy copy = copy_of(std::move(owner), id);
  copy.summary = std::move(summary);
  copy.rating = 4.2;
  copy.confidence = 95;
  copy.threat_assess_score = 873;
  copy.false_positives = 2;
  copy.web_link =
      "https://app.threatconnect.com/#/details/indicators/" + std::to_string(id) + "/overview";
  copy.attributes = {
      {.type = "Source", .value = "Seen on https://feed.example.org/list_a_1.txt"},
      {.type = "Description", .value = "**Beacon** of the _Loader_ family.", .is_default = true}};
  copy.groups = {{.id = 4503599627371,
                  .type = "Adversary",
                  .name = "Quiet Heron",
                  .owner = copy.owner,
                  .link = "https://app.threatconnect.com/#/details/groups/4503599627371/overview"}};
  copy.tags = {"Loader", "T1071 - Application Layer Protocol"};
  return copy;
}

}  // namespace

TEST_CASE("golden: a true card of each type, from the answer that ThreatConnect gives", "[card]") {
  check_sample("address", EntityType::IpAddress, "203.0.113[.]7");
  check_sample("cidr", EntityType::IpAddress, "203.0.113.0/24");
  check_sample("host", EntityType::InternetDomainName, "Bad.Example.ORG.");
  check_sample("url", EntityType::Url, "hxxp://BAD.example.org/a?b=\"c\"#d");
  check_sample("email_address", EntityType::EmailAddress, "mallory@EXAMPLE.org");
}

TEST_CASE("golden: a file is one card, by whichever hash it is asked", "[card]") {
  const auto sha256 = Indicator::parse(
      EntityType::Hash, "ff8c8889fd926ee45035a9a813f7adc3304a9cabf9edd4ebadd7e3652ac80e72");
  REQUIRE(sha256);
  check_golden("file", card_text(card::render(answered("file", *sha256), sample_settings())));
  for (const char* hash :
       {"0dc52e0717350431b1b427d446bbed20", "72fec60bb329bc080b0087e2e9958f4cdf4d4cd0"}) {
    const auto shorter = Indicator::parse(EntityType::Hash, hash);
    REQUIRE(shorter);
    // The second owner knows it by its SHA-256 alone.
    const auto page = threatconnect::read_indicators(200, "application/json",
                                                     read_file(path_of("card/answers/file.json")));
    REQUIRE(page);
    CHECK(threatconnect::match(page->rows[0], {*shorter}) == std::vector<std::size_t>{0});
    CHECK(threatconnect::match(page->rows[1], {*shorter}).empty());
  }
}

TEST_CASE("golden: values off their scale, as the answer has them", "[card]") {
  check_sample("off_scale", EntityType::IpAddress, "203.0.113.7");
}

TEST_CASE("golden: an owner beside the default one speaks", "[card]") {
  auto source = full_copy("Source B", 201, "203.0.113.7");
  auto community = full_copy("Common Community", 202, "203.0.113.7");
  community.rating = 1;
  community.confidence.reset();
  community.attributes.clear();
  community.groups.clear();
  auto settings = settings_for("Org A");
  settings.owners.kinds = {
      {"Org A", "Organization"}, {"Source B", "Source"}, {"Common Community", "Community"}};
  check_golden("fallback_owner", record_of({source, community}), settings);
}

TEST_CASE("golden: all copies inactive", "[card]") {
  auto org = full_copy("Org A", 301, "203.0.113.7");
  auto source = full_copy("Source B", 302, "203.0.113.7");
  org.active = false;
  source.active = false;
  check_golden("all_inactive", record_of({org, source}), settings_for("Org A"));
}

TEST_CASE("golden: no rating and no confidence", "[card]") {
  auto copy = full_copy("Org A", 401, "203.0.113.7");
  copy.rating.reset();
  copy.confidence.reset();
  copy.threat_assess_score = 281;
  check_golden("no_rating", record_of({copy}), settings_for("Org A"));
}

TEST_CASE("golden: score 0 is a score", "[card]") {
  auto copy = full_copy("Org A", 501, "203.0.113.7");
  copy.rating = 0;
  copy.confidence = 0;
  copy.threat_assess_score = 0;
  copy.false_positives = 0;
  check_golden("score_zero", record_of({copy}), settings_for("Org A"));
}

TEST_CASE("golden: 250 groups", "[card]") {
  auto copy = full_copy("Org A", 601, "203.0.113.7");
  copy.groups.clear();
  for (int i = 1; i <= 250; ++i)
    copy.groups.push_back({.id = 9000 + i,
                           .type = "Report",
                           .name = "Report " + std::to_string(i),
                           .owner = "Org A",
                           .link = "https://app.threatconnect.com.evil.test/" + std::to_string(i)});
  check_golden("many_groups", record_of({copy}), settings_for("Org A"));
}

TEST_CASE("golden: an id above 2^53", "[card]") {
  auto copy = full_copy("Org A", 11111797252348111, "203.0.113.7");
  copy.web_link = "null/auth/indicators/details/address.xhtml?address=203.0.113.7";
  copy.groups.front().id = 11111797252348112;
  copy.groups.front().link.clear();
  check_golden("long_id", record_of({copy}), settings_for("Org A"));
}

TEST_CASE("golden: hostile text", "[card]") {
  using namespace std::string_literals;
  auto copy = full_copy("<b>Org</b> A\xE2\x80\xAE&lt;script&gt;alert(1)&lt;/script&gt;", 701,
                        "203.0.113.7");
  copy.web_link = "javascript:alert(1)";
  copy.attributes = {
      {.type = "Description",
       .value = "<script>alert(1)</script><p>One <b>two</b>&nbsp;&amp; three</p>"},
      {.type = "Notes",
       .value = "# Head\n\n* see [here](https://evil.test/?a_b)\n* `*.exe` and a_b_c, *.dll"},
      {.type = "Raw\0Type"s,
       .value = "NUL\0, bell\x07, line\r\nbreak, \xFF\xFE, lone \xE2\x80, end"s},
      {.type = "Rtl", .value = "photo\xE2\x80\xAEgpj.exe \xE2\x81\xA6mixed\xE2\x81\xA9"},
      {.type = "Long", .value = std::string(1'000'000, 'x')},
      {.type = "Empty", .value = "<p>\n</p>\0"s},
      {.type = "&lt;i&gt;Escaped&lt;/i&gt;",
       .value = "&lt;img src=x onerror=alert(1)&gt;left, &amp;lt;twice&amp;gt;, if a&lt;b"},
      {.type = "Split", .value = "<scr\xE2\x80\x8Bipt>alert(1)</scr\xC2\xADipt> <svg onload=x"},
  };
  copy.groups = {{.id = 5,
                  .type = "**Threat**\x07",
                  .name = "</script><img src=x onerror=alert(1)>\"quoted\\\" "
                          "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
                  .owner = copy.owner,
                  .link = "https://app.threatconnect.com@evil.test/"}};
  copy.tags = {"\xEF\xBB\xBFtag", "tag", "\x01\x02", "<b>bold</b> tag", "\xE2\x80\xAEgnp"};
  copy.confidence.reset();
  copy.off_scale.confidence =
      "<img src=x onerror=alert(1)>\xE2\x80\xAE"
      "1e9";
  check_golden("hostile_text", record_of({copy}), settings_for(""));
}

TEST_CASE("golden: stale", "[card]") {
  check_golden(
      "stale", record_of({full_copy("Org A", 801, "203.0.113.7")}), settings_for("Org A"),
      "Fetched 3 minutes ago; ThreatConnect could not be asked again: app.threatconnect.com "
      "did not answer in time.");
}

TEST_CASE("golden: partial, not every owner's copy was read", "[card]") {
  auto record = record_of({full_copy("Source B", 901, "203.0.113.7")});
  record.copies_cut = 20;
  check_golden("partial", record, settings_for("Org A"));
}

TEST_CASE("golden: playbook criteria met, none met, and some that could not be evaluated",
          "[card]") {
  auto source = full_copy("Source B", 1002, "203.0.113.7");
  source.confidence = 40;
  const auto record = record_of({full_copy("Org A", 1001, "203.0.113.7"), source});
  auto settings = settings_for("Org A");
  settings.criteria = {{.name = "Block at the firewall", .owner = "Org A", .min_confidence = 80},
                       {.name = "No false positives", .max_false_positives = 0},
                       {.name = "Loader", .min_rating = 4, .tag = "loader"}};
  check_golden("criteria_met", record, settings);
  settings.criteria.resize(2);
  settings.criteria.front().owner = "Source B";
  check_golden("criteria_none", record, settings);
  settings.criteria.push_back({.name = "Ours too", .owner = "Org C", .min_confidence = 80});
  settings.owners.kinds = {
      {"Org A", "Organization"}, {"Source B", "Source"}, {"Org C", "Organization"}};
  auto partial = record;
  partial.copies_cut = 20;
  check_golden("criteria_unknown", partial, settings);
}
