#include "settings.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace cardstock::cli {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr milliseconds kNone{0};
constexpr milliseconds kTick{1};
constexpr milliseconds kYear{days{365}};
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

constexpr std::array<Section, 11> kSections{{
    {"server", Repeat::Once, "Where cards are asked."},
    {"admin", Repeat::Once,
     "Stats, metrics, purge, prewarm and the admin page, on a listener of their own."},
    {"threatconnect", Repeat::Once, "The instance that is asked, and as whom."},
    {"card", Repeat::Once, "How much a card shows; what is cut is told on it."},
    {"limits", Repeat::Once,
     "Hard limits on calls to ThreatConnect, for each instance and each credential."},
    {"cache", Repeat::Once, "How long an answer is good for."},
    {kPerType, Repeat::PerType,
     "Other times for one entity type: IpAddress, InternetDomainName, URL, Hash, EmailAddress."},
    {"store", Repeat::Once, "Where the cache is kept."},
    {"log", Repeat::Once, "One event a line on standard error."},
    {kClient, Repeat::List,
     "A caller with a bearer token that may use the service's own credentials. As many as there "
     "are callers."},
    {kCriteria, Repeat::List,
     "A playbook criterion shown on the card when one owner's copy fulfils every condition. As "
     "many as you like."},
}};

#define CARDSTOCK_AT(expression) \
  +[](const Target& t) -> decltype((expression)) { return (expression); }
#define CARDSTOCK_CONFIG(member) CARDSTOCK_AT(t.config->member)
#define CARDSTOCK_TIMES(member) CARDSTOCK_AT(t.times->member)
#define CARDSTOCK_CLIENT(member) CARDSTOCK_AT(t.client->member)
#define CARDSTOCK_CRITERION(member) CARDSTOCK_AT(t.criterion->member)

