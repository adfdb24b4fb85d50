#include <catch2/catch.hpp>

#include "card/samples.hpp"

using namespace cardstock;
using namespace cardstock::test;
using threatconnect::Attribute;
using threatconnect::Group;

namespace {

Texts notes_of(const threatconnect::Record& record, const card::CardSettings& settings) {
  return card_of(record, settings).list("notes");
}

}  // namespace

TEST_CASE("render: headline values come from one owner, never mixed", "[card]") {
  auto org = copy_of("Org A", 10);
  org.rating = 2;
  auto source = copy_of("Source B", 20);
  source.rating = 5;
  source.confidence = 90;
  source.tags = {"t"};
  const auto card = card_of(record_of({source, org}), settings_for("Org A"));
  CHECK(card.text("owner_name") == "Org A");
  CHECK(card.text("owner_rating") == "2 of 5 (Low)");
  CHECK_FALSE(card.has("owner_confidence"));
  CHECK(card.text("portal_link") == "https://app.threatconnect.com/#/details/indicators/10");
  CHECK(card.list("all_owners", "owner") == Texts{"Org A", "Source B"});
  CHECK(card.list("all_owners", "rating") == Texts{"2 of 5 (Low)", "5 of 5 (Critical)"});
  CHECK(card.list("all_owners", "confidence") == Texts{"(none)", "90% (Confirmed)"});
  CHECK_FALSE(card.has("notes"));
}

TEST_CASE("render: three scales are three fields, unset is left out and 0 is not unset", "[card]") {
  auto copy = copy_of("Org A");
  CHECK_FALSE(card_of(record_of({copy}), settings_for("Org A")).has("threat_assess_score"));
  CHECK_FALSE(card_of(record_of({copy}), settings_for("Org A")).has("owner_rating"));
  CHECK_FALSE(card_of(record_of({copy}), settings_for("Org A")).has("false_positive_count"));
  copy.threat_assess_score = 0;
  copy.rating = 0;
  copy.confidence = 0;
  copy.false_positives = 0;
  const auto zeros = card_of(record_of({copy}), settings_for("Org A"));
  CHECK(zeros.text("threat_assess_score") == "0 of 1000 (Low)");
  CHECK(zeros.text("owner_rating") == "0 of 5 (Unknown)");
  CHECK(zeros.text("owner_confidence") == "0% (Unassessed)");
  CHECK(std::int64_t{zeros.root()["false_positive_count"]} == 0);
  copy.threat_assess_score = 873;
  copy.rating = 4.2;
  copy.confidence = 61;
  const auto values = card_of(record_of({copy}), settings_for("Org A"));
  CHECK(values.text("threat_assess_score") == "873 of 1000 (Critical)");
  CHECK(values.text("owner_rating") == "4.2 of 5 (High)");
  CHECK(values.text("owner_confidence") == "61% (Possible)");
}

TEST_CASE(
    "render: instance-wide values come from the speaking copy, else from the first that has them",
    "[card]") {
  auto org = copy_of("Org A");
  auto first = copy_of("Source B");
  first.threat_assess_score = 300;
  auto second = copy_of("Source C");
  second.threat_assess_score = 600;
  second.false_positives = 4;
  const auto settings = settings_for("Org A");
  const auto borrowed = card_of(record_of({second, first, org}), settings);
  CHECK(borrowed.text("threat_assess_score") == "300 of 1000 (Medium)");
  CHECK(std::int64_t{borrowed.root()["false_positive_count"]} == 4);
  org.threat_assess_score = 0;
  CHECK(card_of(record_of({second, first, org}), settings).text("threat_assess_score") ==
        "0 of 1000 (Low)");
  auto denied = settings;
  denied.owners.deny = {"Source C"};
  CHECK_FALSE(card_of(record_of({second, first, org}), denied).has("false_positive_count"));
}

