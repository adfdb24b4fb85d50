#include <catch2/catch.hpp>

#include "card/samples.hpp"
#include "support/read_file.hpp"

/// Whole cards against tests/golden/card/*.json: same members, same order, same values; layout does
/// not count.
using namespace cardstock;
using namespace cardstock::test;
using threatconnect::OwnerCopy;

namespace {

std::string compact(const std::string& json) {
  simdjson::dom::parser parser;
  return simdjson::minify(simdjson::dom::element{parser.parse(json)});
}

std::string golden(const std::string& name) {
  const std::string path =
      std::string{CARDSTOCK_SOURCE_DIR} + "/tests/golden/card/" + name + ".json";
  return read_file(path);
}

void check_golden(const std::string& name,
                  const threatconnect::Record& record,
                  const card::CardSettings& settings,
                  std::string_view extra_note = {}) {
  const std::string card = card_text(card::render(record, settings), extra_note);
  CAPTURE(name, card);
  CHECK(compact(card) == compact(golden(name)));
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

TEST_CASE("golden: one card of each type", "[card]") {
  const auto settings = settings_for("Org A");
  check_golden("address", record_of({full_copy("Org A", 101, "203.0.113.7")}), settings);
  check_golden("cidr", record_of({full_copy("Org A", 102, "203.0.113.0/24")}), settings);
  check_golden("host", record_of({full_copy("Org A", 103, "bad.example.org")}), settings);
  check_golden("url", record_of({full_copy("Org A", 104, "http://bad.example.org/a?b=\"c\"#d")}),
               settings);
  check_golden("file", record_of({full_copy("Org A", 105, "0CC175B9C0F1B6A831C399E269772661")}),
               settings);
  check_golden("email_address", record_of({full_copy("Org A", 106, "mallory@example.org")}),
               settings);
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
  auto settings = settings_for("Org A");
  settings.max_groups = 3;
  check_golden("many_groups", record_of({copy}), settings);
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
  auto copy = full_copy("Org A\xE2\x80\xAE", 701, "203.0.113.7");
  copy.owner = "Org A\xE2\x80\xAE";
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
  };
  copy.groups = {{.id = 5,
                  .type = "Threat",
                  .name = "</script>\"quoted\\\" \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
                  .owner = copy.owner,
                  .link = "https://app.threatconnect.com@evil.test/"}};
  copy.tags = {"\xEF\xBB\xBFtag", "tag", "\x01\x02"};
  auto settings = settings_for("");
  settings.max_text = 60;
  check_golden("hostile_text", record_of({copy}), settings);
}

TEST_CASE("golden: stale", "[card]") {
  check_golden("stale", record_of({full_copy("Org A", 801, "203.0.113.7")}), settings_for("Org A"),
               "Fetched 3 minutes ago; ThreatConnect could not be asked again: the connection was "
               "refused.");
}

TEST_CASE("golden: partial, not every owner's copy was read", "[card]") {
  auto record = record_of({full_copy("Source B", 901, "203.0.113.7")});
  record.copies_cut = 20;
  check_golden("partial", record, settings_for("Org A"));
}

TEST_CASE("golden: playbook criteria met, and none met", "[card]") {
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
}
