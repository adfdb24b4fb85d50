#include <catch2/catch.hpp>

#include <cardstock/prewarm/list_reader.hpp>

using namespace cardstock;
using prewarm::ListReader;

namespace {

/// What came out, one text an entry: "LINE name", "LINE name (type)", "LINE ! why"; last "!! error"
/// when reading ended early.
std::vector<std::string> read(std::string_view text,
                              std::string column = {},
                              std::size_t piece = 1U << 20U) {
  std::vector<std::string> out;
  ListReader reader{
      {.column = std::move(column)},
      [&](const prewarm::ListEntry& entry) {
        const std::string type = entry.type.empty() ? "" : " (" + std::string{entry.type} + ")";
        out.push_back(std::to_string(entry.line) + " " + std::string{entry.name} + type);
      },
      [&](std::size_t line, std::string_view why) {
        out.push_back(std::to_string(line) + " ! " + std::string{why});
      }};
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (const auto status = reader.feed(text.substr(at, piece)); !status) {
      out.push_back("!! " + status.error().public_detail);
      return out;
    }
  }
  if (const auto status = reader.finish(); !status)
    out.push_back("!! " + status.error().public_detail);
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("list_reader: plain lines stand as they are, comments and blanks are skipped", "[cli]") {
  CHECK(read("# a comment\n\n 1.1.1.1 \r\nhttp://x.test/?a=1,2\n  # another\nlast") ==
        Lines{"3 1.1.1.1", "4 http://x.test/?a=1,2", "6 last"});
  CHECK(read("").empty());
  CHECK(read("\n\r\n").empty());
  CHECK(read("1.1.1.1") == Lines{"1 1.1.1.1"});
  CHECK(read("\xEF\xBB\xBF"
             "1.1.1.1\n") == Lines{"1 1.1.1.1"});
  CHECK(read("\xEF\xBB") == Lines{"1 \xEF\xBB"});
  CHECK(read("\xEF\xBBx\n") == Lines{"1 \xEF\xBBx"});
}

TEST_CASE("list_reader: a header with a Name column makes it CSV", "[cli]") {
  CHECK(read("\"Name\",\"Risk\",\"RiskString\",\"EvidenceDetails\"\n"
             "\"1.1.1.1\",\"90\",\"3/50\",\"{\"\"a\"\": [1, 2]}\"\n"
             "2.2.2.2,80,,\n") == Lines{"2 1.1.1.1", "3 2.2.2.2"});
  CHECK(read("risk, NAME ,Type\r\n5,a.test,InternetDomainName\r\n6,1.1.1.1,\r\n") ==
        Lines{"2 a.test (InternetDomainName)", "3 1.1.1.1"});
  CHECK(read("Name\nhttp://x.test/,y\n") == Lines{"2 http://x.test/"});
  CHECK(read("# exported today\n\nName,Risk\na.test,1\n") == Lines{"4 a.test"});
  CHECK(read("\xEF\xBB\xBF\"Name\"\n\"a.test\"") == Lines{"2 a.test"});
  CHECK(read("Name,Risk\n").empty());
}

TEST_CASE("list_reader: quoted fields may hold quotes, commas and line ends; lines are counted on",
          "[cli]") {
  CHECK(read("Name,Note\n\"a\"\"b,c\",\"two\nlines\"\nd,x\n\"e\nf\",y\ng,z") ==
        Lines{"2 a\"b,c", "4 d", "5 e\nf", "7 g"});
  CHECK(read("Name,Note\n\"a\"b,x\n") == Lines{"2 ab"});
  CHECK(read("Name,Note\na\"b,x\n") == Lines{"2 a\"b"});
}

TEST_CASE("list_reader: a column of the caller's choice, and its absence", "[cli]") {
  CHECK(read("id,indicator\n1,a.test\n", "Indicator") == Lines{"2 a.test"});
  CHECK(read("Name,indicator\nx,a.test\n", "indicator") == Lines{"2 a.test"});
  CHECK(read("Name,Risk\nx,1\n", "indicator") == Lines{"!! the list has no column \"indicator\""});
  CHECK(read("1.1.1.1\n", "Name") == Lines{"!! the list has no column \"Name\""});
  CHECK(read("Type,Risk\nx,1\n", "Type") == Lines{"2 x"});
}

TEST_CASE("list_reader: short, blank and unnamed records", "[cli]") {
  CHECK(
      read("Risk,Name\n5\n\n\r\n6,\n7, \n8,a.test\n") ==
      Lines{"2 ! its name is empty", "5 ! its name is empty", "6 ! its name is empty", "7 a.test"});
  CHECK(read("Name,Note\n\"a,x\nb,y\n") == Lines{"2 ! a quote is not closed"});
}

TEST_CASE("list_reader: what is too long is refused and reading goes on", "[cli]") {
  const std::string full(ListReader::kMaxLineBytes, 'x');
  CHECK(read(full + "\n") == Lines{"1 " + full});
  CHECK(read(full + "y\n" + "1.1.1.1\n") == Lines{"1 ! it is longer than 64 KiB", "2 1.1.1.1"});
  CHECK(read(full + "y") == Lines{"1 ! it is longer than 64 KiB"});
  const std::string why =
      "it is longer than 64 KiB in the column that counts, or than 1 MiB in all";
  CHECK(read("Name,Note\n" + full + "y,1\nb,2\n") == Lines{"2 ! " + why, "3 b"});
  CHECK(read("Name,Note\na," + full + full + "\nb,2\n") == Lines{"2 a", "3 b"});
  std::string unclosed = "Name,Note\na,\"";
  for (int i = 0; i < 20000; ++i) unclosed += std::string(99, 'x') + "\n";
  const auto out = read(unclosed);
  REQUIRE(out.size() > 2);
  CHECK(out[0] == "2 ! " + why);
  CHECK(out.back() == "20001 " + std::string(99, 'x'));
}

TEST_CASE("list_reader: where the bytes are cut does not matter", "[cli]") {
  const std::string text = GENERATE(
      as<std::string>{},
      "\xEF\xBB\xBF# c\r\nName,\"Ty\"\"pe\",Type\r\n\"a\"\"b\",\"x\r\ny\",URL\r\n\r\nc,,\r\nd",
      "1.1.1.1\r\n\r\n#x\r\n2.2.2.2", "Name\n\"a", "\xEF\xBB", "\xEF\xBB\xBF");
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    CAPTURE(piece);
    CHECK(read(text, {}, piece) == read(text));
  }
}
