#include "retry_after.hpp"

#include <algorithm>

#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::enrich {
namespace {

using Kind = RetryAfter::Kind;
using std::chrono::milliseconds;

RetryAfter capped(milliseconds wait) {
  if (wait <= RetryAfter::kLongest) return {Kind::Understood, wait};
  return {Kind::Capped, RetryAfter::kLongest};
}

}  // namespace

RetryAfter read_retry_after(std::string_view value, std::string_view date, WallTime now) {
  value = trim(value);
  if (value.empty()) return {};
  if (std::ranges::all_of(value, is_digit)) {
    const auto seconds = parse_integer(value);  // nullopt: more than any integer holds
    constexpr auto kMost = std::chrono::seconds{RetryAfter::kLongest} + std::chrono::seconds{1};
    return capped(std::min<std::chrono::seconds>(
        kMost, std::chrono::seconds{seconds.value_or(kMost.count())}));
  }
  const auto until = parse_http_date(value);
  if (!until) return {Kind::Unusable, {}};
  const WallTime theirs = parse_http_date(trim(date)).value_or(now);
  return *until > theirs ? capped(*until - theirs) : RetryAfter{Kind::Unusable, {}};
}

}  // namespace cardstock::enrich
