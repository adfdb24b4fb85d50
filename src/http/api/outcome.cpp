#include "outcome.hpp"

namespace cardstock::http {

OutcomeStatus outcome_of(ErrorCode code, CredentialsOf credentials) noexcept {
  switch (code) {
    case ErrorCode::InvalidIndicator:
      return {Outcome::InvalidIndicator, 422};
    case ErrorCode::UnsupportedType:
      return {Outcome::UnsupportedType, 422};
    case ErrorCode::MissingCredentials:
      return {Outcome::MissingCredentials, 400};
    case ErrorCode::AuthFailed:
      // The service's own credentials being refused is nothing that the caller can mend.
      return credentials == CredentialsOf::Caller ? OutcomeStatus{Outcome::AuthFailed, 401}
                                                  : OutcomeStatus{Outcome::Error, 502};
    case ErrorCode::Busy:
    case ErrorCode::RateLimited:
    case ErrorCode::Cancelled:
      return {Outcome::Busy, 503};
    case ErrorCode::MalformedRequest:
      return {Outcome::Error, 400};
    case ErrorCode::Forbidden:
      return {Outcome::Error, 403};
    case ErrorCode::NotInCache:
    case ErrorCode::Timeout:
      return {Outcome::Error, 504};
    case ErrorCode::ClockSkew:
    case ErrorCode::OwnerForbidden:
    case ErrorCode::NotLicensed:
    case ErrorCode::WrongBaseUrl:
    case ErrorCode::QueryRefused:
    case ErrorCode::UpstreamFailed:
    case ErrorCode::ResolveFailed:
    case ErrorCode::ConnectFailed:
    case ErrorCode::TlsFailed:
    case ErrorCode::ConnectionLost:
    case ErrorCode::AnswerTooLarge:
    case ErrorCode::AddressRefused:
    case ErrorCode::AnswerUnreadable:
      return {Outcome::Error, 502};
    case ErrorCode::StoreBusy:
    case ErrorCode::StoreFailed:
    case ErrorCode::InvalidConfig:
    case ErrorCode::Internal:
      return {Outcome::Error, 500};
  }
  return {Outcome::Error, 500};
}

}  // namespace cardstock::http