TEST_CASE("render: a value off its scale is told from one that is unset, in place", "[card]") {
  auto copy = copy_of("Org A");
  copy.off_scale = {.rating = "7",
                    .confidence = "150",
                    .threat_assess_score = "\x01-1\xE2\x80\xAE",
                    .false_positives = "many",
                    .last_modified = "yesterday\n"};
  copy.last_modified = WallTime{std::chrono::milliseconds{-1}};
  const auto card = card_of(record_of({copy}), settings_for("Org A"));
  CHECK(card.text("threat_assess_score") == "\"-1\" (not on its scale of 0 to 1000)");
  CHECK(card.text("owner_confidence") == "\"150\" (not on its scale of 0 to 100)");
  CHECK(card.text("owner_rating") == "\"7\" (not on its scale of 0 to 5)");
  CHECK(card.list("all_owners", "rating") == Texts{"\"7\" (not on its scale of 0 to 5)"});
  CHECK(card.list("all_owners", "confidence") == Texts{"\"150\" (not on its scale of 0 to 100)"});
  CHECK_FALSE(card.has("false_positive_count"));
  CHECK(card.list("notes") ==
        Texts{"Last Modified on was sent as \"yesterday\", which is no time.",
              "False Positive Count was sent as \"many\", which is no count."});
  CHECK_FALSE(card.has("last_modified_on"));
}

TEST_CASE("render: what another row has on the scale is shown before what one has off it",
          "[card]") {
  auto org = copy_of("Org A", 1);
  org.off_scale = {.rating = "",
                   .confidence = "",
                   .threat_assess_score = "1001",
                   .false_positives = "-1",
                   .last_modified = ""};
  auto source = copy_of("Source B", 2);
  source.threat_assess_score = 300;
  source.false_positives = 4;
  const auto card = card_of(record_of({org, source}), settings_for("Org A"));
  CHECK(card.text("threat_assess_score") == "300 of 1000 (Medium)");
  CHECK(std::int64_t{card.root()["false_positive_count"]} == 4);
  CHECK_FALSE(card.has("notes"));
}

TEST_CASE("render: another than the default owner speaks, and the card says so", "[card]") {
  const auto record = record_of({copy_of("Source B")});
  CHECK(card_of(record, settings_for("Org A")).text("owner_name") == "Source B");
  CHECK(
      notes_of(record, settings_for("Org A")) ==
      Texts{
          "Org A, the default owner, has no copy that these credentials see; shown is Source B."});
  CHECK(notes_of(record, settings_for("")).empty());
  CHECK(notes_of(record, settings_for(" Source B ")).empty());
}

TEST_CASE("render: a default owner that may not be seen is not named", "[card]") {
  auto settings = settings_for("Org A");
  settings.owners.deny = {"Org A"};
  CHECK(notes_of(record_of({copy_of("Source B")}), settings).empty());
  settings.owners.deny = {};
  settings.owners.allow = {"Source B"};
  CHECK(notes_of(record_of({copy_of("Source B"), copy_of("Org A")}), settings).empty());
}

TEST_CASE("render: copies that were not read are told, and absence is not claimed", "[card]") {
  auto record = record_of({copy_of("Source B")});
  record.copies_cut = 1;
  CHECK(
      notes_of(record, settings_for("Org A")) ==
      Texts{"Org A, the default owner, is not among the owners that were read; shown is Source B.",
            "1 more owner's copy exists and was not read."});
  record.copies_cut = 12;
  CHECK(notes_of(record, settings_for("Source B")) ==
        Texts{"12 more owners' copies exist and were not read."});
}

TEST_CASE("render: inactive copies are shown and marked", "[card]") {
  auto org = copy_of("Org A");
  org.active = false;
  auto source = copy_of("Source B");
  const auto settings = settings_for("Org A");
  const auto mixed = card_of(record_of({org, source}), settings);
  CHECK(mixed.list("all_owners", "status") == Texts{"Inactive", "Active"});
  CHECK(mixed.list("notes") == Texts{"Inactive: Org A holds this indicator as inactive."});
  CHECK(notes_of(record_of({org}), settings) ==
        Texts{"Inactive: Org A holds this indicator as inactive."});
  source.active = false;
  CHECK(notes_of(record_of({org, source}), settings) ==
        Texts{"Inactive: no owner holds this indicator as active."});
}

