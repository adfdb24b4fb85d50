#include <algorithm>
#include <array>
#include <utility>

#include <cardstock/threatconnect/answer.hpp>
#include <cardstock/threatconnect/base_url.hpp>
#include <cardstock/threatconnect/credentials.hpp>
#include <cardstock/threatconnect/query.hpp>
#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

#include "app/commands/doctor_checks.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using namespace std::chrono_literals;
using threatconnect::BaseUrl;

constexpr std::string_view kUpstream = "ThreatConnect";
constexpr std::string_view kClock = "clock";
constexpr std::string_view kOwners = "owners";
constexpr std::chrono::seconds kPatience{20};
/// A `Date` header counts whole seconds, and the answer was on its way for some time.
constexpr std::chrono::seconds kExact{3};
/// ThreatConnect refuses signatures whose time is off by more than five minutes (its REST API
/// documentation); beyond this the next drift may end the service.
constexpr std::chrono::seconds kClose{120};
constexpr std::size_t kMaxNames = 5;

constexpr std::array kMends{
    std::pair{ErrorCode::AuthFailed,
              "check api_id and the secret's file, and that the API user is active"},
    std::pair{ErrorCode::ClockSkew, "set this machine's clock: timedatectl set-ntp true"},
    std::pair{ErrorCode::OwnerForbidden, "give the API user the right to read its owners"},
    std::pair{ErrorCode::NotLicensed, "ask ThreatConnect to license its API for this instance"},
    std::pair{
        ErrorCode::WrongBaseUrl,
        "set threatconnect.base_url to https://HOST/api, or https://HOST in the public cloud"},
    std::pair{ErrorCode::RateLimited, "wait, then lower limits.requests_per_minute"},
    std::pair{ErrorCode::ResolveFailed,
              "check the host in threatconnect.base_url, and this machine's DNS"},
    std::pair{ErrorCode::ConnectFailed, "check the firewall, or set threatconnect.proxy"},
    std::pair{ErrorCode::TlsFailed,
              "set threatconnect.ca_file to the authority that signed the instance's certificate, "
              "threatconnect.proxy_ca_file to that of the proxy's own"},
    std::pair{ErrorCode::Timeout, "check the network; threatconnect.call_timeout is the limit"},
};

std::string mend_for(ErrorCode code) {
  const auto found = std::ranges::find(kMends, code, &std::pair<ErrorCode, const char*>::first);
  return found == kMends.end() ? "try again; if it stays, ask ThreatConnect's support"
                               : found->second;
}

threatconnect::Credentials credentials_of(const cli::ThreatConnectSection& section) {
  if (!section.token.empty()) return {std::string{}, section.token};
  return {section.api_id, section.api_secret};
}

Result<fetch::HttpResponse> call(CommandContext& upstream,
                                 const BaseUrl& base,
                                 const threatconnect::Credentials& credentials,
                                 threatconnect::RequestLine line) {
  fetch::HttpRequest request;
  request.origin = base.origin();
  // The operator has named this instance, on whatever address it is.
  request.addresses = fetch::AddressPolicy::Any;
  request.headers.push_back({"Accept", "application/json"});
  for (auto& [name, value] : threatconnect::authorization(credentials, line.target, request.method,
                                                          upstream.clock.wall()))
    request.headers.push_back({std::move(name), std::move(value)});
  request.target = std::move(line.target);
  return ask(upstream, std::move(request), kPatience);
}

void check_clock(const fetch::HttpResponse& response, const Clock& clock, Findings& findings) {
  const std::optional<WallTime> theirs = parse_http_date(response.date);
  if (!theirs) return;
  const auto off = std::chrono::floor<std::chrono::seconds>(clock.wall() - *theirs);
  const auto amount = std::chrono::abs(off);
  if (amount <= kExact) return findings.ok(kClock, "agrees with ThreatConnect's");
  const std::string detail = "this machine is " + to_words(amount) +
                             (off.count() > 0 ? " ahead of" : " behind") + " ThreatConnect";
  const std::string mend = mend_for(ErrorCode::ClockSkew);
  if (amount <= kClose) {
    findings.warning(kClock, detail, mend);
  } else {
    findings.error(kClock, detail, mend);
  }
}

