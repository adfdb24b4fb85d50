#include <cardstock/threatconnect/record.hpp>

#include <catch2/catch.hpp>

#include <cardstock/threatconnect/answer.hpp>
#include <cardstock/util/text.hpp>

#include "threatconnect/fixtures.hpp"
#include "threatconnect/random_record.hpp"

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

Record record_of(const std::string& name) {
  const auto page = read_indicators(200, "application/json", fixture(name));
  if (!page) FAIL(page.error().public_detail);
  Record record;
  for (const Row& row : page->rows) record.copies.push_back(row.copy);
  return record;
}

std::string trimmed(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("record: the stored form is the golden one", "[threatconnect]") {
  Record record = record_of("v7_two_owners.json");
  record.copies_cut = 3;
  const std::string golden = trimmed(test::read_file(std::string{CARDSTOCK_SOURCE_DIR} +
                                                     "/tests/golden/threatconnect/record_v1.json"));
  CHECK(encode(record) == golden);
  const auto read = decode(golden);
  REQUIRE(read);
  CHECK(*read == record);
}

TEST_CASE("record: an absent record is a stored record too", "[threatconnect]") {
  CHECK(encode({}) == R"({"v":1,"copies":[]})");
  const auto read = decode(encode({}));
  REQUIRE(read);
  CHECK(read->absent());
}

TEST_CASE("record: what is encoded comes back equal", "[threatconnect]") {
  RandomRecord random{7};
  for (int round = 0; round < 1500; ++round) {
    const Record record = random.record();
    const std::string stored = encode(record);
    const auto read = decode(stored);
    CAPTURE(stored);
    REQUIRE(read);
    REQUIRE(*read == record);
    REQUIRE(encode(*read) == stored);
    REQUIRE(is_valid_utf8(stored));
    REQUIRE(stored.find('\n') == std::string::npos);
  }
}

TEST_CASE("record: ids and decimals are exact", "[threatconnect]") {
  Record record;
  record.copies.resize(1);
  OwnerCopy& copy = record.copies[0];
  copy.owner = "O";
  for (const std::int64_t id :
       {INT64_MAX, INT64_MIN, std::int64_t{9007199254740993}, std::int64_t{-1}}) {
    copy.id = id;
    copy.owner_id = id;
    CHECK(decode(encode(record)).value() == record);
  }
  for (const double rating : {0.0, 5.0, 3.5, 0.1, 4.999999999999999, 5e-324}) {
    copy.rating = rating;
    CHECK(decode(encode(record)).value() == record);
  }
  copy.rating = 3.0;
  CHECK(encode(record).find(R"("rating":3,)") == std::string::npos);
  CHECK(encode(record).find(R"("rating":3)") != std::string::npos);
}

TEST_CASE("record: ill-formed UTF-8 is stored as U+FFFD", "[threatconnect]") {
  Record record;
  record.copies.resize(1);
  record.copies[0].owner = "a\xFF";
  CHECK(decode(encode(record)).value().copies[0].owner == "a\xEF\xBF\xBD");
}

TEST_CASE("record: keys of a later form are passed over", "[threatconnect]") {
  const auto read = decode(
      R"({"v":1,"new":{"a":[1,{"b":null}]},"copies":[{"id":5,"new":[true],"owner":"O","attr":[{"type":"T","new":1}]}]})");
  REQUIRE(read);
  REQUIRE(read->copies.size() == 1);
  CHECK(read->copies[0].id == 5);
  CHECK(read->copies[0].active);
  CHECK(read->copies[0].attributes == std::vector<Attribute>{{"T", "", false, false}});
}

TEST_CASE("record: anything else is a damaged row", "[threatconnect]") {
  const std::string deep =
      R"({"v":1,"copies":[],"x":)" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  for (const std::string& text :
       std::vector<std::string>{"",
                                " ",
                                "null",
                                "[]",
                                "{}",
                                "x",
                                "\xFF",
                                R"({"v":1})",
                                R"({"copies":[]})",
                                R"({"v":2,"copies":[]})",
                                R"({"v":"1","copies":[]})",
                                R"({"v":1,"copies":{}})",
                                R"({"v":1,"copies":[1]})",
                                R"({"v":1,"copies":[null]})",
                                R"({"v":1,"copies":[]}x)",
                                R"({"v":1,"copies":[]},)",
                                R"({"v":1,"copies":[)",
                                R"({"v":1,"copies":[],"cut":-1})",
                                R"({"v":1,"copies":[],"cut":1.5})",
                                R"({"v":1,"copies":[{"id":"5"}]})",
                                R"({"v":1,"copies":[{"id":1e3}]})",
                                R"({"v":1,"copies":[{"id":9223372036854775808}]})",
                                R"({"v":1,"copies":[{"owner":null}]})",
                                R"({"v":1,"copies":[{"owner":"\ud800"}]})",
                                "{\"v\":1,\"copies\":[{\"owner\":\"\xFF\"}]}",
                                R"({"v":1,"copies":[{"active":1}]})",
                                R"({"v":1,"copies":[{"rating":5.1}]})",
                                R"({"v":1,"copies":[{"rating":-1}]})",
                                R"({"v":1,"copies":[{"rating":"3"}]})",
                                R"({"v":1,"copies":[{"conf":101}]})",
                                R"({"v":1,"copies":[{"conf":-1}]})",
                                R"({"v":1,"copies":[{"ta":1001}]})",
                                R"({"v":1,"copies":[{"fp":-1}]})",
                                R"({"v":1,"copies":[{"mod":9223372036854775807}]})",
                                R"({"v":1,"copies":[{"added":-9223372036854775808}]})",
                                R"({"v":1,"copies":[{"tags":[1]}]})",
                                R"({"v":1,"copies":[{"tags":"x"}]})",
                                R"({"v":1,"copies":[{"attr":[[]]}]})",
                                R"({"v":1,"copies":[{"attr":[{"def":"true"}]}]})",
                                R"({"v":1,"copies":[{"grp":{}}]})",
                                R"({"v":1,"copies":[{"more":{"grp":-2}}]})",
                                R"({"v":1,"copies":[{"more":{"tags":"1"}}]})",
                                R"({"v":1,"copies":[{"odd":[]}]})",
                                R"({"v":1,"copies":[{"odd":{"conf":7}}]})",
                                deep}) {
    CAPTURE(text.substr(0, 100));
    const auto read = decode(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::StoreFailed);
    CHECK_FALSE(read.error().cause.empty());
    CHECK(read.error().public_detail == "a stored record is damaged");
  }
}

TEST_CASE("record: damage anywhere never crashes and never reads as something unencodable",
          "[threatconnect]") {
  const std::string whole = encode(record_of("v7_two_owners.json"));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) REQUIRE_FALSE(decode(whole.substr(0, cut)));
  std::mt19937_64 random{11};
  std::size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = whole;
    for (std::uint64_t left = 1 + random() % 3; left > 0; --left) {
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    }
    const auto read = decode(damaged);
    if (read) {
      REQUIRE(decode(encode(*read)).value() == *read);
    } else {
      REQUIRE(read.error().code == ErrorCode::StoreFailed);
      ++refused;
    }
  }
  CHECK(refused > 500);
}
