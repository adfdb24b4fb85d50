#pragma once
/// \file credentials.hpp
/// \brief Proof of who asks ThreatConnect: access id with secret key (HMAC), or an API token.
///
/// Source of the signature: ThreatConnect developer documentation, REST API quick start; vectors in
/// tests/golden. Pure: the time is given. Threads: any.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/secret.hpp>

namespace cardstock::threatconnect {

struct Credentials {
  std::string api_id;  ///< empty: `secret` is an API token
  Secret secret;
  bool is_token() const noexcept { return api_id.empty(); }
  bool empty() const noexcept { return secret.empty(); }
};

struct HeaderField {
  std::string name;
  std::string value;
};

using Digest = std::array<std::uint8_t, 32>;
/// HMAC-SHA256 (RFC 2104, FIPS 180-4).
Digest hmac_sha256(std::string_view key, std::string_view message);

/// Base64 of HMAC-SHA256 over `TARGET:METHOD:TIMESTAMP`. `target` is the request target byte for
/// byte as sent; `method` in upper case; `unix_seconds` decimal.
std::string signature(const Secret& secret,
                      std::string_view target,
                      std::string_view method,
                      std::int64_t unix_seconds);

/// The `Authorization` header, and for HMAC the `Timestamp` one. The values are secret: never log
/// them. Control characters of the id or token are left out: they could end the header.
std::vector<HeaderField> authorization(const Credentials& credentials,
                                       std::string_view target,
                                       std::string_view method,
                                       WallTime now);

}  // namespace cardstock::threatconnect
