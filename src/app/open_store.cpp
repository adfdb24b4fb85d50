#include "app/open_store.hpp"

#include <filesystem>
#include <utility>

#include <cardstock/store/sqlite_record_store.hpp>

#include "installation_key.hpp"

namespace cardstock::app {

Result<OpenStore> open_store(const cli::Config& config,
                             const Clock& clock,
                             Random& random,
                             Log& log) {
  const std::string key_file = config.store.path + ".key";
  std::error_code ignored;
  const bool orphaned = std::filesystem::exists(config.store.path, ignored) &&
                        !std::filesystem::exists(key_file, ignored);
  Result<Secret> key = installation_key(key_file, random);
  if (!key) return std::unexpected(key.error());
  auto opened = store::SqliteRecordStore::open(
      {.path = config.store.path, .max_rows = config.cache.max_rows}, clock, random, log);
  if (!opened) return std::unexpected(opened.error());
  if (orphaned) {
    log.warning("installation_key_made_anew",
                {{"file", key_file},
                 {"meaning",
                  "the rows that the store holds were kept under another key and are "
                  "not found; put the old key back, or let them age out"}});
  }
  return OpenStore{*std::move(key), *std::move(opened)};
}

Result<enrich::Tenants> make_tenants(const cli::Config& config, Secret installation_key) {
  const cli::ThreatConnectSection& section = config.threatconnect;
  using Scope = enrich::TenantSettings::Scope;
  return enrich::Tenants::create(
      {.own_base_url = section.base_url,
       .own_credentials = section.token.empty()
                              ? threatconnect::Credentials{section.api_id, section.api_secret}
                              : threatconnect::Credentials{std::string{}, section.token},
       .portal_url = section.portal_url,
       .pass_through = section.pass_through,
       .pass_through_hosts = section.pass_through_hosts,
       .scope = config.cache.scope == "instance" ? Scope::Instance : Scope::Credential},
      std::move(installation_key));
}

}  // namespace cardstock::app
