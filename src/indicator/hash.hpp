#pragma once
/// \file hash.hpp
/// \brief File hashes: MD5, SHA-1 and SHA-256 in hexadecimal.
///
/// Pure. Threads: any. Errors: InvalidIndicator only.
#include <string_view>

#include "text_rules.hpp"

namespace cardstock::indicator {

/// 32, 40 or 64 hexadecimal digits and nothing else.
bool is_hash(std::string_view text) noexcept;

/// Without leading id and algorithm prefixes, in any order and case, and the white space after
/// them.
std::string_view without_hash_prefixes(std::string_view text) noexcept;

/// A Hash name after clean() and refang().
Result<Canonical> parse_hash(std::string_view text);

}  // namespace cardstock::indicator
