#include <catch2/catch.hpp>

#include "app/commands/terminal_text.hpp"

using namespace cardstock::app;

TEST_CASE("terminal_text: nothing that moves, colours or turns a terminal comes through", "[app]") {
  CHECK(printable("plain é € 😀") == "plain é € 😀");
  CHECK(printable("a\x1b[31m\r\nb\t\x7f") == "a\\u001b[31m\\u000d\\u000ab\\u0009\\u007f");
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\u009b31m");
  CHECK(printable("\xe2\x80\xae"
                  "gpj.exe\xe2\x81\xa6\xd8\x9c") == "\\u202egpj.exe\\u2066\\u061c");
  CHECK(printable("\xff\xed\xa0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("terminal_text: JSON keeps its meaning and its line ends", "[app]") {
  CHECK(printable_json("{\n\t\"a\": \"\xc2\x9b\x7f\\u001b\"}") ==
        "{\n\t\"a\": \"\\u009b\\u007f\\u001b\"}");
}

TEST_CASE("terminal_text: widths, counts, bytes and seconds", "[app]") {
  CHECK(width("é€x") == 3);
  CHECK(padded("é", 3) == "é  ");
  CHECK(padded("long", 2) == "long");
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(1234567) == "1,234,567");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1536) == "1.50 KiB");
  CHECK(bytes_text(67108864) == "64.0 MiB");
  CHECK(seconds_text(0.000212) == "0.21 ms");
  CHECK(seconds_text(0.34) == "340 ms");
  CHECK(seconds_text(1.25) == "1.25 s");
  CHECK(seconds_text(-1) == "-");
}

TEST_CASE("terminal_text: lines are broken at blanks and lose nothing else", "[app]") {
  using Lines = std::vector<std::string>;
  CHECK(broken("one two three", 0) == Lines{"one two three"});
  CHECK(broken("one two three", 13) == Lines{"one two three"});
  CHECK(broken("one two three", 12) == Lines{"one two", "three"});
  CHECK(broken("one two three", 7) == Lines{"one two", "three"});
  CHECK(broken("one two three", 6) == Lines{"one", "two", "three"});
  CHECK(broken("abcdefgh ij", 3) == Lines{"abc", "def", "gh", "ij"});
  CHECK(broken("\u00e9\u00e9\u00e9\u00e9", 2) == Lines{"\u00e9\u00e9", "\u00e9\u00e9"});
  CHECK(broken("", 5) == Lines{""});
  CHECK(broken(" a b", 2) == Lines{" a", "b"});
}
