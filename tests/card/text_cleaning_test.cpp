
#include <catch2/catch.hpp>

#include <cardstock/util/text.hpp>

#include "text_cleaning.hpp"

using cardstock::is_valid_utf8;
using cardstock::card::clean_text;
using namespace std::string_literals;

TEST_CASE("cleaning: controls and line breaks of every kind are one blank", "[card]") {
  CHECK(clean_text("a\r\n\tb\x01\x7f\0c"s + "\xC2\x85"
                                            "d\xE2\x80\xA8"
                                            "e\xE2\x80\xA9"
                                            "f",
                   100) == "a b c d e f");
  CHECK(clean_text("  a \xC2\xA0\xE3\x80\x80 b  \n", 100) == "a b");
  CHECK(clean_text(" \n\0 "s, 100).empty());
  CHECK(clean_text("", 100).empty());
}

TEST_CASE("cleaning: bidirectional marks and invisible characters go", "[card]") {
  for (const char* mark :
       {"\xE2\x80\x8E", "\xE2\x80\x8F",     "\xE2\x80\xAA",     "\xE2\x80\xAB", "\xE2\x80\xAC",
        "\xE2\x80\xAD", "\xE2\x80\xAE",     "\xE2\x81\xA6",     "\xE2\x81\xA7", "\xE2\x81\xA8",
        "\xE2\x81\xA9", "\xD8\x9C",         "\xE2\x80\x8B",     "\xEF\xBB\xBF", "\xC2\xAD",
        "\xE2\x81\xA0", "\xF3\xA0\x81\x81", "\xE1\x85\x9F",     "\xE1\x85\xA0", "\xE3\x85\xA4",
        "\xEF\xBE\xA0", "\xE1\x9E\xB4",     "\xF0\x9D\x85\xB3", "\xEF\xB8\x8F"}) {
    CAPTURE(mark);
    CHECK(clean_text("ev"s + mark + "il", 100) == "evil");
    CHECK(clean_text(mark, 100).empty());
  }
  CHECK(clean_text("\xE2\xA0\x80\xE2\xA0\x80", 100).empty());  // empty Braille cells
}

TEST_CASE("cleaning: what chooses the shape of a character stays behind one", "[card]") {
  const auto heart = "\xE2\x9D\xA4\xEF\xB8\x8F"s;
  CHECK(clean_text(heart, 100) == heart);
  const auto mongolian = "\xE1\xA0\xA0\xE1\xA0\x8B"s;
  CHECK(clean_text(mongolian, 100) == mongolian);
  CHECK(clean_text("pay\xEF\xB8\x8Fpal \xEF\xB8\x8F", 100) == "paypal");
}

TEST_CASE("cleaning: joiners stay where scripts need them, and only there", "[card]") {
  const auto family = "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"s;
  CHECK(clean_text(family, 100) == family);
  const auto persian = "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE"s;
  CHECK(clean_text(persian, 100) == persian);
  CHECK(clean_text("pay\xE2\x80\x8Dpal \xE2\x80\x8Cx\xE2\x80\x8D", 100) == "paypal x");
  CHECK(clean_text("\xC3\xA9\xE2\x80\x8D", 100) == "\xC3\xA9");
}

TEST_CASE("cleaning: ill-formed bytes and noncharacters become the replacement character",
          "[card]") {
  CHECK(clean_text("a\xFF\xFE"
                   "b",
                   100) ==
        "a\xEF\xBF\xBD\xEF\xBF\xBD"
        "b");
  CHECK(clean_text("\xED\xA0\x80", 100) == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(clean_text("a\xE2\x82", 100) == "a\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(clean_text("\xEF\xBF\xBF", 100) == "\xEF\xBF\xBD");
}

TEST_CASE("cleaning: a text that is too long is cut at a code point and says so", "[card]") {
  CHECK(clean_text("abcdefghij", 10) == "abcdefghij");
  CHECK(clean_text("abcdefghijk", 10) == "abcdefg\xE2\x80\xA6");
  CHECK(clean_text("abcdef \xC3\xA9\xC3\xA9\xC3\xA9", 10) == "abcdef\xE2\x80\xA6");
  CHECK(clean_text("abcdefghijk \n", 11) == "abcdefghijk");
  CHECK(clean_text("abc", 2).empty());
  CHECK(clean_text("abc", 0).empty());
}

TEST_CASE("cleaning: what is cut beyond the window says so too", "[card]") {
  const std::string blanks(100'000, ' ');
  CHECK(clean_text("a" + blanks + "b", 50) == "a\xE2\x80\xA6");
  CHECK(clean_text("<b>a</b><!--" + blanks + "--> b", 50) == "a\xE2\x80\xA6");
  // The window may end within a code point.
  for (int shift = 0; shift < 4; ++shift) {
    std::string text(static_cast<std::size_t>(shift), ' ');
    for (int i = 0; i < 1000; ++i) text += "\xF0\x9F\x91\xA9";
    CHECK(clean_text(text, 50).find("\xEF\xBF\xBD") == std::string::npos);
  }
}

TEST_CASE("cleaning: a megabyte of the worst markup is cleaned to the limit", "[card]") {
  // Quadratic work on it would outlast the runner's limit on a test.
  for (const char* unit :
       {"<",    "<b",           "<!--",         "<script>", "<style", "&",   "&#", "[",
        "[a](", "![",           "](",           "`",        "` `` ",  "*a ", "_",  "**a",
        "\xFF", "\xE2\x80\xAE", "\xE2\x80\x8D", "a",        "\n",     "# ",  "\\"}) {
    CAPTURE(unit);
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    const std::string clean = clean_text(text, 1000);
    CHECK(clean.size() <= 1000);
    CHECK(is_valid_utf8(clean));
  }
}
