#pragma once
/// \file address.hpp
/// \brief IPv4 and IPv6 addresses and networks, read strictly.
///
/// Pure. Threads: any. Errors: InvalidIndicator only. Source of the canonical IPv6 text: RFC 5952.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "text_rules.hpp"

namespace cardstock::indicator {

using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;

/// Four decimal octets without leading zeros; no short or hexadecimal form.
Result<Ipv4> parse_ipv4(std::string_view text);
/// RFC 4291 §2.2, all three forms; no zone id, bracket or port.
Result<Ipv6> parse_ipv6(std::string_view text);

/// Whether it is `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), which is the IPv4 address.
bool is_mapped(const Ipv6& address) noexcept;
Ipv4 embedded_ipv4(const Ipv6& address) noexcept;  ///< the last four bytes

std::string to_text(const Ipv4& address);
std::string to_text(const Ipv6& address);  ///< RFC 5952, always hexadecimal
std::string to_uncompressed(
    const Ipv6& address);  ///< ThreatConnect's: eight groups, no leading zeros

/// An IpAddress name after clean() and refang(), without its id prefix: Address, or Cidr when it
/// holds a `/`.
Result<Canonical> parse_address(std::string_view text);

/// ThreatConnect's spelling of the canonical text of an Address or Cidr.
std::string address_spelling(std::string_view canonical);

}  // namespace cardstock::indicator
