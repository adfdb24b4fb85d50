#include <cardstock/util/result.hpp>

namespace cardstock {

std::string_view name_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::MalformedRequest:
      return "malformed_request";
    case ErrorCode::InvalidIndicator:
      return "invalid_indicator";
    case ErrorCode::UnsupportedType:
      return "unsupported_type";
    case ErrorCode::MissingCredentials:
      return "missing_credentials";
    case ErrorCode::Forbidden:
      return "forbidden";
    case ErrorCode::NotInCache:
      return "not_in_cache";
    case ErrorCode::Busy:
      return "busy";
    case ErrorCode::Cancelled:
      return "cancelled";
    case ErrorCode::AuthFailed:
      return "auth_failed";
    case ErrorCode::ClockSkew:
      return "clock_skew";
    case ErrorCode::OwnerForbidden:
      return "owner_forbidden";
    case ErrorCode::NotLicensed:
      return "not_licensed";
    case ErrorCode::WrongBaseUrl:
      return "wrong_base_url";
    case ErrorCode::QueryRefused:
      return "query_refused";
    case ErrorCode::RateLimited:
      return "rate_limited";
    case ErrorCode::UpstreamFailed:
      return "upstream_failed";
    case ErrorCode::ResolveFailed:
      return "resolve_failed";
    case ErrorCode::ConnectFailed:
      return "connect_failed";
    case ErrorCode::TlsFailed:
      return "tls_failed";
    case ErrorCode::Timeout:
      return "timeout";
    case ErrorCode::ConnectionLost:
      return "connection_lost";
    case ErrorCode::AnswerTooLarge:
      return "answer_too_large";
    case ErrorCode::AddressRefused:
      return "address_refused";
    case ErrorCode::AnswerUnreadable:
      return "answer_unreadable";
    case ErrorCode::StoreBusy:
      return "store_busy";
    case ErrorCode::StoreFailed:
      return "store_failed";
    case ErrorCode::InvalidConfig:
      return "invalid_config";
    case ErrorCode::Internal:
      return "internal";
  }
  return "internal";
}

}  // namespace cardstock
