#pragma once
/// \file address_policy.hpp
/// \brief Which network addresses AddressPolicy::PublicOnly lets through.
/// Threads: pure. Blocking: no. Errors: none; what cannot be read is not public.
/// Source: the IANA special-purpose address registries (RFC 6890 and its updates). The
/// documentation ranges count as public: nothing answers there, so a call to them fails by itself.
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

namespace cardstock::fetch {

/// `address` in host byte order.
bool is_public(std::uint32_t address) noexcept;
/// In network byte order. Forms that carry an IPv4 address (mapped, compatible, translated, NAT64,
/// 6to4) are judged by that address.
bool is_public(const std::array<std::uint8_t, 16>& address) noexcept;
/// `size` bytes are readable at `address`.
bool is_public(const sockaddr* address, socklen_t size) noexcept;
/// A textual address as getaddrinfo and inet_ntop write them (no brackets).
bool is_public_literal(const std::string& text) noexcept;

/// Whether `host` (of a URL; brackets allowed) names a machine of the inside without a look-up: an
/// address in any numeric form that is not public, or `localhost` and what is below it.
bool is_inside_by_name(const std::string& host);

}  // namespace cardstock::fetch
