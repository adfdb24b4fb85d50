#include "retry.hpp"

#include <algorithm>

namespace cardstock::enrich {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{200};

bool passes_by_itself(const Error& error, int status) noexcept {
  const ErrorCode code = error.code;
  return code == ErrorCode::ResolveFailed || code == ErrorCode::ConnectFailed ||
         code == ErrorCode::ConnectionLost || code == ErrorCode::RateLimited ||
         (code == ErrorCode::UpstreamFailed &&
          (status == 500 || status == 502 || status == 503 || status == 504));
}

}  // namespace

std::optional<milliseconds> retry_pause(
    const Error& error, int status, int attempts, int most, double unit) noexcept {
  if (attempts >= most || !passes_by_itself(error, status)) return std::nullopt;
  if (error.code == ErrorCode::RateLimited) return milliseconds{0};
  const auto full = std::chrono::duration<double, std::milli>{kFirstPause} *
                    static_cast<double>(1 << (attempts - 1));
  return std::chrono::duration_cast<milliseconds>(full * (0.5 + unit));
}

void RetryBudget::earn() noexcept {
  tenths_ = std::min(kMost, tenths_ + 1);
}

bool RetryBudget::take() noexcept {
  if (tenths_ < kCost) return false;
  tenths_ -= kCost;
  return true;
}

}  // namespace cardstock::enrich
