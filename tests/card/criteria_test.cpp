#include <catch2/catch.hpp>

#include "card/samples.hpp"
#include "criteria.hpp"

using namespace cardstock;
using namespace cardstock::test;
using threatconnect::OwnerCopy;

namespace {

/// Fulfils block_at_the_firewall().
OwnerCopy good_copy(std::string owner = "Org A") {
  OwnerCopy copy = copy_of(std::move(owner));
  copy.confidence = 80;
  copy.rating = 4;
  copy.threat_assess_score = 700;
  copy.false_positives = 0;
  copy.tags = {"other", " Block "};
  return copy;
}

card::Criterion block_at_the_firewall() {
  return {.name = "Block at the firewall",
          .owner = " Org A ",
          .types = {EntityType::IpAddress},
          .min_confidence = 80,
          .min_rating = 4,
          .min_threat_assess = 700,
          .max_false_positives = 0,
          .tag = " block "};
}

card::RenderedCard rendered(const std::vector<OwnerCopy>& copies,
                            std::vector<card::Criterion> criteria,
                            EntityType type = EntityType::IpAddress) {
  auto settings = settings_for("Org A");
  settings.criteria = std::move(criteria);
  const auto asked =
      Indicator::parse(type, type == EntityType::IpAddress ? "203.0.113.7" : "bad.example.org");
  REQUIRE(asked);
  return card::render(record_of(copies), settings, &*asked);
}

Texts shown(const card::RenderedCard& card) {
  return Document{card_text(card)}.list("criteria");
}

/// Every reason of every owner of the first criterion; with a question mark what is not known.
Texts reasons(const std::vector<OwnerCopy>& copies, const card::Criterion& criterion) {
  const Document told{"[" + rendered(copies, {criterion}).criteria + "]"};
  Texts all;
  for (const simdjson::dom::element owner : told.root().at(0)["owners"].get_array()) {
    for (const char* const kind : {"failed", "unknown"}) {
      simdjson::dom::array list;
      if (owner[kind].get(list) != simdjson::SUCCESS) continue;
      for (const simdjson::dom::element reason : list)
        all.push_back(std::string{kind == std::string_view{"failed"} ? "" : "? "} +
                      std::string{std::string_view{owner["owner"]}} + ": " +
                      std::string{std::string_view{reason}});
    }
  }
  return all;
}

}  // namespace

TEST_CASE("criteria: met when every condition holds on one copy, at its very edge", "[card]") {
  const auto card = rendered({good_copy()}, {block_at_the_firewall()});
  CHECK(shown(card) == Texts{"Block at the firewall"});
  CHECK(
      card.criteria ==
      R"({"name":"Block at the firewall","state":"met","owners":[{"owner":"Org A","state":"met"}]})");
}

TEST_CASE("criteria: each condition alone can fail, and says by how much", "[card]") {
  struct Row {
    const char* name;
    void (*spoil)(OwnerCopy&);
    const char* reason;
  };
  const auto row = GENERATE(values<Row>({
      {"confidence", [](OwnerCopy& c) { c.confidence = 79; },
       "Org A: confidence is 79, at least 80 is needed"},
      {"confidence unset", [](OwnerCopy& c) { c.confidence.reset(); },
       "Org A: confidence is not set, at least 80 is needed"},
      {"rating", [](OwnerCopy& c) { c.rating = 3.9; },
       "Org A: rating is 3.9, at least 4 is needed"},
      {"rating unset", [](OwnerCopy& c) { c.rating.reset(); },
       "Org A: rating is not set, at least 4 is needed"},
      {"score", [](OwnerCopy& c) { c.threat_assess_score = 699; },
       "Org A: ThreatAssess score is 699, at least 700 is needed"},
      {"false positives", [](OwnerCopy& c) { c.false_positives = 1; },
       "Org A: false positive count is 1, at most 0 is allowed"},
      {"tag", [](OwnerCopy& c) { c.tags = {"blocked"}; }, "Org A: the tag \"block\" is missing"},
      {"inactive", [](OwnerCopy& c) { c.active = false; }, "Org A: the copy is inactive"},
  }));
  CAPTURE(row.name);
  OwnerCopy copy = good_copy();
  row.spoil(copy);
  CHECK(reasons({copy}, block_at_the_firewall()) == Texts{row.reason});
  CHECK(shown(rendered({copy}, {block_at_the_firewall()})) == Texts{"None of 1"});
}