TEST_CASE("render: an owner of several spellings is one owner, by its newest copy", "[card]") {
  auto old = copy_of("Org A", 1);
  old.last_modified = at("2020-01-01");
  old.rating = 1;
  old.groups = {Group{.id = 1, .type = "Threat", .name = "Old", .owner = "Org A", .link = ""}};
  auto fresh = copy_of("Org A ", 2);
  fresh.rating = 4;
  const auto rendered =
      card::render(record_of({old, fresh, copy_of("Source B", 3)}), settings_for("Org A"));
  CHECK(rendered.owners == 2);
  CHECK(rendered.owner == "Org A");
  CHECK(rendered.link == "https://app.threatconnect.com/#/details/indicators/2");
  const Document card{card_text(rendered)};
  CHECK(card.text("owner_rating") == "4 of 5 (High)");
  CHECK(card.list("all_owners", "owner") == Texts{"Org A", "Source B"});
  CHECK(card.list("associated_groups", "name") == Texts{"Old"});
}

TEST_CASE("render: groups of all visible copies once each, the speaking copy's first", "[card]") {
  auto org = copy_of("Org A");
  org.groups = {
      Group{.id = 5, .type = "Report", .name = "Test2 ", .owner = "Org A", .link = "null/auth/x"},
      Group{.id = 6, .type = "Threat", .name = "Hidden", .owner = "Source C", .link = ""}};
  auto source = copy_of("Source B");
  source.groups = {
      Group{.id = 7,
            .type = "Malware",
            .name = "M",
            .owner = "Source B",
            .link = "https://app.threatconnect.com/#/details/groups/7/overview"},
      Group{.id = 5, .type = "Report", .name = "Test2 ", .owner = "Org A", .link = ""}};
  auto settings = settings_for("Org A");
  settings.owners.deny = {"Source C"};
  const auto card = card_of(record_of({source, org}), settings);
  CHECK(card.list("associated_groups", "name") == Texts{"Test2", "M"});
  CHECK(card.list("associated_groups", "owner") == Texts{"Org A", "Source B"});
  CHECK(card.list("associated_groups", "link") ==
        Texts{"https://app.threatconnect.com/#/details/groups/5",
              "https://app.threatconnect.com/#/details/groups/7/overview"});
}

TEST_CASE("render: default and pinned attributes of the speaking owner first, then the others'",
          "[card]") {
  const auto attribute = [](const char* value, bool is_default = false, bool pinned = false) {
    return Attribute{
        .type = "Description", .value = value, .is_default = is_default, .pinned = pinned};
  };
  auto org = copy_of("Org A");
  org.attributes = {attribute("one"), attribute("two", false, true), attribute("<br>"),
                    attribute("three", true), attribute("one")};
  auto source = copy_of("Source B");
  source.attributes = {attribute("one"), attribute("five", true)};
  const auto card = card_of(record_of({source, org}), settings_for("Org A"));
  CHECK(card.list("attributes", "value") == Texts{"two", "three", "one", "five", "one"});
  CHECK(card.list("attributes", "owner") ==
        Texts{"Org A", "Org A", "Org A", "Source B", "Source B"});
  CHECK_FALSE(card.has("notes"));
}

TEST_CASE("render: attributes that only differ where they are cut are two", "[card]") {
  auto org = copy_of("Org A");
  const std::string same(3000, 'x');
  org.attributes = {Attribute{.type = "Description", .value = same + "1"},
                    Attribute{.type = "Description", .value = same + "2"},
                    Attribute{.type = "Description", .value = same + "2"}};
  CHECK(card_of(record_of({org}), settings_for("Org A")).list("attributes", "value").size() == 2);
}

