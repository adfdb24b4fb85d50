#pragma once
/// \file stix_pattern.hpp
/// \brief The indicators that a STIX pattern names.
///
/// Read are comparisons by `=`, `IN` and, of addresses, `ISSUBSET` (a network) of these paths:
/// `ipv4-addr:value`, `ipv6-addr:value`, `domain-name:value`, `url:value`, `file:hashes.…` of MD5,
/// SHA-1, SHA-256 and SHA-512, `email-addr:value`, `email-message:from_ref.value` and
/// `sender_ref.value`. How they are joined (AND, OR, FOLLOWEDBY, brackets, qualifiers) does not
/// matter here: each is worth a card. A comparison of anything else is counted.
///
/// Pure. Threads: any. Errors: MalformedRequest, saying where the pattern is none. Limits: nesting
/// of kMaxNesting brackets; the caller bounds the text. Grammar: STIX 2.1, section 9.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::prewarm {

struct StixReading {
  struct Named {
    EntityType type;
    std::string value;  ///< unescaped, not yet looked at
  };
  std::vector<Named> named;
  std::size_t unread = 0;    ///< comparisons that name nothing that can be asked
  std::string first_unread;  ///< path and operator of the first of them
};

inline constexpr int kMaxNesting = 64;

Result<StixReading> read_stix_pattern(std::string_view pattern);

}  // namespace cardstock::prewarm
