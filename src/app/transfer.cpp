#include "app/transfer.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <pwd.h>
#include <unistd.h>

#include <cardstock/admin/audit.hpp>

#include "app/commands/ndjson.hpp"
#include "app/commands/terminal_text.hpp"
#include "app/open_store.hpp"
#include "app/spdlog_log.hpp"

namespace cardstock::app {
namespace {

using cli::ExitCode;

constexpr std::uint64_t kShownRefusals = 20;

ExitCode complain(const Error& error) {
  std::cerr << "cardstock: " << printable(error.public_detail) << '\n';
  if (!error.cause.empty()) std::cerr << "  (" << printable(error.cause) << ")\n";
  return error.code == ErrorCode::InvalidConfig ? ExitCode::Configuration : ExitCode::Failed;
}

/// Everything that one of these commands works with.
struct Bench {
  SystemClock clock;
  SystemRandom random;
  SpdlogLog log{LogLevel::Warning, clock};
  std::unique_ptr<store::RecordStore> store;
  std::optional<store::TenantId> own;  ///< the tenant of the configured credentials
};

Status open(Bench& bench, const cli::Config& config) {
  Result<OpenStore> opened = open_store(config, bench.clock, bench.random, bench.log);
  if (!opened) return std::unexpected(opened.error());
  const Result<enrich::Tenants> tenants = make_tenants(config, opened->installation_key);
  if (!tenants) return std::unexpected(tenants.error());
  if (tenants->own()) bench.own = tenants->own()->id;
  bench.store = std::move(opened->store);
  return {};
}

/// Whose rows are meant. Errors: InvalidConfig when the configuration has no credentials.
Result<std::optional<store::TenantId>> tenant_of(const Bench& bench, bool all, const char* flag) {
  if (all) return std::optional<store::TenantId>{};
  if (bench.own) return bench.own;
  return fail(ErrorCode::InvalidConfig,
              std::string{"threatconnect.api_id and api_secret_file say whose rows are meant, and "
                          "are not set; or use "} +
                  flag);
}

Result<Imported> import_from(store::RecordStore& store,
                             const std::optional<store::TenantId>& tenant,
                             const std::string& path) {
  std::uint64_t refusals = 0;
  const auto refused = [&](std::uint64_t line, const Error& why) {
    if (++refusals <= kShownRefusals)
      std::cerr << "cardstock: " << printable(path) << ':' << line << ": "
                << printable(why.public_detail) << '\n';
  };
  if (path == "-") return import_rows(store, tenant, std::cin, refused);
  std::ifstream file{path, std::ios::binary};
  if (!file) return fail(ErrorCode::InvalidConfig, "The file " + path + " cannot be read.");
  return import_rows(store, tenant, file, refused);
}

/// "alice (uid 1000)": whoever runs this command; the number alone where the system has no name.
std::string user() {
  const uid_t id = getuid();
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  const bool known =
      getpwuid_r(id, &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  return (known ? std::string{entry.pw_name} + " (uid " : "(uid ") + std::to_string(id) + ")";
}

/// What came of it, beside the store, where the service's own audit is. A file's name may say whose
/// rows it has, and is left out.
void audit_import(Bench& bench,
                  const std::string& store_path,
                  std::size_t files,
                  const Imported& all,
                  std::optional<ErrorCode> failure = {}) {
  admin::Audit audit{admin::audit_file_of(store_path), bench.log, bench.clock};
  audit.record({.action = "import",
                .who = user(),
                .address = {},
                .what = std::to_string(files) + " files: " + std::to_string(all.stored) +
                        " stored, " + std::to_string(all.skipped) + " skipped, " +
                        std::to_string(all.refused) + " refused, " + std::to_string(all.failed) +
                        " failed",
                .outcome = failure ? std::string{name_of(*failure)} : "done",
                .request_id = {}});
}

}  // namespace

ExitCode export_store(const cli::ExportCommand& command) {
  const Result<cli::Config> config = cli::load_config(command.config, cli::process_environment());
  if (!config) return complain(config.error());
  std::error_code ignored;
  if (!std::filesystem::exists(config->store.path, ignored))
    return complain({ErrorCode::InvalidConfig,
                     "store.path: there is no file at \"" + config->store.path + "\".",
                     {}});
  Bench bench;
  if (const Status opened = open(bench, *config); !opened) return complain(opened.error());
  const auto tenant = tenant_of(bench, command.all_tenants, "--all-tenants");
  if (!tenant) return complain(tenant.error());
  std::ios::sync_with_stdio(false);
  const Result<std::uint64_t> rows = export_rows(*bench.store, *tenant, std::cout);
  if (!rows) return complain(rows.error());
  std::cerr << count_text(*rows) << (*rows == 1 ? " row" : " rows") << " exported\n";
  return ExitCode::Ok;
}

ExitCode import_store(const cli::ImportCommand& command) {
  const Result<cli::Config> config = cli::load_config(command.config, cli::process_environment());
  if (!config) return complain(config.error());
  Bench bench;
  if (const Status opened = open(bench, *config); !opened) return complain(opened.error());
  const auto tenant = tenant_of(bench, command.keep_tenants, "--keep-tenants");
  if (!tenant) return complain(tenant.error());
  Imported all;
  const std::vector<std::string> files =
      command.files.empty() ? std::vector<std::string>{"-"} : command.files;
  for (const std::string& path : files) {
    const Result<Imported> part = import_from(*bench.store, *tenant, path);
    if (!part) {
      audit_import(bench, config->store.path, files.size(), all, part.error().code);
      return complain(part.error());
    }
    all.stored += part->stored;
    all.skipped += part->skipped;
    all.refused += part->refused;
    all.failed += part->failed;
  }
  std::cerr << count_text(all.stored) << " stored, " << count_text(all.skipped)
            << " skipped (the store's are as young), " << count_text(all.refused) << " refused, "
            << count_text(all.failed) << " failed\n";
  audit_import(bench, config->store.path, files.size(), all);
  if (all.failed > 0) return ExitCode::Failed;
  return all.refused > 0 ? ExitCode::Partly : ExitCode::Ok;
}

}  // namespace cardstock::app
