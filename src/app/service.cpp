#include <cardstock/app/service.hpp>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include <cardstock/admin/audit.hpp>
#include <cardstock/admin/history.hpp>
#include <cardstock/admin/top_indicators.hpp>
#include <cardstock/enrich/enricher.hpp>
#include <cardstock/enrich/sweeper.hpp>
#include <cardstock/enrich/tenant.hpp>
#include <cardstock/fetch/curl_client.hpp>
#include <cardstock/http/api/api.hpp>
#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/random.hpp>

#include "app/open_store.hpp"

namespace cardstock::app {
namespace {

using std::chrono::milliseconds;

enrich::EnrichSettings enrich_settings(const cli::Config& config) {
  const cli::CacheSection& cache = config.cache;
  enrich::EnrichSettings settings;
  settings.policy = {.ttl = cache.ttl,
                     .ttl_absent = cache.ttl_absent,
                     .grace = cache.grace,
                     .keep = cache.keep,
                     .jitter = cache.jitter};
  for (const auto& [name, times] : cache.per_type) {
    const std::optional<EntityType> type = entity_type(name);
    if (!type) continue;  // the configuration has refused unknown names
    settings.per_type[*type] = {.ttl = times.ttl.value_or(cache.ttl),
                                .ttl_absent = times.ttl_absent.value_or(cache.ttl_absent),
                                .grace = times.grace.value_or(cache.grace),
                                .keep = times.keep.value_or(cache.keep),
                                .jitter = cache.jitter};
  }
  settings.owners = {config.threatconnect.owners_allow, config.threatconnect.owners_deny};
  settings.requests_per_minute = config.limits.requests_per_minute;
  settings.burst = config.limits.burst;
  settings.concurrent = config.limits.concurrent;
  settings.memory_bytes = cache.memory;
  settings.learn_owners = true;
  settings.default_owner = config.threatconnect.default_owner;
  settings.credential_recheck = cache.credential_recheck;
  settings.cache_only = cache.cache_only;
  return settings;
}

card::Criterion criterion_of(const cli::Criterion& entry) {
  card::Criterion criterion{.name = entry.name,
                            .owner = entry.owner,
                            .min_confidence = entry.min_confidence,
                            .min_rating = entry.min_rating,
                            .min_threat_assess = entry.min_threat_assess,
                            .max_false_positives = entry.max_false_positives,
                            .tag = entry.tag};
  // The configuration has refused unknown names.
  for (const std::string& name : entry.types)
    if (const std::optional<EntityType> type = entity_type(name)) criterion.types.push_back(*type);
  return criterion;
}

card::CardSettings card_settings(const cli::Config& config) {
  const cli::ThreatConnectSection& section = config.threatconnect;
  card::CardSettings settings;
  settings.owners = {.default_owner = section.default_owner,
                     .order = section.owner_order,
                     .allow = section.owners_allow,
                     .deny = section.owners_deny};
  settings.max_owners = static_cast<std::size_t>(config.card.max_owners);
  settings.max_groups = static_cast<std::size_t>(config.card.max_groups);
  settings.max_attributes = static_cast<std::size_t>(config.card.max_attributes);
  settings.max_tags = static_cast<std::size_t>(config.card.max_tags);
  settings.max_text = static_cast<std::size_t>(config.card.max_text);
  settings.no_result_link = config.card.no_result_link;
  settings.criteria.reserve(config.criteria.size());
  for (const cli::Criterion& entry : config.criteria)
    settings.criteria.push_back(criterion_of(entry));
  return settings;
}

http::ApiSettings api_settings(const cli::Config& config) {
  http::ApiSettings settings;
  settings.version = version();
  for (const cli::ClientEntry& entry : config.clients) {
    http::Client client{.name = entry.name, .token = entry.token};
    for (const std::string& right : entry.rights) {
      if (right == "ask") client.may_ask = true;
      if (right == "refresh") client.may_refresh = true;
      if (right == "admin") client.may_administer = true;
    }
    settings.clients.push_back(std::move(client));
  }
  settings.shared_secret = config.server.shared_secret;
  settings.admin_token = config.admin.token;
  settings.card_timeout = config.threatconnect.card_timeout;
  settings.audit_file = admin::audit_file_of(config.store.path);
  settings.top_file = admin::top_file_of(config.store.path);
  settings.prewarm_spool = config.store.path + ".prewarm";
  settings.history_file = admin::history_file_of(config.store.path);
  return settings;
}

int workers(const cli::ServerSection& section) {
  if (section.workers > 0) return static_cast<int>(section.workers);
  return static_cast<int>(std::max(2U, std::thread::hardware_concurrency())) - 1;
}

SipKey hash_key(const Secret& installation_key) {
  const threatconnect::Digest digest =
      threatconnect::hmac_sha256(installation_key.reveal(), "hash key of the memory tier");
  SipKey key{};
  for (std::size_t i = 0; i < 16; ++i) key[i / 8] = (key[i / 8] << 8U) | digest[i];
  return key;
}

http::Exposure exposure_of(const cli::Endpoint& endpoint) {
  return endpoint.is_loopback() ? http::Exposure::Loopback : http::Exposure::Network;
}

std::string url_of(std::string_view scheme, const cli::Endpoint& endpoint, std::uint16_t port) {
  return std::string{scheme} + "://" + cli::Endpoint{endpoint.address, port}.text();
}

}  // namespace

struct RunningService::Impl {
  Impl(const cli::Config& given, Log& with_log) : config{given}, log{with_log} {}