TEST_CASE("criteria: what cannot be known is neither met nor failed", "[card]") {
  struct Row {
    const char* name;
    void (*spoil)(OwnerCopy&);
    const char* reason;
  };
  const auto row = GENERATE(values<Row>({
      {"confidence off its scale",
       [](OwnerCopy& c) {
         c.confidence.reset();
         c.off_scale.confidence = "150";
       },
       "? Org A: confidence is \"150\", which is not on its scale, at least 80 is needed"},
      {"rating off its scale",
       [](OwnerCopy& c) {
         c.rating.reset();
         c.off_scale.rating = "7\xE2\x80\xAE";
       },
       "? Org A: rating is \"7\", which is not on its scale, at least 4 is needed"},
      {"no score", [](OwnerCopy& c) { c.threat_assess_score.reset(); },
       "? Org A: ThreatAssess score is not known, at least 700 is needed"},
      {"tags that were not all sent",
       [](OwnerCopy& c) {
         c.tags = {"blocked"};
         c.unread.tags = 1;
       },
       "? Org A: the tag \"block\" is not among the tags that were read"},
      {"no count", [](OwnerCopy& c) { c.false_positives.reset(); },
       "? Org A: false positive count is not known, at most 0 is allowed"},
  }));
  CAPTURE(row.name);
  OwnerCopy copy = good_copy();
  row.spoil(copy);
  CHECK(reasons({copy}, block_at_the_firewall()) == Texts{row.reason});
  const auto card = rendered({copy}, {block_at_the_firewall()});
  CHECK(shown(card) == Texts{"None of 1 (1 could not be evaluated)"});
  const Texts notes = Document{card_text(card)}.list("notes");
  REQUIRE_FALSE(notes.empty());
  CHECK(notes.front() == "Criterion \"Block at the firewall\" could not be evaluated: " +
                             std::string{row.reason}.substr(2) + ".");
  // What fails for certain fails, whatever else is not known.
  copy.active = false;
  CHECK(shown(rendered({copy}, {block_at_the_firewall()})) == Texts{"None of 1"});
}

TEST_CASE("criteria: only of an owner that was asked and read is it said that he holds none",
          "[card]") {
  auto settings = settings_for("");
  settings.criteria = {block_at_the_firewall()};
  const auto asked = Indicator::parse(EntityType::IpAddress, "203.0.113.7");
  REQUIRE(asked);
  auto record = record_of({copy_of("Source B")});
  const auto verdict = [&] {
    const Document told{card::render(record, settings, &*asked).criteria};
    const auto owner = told.root()["owners"].at(0);
    const bool failed = owner["failed"].error() == simdjson::SUCCESS;
    CHECK(std::string_view{owner["owner"]} == "Org A");
    CHECK(std::string_view{owner["state"]} == told.text("state"));
    return told.text("state") + ": " +
           std::string{std::string_view{owner[failed ? "failed" : "unknown"].at(0)}};
  };
  CHECK(verdict() ==
        "unknown: has no copy that was read, and may not be visible to these credentials");
  settings.owners.kinds = {{"Source B", "Source"}};
  CHECK(verdict() == "unknown: is not visible to these credentials");
  settings.owners.kinds.emplace("Org A", "Organization");
  CHECK(verdict() == "not_met: does not hold this indicator");
  record.copies_cut = 20;
  CHECK(verdict() == "unknown: is not among the owners that were read");
  settings.owners.deny = {"Org A"};
  CHECK(verdict() == "unknown: is not shown by this service");
  // The card itself does not name whom the caller may not see.
  const std::string json = card_text(card::render(record, settings, &*asked));
  CHECK(json.find("Org A") == std::string::npos);
  CHECK(json.find("could not be evaluated: the owner that it names is not shown by this "
                  "service.") != std::string::npos);
}

TEST_CASE("criteria: where any owner would do, copies that were not read leave it open", "[card]") {
  auto settings = settings_for("");
  settings.criteria = {{.name = "Sure", .min_confidence = 80}};
  auto record = record_of({copy_of("Source B")});
  CHECK(shown(card::render(record, settings)) == Texts{"None of 1"});
  record.copies_cut = 20;
  const auto open = card::render(record, settings);
  CHECK(shown(open) == Texts{"None of 1 (1 could not be evaluated)"});
  CHECK(
      open.criteria.find(R"("state":"unknown","owners":[{"owner":"Source B","state":"not_met")") !=
      std::string::npos);
  CHECK(open.criteria.find(R"("unread":20})") != std::string::npos);
  record.copies.front().confidence = 80;
  CHECK(shown(card::render(record, settings)) == Texts{"Sure"});
}

TEST_CASE("criteria: the notes on what could not be evaluated are few", "[card]") {
  auto settings = settings_for("");
  for (int i = 1; i <= 20; ++i)
    settings.criteria.push_back({.name = "C" + std::to_string(i), .max_false_positives = 1});
  const auto notes =
      Document{card_text(card::render(record_of({copy_of("Org A")}), settings))}.list("notes");
  REQUIRE(notes.size() == card::kMaxNotes + 1);
  CHECK(notes.front() ==
        "Criterion \"C1\" could not be evaluated: Org A: false positive count is not known, at "
        "most 1 is allowed.");
  CHECK(notes.back() == "15 more criteria could not be evaluated.");
}

