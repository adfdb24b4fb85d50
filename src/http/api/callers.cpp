#include "callers.hpp"

#include <cardstock/util/text.hpp>

namespace cardstock::http {

namespace {

/// `127.0.0.1:8080`, `[::1]`, `localhost:80`: how this machine names itself.
bool names_this_machine(std::string_view host) noexcept {
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view name = host.substr(0, colon);
  if (equal_ignoring_case(name, "localhost") || name == "[::1]") return true;
  // A literal, not a name that begins like one.
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == name.npos;
}

/// Trust in the loopback listener is trust in who sits at this machine. A proxy before it brings
/// others along, and a web page in a browser here may have its name resolved to 127.0.0.1 (DNS
/// rebinding): the first adds a field, the second sends its own name as Host.
bool is_from_this_machine(const Request& request) noexcept {
  for (const std::string_view field : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}) {
    if (request.has_header(field)) return false;
  }
  return request.peer_is_loopback && names_this_machine(request.header("Host"));
}

}  // namespace

std::optional<Caller> bearer_of(const ApiSettings& settings, std::string_view token) {
  if (!settings.admin_token.empty() && equal_in_constant_time(token, settings.admin_token.reveal()))
    return Caller{.name = "admin", .may_administer = true, .has_token = true};
  for (const Client& client : settings.clients) {
    if (client.token.empty() || !equal_in_constant_time(token, client.token.reveal())) continue;
    return Caller{.name = client.name,
                  .may_use_service = client.may_ask,
                  .may_refresh = client.may_refresh,
                  .may_administer = client.may_administer,
                  .has_token = true};
  }
  return std::nullopt;
}

bool is_from_another_site(const Request& request, OfBrowsers which) noexcept {
  const std::string_view site = request.header("Sec-Fetch-Site");
  if (!site.empty()) return site != "same-origin" && site != "none";
  std::string_view origin = request.header("Origin");
  if (origin.empty()) return which == OfBrowsers::Only;
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return true;  // "null"
  origin.remove_prefix(scheme + 3);
  return !equal_ignoring_case(origin, request.header("Host"));
}

Result<Caller> identify(const ApiSettings& settings, const Request& request, Exposure exposure) {
  const std::string_view authorization = request.header("Authorization");
  if (authorization.empty()) {
    // A page of another site that a browser here shows is not its operator.
    const bool local = exposure == Exposure::Loopback && is_from_this_machine(request) &&
                       !is_from_another_site(request, OfBrowsers::AndOthers);
    const bool trusted = local && settings.clients.empty();
    return Caller{.name = trusted ? "loopback" : "anonymous",
                  .may_use_service = trusted,
                  .may_refresh = true,  // with credentials of its own, or trusted
                  .may_administer = local && settings.admin_token.empty()};
  }
  constexpr std::string_view kScheme = "Bearer ";
  if (starts_with_ignoring_case(authorization, kScheme)) {
    if (auto caller = bearer_of(settings, trim(authorization.substr(kScheme.size()))))
      return *std::move(caller);
  }
  return fail(ErrorCode::Forbidden, "The bearer token is not known here.");
}

bool RefreshAllowance::take(const std::string& caller, SteadyTime now) {
  constexpr std::chrono::minutes kWindow{1};
  const LockGuard lock{mutex_};
  if (taken_.size() >= kMaxCallers && !taken_.contains(caller)) {
    std::erase_if(taken_, [&](const auto& item) { return now - item.second.back() >= kWindow; });
    if (taken_.size() >= kMaxCallers) return false;
  }
  std::deque<SteadyTime>& taken = taken_[caller];
  while (!taken.empty() && now - taken.front() >= kWindow) taken.pop_front();
  if (taken.size() >= kPerMinute) return false;
  taken.push_back(now);
  return true;
}

Wish wish_of(const Request& request) noexcept {
  Wish wish = Wish::Ordinary;
  std::string_view rest = request.header("Cache-Control");
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view directive = trim(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    if (equal_ignoring_case(directive, "only-if-cached")) return Wish::OnlyIfCached;
    if (equal_ignoring_case(directive, "no-cache")) wish = Wish::NoCache;
  }
  return wish;
}

enrich::Lane lane_of(const Request& request) noexcept {
  return equal_ignoring_case(trim(request.header("X-Cardstock-Lane")), "prewarm")
             ? enrich::Lane::Prewarm
             : enrich::Lane::Analyst;
}

Detail detail_of(const Request& request) noexcept {
  return equal_ignoring_case(trim(request.header("Prefer")), "return=minimal") ? Detail::Minimal
                                                                               : Detail::Full;
}

}  // namespace cardstock::http
