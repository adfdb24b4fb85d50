#include <catch2/catch.hpp>

#include <cardstock/util/time_text.hpp>

using namespace cardstock;
using namespace std::chrono_literals;

TEST_CASE("time: every timestamp shape that the service has sent", "[util]") {
  const auto text = [](const char* in) {
    const auto t = parse_timestamp(in);
    return t ? to_rfc3339(*t) : std::string{"none"};
  };
  CHECK(text("2023-01-27T14:25:55Z") == "2023-01-27T14:25:55Z");
  CHECK(text("2023-01-27T14:25:55Z ") == "2023-01-27T14:25:55Z");
  CHECK(text("2023-01-27T14:25:55.123456Z") == "2023-01-27T14:25:55Z");
  CHECK(text("2023-01-27T14:25:55") == "2023-01-27T14:25:55Z");
  CHECK(text("2015-05-27T15:08:25-05:00") == "2015-05-27T20:08:25Z");
  CHECK(text("2015-05-27T15:08:25-0400") == "2015-05-27T19:08:25Z");
  CHECK(text("2015-05-27T15:08:25-05:00Z") == "2015-05-27T20:08:25Z");
  CHECK(text("2015-05-27T15:08:25+02:00") == "2015-05-27T13:08:25Z");
  CHECK(text("2023-01-27") == "2023-01-27T00:00:00Z");
  for (const char* bad :
       {"", "x", "2023-13-01T00:00:00Z", "2023-02-30", "2023-01-27T25:00:00Z", "1969-01-01",
        "2023-01-27T14:25:55Zx", "2023-01-27T14:25", "99999-01-01"}) {
    CAPTURE(bad);
    CHECK(text(bad) == "none");
  }
}

TEST_CASE("time: HTTP dates in their three forms", "[util]") {
  const WallTime want{784111777s};
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == want);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == want);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == want);
  CHECK(to_http_date(want) == "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const char* bad :
       {"", "-5", "abc", "999999", "Sun, 06 Nov 1994", "Sun, 06 Foo 1994 08:49:37 GMT"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_http_date(bad));
  }
}

TEST_CASE("time: spans in words", "[util]") {
  CHECK(to_words(-5s) == "0 seconds");
  CHECK(to_words(999ms) == "0 seconds");
  CHECK(to_words(1s) == "1 second");
  CHECK(to_words(119s) == "1 minute");
  CHECK(to_words(3h) == "3 hours");
  CHECK(to_words(49h) == "2 days");
}
