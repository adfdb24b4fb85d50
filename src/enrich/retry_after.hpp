#pragma once
/// \file retry_after.hpp
/// \brief Pure: what a Retry-After header asks for (RFC 9110 §10.2.3).
///
/// Threads: any. Errors: none; what cannot be honoured is told apart. Limits: kLongest.
#include <chrono>
#include <string_view>

#include <cardstock/util/clock.hpp>

namespace cardstock::enrich {

struct RetryAfter {
  enum class Kind {
    Absent,      ///< no header, or a blank one
    Understood,  ///< `wait` is what it says
    Capped,      ///< `wait` is kLongest; it asked for more
    Unusable,    ///< neither seconds nor a date, negative, or a date that has passed
  };
  static constexpr std::chrono::minutes kLongest{15};

  Kind kind = Kind::Absent;
  std::chrono::milliseconds wait{0};
};

/// `date` is the answer's Date header: a date in `value` is by the sender's clock; without one
/// `now` stands in.
RetryAfter read_retry_after(std::string_view value, std::string_view date, WallTime now);

}  // namespace cardstock::enrich
