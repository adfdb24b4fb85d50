#pragma once
/// \file percent.hpp
/// \brief Percent triplets of a URL and its dot segments.
///
/// Pure. Threads: any. Errors: none. Source: RFC 3986 §2, §5.2.4, §6.2.2.
#include <string>
#include <string_view>

namespace cardstock::indicator {

/// Triplets in upper case, those of unreserved characters decoded, what may not stand in a URL
/// encoded as UTF-8, malformed triplets left. A fixed point: a triplet whose decoding would
/// complete a malformed one before it is left.
std::string normal_percent(std::string_view text);

/// Decodes the triplets of unreserved characters, once, and touches nothing else.
std::string with_unreserved_decoded(std::string_view text);

/// RFC 3986 §5.2.4, for a path that begins with a slash.
std::string without_dot_segments(std::string_view path);

/// Whether `c` may stand in a URL as it is; `%` may.
bool is_url_character(char c) noexcept;
/// RFC 3986 §2.3.
bool is_unreserved(char c) noexcept;

}  // namespace cardstock::indicator
