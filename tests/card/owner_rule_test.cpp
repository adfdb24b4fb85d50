#include <catch2/catch.hpp>

#include "card/samples.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

Texts owners_in_order(const threatconnect::Record& record, const card::OwnerRule& rule) {
  Texts owners;
  for (const std::size_t i : card::order_copies(record, rule))
    owners.push_back(record.copies[i].owner);
  return owners;
}

threatconnect::Record five_owners() {
  return record_of({copy_of("Source B"), copy_of("Unknown E"), copy_of("Community C"),
                    copy_of("Org A"), copy_of("Source A")});
}

card::OwnerRule with_kinds() {
  card::OwnerRule rule;
  rule.kinds = {{"Source A", "Source"},
                {"Source B", "Source"},
                {"Community C", "Community"},
                {"Org A", "Organization"}};
  return rule;
}

}  // namespace

TEST_CASE("owner rule: without any setting owners stand by name", "[card]") {
  CHECK(owners_in_order(five_owners(), {}) ==
        Texts{"Community C", "Org A", "Source A", "Source B", "Unknown E"});
}

TEST_CASE("owner rule: Organization, Community, Source, unknown, then by name", "[card]") {
  CHECK(owners_in_order(five_owners(), with_kinds()) ==
        Texts{"Org A", "Community C", "Source A", "Source B", "Unknown E"});
}

TEST_CASE("owner rule: the default owner, then the configured order, then the kinds", "[card]") {
  card::OwnerRule rule = with_kinds();
  rule.default_owner = " Source B ";
  rule.order = {"Unknown E", " Source A"};
  CHECK(owners_in_order(five_owners(), rule) ==
        Texts{"Source B", "Unknown E", "Source A", "Org A", "Community C"});
}

TEST_CASE("owner rule: a default owner without a copy changes nothing", "[card]") {
  card::OwnerRule rule = with_kinds();
  rule.default_owner = "Org Z";
  CHECK(owners_in_order(five_owners(), rule).front() == "Org A");
}

TEST_CASE("owner rule: allow and deny lists, names trimmed, case counts", "[card]") {
  card::OwnerRule rule;
  rule.allow = {" Org A ", "Source B", ""};
  CHECK(owners_in_order(five_owners(), rule) == Texts{"Org A", "Source B"});
  rule.deny = {"Source B"};
  CHECK(owners_in_order(five_owners(), rule) == Texts{"Org A"});
  rule.allow = {"org a"};
  CHECK(owners_in_order(five_owners(), rule).empty());
  rule.allow = {};
  rule.deny = {"Org A", "Source A", "source b"};
  CHECK(owners_in_order(five_owners(), rule) == Texts{"Community C", "Source B", "Unknown E"});
}

TEST_CASE("owner rule: an owner without a name passes only where there is no list", "[card]") {
  const auto record = record_of({copy_of(" "), copy_of("Org A")});
  CHECK(owners_in_order(record, {}).size() == 2);
  card::OwnerRule rule;
  rule.deny = {"Source B"};
  CHECK(owners_in_order(record, rule) == Texts{"Org A"});
}

TEST_CASE("owner rule: of several spellings the copy modified last comes first", "[card]") {
  auto old = copy_of("Org A", 1);
  old.last_modified = at("2020-01-01");
  auto undated = copy_of("Org A", 2);
  undated.last_modified.reset();
  auto newest = copy_of("Org A ", 3);
  newest.last_modified = at("2026-01-01");
  const auto record = record_of({old, undated, newest, copy_of("Aaa", 4)});
  card::OwnerRule rule;
  rule.default_owner = "Org A";
  CHECK(card::order_copies(record, rule) == std::vector<std::size_t>{2, 0, 1, 3});
}
