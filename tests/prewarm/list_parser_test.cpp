#include <catch2/catch.hpp>

#include <cardstock/prewarm/list_parser.hpp>
#include <cardstock/prewarm/seen.hpp>
#include "fetch/gzip_run.hpp"
#include "support/gzip_text.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

using Lines = std::vector<std::string>;

/// One text an entry: "LINE name", "LINE name (type)", "LINE ! why"; last "!! error" when reading
/// ended early.
Lines read(std::string_view bytes, std::string column = {}, std::size_t piece = 1U << 20U) {
  Lines out;
  prewarm::ListParser parser{
      std::move(column),
      [&](const prewarm::ListEntry& entry) {
        out.push_back(std::to_string(entry.line) + " " + std::string{entry.name} +
                      (entry.type.empty() ? "" : " (" + std::string{entry.type} + ")"));
      },
      [&](std::size_t line, std::string_view why) {
        out.push_back(std::to_string(line) + " ! " + std::string{why});
      }};
  Status status;
  for (std::size_t at = 0; at < bytes.size() && status; at += piece)
    status = parser.feed(bytes.substr(at, piece));
  if (status) status = parser.finish();
  if (!status) out.push_back("!! " + status.error().public_detail);
  return out;
}

constexpr const char* kBundle = R"json({
  "type": "bundle", "id": "bundle--1", "note": "objects [{\"",
  "objects": [
    {"type": "malware", "name": "x", "labels": ["{", "objects"]},
    {"type": "indicator", "id": "indicator--1", "pattern_type": "stix",
     "pattern": "[url:value = 'http://a.test/\\'x']"},
    7,
    {"type": "indicator", "id": "indicator--2", "pattern": "[ipv4-addr:value = '1.1.1.1' OR file:name = 'y']",
     "objects": {"nested": [{"deep": "}"}]}},
    {"type": "indicator", "id": "indicator--3", "pattern_type": "yara", "pattern": "rule x {}"},
    {"type": "indicator", "id": "indicator--4", "pattern": "[url:value"}
  ],
  "tail": {"a": [1]}
}
)json";

const Lines kOfBundle{
    "5 http://a.test/'x (URL)", "8 1.1.1.1 (IpAddress)",
    "8 ! indicator--2: 1 comparison of its pattern name no indicator that can be asked, first "
    "file:name =",
    "10 ! indicator--3: its pattern is of yara, not of STIX",
    "11 ! indicator--4: its pattern needs a comparison at place 11"};

}  // namespace

TEST_CASE("list_parser: lines and CSV are read as before, packed or not", "[app]") {
  const std::string list =
      GENERATE(as<std::string>{}, "1.1.1.1\n# x\nevil.test",
               "Name,Risk\r\n\"1.1.1.1\",5\r\nevil.test,6\r\n", "", "a", "\n\n");
  CHECK(read(gzip_text(list)) == read(list));
  CHECK(read(list, {}, 1) == read(list));
}

TEST_CASE("list_parser: the members of a packed list and zeros behind them", "[app]") {
  CHECK(read(gzip_text("1.1.1.1\n2.2.") + gzip_text("2.2\n") + std::string(512, '\0')) ==
        Lines{"1 1.1.1.1", "2 2.2.2.2"});
}

TEST_CASE("list_parser: packed lists that are damaged, cut or bombs end it", "[app]") {
  const std::string packed = gzip_text("Name\n1.1.1.1\n2.2.2.2\n");
  CHECK(read(packed.substr(0, packed.size() - 5)).back() == "!! its compressed data is cut off");
  std::string bad = packed;
  bad[packed.size() - 6] = static_cast<char>(bad[packed.size() - 6] ^ 0x55);
  CHECK(read(bad).back() == "!! its compressed data is damaged");
  CHECK(read(packed + "junk").back() == "!! its compressed data is damaged");
  CHECK(read("\x1f\x8b").back() == "!! its compressed data is cut off");
  const std::string bomb = gzip_text(std::string(std::size_t{24} << 20U, 'a'));
  CHECK(read(bomb) == Lines{"!! it unpacks to more than 200 times its size, as no list does"});
}

TEST_CASE("list_parser: what packs well but not absurdly is read", "[app]") {
  // 158 to 1: 40 MiB of one line.
  CHECK(read(gzip_run('x', 160'000)) == Lines{"1 ! it is longer than 64 KiB"});
}

TEST_CASE("list_parser: JSON lines, with a key of the caller's choice", "[app]") {
  CHECK(
      read(
          "{\"name\":\"a.test\"}\n{\"name\":\"1.1.1.1\",\"type\":\"IpAddress\"}\n{\"x\":1}\n{\n") ==
      Lines{"1 a.test", "2 1.1.1.1 (IpAddress)", "3 ! it is not a JSON object with a name",
            "4 ! it is not a JSON object"});
  CHECK(read("{\"ioc\":\"a.test\",\"name\":\"b\"}\n{\"name\":\"c\"}\n", "ioc") ==
        Lines{"1 a.test", "2 ! it is not a JSON object with a ioc"});
  CHECK(read(R"({"type":"indicator","pattern":"[url:value = 'http://a.test']"})") ==
        Lines{"1 http://a.test (URL)"});
}

TEST_CASE("list_parser: a STIX bundle, laid out or on one line, packed or not, cut anywhere",
          "[app]") {
  CHECK(read(kBundle) == kOfBundle);
  CHECK(read(kBundle, {}, 1) == kOfBundle);
  CHECK(read(gzip_text(kBundle), {}, 3) == kOfBundle);
  CHECK(read("\xEF\xBB\xBF" + std::string{kBundle} + kBundle).size() == 2 * kOfBundle.size());
  std::string line{kBundle};
  std::ranges::replace(line, '\n', ' ');
  for (const std::size_t piece : {std::size_t{7}, line.size()}) {
    const Lines out = read(line, {}, piece);
    REQUIRE(out.size() == kOfBundle.size());
    CHECK(out[0] == "1 http://a.test/'x (URL)");
  }
}

TEST_CASE("list_parser: a bundle that is cut off, or followed by something else, says so",
          "[app]") {
  const std::string whole{kBundle};
  const Lines cut = read(whole.substr(0, whole.find("\"tail\"")));
  REQUIRE(cut.size() == kOfBundle.size() + 1);
  CHECK_THAT(cut.back(), Catch::Matchers::Contains("does not end"));
  CHECK(read(whole + "x").back() == "!! line 15 is not a JSON object");
}

TEST_CASE("list_parser: an object of a bundle that is too long is refused and reading goes on",
          "[app]") {
  const std::string big(prewarm::JsonObjects::kMaxObjectBytes, 'x');
  CHECK(read("{\"objects\":[\n{\"a\":\"" + big + "\"},\n" +
             R"({"type":"indicator","pattern":"[url:value = 'http://a.test']"}]})") ==
        Lines{"2 ! a JSON object is longer than 1 MiB", "3 http://a.test (URL)"});
}

TEST_CASE("seen: exact while there is room, forgetful and bounded behind it", "[app]") {
  SystemRandom random;
  prewarm::Seen seen{random, 4096};
  for (int i = 0; i < 3000; ++i) REQUIRE(seen.insert("a" + std::to_string(i)));
  for (int i = 0; i < 3000; ++i) REQUIRE_FALSE(seen.insert("a" + std::to_string(i)));
  for (int i = 0; i < 100'000; ++i) seen.insert("b" + std::to_string(i));
  CHECK(seen.bytes() == 4096 * sizeof(std::uint64_t));
  CHECK_FALSE(seen.insert("b99999"));
}