TEST_CASE("render: tags are unique and clean", "[card]") {
  auto org = copy_of("Org A");
  org.tags = {"apt", " apt\n", "",
              "b\xE2\x80\xAE"
              "c"};
  auto source = copy_of("Source B");
  source.tags = {"apt", "crime"};
  CHECK(card_of(record_of({source, org}), settings_for("Org A")).list("tags") ==
        Texts{"apt", "bc", "crime"});
}

TEST_CASE("render: lists are capped and say what is missing", "[card]") {
  std::vector<threatconnect::OwnerCopy> copies;
  for (int i = 0; i < 120; ++i) copies.push_back(copy_of("Source " + std::to_string(1000 + i)));
  auto& speaking = copies.front();
  for (int i = 0; i < 250; ++i) {
    const std::string number = std::to_string(i);
    speaking.groups.push_back(
        {.id = i + 1, .type = "Threat", .name = number, .owner = speaking.owner, .link = ""});
    if (i < 11) speaking.attributes.push_back({.type = "Source", .value = number});
    if (i < 13) speaking.tags.push_back(number);
  }
  auto settings = settings_for("Source 1000");
  settings.max_groups = 10;
  settings.max_attributes = 10;
  settings.max_tags = 10;
  const auto rendered = card::render(record_of(copies), settings);
  CHECK(rendered.owners == 120);
  const Document card{card_text(rendered)};
  CHECK(card.list("all_owners", "owner").size() == 50);
  CHECK(card.list("associated_groups", "name").size() == 10);
  CHECK(card.list("attributes", "value").size() == 10);
  CHECK(card.list("tags").size() == 10);
  CHECK(card.list("notes") == Texts{"50 of 120 owners shown", "10 of 250 groups shown",
                                    "10 of 11 attributes shown", "10 of 13 tags shown"});
  settings.max_groups = 0;
  CHECK_FALSE(card_of(record_of(copies), settings).has("associated_groups"));
  settings.max_groups = 250;
  CHECK(card_of(record_of(copies), settings).list("associated_groups", "name").size() == 250);
}

TEST_CASE("render: what is past a cap counts once, as it was sent", "[card]") {
  auto first = copy_of("Org A", 1);
  auto second = copy_of("Source B", 2);
  for (auto* copy : {&first, &second}) {
    for (const char* text : {"one", "<b>one</b>", "two", "two", " ", "three"}) {
      copy->attributes.push_back({.type = "Source", .value = text});
      copy->tags.emplace_back(text);
    }
  }
  auto settings = settings_for("Org A");
  settings.max_attributes = 2;
  settings.max_tags = 2;
  const auto card = card_of(record_of({first, second}), settings);
  CHECK(card.list("attributes", "value") == Texts{"one", "two"});
  CHECK(card.list("tags") == Texts{"one", "two"});
  // Past it markup is not looked at: Source B's "<b>one</b>" counts.
  CHECK(card.list("notes") == Texts{"2 of 7 attributes shown", "2 of 3 tags shown"});
}

TEST_CASE("render: lists that ThreatConnect cut or spoilt are told", "[card]") {
  auto org = copy_of("Org A", 1);
  org.unread = {.attributes = 3, .groups = 249, .tags = threatconnect::Unread::kUnreadable};
  auto source = copy_of("Source B", 2);
  source.unread = {.attributes = threatconnect::Unread::kUnreadable, .groups = INT64_MAX};
  const auto settings = settings_for("Org A");
  CHECK(notes_of(record_of({org}), settings) ==
        Texts{"ThreatConnect holds 249 more groups than it sent; see its portal.",
              "ThreatConnect holds 3 more attributes than it sent; see its portal.",
              "The tags that ThreatConnect sent could not all be read."});
  CHECK(notes_of(record_of({org, source}), settings).size() == 4);
  auto denied = settings;
  denied.owners.deny = {"Org A", "Source B"};
  CHECK(notes_of(record_of({org, source}), denied).empty());
}

