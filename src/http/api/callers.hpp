#pragma once
/// \file callers.hpp
/// \brief Who asks, and what that allows.
///
/// Threads: any. Time: steady. Errors: Forbidden for a token that is unknown or missing. Limits:
/// remembers kMaxCallers callers.
#include <deque>
#include <map>
#include <optional>
#include <string>

#include <cardstock/http/api/api.hpp>
#include <cardstock/util/mutex.hpp>

#include "card_request.hpp"

namespace cardstock::http {

struct Caller {
  std::string name;              ///< of the client; "loopback" or "anonymous" without a token
  bool may_use_service = false;  ///< the service's own ThreatConnect credentials
  bool may_refresh = false;
  bool may_administer = false;
  bool has_token = false;  ///< a bearer token that is known here
};

/// The caller of a request. An unknown bearer token is an error; none at all is an anonymous
/// caller, trusted on a loopback listener when the request comes from this machine itself: no proxy
/// has forwarded it, and its Host is a name of this machine.
Result<Caller> identify(const ApiSettings& settings, const Request& request, Exposure exposure);

/// Whose token it is; nullopt: nobody's.
std::optional<Caller> bearer_of(const ApiSettings& settings, std::string_view token);

/// Whether a page of another site (or port) has made a browser send this: by Sec-Fetch-Site where
/// the browser sends it, else by Origin against Host (Fetch standard §3.1, W3C Fetch Metadata §2).
/// With neither it is no browser of today: suspect where only browsers have business.
enum class OfBrowsers { AndOthers, Only };
bool is_from_another_site(const Request& request, OfBrowsers which) noexcept;

/// Forced refreshes: at most kPerMinute in any minute for one caller.
class RefreshAllowance {
 public:
  static constexpr std::size_t kPerMinute = 6;
  static constexpr std::size_t kMaxCallers = 10'000;
  bool take(const std::string& caller, SteadyTime now) CARDSTOCK_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::map<std::string, std::deque<SteadyTime>> taken_ CARDSTOCK_GUARDED_BY(mutex_);
};

/// What `Cache-Control` of a request asks for.
enum class Wish { Ordinary, NoCache, OnlyIfCached };
Wish wish_of(const Request& request) noexcept;

/// `X-Cardstock-Lane: prewarm` steps back behind analysts; anything else is an analyst. Nobody
/// gains by lying.
enrich::Lane lane_of(const Request& request) noexcept;

/// `Prefer: return=minimal` (RFC 7240).
Detail detail_of(const Request& request) noexcept;

}  // namespace cardstock::http
