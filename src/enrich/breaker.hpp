#pragma once
/// \file breaker.hpp
/// \brief Pure: whether an instance of ThreatConnect that keeps failing is asked at all.
///
/// Closed until kFailures calls in a row have failed; then open for a jittered time that doubles
/// with every failed probe, kFirstPause to kLongestPause. When that is over, one call is let
/// through: its success closes, its failure opens again.
///
/// Threads: none of its own (the enricher's thread owns it). Time: steady.
#include <chrono>
#include <string_view>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::enrich {

/// What an answer, or the lack of one, says about the instance.
enum class Sign {
  Alive,    ///< it answered, whatever it said
  Dead,     ///< it could not be reached, did not answer, or said that it fails (5xx)
  Nothing,  ///< we gave up ourselves, or our own rules forbade the call
};
/// `status` is the answer's, 0 where there was none.
Sign sign_of(const Error& error, int status) noexcept;

enum class BreakerState { Closed, HalfOpen, Open };
/// "closed", "half_open", "open".
std::string_view name_of(BreakerState state) noexcept;

class Breaker {
 public:
  static constexpr int kFailures = 10;
  static constexpr std::chrono::seconds kFirstPause{1};
  static constexpr std::chrono::seconds kLongestPause{60};

  BreakerState state() const noexcept { return state_; }
  /// Whether a call may start: closed, or open for long enough.
  bool allows(SteadyTime now) const noexcept;
  /// When it allows a probe; `now` where a call may start.
  SteadyTime retry_at(SteadyTime now) const noexcept;
  enum class Role { Ordinary, Probe };
  /// A call starts, which allows() has allowed.
  Role start() noexcept;
  void succeeded() noexcept;
  /// `unit` in [0, 1) is the jitter.
  void failed(Role role, const Error& error, SteadyTime now, double unit);
  /// The call ended without a sign: a probe may be tried again at once.
  void forget(Role role) noexcept;
  /// What the calls failed with; of an open or half-open breaker.
  const Error& last_error() const noexcept { return last_error_; }

 private:
  BreakerState state_ = BreakerState::Closed;
  int failures_ = 0;
  std::chrono::milliseconds pause_{kFirstPause};
  SteadyTime open_until_ = SteadyTime::min();
  Error last_error_{ErrorCode::UpstreamFailed, {}, {}};
};

}  // namespace cardstock::enrich