TEST_CASE("render: no copy left after the lists is no card", "[card]") {
  auto settings = settings_for("Org A");
  settings.owners.allow = {"Org A"};
  const auto rendered = card::render(record_of({copy_of("Source B")}), settings);
  CHECK_FALSE(rendered.found);
  CHECK(rendered.members.empty());
  CHECK(rendered.notes.empty());
  CHECK(rendered.owners == 0);
  CHECK_FALSE(card::render({}, settings_for("")).found);
}

TEST_CASE("render: an owner filter leaves nothing of the others", "[card]") {
  auto org = copy_of("Org A");
  auto source = copy_of("Source B", 222);
  source.rating = 5;
  source.threat_assess_score = 999;
  source.false_positives = 77;
  source.tags = {"secret tag"};
  source.attributes = {{.type = "Description", .value = "secret text", .is_default = true}};
  source.groups = {
      {.id = 333, .type = "Threat", .name = "secret group", .owner = "Source B", .link = ""},
      {.id = 334, .type = "Threat", .name = "open group", .owner = "Org A", .link = ""}};
  auto settings = settings_for("Org A");
  settings.owners.allow = {"Org A"};
  const auto rendered = card::render(record_of({source, org}), settings);
  CHECK(rendered.found);
  CHECK(rendered.owners == 1);
  CHECK(
      card_text(rendered) ==
      R"({"owner_name":"Org A","last_modified_on":"2026-11-24T10:20:30Z",)"
      R"("portal_link":"https://app.threatconnect.com/#/details/indicators/1",)"
      R"("all_owners":[{"owner":"Org A","last_modified":"2026-11-24T10:20:30Z","status":"Active",)"
      R"("link":"https://app.threatconnect.com/#/details/indicators/1"}],)"
      R"("freshness":"2026-11-25T02:00:00Z, 3 minutes ago, from cache"})");
}

TEST_CASE("render: an indicator that nobody holds says where was looked", "[card]") {
  const auto asked = Indicator::parse(EntityType::IpAddress, "203.0.113.7");
  REQUIRE(asked);
  auto settings = settings_for("Org A");
  const auto text = [&](const threatconnect::Record& record) {
    const auto card = card::render(record, settings, &*asked);
    CHECK_FALSE(card.found);
    return card.absent;
  };
  CHECK(text({}) ==
        "No owner visible to these credentials holds this indicator, inactive copies included.");
  settings.owners.kinds = {{"Org A", "Organization"}};
  CHECK(text({}) ==
        "The 1 owner visible to these credentials does not hold this indicator, "
        "inactive copies included.");
  settings.owners.kinds = {{"Org A", "Organization"}, {"B", "Source"}, {"C", "Source"}};
  CHECK(text({}) ==
        "None of the 3 owners visible to these credentials holds this indicator, "
        "inactive copies included.");
  // Whom the lists hide is neither counted nor named.
  settings.owners.deny = {"C"};
  CHECK(text(record_of({copy_of("C")})) ==
        "None of the 2 owners visible to these credentials holds this indicator, inactive copies "
        "included. Owners that this service does not show were left out.");

  CHECK(card::render({}, settings, &*asked).link.empty());
  settings.no_result_link = "/#/search?q={name}";
  CHECK(card::render({}, settings, &*asked).link ==
        "https://app.threatconnect.com/#/search?q=203.0.113.7");
  CHECK(card::render(record_of({copy_of("Org A", 9)}), settings, &*asked).link ==
        "https://app.threatconnect.com/#/details/indicators/9");
}

TEST_CASE("render: a default owner that these credentials do not see is not named", "[card]") {
  auto settings = settings_for("Org A");
  const auto record = record_of({copy_of("Source B")});
  settings.owners.kinds = {{"Source B", "Source"}, {" Org A ", "Organization"}};
  CHECK(
      notes_of(record, settings) ==
      Texts{
          "Org A, the default owner, has no copy that these credentials see; shown is Source B."});
  settings.owners.kinds = {{"Source B", "Source"}};
  CHECK(notes_of(record, settings) ==
        Texts{"The default owner is not visible to these credentials; shown is Source B."});
}
