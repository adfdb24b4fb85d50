#include <catch2/catch.hpp>

#include "card/samples.hpp"

using namespace cardstock;
using namespace cardstock::test;
using card::Source;

namespace {

std::string freshness(std::string_view fetched, std::string_view now, Source source) {
  std::string out;
  card::append_card(out, card::RenderedCard{}, at(fetched), at(now), source);
  return Document{out}.text("freshness");
}

}  // namespace

TEST_CASE("append: freshness says when, how long ago and from where", "[card]") {
  constexpr std::string_view kAt = "2026-11-25T02:00:00Z";
  CHECK(freshness(kAt, "2026-11-25T02:03:04Z", Source::Cache) ==
        "2026-11-25T02:00:00Z, 3 minutes ago, from cache");
  CHECK(freshness(kAt, "2026-11-25T02:00:01Z", Source::Cache) ==
        "2026-11-25T02:00:00Z, 1 second ago, from cache");
  CHECK(freshness(kAt, "2026-11-25T02:00:00.5Z", Source::Cache) ==
        "2026-11-25T02:00:00Z, just now, from cache");
  CHECK(freshness(kAt, "2026-11-25T02:00:09Z", Source::Upstream) ==
        "2026-11-25T02:00:00Z, just now, from ThreatConnect");
  CHECK(freshness(kAt, "2026-11-25T01:59:59Z", Source::Cache) ==
        "2026-11-25T02:00:00Z, age unknown, from cache");
}

TEST_CASE("append: an empty card is an object too, and what stood in the buffer stays", "[card]") {
  std::string out = "x";
  card::append_card(out, card::RenderedCard{}, at("2026-11-25"), at("2026-11-25"),
                    Source::Upstream);
  CHECK(out == R"(x{"freshness":"2026-11-25T00:00:00Z, just now, from ThreatConnect"})");
}

TEST_CASE("append: the extra note joins the notes, cleaned", "[card]") {
  card::RenderedCard rendered;
  CHECK(Document{card_text(rendered, "stale\n\"because\"")}.list("notes") ==
        Texts{"stale \"because\""});
  rendered.members = R"("owner_name":"Org A")";
  rendered.notes = R"("one","two")";
  CHECK(Document{card_text(rendered)}.list("notes") == Texts{"one", "two"});
  CHECK(Document{card_text(rendered, "three")}.list("notes") == Texts{"one", "two", "three"});
  CHECK(Document{card_text(rendered, "\n")}.list("notes") == Texts{"one", "two"});
  CHECK(Document{card_text(rendered, std::string(100'000, 'x'))}.list("notes").back().size() ==
        1000);
}

TEST_CASE("append: a second answer differs from the first in the moving parts alone", "[card]") {
  const auto rendered = card::render(record_of({copy_of("Org A")}), settings_for("Org A"));
  std::string first;
  card::append_card(first, rendered, at("2026-11-25"), at("2026-11-25"), Source::Upstream);
  const std::string second = card_text(rendered);
  const std::size_t moving = first.find("\"freshness\"");
  REQUIRE(moving != std::string::npos);
  CHECK(first.substr(0, moving) == second.substr(0, moving));
}
