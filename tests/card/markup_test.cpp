#include <random>

#include <catch2/catch.hpp>

#include <cardstock/util/text.hpp>

#include "markup.hpp"
#include "text_cleaning.hpp"

using cardstock::is_alpha;
using namespace cardstock::card;

namespace {
std::string words(std::string_view text) {
  return clean_text(text, 1000);
}
}  // namespace

TEST_CASE("markup: tags go, their words stay, blocks part words", "[card]") {
  CHECK(words("<p>One <b>bo</b>ld</p><p>Two<br/>three</p>") == "One bold Two three");
  CHECK(words("<a href=\"https://evil.test/\" onclick='x'>text</a>") == "text");
  CHECK(words("<IMG SRC=x onerror=alert(1)>left") == "left");
  CHECK(words("<svg/onload=alert(1)>left") == "left");
  CHECK(words("a<script>alert('x')</script>b<STYLE>p{}</STYLE >c") == "a b c");
  CHECK(words("a<!-- hidden -->b<!DOCTYPE html>c<?xml version='1'?>d") == "a bcd");
  CHECK(words("<ul><li>one</li><li>two</li></ul>") == "one two");
}

TEST_CASE("markup: pieces of a tag do not close up to a tag", "[card]") {
  CHECK(words("<scr<b>ipt>alert(1)</scr</b>ipt>").find("<script") == std::string::npos);
  CHECK(words("<scr<script>x</script>ipt>").find("<script") == std::string::npos);
  CHECK(words("<im<!-- -->g src=x>").find("<img") == std::string::npos);
  CHECK(words("<<b>script>").find("<script") == std::string::npos);
}

TEST_CASE("markup: an element of whatever name is not left with an attribute", "[card]") {
  for (const std::string_view text :
       {"<https://onmouseover=alert(1)>", "<mailto:a@b.test/onclick=alert(1)>",
        "https://ok.test/<https://onclick=alert(1)>", "<http://x.test/ onclick=x>",
        "<https://x/style=position:fixed;inset:0/onclick=x>", "<scr<b onclick=x>ipt a=b>alert(1)",
        "<x-y/onclick=x>", "<x-y onclick=x", "<a@<b@ onclick=x>"}) {
    CAPTURE(text);
    const std::string left = words(text);
    for (std::size_t at = 0; at + 1 < left.size(); ++at) {
      const bool opens = left[at] == '<' && is_alpha(left[at + 1]);
      CHECK_FALSE((opens && left.substr(at, left.find('>', at) - at).contains('=')));
    }
  }
  CHECK(words("<user@example.org> 1 < 2, <3, a <- b, x<=y") ==
        "<user@example.org> 1 < 2, <3, a <- b, x<=y");
}

TEST_CASE("markup: what was escaped, split or put together goes the same way", "[card]") {
  CHECK(words("&lt;img src=x onerror=alert(1)&gt;left") == "left");
  CHECK(words("&lt;p&gt;One &lt;b&gt;two&lt;/b&gt;&lt;/p&gt;") == "One two");
  CHECK(words("&#60;script&#62;alert(1)&lt;/script&gt;left") == "left");
  CHECK(words("<scr\xE2\x80\x8Bipt>alert(1)</script>left") == "left");
  CHECK(words("<im\xC2\xADg src=x>left") == "left");
  CHECK(words("[<im](http://x.test/)g src=x onerror=alert(1)>left") == "left");
  CHECK(words("**bold**\x07 \xE2\x80\xAE_it_ # \x01#") == "bold it # #");
  CHECK(words("\xEF\xBB\xBF# Head\r\n\xE2\x80\x8B- - -\xC2\x85text") == "Head text");
  CHECK(words("<x onmouseover=alert(1)>left</x>") == "left</x>");
  // Escaped twice it is words even for a browser.
  CHECK(words("&amp;lt;img src=x&amp;gt;") == "&lt;img src=x&gt;");
}

TEST_CASE("markup: a tag that has no end is held off by a blank, not taken away", "[card]") {
  CHECK(words("a <b") == "a < b");
  CHECK(words("left <img src=x onerror=alert(1)") == "left < img src=x onerror=alert(1)");
  CHECK(words("a&lt;b and c&gt;d") == "a< b and c>d");
  CHECK(words("<!") == "< !");
  CHECK(words("</script") == "< /script");
}

TEST_CASE("markup: whatever pieces a text is of, no tag is left", "[card]") {
  const std::vector<std::string> pieces{
      "<",    ">",     "/",      "img",    "script", "b",        " src=x", " onerror=y",   "&lt;",
      "&gt;", "&amp;", "&#60;",  "&#x3c;", "<!--",   "-->",      "*",      "**",           "_",
      "`",    "[",     "](",     ")",      "\n",     "\xC2\xAD", "\x01",   "\xE2\x80\xAE", "!",
      " ",    "svg/",  "http:/", "=",      "\"",     "&shy;",    "style",  "lt;",          "a"};
  std::mt19937 engine{11};
  std::size_t brackets = 0;
  for (int run = 0; run < 20'000; ++run) {
    std::string text;
    for (std::size_t n = 1 + engine() % 14; n > 0; --n) text += pieces[engine() % pieces.size()];
    const std::string clean = clean_text(text, 1000);
    CAPTURE(text, clean);
    const std::string lower = cardstock::to_lower(clean);
    for (std::size_t at = lower.find('<'); at != std::string::npos; at = lower.find('<', at + 1)) {
      ++brackets;
      std::size_t end = at + 1;
      if (end < lower.size() && lower[end] == '/') ++end;
      std::string name;
      while (end < lower.size() && cardstock::is_alpha(lower[end])) name += lower[end++];
      for (const char* tag : {"img", "script", "svg", "style", "b", "a"}) REQUIRE(name != tag);
      REQUIRE_FALSE((at + 1 < lower.size() && lower[at + 1] == '!'));
    }
  }
  CHECK(brackets > 1000);
}

