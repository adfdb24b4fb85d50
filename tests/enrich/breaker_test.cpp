#include <catch2/catch.hpp>

#include "breaker.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;

namespace {

const Error kDown{ErrorCode::ConnectFailed, "It is down.", "test"};

void fail_often(Breaker& breaker, SteadyTime now, double unit = 0) {
  for (int i = 0; i < Breaker::kFailures; ++i) breaker.failed(breaker.start(), kDown, now, unit);
}

}  // namespace

TEST_CASE("breaker: opens after failures in a row and not before", "[enrich]") {
  Breaker breaker;
  const SteadyTime now{1h};
  for (int round = 0; round < 3; ++round) {
    for (int i = 1; i < Breaker::kFailures; ++i) breaker.failed(breaker.start(), kDown, now, 0);
    CHECK(breaker.state() == BreakerState::Closed);
    if (round < 2) breaker.succeeded();
  }
  breaker.failed(breaker.start(), kDown, now, 0);
  CHECK(breaker.state() == BreakerState::Open);
  CHECK_FALSE(breaker.allows(now));
  CHECK(breaker.last_error().code == ErrorCode::ConnectFailed);
}

TEST_CASE("breaker: one probe after a pause that doubles and is jittered", "[enrich]") {
  Breaker breaker;
  SteadyTime now{1h};
  fail_often(breaker, now);
  CHECK(breaker.retry_at(now) == now + 500ms);
  CHECK_FALSE(breaker.allows(now + 499ms));
  SteadyTime::duration longest{};
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    now = breaker.retry_at(now);
    REQUIRE(breaker.allows(now));
    const Breaker::Role role = breaker.start();
    CHECK(role == Breaker::Role::Probe);
    CHECK(breaker.state() == BreakerState::HalfOpen);
    CHECK_FALSE(breaker.allows(now + 1h));
    breaker.failed(role, kDown, now, 0);
    CHECK(breaker.retry_at(now) - now == pause);
    longest = std::max(longest, breaker.retry_at(now) - now);
  }
  CHECK(longest <= Breaker::kLongestPause);
  now = breaker.retry_at(now);
  const Breaker::Role role = breaker.start();
  breaker.succeeded();
  CHECK(role == Breaker::Role::Probe);
  CHECK(breaker.state() == BreakerState::Closed);
  fail_often(breaker, now, 0.999);
  CHECK(breaker.retry_at(now) - now > 990ms);  // the first pause again, with other chance
  CHECK(breaker.retry_at(now) - now < 1s);
}

TEST_CASE("breaker: what was under way when it opened does not count against the probe",
          "[enrich]") {
  Breaker breaker;
  SteadyTime now{1h};
  const Breaker::Role late = breaker.start();
  fail_often(breaker, now);
  now = breaker.retry_at(now);
  const Breaker::Role probe = breaker.start();
  breaker.failed(late, kDown, now, 0);
  CHECK(breaker.state() == BreakerState::HalfOpen);
  breaker.forget(probe);  // given up without a sign: another may try
  CHECK(breaker.allows(now));
  breaker.start();
  breaker.succeeded();
  CHECK(breaker.state() == BreakerState::Closed);
}

TEST_CASE("breaker: which errors are signs of a dead instance", "[enrich]") {
  struct Case {
    ErrorCode code;
    int status;
    Sign sign;
  };
  const std::vector<Case> cases{
      {ErrorCode::ResolveFailed, 0, Sign::Dead},     {ErrorCode::ConnectFailed, 0, Sign::Dead},
      {ErrorCode::TlsFailed, 0, Sign::Dead},         {ErrorCode::Timeout, 0, Sign::Dead},
      {ErrorCode::ConnectionLost, 0, Sign::Dead},    {ErrorCode::UpstreamFailed, 500, Sign::Dead},
      {ErrorCode::UpstreamFailed, 503, Sign::Dead},  {ErrorCode::UpstreamFailed, 200, Sign::Alive},
      {ErrorCode::AuthFailed, 401, Sign::Alive},     {ErrorCode::RateLimited, 429, Sign::Alive},
      {ErrorCode::WrongBaseUrl, 200, Sign::Alive},   {ErrorCode::AnswerTooLarge, 0, Sign::Alive},
      {ErrorCode::AddressRefused, 0, Sign::Nothing}, {ErrorCode::Cancelled, 0, Sign::Nothing},
  };
  for (const Case& row : cases) {
    CAPTURE(cardstock::name_of(row.code), row.status);
    CHECK(sign_of(Error{row.code, {}, {}}, row.status) == row.sign);
  }
}