std::string names_of(const std::vector<threatconnect::Owner>& owners) {
  std::string out = count_text(owners.size()) + " visible: ";
  for (std::size_t i = 0; i < std::min(owners.size(), kMaxNames); ++i)
    out += (i == 0 ? "" : ", ") + owners[i].name;
  return out + (owners.size() > kMaxNames ? ", …" : "");
}

void check_owners(const cli::ThreatConnectSection& section,
                  const std::vector<threatconnect::Owner>& owners,
                  Findings& findings) {
  if (owners.empty()) {
    return findings.error(kOwners, "no owner is visible to these credentials",
                          "give the API user an organization, communities or sources");
  }
  findings.ok(kOwners, names_of(owners));
  const auto expect = [&](std::string_view setting, const std::string& name) {
    const std::string_view wanted = trim(name);
    if (wanted.empty() ||
        std::ranges::find(owners, wanted, &threatconnect::Owner::name) != owners.end())
      return;
    findings.warning(kOwners,
                     std::string{setting} + " names \"" + std::string{wanted} +
                         "\", which is not visible to these credentials",
                     "mind its spelling, letter case included");
  };
  expect("default_owner", section.default_owner);
  for (const std::string& name : section.owner_order) expect("owner_order", name);
  for (const std::string& name : section.owners_allow) expect("owners_allow", name);
}

void check_default_owner(const cli::ThreatConnectSection& section,
                         const BaseUrl& base,
                         CommandContext& upstream,
                         Findings& findings) {
  if (!trim(section.default_owner).empty()) return;
  const auto response =
      call(upstream, base, credentials_of(section), threatconnect::own_owner_request(base));
  const auto own = response ? threatconnect::read_own_owner(response->status,
                                                            response->content_type, response->body)
                            : std::unexpected(response.error());
  if (own) return findings.ok(kOwners, "the default one is " + own->name);
  findings.warning(kOwners,
                   "the credentials' own organization is not told: " + own.error().public_detail,
                   "set threatconnect.default_owner");
}

/// Whether the other documented form of the base URL is the one that ThreatConnect answers at.
bool answers(CommandContext& upstream,
             const BaseUrl& base,
             const threatconnect::Credentials& credentials) {
  const auto response = call(upstream, base, credentials, threatconnect::owners_request(base));
  return response &&
         threatconnect::read_owners(response->status, response->content_type, response->body);
}

}  // namespace

void check_threatconnect(const cli::ThreatConnectSection& section,
                         CommandContext& upstream,
                         Findings& findings) {
  const Result<BaseUrl> base = BaseUrl::parse(section.base_url);
  if (!base) {
    return findings.error(kUpstream, base.error().public_detail, mend_for(ErrorCode::WrongBaseUrl));
  }
  if (!section.has_credentials()) {
    if (section.pass_through)
      return findings.ok(kUpstream, "not asked: callers bring their own credentials");
    return findings.error(kUpstream, "there are no credentials, and callers may not bring theirs",
                          "set threatconnect.api_id and api_secret_file, or pass_through = true");
  }
  const threatconnect::Credentials credentials = credentials_of(section);
  const auto response = call(upstream, *base, credentials, threatconnect::owners_request(*base));
  if (!response) {
    return findings.error(kUpstream, response.error().public_detail,
                          mend_for(response.error().code));
  }
  check_clock(*response, upstream.clock, findings);
  const auto owners =
      threatconnect::read_owners(response->status, response->content_type, response->body);
  if (!owners) {
    std::string mend = mend_for(owners.error().code);
    const BaseUrl other = base->other_form();
    if (owners.error().code == ErrorCode::WrongBaseUrl && answers(upstream, other, credentials))
      mend =
          "set threatconnect.base_url = \"" + other.canonical() + "\": ThreatConnect answers there";
    return findings.error(kUpstream, owners.error().public_detail, std::move(mend));
  }
  findings.ok(kUpstream,
              base->canonical() + " answers in " +
                  seconds_text(std::chrono::duration<double>(response->elapsed).count()) +
                  " and accepts these credentials");
  check_owners(section, owners->listed, findings);
  check_default_owner(section, *base, upstream, findings);
}

}  // namespace cardstock::app
