#pragma once
/// \file sessions.hpp
/// \brief Operators who logged in at the admin page, and those who try to.
///
/// Threads: any. Blocking: none. Errors: none. Time: steady. Limits: Sessions::kMost sessions, the
/// one unused for longest gives way; LoginGuard::kMostAddresses addresses. Nothing is stored: a
/// restart ends every session.
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/random.hpp>
#include <cardstock/util/secret.hpp>

namespace cardstock::http {

class Sessions {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::chrono::hours kLongest{24};
  static constexpr std::chrono::hours kUnused{2};
  static constexpr std::string_view kCookie = "cardstock_session";

  explicit Sessions(Random& random) : random_{random} {}

  /// A new session of `who`: the value of its cookie, 64 hexadecimal digits.
  Secret open(std::string who, SteadyTime now) CARDSTOCK_EXCLUDES(mutex_);
  /// Whose it is; nullopt when there is none, or no more. Counts as a use.
  std::optional<std::string> find(std::string_view value, SteadyTime now)
      CARDSTOCK_EXCLUDES(mutex_);
  void close(std::string_view value) CARDSTOCK_EXCLUDES(mutex_);

 private:
  struct Session {
    Secret value;
    std::string who;
    SteadyTime opened;
    SteadyTime used;
  };
  Random& random_;
  Mutex mutex_;
  std::vector<Session> sessions_ CARDSTOCK_GUARDED_BY(mutex_);
};

/// The value of the session's cookie in a Cookie field (RFC 6265 §4.2); empty: none.
std::string_view session_cookie(std::string_view field) noexcept;
/// A Set-Cookie line; an empty value takes the cookie away.
enum class Transport { Plain, Tls };
std::string set_cookie(std::string_view value, Transport transport);

/// Backs off who sends wrong tokens: after kFree of them in a row from one address, a second, and
/// then twice as long each time, up to kLongest. Forgotten after kForgotten without an attempt.
class LoginGuard {
 public:
  static constexpr int kFree = 3;
  static constexpr std::chrono::seconds kLongest{300};
  static constexpr std::chrono::minutes kForgotten{60};
  static constexpr std::size_t kMostAddresses = 1000;

  /// Zero: the attempt may be made, and counts as a wrong one until right() says otherwise. Else
  /// for how long to wait; the attempt is not made and does not count.
  std::chrono::seconds attempt(const std::string& address, SteadyTime now)
      CARDSTOCK_EXCLUDES(mutex_);
  void right(const std::string& address) CARDSTOCK_EXCLUDES(mutex_);

 private:
  struct Tries {
    int wrong = 0;
    SteadyTime last;
    SteadyTime not_before;
  };
  Mutex mutex_;
  std::map<std::string, Tries> tries_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::http
