#pragma once
/// \file host.hpp
/// \brief The domain rule, for domain names, hosts of URLs and domains of e-mail addresses.
///
/// Pure. Threads: any. Errors: InvalidIndicator only. Limits: labels of 63 bytes, 253 in all (RFC
/// 1035 §2.3.4). Source of the mapping of other scripts: UTS #46, non-transitional, through
/// libidn2.
#include <string>
#include <string_view>

#include "text_rules.hpp"

namespace cardstock::indicator {

/// Lower case, A-labels, without a trailing dot. The result is a fixed point. An all-digit last
/// label is left to the callers, which know an IPv4 address from a bad name; so is a single label.
Result<std::string> map_host(std::string_view text);

/// map_host(), at least two labels, the last not all digits.
Result<std::string> canonical_domain(std::string_view text);

/// The host of a URL's authority without its port: a domain, a strict IPv4 address, or an IPv6
/// literal in brackets.
Result<std::string> canonical_url_host(std::string_view text);

/// An InternetDomainName name after clean() and refang(), without its id prefix.
Result<Canonical> parse_domain(std::string_view text);

}  // namespace cardstock::indicator
