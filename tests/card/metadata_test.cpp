#include <catch2/catch.hpp>

#include "card/samples.hpp"

using namespace cardstock;
using namespace cardstock::test;

TEST_CASE("metadata: the keys of the product in their order, with labels and types", "[card]") {
  std::string table;
  for (const card::KeyInfo& info : card::keys()) {
    table += std::string{info.key} + "|" + std::string{info.label} + "|" + std::string{info.type};
    for (const card::KeyInfo& entry : info.entries)
      table += " " + std::string{entry.key} + ":" + std::string{entry.type};
    table += "\n";
  }
  CHECK(table ==
        "owner_name|Owner Name|text\n"
        "threat_assess_score|Threat Assess Score|text\n"
        "owner_confidence|Owner Confidence|text\n"
        "owner_rating|Owner Rating|text\n"
        "false_positive_count|False Positive Count|integer\n"
        "last_modified_on|Last Modified on|date\n"
        "portal_link|Link to ThreatConnect Portal|link\n"
        "all_owners|All Owners|list owner:text rating:text confidence:text last_modified:date "
        "status:text link:link\n"
        "associated_groups|Associated Groups|list type:text name:text owner:text link:link\n"
        "attributes|Attributes|list type:text value:text owner:text\n"
        "tags|Tags|list\n"
        "criteria|Playbook criteria met|list\n"
        "freshness|Fetched|text\n"
        "notes|Notes|list\n");
}

TEST_CASE("metadata: lists name their items, long ones are collapsed", "[card]") {
  const std::string json = card::metadata_json();
  const Document metadata{json};
  std::size_t lists = 0;
  for (const simdjson::dom::element entry : simdjson::dom::array{metadata.root()["entries"]}) {
    const std::string_view key = entry["key"];
    CAPTURE(key);
    const bool is_list = std::string_view{entry["type"]} == "list";
    CHECK((entry["item"].error() == simdjson::SUCCESS) == is_list);
    CHECK(entry["entries"].error() != simdjson::SUCCESS);
    if (!is_list) continue;
    ++lists;
    const bool of_text = key == "tags" || key == "criteria" || key == "notes";
    CHECK(std::string_view{entry["item"]["type"]} == (of_text ? "text" : "dict"));
    CHECK((entry["item"]["entries"].error() == simdjson::SUCCESS) == !of_text);
    CHECK((entry["collapse"].error() == simdjson::SUCCESS) ==
          (key != "criteria" && key != "notes"));
  }
  CHECK(lists == 6);
  CHECK(json == card::metadata_json());
  CHECK(
      json.starts_with(R"({"entries":[{"key":"owner_name","label":"Owner Name","type":"text"},)"));
}
