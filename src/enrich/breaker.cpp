#include "breaker.hpp"

#include <algorithm>

namespace cardstock::enrich {

Sign sign_of(const Error& error, int status) noexcept {
  switch (error.code) {
    case ErrorCode::ResolveFailed:
    case ErrorCode::ConnectFailed:
    case ErrorCode::TlsFailed:
    case ErrorCode::Timeout:
    case ErrorCode::ConnectionLost:
      return Sign::Dead;
    case ErrorCode::UpstreamFailed:
      return status >= 500 ? Sign::Dead : Sign::Alive;
    case ErrorCode::AuthFailed:
    case ErrorCode::ClockSkew:
    case ErrorCode::OwnerForbidden:
    case ErrorCode::NotLicensed:
    case ErrorCode::WrongBaseUrl:
    case ErrorCode::QueryRefused:
    case ErrorCode::RateLimited:
    case ErrorCode::AnswerTooLarge:
    case ErrorCode::AnswerUnreadable:
      return Sign::Alive;
    case ErrorCode::MalformedRequest:
    case ErrorCode::InvalidIndicator:
    case ErrorCode::UnsupportedType:
    case ErrorCode::MissingCredentials:
    case ErrorCode::Forbidden:
    case ErrorCode::NotInCache:
    case ErrorCode::Busy:
    case ErrorCode::Cancelled:
    case ErrorCode::AddressRefused:
    case ErrorCode::StoreBusy:
    case ErrorCode::StoreFailed:
    case ErrorCode::InvalidConfig:
    case ErrorCode::Internal:
      return Sign::Nothing;
  }
  return Sign::Nothing;
}

std::string_view name_of(BreakerState state) noexcept {
  switch (state) {
    case BreakerState::Closed:
      return "closed";
    case BreakerState::HalfOpen:
      return "half_open";
    case BreakerState::Open:
      return "open";
  }
  return "closed";
}

bool Breaker::allows(SteadyTime now) const noexcept {
  return state_ == BreakerState::Closed || (state_ == BreakerState::Open && now >= open_until_);
}

SteadyTime Breaker::retry_at(SteadyTime now) const noexcept {
  return state_ == BreakerState::Closed ? now : std::max(now, open_until_);
}

Breaker::Role Breaker::start() noexcept {
  if (state_ == BreakerState::Closed) return Role::Ordinary;
  state_ = BreakerState::HalfOpen;
  return Role::Probe;
}

void Breaker::succeeded() noexcept {
  state_ = BreakerState::Closed;
  failures_ = 0;
  pause_ = kFirstPause;
}

void Breaker::failed(Role role, const Error& error, SteadyTime now, double unit) {
  // A call that was under way when the breaker opened says nothing new.
  if (state_ != BreakerState::Closed && role == Role::Ordinary) return;
  last_error_ = error;
  if (role == Role::Ordinary && ++failures_ < kFailures) return;
  if (role == Role::Probe) pause_ = std::min<std::chrono::milliseconds>(2 * pause_, kLongestPause);
  state_ = BreakerState::Open;
  const auto jittered = std::chrono::duration<double, std::milli>{pause_} * (0.5 + unit / 2);
  open_until_ = now + std::chrono::duration_cast<std::chrono::milliseconds>(jittered);
}

void Breaker::forget(Role role) noexcept {
  if (role == Role::Probe && state_ == BreakerState::HalfOpen) state_ = BreakerState::Open;
}

}  // namespace cardstock::enrich
