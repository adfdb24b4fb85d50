#pragma once
/// \file result.hpp
/// \brief Value-or-Error for every failure that is part of normal operation.
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace cardstock {

/// Every way in which something can fail, each with one meaning. Closed: a new one needs its row in
/// `name_of` (util/result.cpp) and in the outcome table (http/api); those switches have no default.
enum class ErrorCode {
  // What the caller sent.
  MalformedRequest,    ///< not the JSON or the parameters that a route takes
  InvalidIndicator,    ///< the name is not of its type; public_detail says why
  UnsupportedType,     ///< an entity type outside the table
  MissingCredentials,  ///< pass-through credentials needed, and absent or blank
  Forbidden,           ///< the caller has no right to ask this
  // What we would not or could not do.
  NotInCache,  ///< only-if-cached, and nothing servable is held
  Busy,        ///< a limit is reached; public_detail says when to come back
  Cancelled,   ///< given up on purpose (shutdown, deadline of the one caller)
  // What ThreatConnect said.
  AuthFailed,      ///< 401: credentials refused
  ClockSkew,       ///< 401 that names the timestamp
  OwnerForbidden,  ///< 403: owner unknown or not accessible
  NotLicensed,     ///< 503 with ThreatConnect's own body: API not licensed
  WrongBaseUrl,    ///< an answer that is not ThreatConnect's JSON: empty, HTML, foreign
  QueryRefused,    ///< 400: the query was not understood
  RateLimited,     ///< 429
  UpstreamFailed,  ///< 5xx, or a failure status with a message
  // What the network did.
  ResolveFailed,     ///< DNS
  ConnectFailed,     ///< refused, unreachable, reset before an answer, proxy
  TlsFailed,         ///< handshake or certificate
  Timeout,           ///< any stage took longer than its limit
  ConnectionLost,    ///< closed or reset in the middle of an answer
  AnswerTooLarge,    ///< more bytes than the limit
  AddressRefused,    ///< the name resolved to an address we do not call
  AnswerUnreadable,  ///< JSON of the right envelope that cannot be read to its end
  // Ourselves.
  StoreBusy,      ///< queue full or locked; try again
  StoreFailed,    ///< disk full, damaged, unwritable
  InvalidConfig,  ///< public_detail names the key and line
  Internal,       ///< a bug; never a normal outcome
};

/// Stable lower_snake name for logs and stats ("timeout", "auth_failed", …).
std::string_view name_of(ErrorCode code) noexcept;

struct Error {
  ErrorCode code;
  std::string public_detail;  ///< one plain sentence that may be shown to the caller; no secret, no
                              ///< internals
  std::string cause;          ///< operator only: logs, never a response body
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// `return fail(ErrorCode::StoreBusy, "busy, try again", e.what());`
inline std::unexpected<Error> fail(ErrorCode code,
                                   std::string public_detail,
                                   std::string cause = {}) {
  return std::unexpected(Error{code, std::move(public_detail), std::move(cause)});
}

}  // namespace cardstock
