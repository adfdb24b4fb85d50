#include <catch2/catch.hpp>

#include <cardstock/util/text.hpp>

using namespace cardstock;

TEST_CASE("text: base64 and hex of known bytes", "[util]") {
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("\xfb\xff") == "+/8=");
  CHECK(to_hex("\x01\xab") == "01ab");
}

TEST_CASE("text: the start of a text ends at a code point", "[util]") {
  CHECK(start_of("abc", 3) == "abc");
  CHECK(start_of("abc", 2) == "ab");
  CHECK(start_of("aü", 2) == "a");
  CHECK(start_of("aüb", 3) == "aü");
  CHECK(start_of("a\U0001F600", 4) == "a");
  CHECK(start_of("a\U0001F600", 5) == "a\U0001F600");
  CHECK(start_of("ü", 0).empty());
  // No code point is that long: the cut stays near where it was wanted.
  CHECK(start_of(std::string(100, '\x80'), 50).size() == 47);
  CHECK(cut("abc", 3) == "abc");
  CHECK(cut("aü", 2) == "a…");
}

TEST_CASE("text: percent coding, both ways", "[util]") {
  CHECK(percent_encode("a b/ü%~") == "a%20b%2F%C3%BC%25~");
  CHECK(*percent_decode("a%20b+c") == "a b+c");
  CHECK(*percent_decode("a%20b+c", PlusSign::Blank) == "a b c");
  CHECK_FALSE(percent_decode("%zz"));
  CHECK_FALSE(percent_decode("%4"));
  CHECK(*percent_decode("%2541") == "%41");
}

TEST_CASE("text: integers are read whole or not at all", "[util]") {
  CHECK(parse_integer("42") == 42);
  CHECK(parse_integer("-1") == -1);
  for (const char* bad : {"", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_integer(bad));
  }
}

TEST_CASE("text: UTF-8 is checked strictly", "[util]") {
  CHECK(is_valid_utf8("aé€😀\xEF\xBF\xBD"));
  for (const char* bad :
       {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\x80"}) {
    CAPTURE(to_hex(bad));
    CHECK_FALSE(is_valid_utf8(bad));
  }
  std::string out;
  append_utf8(out, 0x1F600);
  CHECK(out == "😀");
}

TEST_CASE("text: trim and case", "[util]") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim(" \n ").empty());
  CHECK(equal_ignoring_case("Content-TYPE", "content-type"));
  CHECK_FALSE(equal_ignoring_case("a", "ab"));
  CHECK(starts_with_ignoring_case("Bearer x", "bearer "));
}