  Status open() {
    Result<OpenStore> opened = open_store(config, clock, random, log);
    if (!opened) return std::unexpected(opened.error());
    store = std::move(opened->store);
    const cli::ThreatConnectSection& tc = config.threatconnect;
    auto created = upstream_client(tc);
    if (!created) return std::unexpected(created.error());
    client = *std::move(created);
    const SipKey hashes = hash_key(opened->installation_key);
    auto resolved = make_tenants(config, std::move(opened->installation_key));
    if (!resolved) return std::unexpected(resolved.error());
    tenants = std::make_unique<enrich::Tenants>(*std::move(resolved));
    enricher = std::make_unique<enrich::Enricher>(
        enrich_settings(config),
        enrich::EnrichParts{clock, *client, *store, log, http::make_renderer(card_settings(config)),
                            hashes, random});
    api = std::make_unique<http::Api>(
        api_settings(config), http::ApiParts{clock, random, log, *tenants, *enricher, *store});
    sweeper = std::make_unique<enrich::Sweeper>(enrich_settings(config), *store, clock, log);
    sweeper->start();
    return listen();
  }

  Status listen() {
    if (!config.server.tls_certificate.empty()) {
      auto loaded = http::TlsIdentity::load(config.server.tls_certificate, config.server.tls_key);
      if (!loaded) return std::unexpected(loaded.error());
      tls = *std::move(loaded);
    }
    for (const cli::Endpoint& endpoint : config.server.listen) {
      auto server = http::Server::start({.address = endpoint.address,
                                         .port = endpoint.port,
                                         .workers = workers(config.server),
                                         .tls = tls,
                                         .name = "cs-http"},
                                        api->public_handler(exposure_of(endpoint)));
      if (!server) return std::unexpected(server.error());
      ports.push_back((*server)->port());
      servers.push_back(*std::move(server));
    }
    const cli::Endpoint& endpoint = config.admin.listen;
    auto server = http::Server::start(
        {.address = endpoint.address, .port = endpoint.port, .workers = 1, .name = "cs-admin"},
        api->admin_handler(exposure_of(endpoint)));
    if (!server) return std::unexpected(server.error());
    admin_server = *std::move(server);
    return {};
  }

  bool stop(milliseconds limit) {
    if (!api) return true;
    const SteadyTime until = std::chrono::steady_clock::now() + limit;
    const auto left = [until] {
      return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(
                                           until - std::chrono::steady_clock::now()));
    };
    api->begin_drain();
    sweeper.reset();
    bool whole = enricher->drain(until);
    for (const auto& server : servers) whole = server->drain(left()) && whole;
    // Who still waits is told so while the servers can carry the answer; the servers go before what
    // their handlers call.
    enricher->stop();
    servers.clear();
    admin_server.reset();
    if (const Status flushed = store->flush(); !flushed)
      log.error("store_flush_failed", {{"cause", flushed.error().cause}});
    api.reset();
    enricher.reset();
    return whole;
  }

  const cli::Config config;
  Log& log;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<store::RecordStore> store;
  std::unique_ptr<fetch::HttpClient> client;
  std::unique_ptr<enrich::Tenants> tenants;
  std::unique_ptr<enrich::Sweeper> sweeper;
  std::unique_ptr<enrich::Enricher> enricher;
  std::unique_ptr<http::Api> api;
  std::shared_ptr<http::TlsIdentity> tls;  ///< nullptr: plain HTTP
  std::vector<std::unique_ptr<http::Server>> servers;
  std::unique_ptr<http::Server> admin_server;
  std::vector<std::uint16_t> ports;
};

RunningService::RunningService(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
RunningService::~RunningService() {
  impl_->stop(milliseconds{0});
}

Result<std::unique_ptr<RunningService>> RunningService::start(const cli::Config& config, Log& log) {
  std::unique_ptr<RunningService> service{new RunningService{std::make_unique<Impl>(config, log)}};
  if (const Status opened = service->impl_->open(); !opened) return std::unexpected(opened.error());
  return service;
}

const std::vector<std::uint16_t>& RunningService::ports() const noexcept {
  return impl_->ports;
}
std::uint16_t RunningService::admin_port() const noexcept {
  return impl_->admin_server->port();
}
std::string RunningService::url() const {
  return url_of(impl_->tls ? "https" : "http", impl_->config.server.listen.front(),
                impl_->ports.front());
}
std::string RunningService::admin_url() const {
  return url_of("http", impl_->config.admin.listen, admin_port());
}
store::RecordStore& RunningService::store() noexcept {
  return *impl_->store;
}
Status RunningService::reload_certificate() {
  return impl_->tls ? impl_->tls->reload() : Status{};
}
bool RunningService::stop(milliseconds limit) {
  return impl_->stop(limit);
}

Result<std::unique_ptr<fetch::HttpClient>> upstream_client(
    const cli::ThreatConnectSection& section) {
  return fetch::CurlClient::create({.connect_timeout = section.connect_timeout,
                                    .call_timeout = section.call_timeout,
                                    .ca_file = section.ca_file,
                                    .proxy = section.proxy,
                                    .proxy_ca_file = section.proxy_ca_file,
                                    .user_agent = "Cardstock/" + version()});
}

std::string version() {
  return CARDSTOCK_VERSION;
}

}  // namespace cardstock::app
