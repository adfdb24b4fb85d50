#include <random>

#include <openssl/evp.h>
#include <simdjson.h>
#include <catch2/catch.hpp>

#include <cardstock/card/card.hpp>
#include <cardstock/util/json_writer.hpp>

#include "card/generator.hpp"
#include "card_view.hpp"
#include "http/markup_check.hpp"
#include "preview_page.hpp"

using namespace cardstock;
using namespace cardstock::test;
using Catch::Matchers::Contains;

namespace {

http::DrawnCard drawn(const std::string& card) {
  simdjson::dom::parser metadata_parser;
  simdjson::dom::parser card_parser;
  return http::draw_card(metadata_parser.parse(card::metadata_json())["entries"],
                         card_parser.parse(card));
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++found;
  return found;
}

std::string sha256_base64(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string bytes;
  for (unsigned i = 0; i < size; ++i) bytes.push_back(static_cast<char>(digest[i]));
  return to_base64(bytes);
}

}  // namespace

TEST_CASE("preview: every sample card is drawn whole, in the order of the table", "[http]") {
  REQUIRE(http::sample_cards().size() >= 13);
  for (const EmbeddedFile& sample : http::sample_cards()) {
    CAPTURE(sample.name);
    const http::DrawnCard card = drawn(std::string{sample.content});
    CHECK(card.faults.empty());
    simdjson::dom::parser parser;
    const std::string json{sample.content};
    const simdjson::dom::element document = parser.parse(json);
    std::size_t last = 0;
    for (const card::KeyInfo& info : card::keys()) {
      CAPTURE(info.key);
      const bool held = document[info.key].error() == simdjson::SUCCESS;
      const std::size_t label = std::min(card.html.find("<dt>" + std::string{info.label} + "</dt>"),
                                         card.html.find("<h3>" + std::string{info.label} + " "));
      CHECK((label != std::string::npos) == held);
      if (!held) continue;
      // "Owner" and "Link" stand in lists too; the labels of the card itself are unlike them.
      CHECK(label >= last);
      last = label;
    }
    const std::string page = http::preview_of_sample(sample);
    CHECK(fault_of_markup(page) == "");
    CHECK_THAT(page, Contains(card.html) && Contains("aria-current=\"page\""));
  }
}

TEST_CASE("preview: one page shows every sample card", "[http]") {
  const std::string page = http::preview_of_every_sample();
  CHECK(fault_of_markup(page) == "");
  CHECK(count(page, "<article ") == http::sample_cards().size());
  for (const EmbeddedFile& sample : http::sample_cards()) {
    CAPTURE(sample.name);
    CHECK_THAT(page, Contains("<h2 id=\"sample-" + std::string{sample.name} + "\">Sample: ") &&
                         Contains(drawn(std::string{sample.content}).html));
  }
  CHECK_THAT(page, Contains("?sample=all\" aria-current=\"page\">") && !Contains("role=\"alert\""));
  CHECK(http::find_sample(http::kEverySample) == nullptr);
}

TEST_CASE("preview: lists that are marked so are closed, the others open, and say how many",
          "[http]") {
  const auto card = drawn(
      R"({"all_owners":[{"owner":"A"},{"owner":"B"}],"tags":["t"],"criteria":["c","d"],"notes":["n"]})");
  CHECK(count(card.html, "<details>") == 2);
  CHECK(count(card.html, "<details open") == 0);
  CHECK_THAT(card.html,
             Contains("<details><summary><h3>All Owners <span class=\"count\">(2)</span>") &&
                 Contains("<section><h3>Playbook criteria met <span class=\"count\">(2)</span>") &&
                 Contains("<dl><div><dt>Owner</dt><dd><bdi>B</bdi></dd></div></dl>"));
}

