#pragma once
/// \file authenticate.hpp
/// \brief Which credential a request proves: HMAC over its raw target, or an API token.
///
/// Pure. Errors: AuthFailed with ThreatConnect's documented message in public_detail. No secret is
/// in any of them.
#include <string_view>

#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/clock.hpp>

#include "data.hpp"

namespace cardstock::simulator {

/// Either way off the server's clock (ThreatConnect developer documentation, quick start).
inline constexpr std::chrono::minutes kClockWindow{5};

/// Name of the credential that a request claims and that exists; empty otherwise.
std::string claimed_credential(const Instance& instance, const http::Request& request);

Result<const Credential*> authenticate(const Instance& instance,
                                       const http::Request& request,
                                       WallTime now);

}  // namespace cardstock::simulator
