#include <catch2/catch.hpp>

#include "retry.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;

TEST_CASE("retry: only what goes away by itself is made again", "[enrich]") {
  struct Case {
    ErrorCode code;
    int status;
    bool again;
  };
  const std::vector<Case> cases{
      {ErrorCode::ConnectFailed, 0, true},     {ErrorCode::ResolveFailed, 0, true},
      {ErrorCode::ConnectionLost, 0, true},    {ErrorCode::RateLimited, 429, true},
      {ErrorCode::UpstreamFailed, 500, true},  {ErrorCode::UpstreamFailed, 502, true},
      {ErrorCode::UpstreamFailed, 503, true},  {ErrorCode::UpstreamFailed, 504, true},
      {ErrorCode::UpstreamFailed, 200, false}, {ErrorCode::UpstreamFailed, 501, false},
      {ErrorCode::UpstreamFailed, 0, false},   {ErrorCode::Timeout, 0, false},
      {ErrorCode::TlsFailed, 0, false},        {ErrorCode::AuthFailed, 401, false},
      {ErrorCode::OwnerForbidden, 403, false}, {ErrorCode::NotLicensed, 503, false},
      {ErrorCode::WrongBaseUrl, 404, false},   {ErrorCode::AnswerTooLarge, 0, false},
      {ErrorCode::AddressRefused, 0, false},   {ErrorCode::Cancelled, 0, false},
  };
  for (const Case& row : cases) {
    CAPTURE(name_of(row.code), row.status);
    CHECK(retry_pause(Error{row.code, {}, {}}, row.status, 1, 3, 0.5).has_value() == row.again);
  }
}

TEST_CASE("retry: the pause doubles and is jittered, and attempts end", "[enrich]") {
  const Error error{ErrorCode::ConnectFailed, {}, {}};
  CHECK(retry_pause(error, 0, 1, 3, 0) == 100ms);
  CHECK(retry_pause(error, 0, 1, 3, 0.5) == 200ms);
  CHECK(retry_pause(error, 0, 2, 3, 0) == 200ms);
  CHECK(retry_pause(error, 0, 2, 3, 0.9999) < 600ms);
  CHECK_FALSE(retry_pause(error, 0, 3, 3, 0));
  CHECK_FALSE(retry_pause(error, 0, 1, 1, 0));
}

TEST_CASE("retry: a tenth of the calls may be made again, and ten at first", "[enrich]") {
  RetryBudget budget;
  for (int i = 0; i < 10; ++i) REQUIRE(budget.take());
  CHECK_FALSE(budget.take());
  for (int i = 0; i < 9; ++i) budget.earn();
  CHECK_FALSE(budget.take());
  budget.earn();
  CHECK(budget.take());
  for (int i = 0; i < 1000; ++i) budget.earn();
  int taken = 0;
  while (budget.take()) ++taken;
  CHECK(taken == 10);
}
