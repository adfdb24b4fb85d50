#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

#include "dictionary.hpp"
#include "row_codec.hpp"
#include "store/sample.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

TEST_CASE("row id: depends on hash key, tenant, type and text", "[store]") {
  const SipKey hash_key{1, 2};
  const std::int64_t id = row_id(hash_key, key_of("a.test"));
  CHECK(id == row_id(hash_key, key_of("a.test")));
  CHECK(id != row_id({1, 3}, key_of("a.test")));
  CHECK(id != row_id(hash_key, key_of("a.test", IndicatorType::Host, 2)));
  CHECK(id != row_id(hash_key, key_of("a.test", IndicatorType::Url)));
  CHECK(id != row_id(hash_key, key_of("b.test")));
}

TEST_CASE("row id: is what is on disk already", "[store]") {
  // SipHash-2-4 under 00 01 … 0f of sixteen 01, 03 and "a.test", worked out apart from this
  // program.
  CHECK(row_id({0x0706050403020100U, 0x0f0e0d0c0b0a0908U}, key_of("a.test")) ==
        -3886883830950278096);
}

TEST_CASE("asked: any bytes come back", "[store]") {
  const std::vector<std::string> asked{"", "a", "1:a,", std::string{"\0\xff\n", 3},
                                       std::string(5000, 'x')};
  CHECK(split_asked(join_asked(asked)) == asked);
  CHECK(split_asked("") == std::vector<std::string>{});
}

TEST_CASE("asked: what join did not write is refused", "[store]") {
  for (const char* text : {"1", ":a,", "-1:a,", "2:a,", "1:a", "1:a;", "9223372036854775807:a,",
                           "99999999999999999999:a,", "1:a,x", "0:", "+1:a,"})
    CHECK_FALSE(split_asked(text));
}

TEST_CASE("owners: ids come back, and what is not one is left out", "[store]") {
  CHECK(split_owners(join_owners({3, 17, 9'000'000'000})) ==
        std::vector<std::int64_t>{3, 17, 9'000'000'000});
  CHECK(join_owners({}).empty());
  CHECK(split_owners("").empty());
  CHECK(split_owners(" 3 x 4 ") == std::vector<std::int64_t>{3, 4});
}

TEST_CASE("body: comes back, and every flipped bit is noticed", "[store]") {
  Compressor compressor;
  Decompressor decompressor{1 << 20};
  const std::string json = threatconnect::encode(found(at_hour(1), {"Org A", "Source B"}).record);
  const std::string frame = compressor.compress(json).value();
  CHECK(frame.size() < json.size());
  CHECK(decompressor.decompress(frame) == json);
  int unnoticed = 0;
  for (std::size_t i = 0; i < frame.size() * 8; ++i) {
    std::string damaged = frame;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    const auto read = decompressor.decompress(damaged);
    unnoticed += read && *read != json ? 1 : 0;
  }
  CHECK(unnoticed == 0);
  for (std::size_t i = 0; i < frame.size(); ++i)
    CHECK_FALSE(decompressor.decompress(frame.substr(0, i)));
}

TEST_CASE("body: a frame that claims more than the limit is refused", "[store]") {
  Compressor compressor;
  const std::string frame = compressor.compress(std::string(5000, 'x')).value();
  CHECK(Decompressor{5000}.decompress(frame));
  CHECK_FALSE(Decompressor{4999}.decompress(frame));
}

namespace {

/// Bodies like those of a store: the same words in other numbers.
std::vector<std::string> bodies(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    StoredRecord row = found(at_hour(i), {"Org A", "Source " + std::to_string(i % 7)});
    for (auto& copy : row.record.copies) {
      copy.id = 1'000'003LL * i;
      copy.summary = "host" + std::to_string(i * 7919) + ".test";
      copy.attributes[0].value =
          "seen " + std::to_string(i * 104'729) + " times in sector " + std::to_string(i % 13);
    }
    out.push_back(threatconnect::encode(row.record));
  }
  return out;
}

}  // namespace

TEST_CASE("body: with a dictionary it is smaller, comes back, and every flipped bit is noticed",
          "[store]") {
  const std::vector<std::string> samples = bodies(500);
  const std::optional<std::string> dictionary = train_dictionary(samples);
  REQUIRE(dictionary);
  CHECK(dictionary->size() <= kDictionaryBytes);
  Compressor plain;
  Compressor trained;
  trained.use(1, *dictionary);
  Decompressor decompressor{1 << 20};
  const std::string json = bodies(501).back();
  const std::string frame = trained.compress(json).value();
  CHECK(frame.size() * 2 < plain.compress(json).value().size());
  // A dictionary that is not known is an error, not rubbish.
  CHECK_FALSE(decompressor.decompress(frame, 1));
  CHECK_FALSE(decompressor.decompress(frame));
  decompressor.add(1, *dictionary);
  CHECK(decompressor.decompress(frame, 1) == json);
  CHECK(decompressor.decompress(plain.compress(json).value()) == json);
  int unnoticed = 0;
  for (std::size_t i = 0; i < frame.size() * 8; ++i) {
    std::string damaged = frame;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    const auto read = decompressor.decompress(damaged, 1);
    unnoticed += read && *read != json ? 1 : 0;
  }
  CHECK(unnoticed == 0);
  trained.use(kNoDictionary, {});
  CHECK(trained.dictionary() == kNoDictionary);
  CHECK(trained.compress(json).value() == plain.compress(json).value());
}

TEST_CASE("dictionary: of nothing, or of too little, there is none", "[store]") {
  CHECK_FALSE(train_dictionary({}));
  CHECK_FALSE(train_dictionary(bodies(1)));
}
