#include "app/commands/doctor.hpp"

#include <ostream>

#include "app/commands/doctor_checks.hpp"

namespace cardstock::app {
namespace {

/// A configuration that cannot be read has one line for every fault.
void add_faults(const Error& error, Findings& findings) {
  std::string_view text = error.public_detail;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    findings.error("configuration", std::string{text.substr(0, end)},
                   "see config/cardstock.example.toml, or man cardstock.toml");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void check_all(const cli::Config& config,
               const cli::DoctorCommand& command,
               CommandContext& context,
               const DoctorParts& parts,
               Findings& findings) {
  const std::string& path = command.service.config;
  if (config.warnings.empty())
    findings.ok("configuration", path.empty() ? "defaults and environment" : path);
  for (const std::string& warning : config.warnings)
    findings.warning("configuration", warning, "mend it in " + path);
  check_store(config.store, findings);
  check_certificate(config.server, findings);
  if (!command.metadata.empty()) check_metadata(command.metadata, findings);

  const auto client = parts.upstream(config.threatconnect);
  if (client) {
    CommandContext upstream{.http = **client,
                            .clock = context.clock,
                            .random = context.random,
                            .environment = context.environment,
                            .in = context.in,
                            .out = context.out,
                            .err = context.err,
                            .pause = context.pause};
    check_threatconnect(config.threatconnect, upstream, findings);
  } else {
    findings.error(
        "ThreatConnect", client.error().public_detail,
        "check threatconnect.ca_file, threatconnect.proxy and threatconnect.proxy_ca_file");
  }
  check_listener(command.service, Listener::Cards, parts.version, context, findings);
  check_listener(command.service, Listener::Admin, parts.version, context, findings);
}

}  // namespace

cli::ExitCode run_doctor(const cli::DoctorCommand& command,
                         CommandContext& context,
                         const DoctorParts& parts) {
  Findings findings;
  const Result<cli::Config> config = cli::load_config(command.service.config, context.environment);
  if (config) {
    check_all(*config, command, context, parts, findings);
  } else {
    add_faults(config.error(), findings);
  }
  if (command.json) {
    context.out << findings_json(findings) << '\n';
  } else {
    print_findings(context.out, findings);
  }
  if (!config) return cli::ExitCode::Configuration;
  return findings.failed() ? cli::ExitCode::Failed : cli::ExitCode::Ok;
}

}  // namespace cardstock::app