TEST_CASE("preview: a key that is not declared is told, at every depth", "[http]") {
  CHECK(drawn(R"({"owner_name":"A","odd":1})").faults ==
        std::vector<std::string>{"The key \"odd\" is not declared in metadata.json"});
  CHECK(drawn(R"({"all_owners":[{"owner":"A","odd":1}]})").faults ==
        std::vector<std::string>{
            "The key \"odd\" in \"all_owners\" is not declared in metadata.json"});
  const std::string page = http::preview_of_envelope(
      R"({"outcome":"ok","indicator":{"type":"URL","input":"x"},"card":{"o<d>d":1}})");
  CHECK_THAT(page, Contains("role=\"alert\"") && Contains("Recorded Future would refuse") &&
                       Contains("The key &quot;o&lt;d&gt;d&quot; is not declared"));
}

TEST_CASE("preview: a value that is not of its type is told and not drawn", "[http]") {
  const auto row = GENERATE(values<std::pair<const char*, const char*>>({
      {R"({"owner_name":5})", "\"Owner Name\" is not a text"},
      {R"({"false_positive_count":"2"})", "\"False Positive Count\" is not a whole number"},
      {R"({"false_positive_count":2.5})", "\"False Positive Count\" is not a whole number"},
      {R"({"last_modified_on":"yesterday"})", "\"Last Modified on\" is not a date"},
      {R"j({"portal_link":"javascript:alert(1)"})j",
       "\"Link to ThreatConnect Portal\" is not a link"},
      {R"({"portal_link":"https://x.test/\" onclick=\"y"})",
       "\"Link to ThreatConnect Portal\" is not a link"},
      {R"({"tags":"t"})", "\"tags\" is not a list"},
      {R"({"all_owners":["A"]})", "\"all_owners\" holds something that is not an object"},
      {R"(["A"])", "The card is not an object"},
  }));
  CAPTURE(row.first);
  const auto card = drawn(row.first);
  CHECK(card.faults == std::vector<std::string>{row.second});
  CHECK_THAT(card.html, !Contains("alert(") && !Contains("onclick") && !Contains("yesterday"));
}

TEST_CASE("preview: the page needs no other host, and its policy allows none", "[http]") {
  const std::string page = http::preview_of_sample(*http::find_sample("hostile_text"));
  for (const std::string& reference : references_of(page)) {
    CAPTURE(reference);
    CHECK((reference == "#card" || reference.starts_with("/v1/preview") ||
           reference.starts_with("https://app.threatconnect.com/#/details/")));
  }
  for (const char* part : {"<script", "<img", "<link", "<iframe", "@import", " style=", " onclick"})
    CHECK_THAT(page, !Contains(part));
  const std::string headers{http::kPreviewHeaders};
  CHECK_THAT(headers, Contains("default-src 'none'; style-src 'sha256-" +
                               sha256_base64(http::preview_style()) + "';") &&
                          Contains("base-uri 'none'") && Contains("frame-ancestors 'none'") &&
                          Contains("form-action 'self'") && !Contains("unsafe"));
  CHECK_THAT(page, Contains("<style>" + std::string{http::preview_style()} + "</style>"));
}

TEST_CASE("preview: what has no card shows outcome, message and link", "[http]") {
  const std::string page = http::preview_of_envelope(
      R"({"outcome":"no_result","indicator":{"type":"Hash","input":"AB","canonical":"ab"},)"
      R"("message":"Nobody <holds> it.","link":"https://tc.test/#/search?q=ab&x"})");
  CHECK(fault_of_markup(page) == "");
  CHECK_THAT(page, Contains("<p>Outcome: no_result</p><p>Nobody &lt;holds&gt; it.</p>") &&
                       Contains("href=\"https://tc.test/#/search?q=ab&amp;x\"") &&
                       Contains("asked as <bdi>AB</bdi>") && Contains("<option selected>Hash<") &&
                       Contains("value=\"AB\"") && Contains("<title>ab: card preview</title>"));
}

TEST_CASE("preview: no card of a random record is one that Recorded Future would refuse",
          "[http]") {
  std::size_t found = 0;
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    Generator generate{seed};
    const auto rendered = card::render(generate.record(), generate.settings());
    const std::string json = card_text(rendered, generate.text());
    CAPTURE(seed, json);
    REQUIRE(drawn(json).faults.empty());
    const std::string page = http::preview_of_envelope(
        R"({"outcome":"ok","indicator":{"type":"URL","input":"x"},"card":)" + json +
        R"(,"criteria":[)" + rendered.criteria + "]}");
    REQUIRE(fault_of_markup(page) == "");
    if (rendered.found) ++found;
  }
  CHECK(found > 200);
}