TEST_CASE("markup: what only looks like HTML stays", "[card]") {
  for (const char* text :
       {"a < b and c > d", "x<3", "std::vector<int>", "<redacted>", "<user@example.org>",
        "<https://example.org/a>", "5 <= 6", "</", "<>", "AT&T", "a&b;c", "?a=1&copy=2&lt=3",
        "&unknown;", "&#;", "&#x;", "&#xZZ;"}) {
    CHECK(words(text) == text);
  }
}

TEST_CASE("markup: entities are decoded once", "[card]") {
  CHECK(words("&lt;i &amp;lt; &quot;q&quot; &#39;s&#39; &#x41;&#66;") == "< i &lt; \"q\" 's' AB");
  CHECK(words("a&nbsp;&#10;&#0;b") ==
        "a \xEF\xBF\xBD"
        "b");
  CHECK(words("&#xD800;&#x110000;&#99999999999;") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(words("ev&#x202E;il&rlm;") == "evil");
}

TEST_CASE("markup: headings, rules and fences go", "[card]") {
  CHECK(words("# Title\ntext\n### More ###") == "Title text More ###");
  CHECK(words("a\n---\nb\n* * *\nc\n===\nd") == "a b c d");
  CHECK(words("```cpp\nint *a*;\n```\n*b*") == "int *a*; b");
  CHECK(words("#tag #1 C# 1 # 2") == "#tag #1 C# 1 # 2");
}

TEST_CASE("markup: emphasis, code and links are reduced to their text", "[card]") {
  CHECK(words("**bold** and *it*, __so it is__; ~~gone~~ ***all***.") ==
        "bold and it, so it is; gone all.");
  CHECK(words("(*a*) \"_b_\" **_c_** _d e_") == "(a) \"b\" c d e");
  CHECK(words("run `a*b*c` and ``x``") == "run a*b*c and x");
  CHECK(words("see [the report](https://example.org/a_(b)) now") == "see the report now");
  CHECK(words("![logo](img.png) [t](/x \"title, with) marks\")!") == "logo t!");
  CHECK(words("[![alt](a.png)](https://example.org/)") == "alt");
  CHECK(words("[*a*](https://example.org/)") == "a");
  CHECK(words("one ![](https://example.org/pixel.png) two") == "one two");
}

TEST_CASE("markup: what only looks like Markdown stays", "[card]") {
  for (const char* text : {"a_b_c",
                           "snake_case_name",
                           "*.exe",
                           "*.exe, *.dll and foo*",
                           "**/*.txt",
                           "2*3*4",
                           "2 * 3 * 4",
                           "__init__.py",
                           "__init__",
                           "C:\\_a_\\*b*",
                           "[a] [b]",
                           "call[0](x)",
                           "[a]( b )",
                           "[1]",
                           "a[b](c d)",
                           "](x.y)",
                           "[](x.y)",
                           "a **** b",
                           "* item",
                           "- item",
                           "a ~ b",
                           "~/x",
                           "~~",
                           "`",
                           "a `b",
                           "``a`",
                           "\"*\" and \"*\"",
                           "\\*a\\*",
                           "rule: *Trojan.Win32*.gen",
                           "HKLM\\Software\\*"}) {
    CHECK(words(text) == text);
  }
}

TEST_CASE("markup: a formula keeps its words, and a text that is all marks its marks", "[card]") {
  CHECK(words("if (a<b && c>d) x=<y>;") == "if (a< b && c>d) x=<y>;");
  CHECK(words("<b && c onclick=x>left") == "left");
  CHECK(words("---") == "---");
  CHECK(words(" *** ") == "***");
  CHECK(words("<script>x</script>").empty());
  CHECK(words("&lt;script&gt;x&lt;/script&gt;").empty());
}

// Nothing is timed: what is not linear does not end before the test's limit.
TEST_CASE("markup: a megabyte of any mark is read once", "[card]") {
  for (const std::string_view mark :
       {"<x", "<x y=", "<b ", "<!--", "&lt;x", "](a \"", "*a ", "`"}) {
    CAPTURE(mark);
    std::string text;
    while (text.size() < 1'000'000) text += mark;
    const std::string left = words_of_markup(text, Ending::Whole);
    CHECK(left.size() <= text.size());
    CHECK(without_late_tags(text, Ending::Whole).size() <= 2 * text.size());
    CHECK(without_late_tags(text, Ending::Cut).size() <= 2 * text.size());
  }
}