TEST_CASE("criteria: what one owner lacks another's copy does not lend", "[card]") {
  auto sure = copy_of("Org A", 1);
  sure.confidence = 95;
  auto severe = copy_of("Source B", 2);
  severe.rating = 5;
  const card::Criterion both{.name = "Both", .min_confidence = 90, .min_rating = 4};
  CHECK(shown(rendered({sure, severe}, {both})) == Texts{"None of 1"});
  CHECK(reasons({sure, severe}, both) == Texts{"Org A: rating is not set, at least 4 is needed",
                                               "Source B: confidence is not set, at least 90 is "
                                               "needed"});
  severe.confidence = 90;
  CHECK(shown(rendered({sure, severe}, {both})) == Texts{"Both"});
}

TEST_CASE("criteria: score and false positives are the instance's where a copy has none",
          "[card]") {
  auto org = copy_of("Org A", 1);
  org.confidence = 90;
  auto source = copy_of("Source B", 2);
  source.threat_assess_score = 800;
  source.false_positives = 0;
  const card::Criterion criterion{.name = "Sure and bad",
                                  .owner = "Org A",
                                  .min_confidence = 90,
                                  .min_threat_assess = 800,
                                  .max_false_positives = 0};
  CHECK(shown(rendered({source, org}, {criterion})) == Texts{"Sure and bad"});
  org.threat_assess_score = 100;
  CHECK(shown(rendered({source, org}, {criterion})) == Texts{"None of 1"});
  // Where the rows disagree, each copy answers with its own.
  CHECK(shown(rendered({source, org}, {{.name = "Bad", .min_threat_assess = 800}})) ==
        Texts{"Bad"});
}

TEST_CASE("criteria: of an owner's several spellings the newest copy counts", "[card]") {
  auto old = good_copy();
  auto recent = good_copy();
  recent.last_modified = at("2026-11-25T00:00:00Z");
  recent.confidence = 10;
  CHECK(shown(rendered({old, recent}, {block_at_the_firewall()})) == Texts{"None of 1"});
  std::swap(old.confidence, recent.confidence);
  CHECK(shown(rendered({old, recent}, {block_at_the_firewall()})) ==
        Texts{"Block at the firewall"});
}

TEST_CASE("criteria: those of other types are not asked, and without any there is no key",
          "[card]") {
  const card::Criterion any{.name = "Any", .min_confidence = 100};
  const auto host =
      rendered({good_copy()}, {block_at_the_firewall(), any}, EntityType::InternetDomainName);
  CHECK(shown(host) == Texts{"None of 1"});
  CHECK(shown(rendered({good_copy()}, {block_at_the_firewall(), any})) ==
        Texts{"Block at the firewall"});
  CHECK(shown(rendered({good_copy()}, {block_at_the_firewall()}, EntityType::InternetDomainName))
            .empty());
  CHECK(rendered({good_copy()}, {}).criteria.empty());
}

TEST_CASE("criteria: an owner that may not be seen fulfils nothing", "[card]") {
  auto settings = settings_for("");
  settings.owners.deny = {"Org A"};
  settings.criteria = {{.name = "Any", .min_confidence = 50}};
  auto weak = copy_of("Source B", 2);
  weak.confidence = 1;
  const auto card = card::render(record_of({good_copy(), weak}), settings);
  CHECK(shown(card) == Texts{"None of 1"});
  CHECK(card.criteria.find("Org A") == std::string::npos);
}

TEST_CASE("criteria: the explanation is bounded, whoever holds the indicator", "[card]") {
  std::vector<OwnerCopy> copies;
  for (int i = 0; i < 1000; ++i) copies.push_back(copy_of("Owner " + std::to_string(i), i + 1));
  const auto card = rendered(copies, {block_at_the_firewall(),
                                      {.name = "A", .min_confidence = 1, .min_rating = 1},
                                      {.name = "B", .min_confidence = 1}});
  CHECK(card.criteria.size() < card::kMaxExplanationBytes + 1000);
  const Document told{"[" + card.criteria + "]"};
  REQUIRE(told.root().get_array().size() == 3);
  const auto second = told.root().at(1);
  const std::uint64_t more = second["more"];
  CHECK(more + second["owners"].get_array().size() == 1000);
  CHECK(std::uint64_t{told.root().at(2)["more"]} == 1000);
}

TEST_CASE("criteria: names and tags are cleaned like any text", "[card]") {
  const auto card = rendered({good_copy()}, {{.name = "Do\xE2\x80\xAE it", .min_confidence = 1},
                                             {.name = "T", .tag = "a\xE2\x80\xAE\"b"}});
  CHECK(shown(card) == Texts{"Do it"});
  CHECK(shown(rendered({good_copy()}, {{.name = "A", .min_rating = 5},
                                       {.name = "\xE2\x80\xAE", .min_rating = 4}})) ==
        Texts{"Criterion 2"});
  CHECK(card.criteria.find(R"(the tag \"a\"b\" is missing)") != std::string::npos);
}
