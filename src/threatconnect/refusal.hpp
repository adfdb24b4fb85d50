#pragma once
/// \file refusal.hpp
/// \brief What an answer that is no success means, by status and body.
///
/// Pure. Threads: any. The table is that of ThreatConnect's documentation (HTTP status codes) and
/// of its clients:
///   200 without `status`, empty, HTML, 3xx, 404 -> WrongBaseUrl     200 with another `status` ->
///   UpstreamFailed 400, 413, 414, 431 -> QueryRefused                             401 ->
///   AuthFailed, or ClockSkew when it names the time 403 -> OwnerForbidden, or ClockSkew when it
///   names the timestamp   429 -> RateLimited 503 that names the licence -> NotLicensed 408 and 5xx
///   -> UpstreamFailed other 4xx -> QueryRefused in ThreatConnect's envelope, else WrongBaseUrl
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/util/result.hpp>

namespace cardstock::threatconnect {

/// The members of ThreatConnect's envelope; `status` is nullopt when the body is no such envelope.
struct Envelope {
  std::optional<std::string> status;
  std::string message;
  std::string error_code;
};

Error refusal(int http_status,
              std::string_view content_type,
              std::string_view body,
              const Envelope& envelope);

}  // namespace cardstock::threatconnect