TEST_CASE("preview: the reasons of the criteria stand beside the card", "[http]") {
  const std::string page = http::preview_of_envelope(
      R"({"outcome":"ok","indicator":{"type":"URL","input":"x"},"card":{"owner_name":"A"},)"
      R"("criteria":[{"name":"Block","state":"not_met","owners":[{"owner":"A","state":"met"},)"
      R"({"owner":"B","state":"not_met","failed":["one"],"unknown":["two"]}],"more":3},)"
      R"({"name":"Share","state":"unknown","owners":[],"unread":2}]})");
  CHECK(fault_of_markup(page) == "");
  CHECK_THAT(page, Contains("<h3>Block</h3>: <span class=\"unmet\">not met</span>") &&
                       Contains("<bdi>A</bdi>: <span class=\"met\">met</span></li>") &&
                       Contains("<bdi>B</bdi>: <span class=\"unmet\">not met</span>: one; two") &&
                       Contains("<li>3 more owners</li>") &&
                       Contains("<h3>Share</h3>: <span class=\"unknown\">could not be evaluated") &&
                       Contains("<li>2 more owners&#39; copies were not read</li>"));
}

TEST_CASE("preview: whatever the texts hold, the page is well-formed and nothing gets through",
          "[http]") {
  const std::vector<std::string> pieces{
      "</style>", "<script>",    "</title>",  "\"",  "'",        "&",
      "&amp;",    "<!--",        "-->",       "]]>", "onload=x", "\xE2\x80\xAE",
      "\x1B",     "javascript:", "https://x", "é",   "<",        ">",
      "=",        "</bdi>",      "\\",        "\n",  "</option>"};
  std::mt19937 engine{7};
  const auto text = [&] {
    std::string out;
    for (std::size_t n = engine() % 6; n > 0; --n) out += pieces[engine() % pieces.size()];
    return json_string(out);
  };
  for (int run = 0; run < 500; ++run) {
    std::string envelope = R"({"outcome":)" + text() + R"(,"indicator":{"type":)" + text() +
                           R"(,"input":)" + text() + R"(,"canonical":)" + text() + "}";
    if (run % 3 != 0) {
      envelope += R"(,"card":{"owner_name":)" + text() + R"(,"portal_link":)" + text() +
                  R"(,"last_modified_on":)" + text() + R"(,"false_positive_count":)" + text() +
                  R"(,"attributes":[{"type":)" + text() + R"(,"value":)" + text() +
                  ",\"k\":" + text() + R"(}],"tags":[)" + text() + "]," + text() + ":" + text() +
                  "}";
    }
    envelope += R"(,"criteria":[{"name":)" + text() + R"(,"owners":[{"owner":)" + text() +
                R"(,"failed":[)" + text() + "]}]}]" + R"(,"message":)" + text() + R"(,"link":)" +
                text() + "}";
    const std::string page = http::preview_of_envelope(envelope);
    CAPTURE(envelope);
    REQUIRE(fault_of_markup(page) == "");
    REQUIRE(is_valid_utf8(page));
    REQUIRE(page.find('\x1B') == std::string::npos);
    REQUIRE(page.find("\xE2\x80\xAE") == std::string::npos);
    for (const std::string& reference : references_of(page))
      REQUIRE((reference.starts_with("https://") || reference.starts_with('/') ||
               reference == "#card"));
  }
  CHECK(fault_of_markup(http::preview_start()) == "");
  CHECK(http::preview_of_envelope("not JSON") == http::preview_start());
}
