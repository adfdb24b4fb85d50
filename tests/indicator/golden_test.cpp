#include <simdjson.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>

using namespace cardstock;

namespace {

struct Vector {
  std::string type;
  std::string name;
  std::string canonical;
  std::string tc_type;
  std::vector<std::string> upstream;
  std::string error;  ///< a phrase of the refusal; empty for a sound name
};

std::string text_of(simdjson::dom::element object, const char* key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string{text} : std::string{};
}

std::vector<Vector> read_vectors() {
  std::vector<Vector> vectors;
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines;
  REQUIRE(parser.load_many(CARDSTOCK_SOURCE_DIR "/tests/golden/canonical.jsonl").get(lines) ==
          simdjson::SUCCESS);
  for (const auto line : lines) {
    simdjson::dom::element object;
    REQUIRE(line.get(object) == simdjson::SUCCESS);
    Vector one{text_of(object, "type"),
               text_of(object, "name"),
               text_of(object, "canonical"),
               text_of(object, "tc_type"),
               {},
               text_of(object, "error")};
    simdjson::dom::array spellings;
    if (object["upstream"].get(spellings) == simdjson::SUCCESS)
      for (const std::string_view spelling : spellings) one.upstream.emplace_back(spelling);
    vectors.push_back(std::move(one));
  }
  return vectors;
}

}  // namespace

TEST_CASE("golden: every vector has its canonical form, its spellings or its refusal",
          "[indicator]") {
  const std::vector<Vector> vectors = read_vectors();
  REQUIRE(vectors.size() >= 90);
  for (const Vector& one : vectors) {
    CAPTURE(one.type, one.name);
    const auto type = entity_type(one.type);
    REQUIRE(type);
    const Result<Indicator> found = Indicator::parse(*type, one.name);
    REQUIRE(found.has_value() == one.error.empty());
    if (!found) {
      CHECK(found.error().code == ErrorCode::InvalidIndicator);
      CHECK_THAT(found.error().public_detail, Catch::Contains(one.error));
      continue;
    }
    CHECK(found->canonical() == one.canonical);
    CHECK(name_of(found->type()) == one.tc_type);
    const std::vector<std::string> spellings = found->spellings();
    for (const std::string& spelling : one.upstream) {
      CAPTURE(spelling);
      CHECK(std::ranges::count(spellings, spelling) == 1);
    }
  }
}
