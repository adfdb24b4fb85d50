#pragma once
/// \file url.hpp
/// \brief URLs: generic syntax and normalisation.
///
/// Pure. Threads: any. Errors: InvalidIndicator only. Limits: Indicator::kMaxNameBytes, for the
/// canonical form too. Source: RFC 3986 §6.2.2 and §6.2.3 (a default port is dropped for http,
/// https and ftp).
#include <string>
#include <string_view>
#include <vector>

#include "text_rules.hpp"

namespace cardstock::indicator {

/// A URL name after clean(), its brackets still where they stood. `typed` is the name refanged,
/// with scheme and host in lower case, where that differs from the canonical form.
Result<Canonical> parse_url(std::string_view text);

/// The texts to ask for: as typed and canonical, each with and without the slash of an empty path,
/// and with and without a default port that was typed; at most Indicator::kMaxSpellings, the
/// likeliest first.
std::vector<std::string> url_spellings(const std::string& canonical, const std::string& typed);

}  // namespace cardstock::indicator
