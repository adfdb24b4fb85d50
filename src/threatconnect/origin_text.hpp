#pragma once
/// \file origin_text.hpp
/// \brief The front of an http URL taken apart: scheme, host, port. One reading for base URLs and
/// `next` links.
///
/// Pure. Threads: any.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cardstock::threatconnect {

struct Origin {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case, without a last dot; an IPv6 literal in RFC 5952's form, with
                       ///< its brackets
  std::uint16_t port = 0;
  bool operator==(const Origin&) const = default;
};

struct SplitUrl {
  Origin origin;
  std::string_view
      rest;  ///< path, query and fragment as they stand; empty or starts with `/`, `?` or `#`
};

/// nullopt for another scheme, user info, a host that is no DNS name or strict IP address, a bad
/// port, and for any backslash, blank, control or non-ASCII character anywhere.
std::optional<SplitUrl> split_url(std::string_view url);

std::uint16_t default_port(std::string_view scheme) noexcept;

}  // namespace cardstock::threatconnect
