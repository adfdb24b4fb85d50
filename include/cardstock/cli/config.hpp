#pragma once
/// \file config.hpp
/// \brief The whole configuration, read once, immutable afterwards.
///
/// Source of every value: the TOML file, over it the environment (THREATCONNECT_BASE_URL, _API_ID,
/// _API_SECRET, _TOKEN; an empty variable counts as unset). Secrets come from files or from the
/// environment, never from the command line. Files named by a setting are relative to the
/// configuration file's folder, secret files also to $CREDENTIALS_DIRECTORY when they are found
/// there; `store.path` is relative to the working directory. Threads: any; a Config is immutable by
/// agreement. Blocking: disk, as long as it takes to read small files. Errors: InvalidConfig;
/// `public_detail` has one line a fault, `cardstock.toml:12: unknown key "server.lisen"; did you
/// mean "listen"?`, in the order of the file. No message holds a secret, the path in a secret's
/// setting included (people paste the secret itself there). Limits: a file of 1 MiB, a secret of 4
/// KiB, 100 entries a list, 1 KiB a text.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/util/log.hpp>
#include <cardstock/util/result.hpp>
#include <cardstock/util/secret.hpp>

namespace cardstock::cli {

using std::chrono::milliseconds;

struct Endpoint {
  std::string address;  ///< literal, IPv6 without brackets
  std::uint16_t port = 0;
  bool is_loopback() const noexcept;
  std::string text() const;  ///< `127.0.0.1:8080`, `[::1]:8080`
  bool operator==(const Endpoint&) const = default;
};

struct ServerSection {
  std::vector<Endpoint> listen{{"127.0.0.1", 8080}};
  std::int64_t workers = 0;  ///< 0: cores - 1, at least 1
  std::string tls_certificate;
  std::string tls_key;
  bool plain_http = false;         ///< beyond loopback, without TLS
  Secret shared_secret;            ///< from shared_secret_file
  std::string shared_secret_file;  ///< the path that was read; so for every `…_file` below
};

struct AdminSection {
  Endpoint listen{"127.0.0.1", 8081};
  Secret token;  ///< from token_file; must be set unless `listen` is on loopback
  std::string token_file;
};

struct ThreatConnectSection {
  std::string base_url = "https://app.threatconnect.com/api";
  std::string api_id;
  Secret api_secret;  ///< from api_secret_file
  Secret token;       ///< from token_file
  std::string portal_url;
  std::string default_owner;
  std::vector<std::string> owner_order;
  std::vector<std::string> owners_allow;
  std::vector<std::string> owners_deny;
  bool pass_through = true;
  std::vector<std::string> pass_through_hosts{"*.threatconnect.com"};
  std::string ca_file;
  std::string proxy;
  std::string proxy_ca_file;
  milliseconds connect_timeout{3000};
  milliseconds call_timeout{8000};
  milliseconds card_timeout{20000};
  std::string api_secret_file;
  std::string token_file;
  bool has_credentials() const noexcept {
    return !token.empty() || (!api_id.empty() && !api_secret.empty());
  }
};

struct CardSection {
  std::int64_t max_owners = 50;
  std::int64_t max_groups = 50;
  std::int64_t max_attributes = 50;
  std::int64_t max_tags = 50;
  std::int64_t max_text = 1000;  ///< bytes
  std::string no_result_link;
};

struct LimitsSection {
  std::int64_t requests_per_minute = 60;  ///< 0: none
  std::int64_t burst = 10;
  std::int64_t concurrent = 4;
};

struct CacheTimes {
  std::optional<milliseconds> ttl;
  std::optional<milliseconds> ttl_absent;
  std::optional<milliseconds> grace;
  std::optional<milliseconds> keep;
};

struct CacheSection {
  milliseconds ttl{std::chrono::hours{1}};
  milliseconds ttl_absent{std::chrono::minutes{10}};
  milliseconds grace{std::chrono::minutes{5}};
  milliseconds keep{std::chrono::hours{24}};
  double jitter = 0.1;  ///< 0–0.5
  milliseconds credential_recheck{std::chrono::minutes{15}};
  std::uint64_t memory = std::uint64_t{64} << 20U;
  std::int64_t max_rows = 5'000'000;
  std::string scope = "credential";            ///< or "instance"
  bool cache_only = false;                     ///< ThreatConnect is never called
  std::map<std::string, CacheTimes> per_type;  ///< by Recorded Future type name
};

struct StoreSection {
  std::string backend = "sqlite";
  std::string path = "cardstock.db";
};

struct ClientEntry {
  std::string name;
  Secret token;
  std::vector<std::string> rights;  ///< of ask, refresh, admin
  std::string token_file;
};

struct Criterion {
  std::string name;
  std::string owner;
  std::vector<std::string> types;
  std::optional<double> min_confidence;
  std::optional<double> min_rating;
  std::optional<double> min_threat_assess;
  std::optional<double> max_false_positives;
  std::string tag;
};

struct LogSection {
  LogLevel level = LogLevel::Info;
};

struct Config {
  ServerSection server;
  AdminSection admin;
  ThreatConnectSection threatconnect;
  CardSection card;
  LimitsSection limits;
  CacheSection cache;
  StoreSection store;
  std::vector<ClientEntry> clients;
  std::vector<Criterion> criteria;
  LogSection log;
  std::vector<std::string>
      warnings;  ///< what works but should be mended, such as a secret file that others may read
};

/// How the environment is read; tests give their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// `text` is the TOML; `path` is for messages and relative secret files (may be empty: no file).
Result<Config> parse_config(std::string_view text,
                            const std::string& path,
                            const Environment& environment);
/// Reads the file (at most 1 MiB); an empty path means defaults and environment.
Result<Config> load_config(const std::string& path, const Environment& environment);
/// The effective configuration as TOML. Secrets are shown as the file they came from, else as a
/// comment with "***", the password of a proxy as "***"; parse_config reads it again, and with the
/// same files and environment gets the same.
std::string print_config(const Config& config);
/// config/cardstock.example.toml: every setting with its default and what it is for; parse_config
/// reads it as the defaults.
std::string example_config();
/// One secret, its trailing line end cut. Errors: InvalidConfig (unreadable, empty, above 4 KiB,
/// more than one line) with a message that does not name the path.
Result<Secret> read_secret_file(const std::string& path);

}  // namespace cardstock::cli
