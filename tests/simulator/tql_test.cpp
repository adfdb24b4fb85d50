#include <catch2/catch.hpp>

#include <random>

#include <cardstock/threatconnect/query.hpp>

#include "data.hpp"
#include "evaluate.hpp"
#include "tql.hpp"

using namespace cardstock;
using namespace cardstock::simulator;

namespace {

constexpr const char* kData = R"json({
  "owners": [{"id": 1, "name": "Org A", "type": "Organization"}, {"id": 2, "name": "Source B", "type": "Source"}],
  "credentials": [{"api_id": "x", "secret": "y", "organization": "Org A", "owners": "*"}],
  "indicators": [
    {"type": "Host", "summary": "evil.test", "ownerName": "Org A", "rating": 4, "confidence": 80, "tags": [{"name": "bad"}]},
    {"type": "Host", "summary": "notevil.test", "ownerName": "Source B", "rating": 1},
    {"type": "Address", "summary": "evil.test", "ownerName": "Source B"},
    {"type": "Host", "summary": "gone.test", "ownerName": "Org A", "active": false},
    {"type": "File", "summary": "D41D8CD98F00B204E9800998ECF8427E : DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "ownerName": "Org A"}
  ]})json";

/// The numbers of the selected copies, from 0.
std::vector<std::size_t> selected(const std::string& tql, ValueCase value_case = ValueCase::Exact) {
  const auto instance = read_instance(kData);
  REQUIRE(instance);
  const auto tree = parse_tql(tql);
  INFO(tql << ": " << (tree ? std::string{} : tree.error().public_detail));
  REQUIRE(tree);
  return select(**instance, *tree, {true, true}, value_case);
}

using Numbers = std::vector<std::size_t>;

}  // namespace

TEST_CASE("tql: comparisons, lists and precedence select what they say", "[simulator]") {
  CHECK(selected(R"(summary = "evil.test")") == Numbers{0, 2});
  CHECK(selected(R"(typeName in ("host") and summary in ("evil.test","notevil.test"))") ==
        Numbers{0, 1});
  CHECK(selected(R"(summary = "notevil.test" or summary = "evil.test" and typeName = "Address")") ==
        Numbers{1, 2});
  CHECK(
      selected(R"((summary = "notevil.test" or summary = "evil.test") and typeName = "Address")") ==
      Numbers{2});
  CHECK(selected(R"(ownerName not in ("Org A"))") == Numbers{1, 2});
  CHECK(selected("RATING >= 4 AND confidence > 79") == Numbers{0});
  CHECK(selected("rating is null") == Numbers{2, 4});
  CHECK(selected(R"(tag = 'bad')") == Numbers{0});
  CHECK(selected(R"(summary contains "evil")") == Numbers{0, 1, 2});
  CHECK(selected(R"(summary startswith "not")") == Numbers{1});
  CHECK(selected(R"(summary like "%evil.test")") == Numbers{0, 1, 2});
}

TEST_CASE("tql: inactive copies come only when the query names them", "[simulator]") {
  CHECK(selected(R"(summary = "gone.test")").empty());
  CHECK(selected(
            R"(summary = "gone.test" and (indicatorActive = true or indicatorActive = false))") ==
        Numbers{3});
}

TEST_CASE("tql: a file is found by each hash that it has, whole and in its own letter case",
          "[simulator]") {
  CHECK(selected(R"(value1 = "D41D8CD98F00B204E9800998ECF8427E")") == Numbers{4});
  CHECK(selected(R"(value2 = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709")") == Numbers{4});
  CHECK(selected(R"(summary = "D41D8CD98F00B204E9800998ECF8427E")").empty());
  CHECK(selected(R"(value1 = "d41d8cd98f00b204e9800998ecf8427e")").empty());
  CHECK(selected(R"(value1 = "d41d8cd98f00b204e9800998ecf8427e")", ValueCase::Ignored) ==
        Numbers{4});
}

TEST_CASE("tql: what is no query is refused", "[simulator]") {
  for (const std::string& bad : std::vector<std::string>{
           "summary", "summary =", "summary = evil.test", R"(summary = "x)", R"(summary = "a"b")",
           R"(summary = "a\q")", R"(nonsense = "x")", R"(summary = "x" and)", R"((summary = "x")",
           R"(summary in ())", R"(rating = "x" or)", "summary = \"a\nb\"",
           R"(summary = "x" summary = "y")",
           std::string(200, '(') + "rating = 1" + std::string(200, ')')}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_tql(bad));
  }
}

TEST_CASE("tql: what the query writer escapes is read back as it was", "[simulator]") {
  std::mt19937_64 random{5};
  const std::vector<std::string> pieces{"\"", "'", "\\", "`",  "a", " ",    "%", ",",
                                        "(",  ")", "ü",  "or", "=", "\\\"", "😀"};
  for (int i = 0; i < 2000; ++i) {
    std::string value;
    for (std::size_t n = random() % 12 + 1; n > 0; --n) value += pieces[random() % pieces.size()];
    const auto tree = parse_tql("summary = " + threatconnect::tql_string(value));
    CAPTURE(value);
    REQUIRE(tree);
    REQUIRE(std::get<std::string>(tree->comparison.literals.at(0)) == value);
  }
}
