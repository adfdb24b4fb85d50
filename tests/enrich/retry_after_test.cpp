#include <catch2/catch.hpp>

#include <cardstock/util/time_text.hpp>

#include "retry_after.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using Kind = RetryAfter::Kind;

TEST_CASE("retry_after: seconds, dates, the past, nonsense and the huge", "[enrich]") {
  const WallTime now{std::chrono::hours{24 * 365 * 50}};
  struct Case {
    std::string value;
    Kind kind;
    std::chrono::milliseconds wait;
  };
  const std::vector<Case> cases{
      {"", Kind::Absent, 0ms},
      {"  ", Kind::Absent, 0ms},
      {"0", Kind::Understood, 0ms},
      {"7", Kind::Understood, 7s},
      {" 7 ", Kind::Understood, 7s},
      {"900", Kind::Understood, 900s},
      {"901", Kind::Capped, 900s},
      {"999999", Kind::Capped, 900s},
      {"9223372036854775807", Kind::Capped, 900s},
      {"99999999999999999999999999", Kind::Capped, 900s},
      {"-5", Kind::Unusable, 0ms},
      {"+5", Kind::Unusable, 0ms},
      {"5.5", Kind::Unusable, 0ms},
      {"abc", Kind::Unusable, 0ms},
      {"5s", Kind::Unusable, 0ms},
      {to_http_date(now + 30s), Kind::Understood, 30s},
      {to_http_date(now + 2h), Kind::Capped, 900s},
      {to_http_date(now - 30s), Kind::Unusable, 0ms},
      {to_http_date(now), Kind::Unusable, 0ms},
  };
  for (const Case& row : cases) {
    CAPTURE(row.value);
    const RetryAfter read = read_retry_after(row.value, {}, now);
    CHECK(read.kind == row.kind);
    CHECK(read.wait == row.wait);
  }
}

TEST_CASE("retry_after: a date is by the clock of whoever sent it", "[enrich]") {
  const WallTime now{std::chrono::hours{24 * 365 * 50}};
  const WallTime theirs = now - 1h;
  const RetryAfter read = read_retry_after(to_http_date(theirs + 20s), to_http_date(theirs), now);
  CHECK(read.kind == Kind::Understood);
  CHECK(read.wait == 20s);
  // A Date that cannot be read is none.
  CHECK(read_retry_after(to_http_date(now + 20s), "yesterday", now).wait == 20s);
}