const std::vector<Setting>& table() {
  static const std::vector<Setting> rows{
      {"server", "listen", EndpointListKind{CARDSTOCK_CONFIG(server.listen)},
       "Literal address and port; several: [\"127.0.0.1:8080\", \"[::1]:8080\"]. Port 0: any free "
       "one, the log says which."},
      {"server", "workers", IntegerKind{CARDSTOCK_CONFIG(server.workers), 0, 256},
       "Serving threads. 0: one less than there are cores, at least 1."},
      {"server", "tls_certificate", PathKind{CARDSTOCK_CONFIG(server.tls_certificate)},
       "PEM file with the certificate and its chain; empty: plain HTTP."},
      {"server", "tls_key", PathKind{CARDSTOCK_CONFIG(server.tls_key)},
       "PEM file with its private key. SIGHUP reads both files again."},
      {"server", "plain_http", FlagKind{CARDSTOCK_CONFIG(server.plain_http)},
       "Without TLS the service listens on loopback only. true: elsewhere too, because something "
       "in "
       "front of it speaks TLS."},
      {"server", "shared_secret_file",
       SecretKind{CARDSTOCK_CONFIG(server.shared_secret),
                  CARDSTOCK_CONFIG(server.shared_secret_file)},
       "When set, POST /v1/card needs its content in the header X-Cardstock-Secret."},

      {"admin", "listen", EndpointKind{CARDSTOCK_CONFIG(admin.listen)},
       "Literal address and port."},
      {"admin", "token_file",
       SecretKind{CARDSTOCK_CONFIG(admin.token), CARDSTOCK_CONFIG(admin.token_file)},
       "File with the bearer token; required unless the listener is on loopback."},

      {"threatconnect", "base_url",
       TextKind{CARDSTOCK_CONFIG(threatconnect.base_url), check_base_url},
       "https://HOST/api for an instance of your own, also THREATCONNECT_BASE_URL in the "
       "environment."},
      {"threatconnect", "api_id", TextKind{CARDSTOCK_CONFIG(threatconnect.api_id)},
       "Access id of the API user, also THREATCONNECT_API_ID. Empty: callers must bring "
       "credentials."},
      {"threatconnect", "api_secret_file",
       SecretKind{CARDSTOCK_CONFIG(threatconnect.api_secret),
                  CARDSTOCK_CONFIG(threatconnect.api_secret_file)},
       "File with its secret key; the key itself may stand in THREATCONNECT_API_SECRET."},
      {"threatconnect", "token_file",
       SecretKind{CARDSTOCK_CONFIG(threatconnect.token),
                  CARDSTOCK_CONFIG(threatconnect.token_file)},
       "File with an API token, in place of api_id and api_secret_file; the token itself may stand "
       "in THREATCONNECT_TOKEN."},
      {"threatconnect", "portal_url",
       TextKind{CARDSTOCK_CONFIG(threatconnect.portal_url), check_portal_url},
       "Origin of the links on the card; derived from base_url when empty."},
      {"threatconnect", "default_owner", TextKind{CARDSTOCK_CONFIG(threatconnect.default_owner)},
       "The owner that speaks first; empty: the credential's own organization."},
      {"threatconnect", "owner_order", TextListKind{CARDSTOCK_CONFIG(threatconnect.owner_order)},
       "Owners that come next, in this order."},
      {"threatconnect", "owners_allow", TextListKind{CARDSTOCK_CONFIG(threatconnect.owners_allow)},
       "Only these owners are ever shown; empty: all."},
      {"threatconnect", "owners_deny", TextListKind{CARDSTOCK_CONFIG(threatconnect.owners_deny)},
       "These owners are never shown."},
      {"threatconnect", "pass_through", FlagKind{CARDSTOCK_CONFIG(threatconnect.pass_through)},
       "Callers may bring their own credentials."},
      {"threatconnect", "pass_through_hosts",
       TextListKind{CARDSTOCK_CONFIG(threatconnect.pass_through_hosts), check_host_pattern},
       "Instances that callers may name, beside the one of base_url: host patterns (https only) or "
       "full origins such as \"https://tc.example.com:8443\"."},
      {"threatconnect", "ca_file", PathKind{CARDSTOCK_CONFIG(threatconnect.ca_file)},
       "PEM file with the only authorities to trust; empty: the system's."},
      {"threatconnect", "proxy", TextKind{CARDSTOCK_CONFIG(threatconnect.proxy), check_proxy},
       "http://[user:password@]host:port, or https:// when the proxy itself speaks TLS; empty: "
       "none, whatever the environment says."},
      {"threatconnect", "proxy_ca_file", PathKind{CARDSTOCK_CONFIG(threatconnect.proxy_ca_file)},
       "PEM file with the only authorities to trust for the certificate of a proxy at https://; "
       "empty: as ca_file."},
      {"threatconnect", "connect_timeout",
       DurationKind{CARDSTOCK_CONFIG(threatconnect.connect_timeout), kTick, minutes{5}},
       "To reach ThreatConnect."},
      {"threatconnect", "call_timeout",
       DurationKind{CARDSTOCK_CONFIG(threatconnect.call_timeout), kTick, minutes{10}},
       "For one whole call to ThreatConnect."},
      {"threatconnect", "card_timeout",
       DurationKind{CARDSTOCK_CONFIG(threatconnect.card_timeout), kTick, minutes{10}},
       "The longest a caller waits for a card."},

      {"card", "max_owners", IntegerKind{CARDSTOCK_CONFIG(card.max_owners), 1, 1000},
       "Owners listed."},
      {"card", "max_groups", IntegerKind{CARDSTOCK_CONFIG(card.max_groups), 1, 1000},
       "Associated groups listed."},
      {"card", "max_attributes", IntegerKind{CARDSTOCK_CONFIG(card.max_attributes), 1, 1000},
       "Attributes listed."},
      {"card", "max_tags", IntegerKind{CARDSTOCK_CONFIG(card.max_tags), 1, 1000}, "Tags listed."},
      {"card", "max_text", IntegerKind{CARDSTOCK_CONFIG(card.max_text), 20, 65'536},
       "Bytes of one attribute value, name or tag."},
      {"card", "no_result_link",
       TextKind{CARDSTOCK_CONFIG(card.no_result_link), check_link_pattern},
       "Where an indicator that nobody holds is searched for or created: a path of the portal such "
       "as \"/#/search?query={name}\", or an https URL on its host; {name} and {type} are filled "
       "in. Empty: no link."},

      {"limits", "requests_per_minute",
       IntegerKind{CARDSTOCK_CONFIG(limits.requests_per_minute), 0, 1'000'000},
       "Calls in any 60 seconds. 0: no limit."},
      {"limits", "burst", IntegerKind{CARDSTOCK_CONFIG(limits.burst), 1, 10'000},
       "Calls in any one second."},
      {"limits", "concurrent", IntegerKind{CARDSTOCK_CONFIG(limits.concurrent), 1, 1000},
       "Calls at the same time."},

      {"cache", "ttl", DurationKind{CARDSTOCK_CONFIG(cache.ttl), kTick, kYear},
       "A found indicator is fresh for so long."},
      {"cache", "ttl_absent", DurationKind{CARDSTOCK_CONFIG(cache.ttl_absent), kTick, kYear},
       "One that nobody holds is believed absent for so long."},
      {"cache", "grace", DurationKind{CARDSTOCK_CONFIG(cache.grace), kNone, kYear},
       "Behind ttl: served at once and refreshed in the background. \"0s\": never."},
      {"cache", "keep", DurationKind{CARDSTOCK_CONFIG(cache.keep), kNone, kYear},
       "Behind that: served only when ThreatConnect fails. \"0s\": never."},
      {"cache", "jitter", RealKind{CARDSTOCK_CONFIG(cache.jitter), 0, 0.5},
       "Fraction by which ttl is shortened at random, so that rows do not expire together; 0 to "
       "0.5."},
      {"cache", "credential_recheck",
       DurationKind{CARDSTOCK_CONFIG(cache.credential_recheck), kTick, days{7}},
       "A credential that ThreatConnect has not accepted for so long is checked again."},
      {"cache", "memory", SizeKind{CARDSTOCK_CONFIG(cache.memory), kMiB, kMiB << 20U},
       "Ready answers held in memory, 1MiB to 1024GiB."},
      {"cache", "max_rows", IntegerKind{CARDSTOCK_CONFIG(cache.max_rows), 1, 1'000'000'000},
       "Rows on disk; above it the longest unused go."},
      {"cache", "scope", TextKind{CARDSTOCK_CONFIG(cache.scope), check_scope},
       "\"credential\": every credential has rows of its own; \"instance\": configured credentials "
       "of one instance share."},
      {"cache", "cache_only", FlagKind{CARDSTOCK_CONFIG(cache.cache_only)},
       "Answers from the cache alone, for a site without ThreatConnect: see `cardstock import`, "
       "and "
       "a longer keep."},

      {kPerType, "ttl", OptionalDurationKind{CARDSTOCK_TIMES(ttl), kTick, kYear}, "As in [cache].",
       "\"30m\""},
      {kPerType, "ttl_absent", OptionalDurationKind{CARDSTOCK_TIMES(ttl_absent), kTick, kYear},
       "As in [cache].", "\"10m\""},
      {kPerType, "grace", OptionalDurationKind{CARDSTOCK_TIMES(grace), kNone, kYear},
       "As in [cache].", "\"5m\""},
      {kPerType, "keep", OptionalDurationKind{CARDSTOCK_TIMES(keep), kNone, kYear},
       "As in [cache].", "\"24h\""},

      {"store", "backend", TextKind{CARDSTOCK_CONFIG(store.backend), check_backend},
       "\"sqlite\"; PostgreSQL is not available yet."},
      {"store", "path", TextKind{CARDSTOCK_CONFIG(store.path), check_filled},
       "Database file, relative to the working directory; made when it is missing, mode 0600."},

      {"log", "level", LevelKind{CARDSTOCK_CONFIG(log.level)},
       "\"debug\", \"info\", \"warning\" or \"error\"."},

      {kClient, "name", TextKind{CARDSTOCK_CLIENT(name), check_filled}, "Shown in logs.",
       "\"soar\""},
      {kClient, "token_file", SecretKind{CARDSTOCK_CLIENT(token), CARDSTOCK_CLIENT(token_file)},
       "File with its bearer token.", "\"soar.token\""},
      {kClient, "rights", TextListKind{CARDSTOCK_CLIENT(rights), check_right},
       "Of \"ask\", \"refresh\" (may force a refresh) and \"admin\".", "[\"ask\"]"},

      {kCriteria, "name", TextKind{CARDSTOCK_CRITERION(name), check_filled},
       "As the card shows it.", "\"Block at the firewall\""},
      {kCriteria, "owner", TextKind{CARDSTOCK_CRITERION(owner), check_filled},
       "This owner's copy; left out: any visible owner's.", "\"Org A\""},
      {kCriteria, "types", TextListKind{CARDSTOCK_CRITERION(types), check_type_name},
       "Entity types; empty: all.", "[\"IpAddress\"]"},
      {kCriteria, "min_confidence", OptionalRealKind{CARDSTOCK_CRITERION(min_confidence), 0, 100},
       "0 to 100.", "80"},
      {kCriteria, "min_rating", OptionalRealKind{CARDSTOCK_CRITERION(min_rating), 0, 5},
       "0 to 5 skulls.", "4"},
      {kCriteria, "min_threat_assess",
       OptionalRealKind{CARDSTOCK_CRITERION(min_threat_assess), 0, 1000}, "0 to 1000.", "700"},
      {kCriteria, "max_false_positives",
       OptionalRealKind{CARDSTOCK_CRITERION(max_false_positives), 0, 1e9},
       "Reports of false positives, at most.", "0"},
      {kCriteria, "tag", TextKind{CARDSTOCK_CRITERION(tag), check_filled},
       "A tag that the copy must have.", "\"block\""},
  };
  return rows;
}

#undef CARDSTOCK_CRITERION
#undef CARDSTOCK_CLIENT
#undef CARDSTOCK_TIMES
#undef CARDSTOCK_CONFIG
#undef CARDSTOCK_AT

struct LevelName {
  std::string_view name;
  LogLevel level;
};
constexpr std::array<LevelName, 4> kLevels{{{"debug", LogLevel::Debug},
                                            {"info", LogLevel::Info},
                                            {"warning", LogLevel::Warning},
                                            {"error", LogLevel::Error}}};

}  // namespace

std::span<const Section> sections() {
  return kSections;
}
std::span<const Setting> settings() {
  return table();
}

std::string_view name_of(LogLevel level) noexcept {
  return std::ranges::find(kLevels, level, &LevelName::level)->name;
}

std::optional<LogLevel> log_level(std::string_view name) noexcept {
  const auto row = std::ranges::find(kLevels, name, &LevelName::name);
  if (row == kLevels.end()) return std::nullopt;
  return row->level;
}

}  // namespace cardstock::cli
