#include <simdjson.h>

#include <cardstock/http/transport/tls.hpp>

#include "app/commands/doctor_checks.hpp"

namespace cardstock::app {
namespace {

using simdjson::dom::element;

constexpr std::chrono::seconds kPatience{5};

std::string_view name_of(Listener listener) noexcept {
  switch (listener) {
    case Listener::Cards:
      return "service";
    case Listener::Admin:
      return "admin";
  }
  return "service";
}

/// Text at a JSON pointer; empty when there is none.
std::string text_at(const std::string& json, const char* pointer) {
  simdjson::dom::parser parser;
  element document;
  std::string_view text;
  if (parser.parse(json).get(document) != simdjson::SUCCESS ||
      document.at_pointer(pointer).get(text) != simdjson::SUCCESS)
    return {};
  return std::string{text};
}

void check_stats(const Service& service, CommandContext& context, Findings& findings) {
  const auto response = ask(context, service, "/v1/admin/stats", kPatience);
  if (!response || response->status != 200) {
    const std::string why = response ? complaint_of(*response) : response.error().public_detail;
    return findings.warning("admin", "the figures cannot be read: " + why,
                            "check admin.token_file");
  }
  const std::string store = text_at(response->body, "/store/state");
  if (store != "ok") {
    findings.error("admin", "the running service calls its store \"" + store + "\"",
                   "see the service's log");
  }
  const std::string breaker = text_at(response->body, "/upstream/breaker");
  if (breaker != "closed") {
    findings.warning("admin",
                     "the running service does not ask ThreatConnect now: breaker " + breaker,
                     "see recent_errors in cardstock stats");
  }
}

}  // namespace

void check_certificate(const cli::ServerSection& server, Findings& findings) {
  if (server.tls_certificate.empty()) return;
  const auto identity = http::TlsIdentity::load(server.tls_certificate, server.tls_key);
  if (!identity) {
    return findings.error("certificate", identity.error().public_detail,
                          "check server.tls_certificate and server.tls_key");
  }
  findings.ok("certificate", server.tls_certificate + " and its key belong together");
}

void check_listener(const cli::ServiceOptions& options,
                    Listener listener,
                    const std::string& version,
                    CommandContext& context,
                    Findings& findings) {
  const std::string_view check = name_of(listener);
  const auto service = find_service(options, context.environment, listener);
  if (!service)
    return findings.warning(check, service.error().public_detail, "give it a fixed port");
  const auto response = ask(context, *service, "/version", kPatience);
  if (!response) {
    return findings.warning(check, service->origin + ": " + response.error().public_detail,
                            "is the service running? systemctl status cardstock");
  }
  const std::string running = text_at(response->body, "/version");
  if (response->status != 200 || text_at(response->body, "/name") != "cardstock") {
    return findings.error(check, "something else than Cardstock answers at " + service->origin,
                          "free the port, or set another one");
  }
  if (running != version) {
    findings.warning(check, "version " + running + " is running, this is " + version,
                     "restart the service");
  } else {
    findings.ok(check, "answers at " + service->origin);
  }
  if (listener == Listener::Admin) check_stats(*service, context, findings);
}

}  // namespace cardstock::app
