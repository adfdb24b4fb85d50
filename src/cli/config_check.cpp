#include <algorithm>
#include <array>
#include <set>

#include <cardstock/util/text.hpp>

#include "faults.hpp"
#include "values.hpp"

namespace cardstock::cli {
namespace {

constexpr std::size_t kMaxFaults = 50;
constexpr std::size_t kMaxVariable = 4096;

std::uint32_t line_of(const Lines& lines, std::string_view name) {
  const auto found = lines.find(name);
  return found == lines.end() ? 0 : found->second;
}

void check_listeners(const Config& config, const Lines& lines, Faults& faults) {
  const bool tls_complete = config.server.tls_certificate.empty() == config.server.tls_key.empty();
  if (!tls_complete) {
    const bool certificate = !config.server.tls_certificate.empty();
    faults.add(line_of(lines, certificate ? "server.tls_certificate" : "server.tls_key"),
               certificate ? "server.tls_certificate needs server.tls_key"
                           : "server.tls_key needs server.tls_certificate");
  }
  const auto beyond = std::ranges::find_if_not(config.server.listen, &Endpoint::is_loopback);
  if (beyond != config.server.listen.end() && config.server.tls_certificate.empty() &&
      !config.server.plain_http) {
    faults.add(line_of(lines, "server.listen"),
               "server.listen is not on loopback, so server.tls_certificate must be set, or "
               "server.plain_http when something in front speaks TLS: " +
                   beyond->text());
  }
  if (!config.admin.listen.is_loopback() && config.admin.token.empty()) {
    faults.add(line_of(lines, "admin.listen"),
               "admin.listen is not on loopback, so admin.token_file must be set: " +
                   config.admin.listen.text());
  }
  if (config.admin.listen.port != 0 && holds(config.server.listen, config.admin.listen)) {
    faults.add(line_of(lines, "admin.listen"), "admin.listen and server.listen must differ");
  }
}

void check_credentials(const ThreatConnectSection& section, const Lines& lines, Faults& faults) {
  if (!section.token.empty() && (!section.api_id.empty() || !section.api_secret.empty())) {
    faults.add(line_of(lines, "threatconnect.token_file"),
               "threatconnect takes a token, or api_id with its secret, not both");
  } else if (!section.api_id.empty() && section.api_secret.empty()) {
    faults.add(
        line_of(lines, "threatconnect.api_id"),
        "threatconnect.api_id needs threatconnect.api_secret_file or THREATCONNECT_API_SECRET");
  } else if (section.api_id.empty() && !section.api_secret.empty()) {
    faults.add(line_of(lines, "threatconnect.api_secret_file"),
               "threatconnect.api_secret_file needs threatconnect.api_id or THREATCONNECT_API_ID");
  }
  for (const std::string& owner : section.owners_allow) {
    if (holds(section.owners_deny, owner)) {
      faults.add(line_of(lines, "threatconnect.owners_deny"),
                 "threatconnect.owners_deny and owners_allow both name " + shown(owner));
    }
  }
}

void check_clients(const std::vector<ClientEntry>& clients, const Lines& lines, Faults& faults) {
  std::set<std::string_view> names;
  std::set<std::string_view> tokens;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const ClientEntry& client = clients[i];
    const std::uint32_t line = line_of(lines, "client." + std::to_string(i));
    if (client.name.empty()) {
      faults.add(line, "client.name is missing");
    } else if (!names.insert(client.name).second) {
      faults.add(line, "client.name must be unique: " + shown(client.name) + " stands twice");
    }
    if (client.token.empty()) {
      faults.add(line, "client.token_file is missing");
    } else if (!tokens.insert(client.token.reveal()).second) {
      faults.add(line, "client.token_file holds the token of another client");
    }
    if (client.rights.empty()) faults.add(line, "client.rights must not be empty");
  }
}

/// Who may be seen, by owners_allow and owners_deny.
bool is_shown(const ThreatConnectSection& section, const std::string& owner) {
  return (section.owners_allow.empty() || holds(section.owners_allow, owner)) &&
         !holds(section.owners_deny, owner);
}

bool has_condition(const Criterion& criterion) {
  return !trim(criterion.owner).empty() || !criterion.types.empty() ||
         !trim(criterion.tag).empty() || criterion.min_confidence || criterion.min_rating ||
         criterion.min_threat_assess || criterion.max_false_positives;
}

void check_criteria(const Config& config, const Lines& lines, Faults& faults) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < config.criteria.size(); ++i) {
    const Criterion& criterion = config.criteria[i];
    const std::string entry = "criteria." + std::to_string(i);
    const std::uint32_t line = line_of(lines, entry);
    if (criterion.name.empty()) {
      faults.add(line, "criteria.name is missing");
    } else if (!names.insert(trim(criterion.name)).second) {
      faults.add(line, "criteria.name must be unique: " + shown(criterion.name) + " stands twice");
    }
    if (!has_condition(criterion))
      faults.add(line, "criteria " + shown(criterion.name) + " states no condition");
    const std::string owner{trim(criterion.owner)};
    if (!owner.empty() && !is_shown(config.threatconnect, owner)) {
      faults.add(line_of(lines, entry + ".owner"),
                 "criteria " + shown(criterion.name) +
                     " can never be met: threatconnect.owners_allow or owners_deny hides " +
                     shown(owner));
    }
  }
}

}  // namespace

void Faults::add(std::uint32_t line, std::string text) {
  by_line_.emplace(line, std::move(text));
}

Error Faults::error() const {
  std::string out;
  std::size_t count = 0;
  for (const auto& [line, text] : by_line_) {
    if (count++ != 0) out.push_back('\n');
    if (count > kMaxFaults) {
      out += "and " + std::to_string(by_line_.size() - kMaxFaults) + " more";
      break;
    }
    out += source_ + (line == 0 ? ": " : ":" + std::to_string(line) + ": ") + text;
  }
  return Error{.code = ErrorCode::InvalidConfig, .public_detail = std::move(out), .cause = {}};
}

void apply_environment(Config& config, const Environment& environment, Faults& faults) {
  ThreatConnectSection& section = config.threatconnect;
  const auto variable = [&](const std::string& name) -> std::optional<std::string> {
    auto value = environment(name);
    if (!value || value->empty()) return std::nullopt;
    if (value->size() <= kMaxVariable) return value;
    wipe(*value);
    faults.add(0, name + " holds more than 4096 bytes");
    return std::nullopt;
  };
  const auto secret = [&](const std::string& name) -> std::optional<Secret> {
    auto value = variable(name);
    if (!value) return std::nullopt;
    auto cleaned = clean_secret(*value);
    wipe(*value);
    if (cleaned) return *std::move(cleaned);
    faults.add(0, name + " is not a secret: " + cleaned.error().public_detail);
    return std::nullopt;
  };

  if (auto url = variable("THREATCONNECT_BASE_URL")) {
    if (const auto complaint = check_base_url(*url))
      faults.add(0, "THREATCONNECT_BASE_URL must be " + *complaint);
    section.base_url = *std::move(url);
  }
  auto api_id = variable("THREATCONNECT_API_ID");
  auto api_secret = secret("THREATCONNECT_API_SECRET");
  auto token = secret("THREATCONNECT_TOKEN");
  // One kind of credential in the environment replaces the other kind in the file.
  if (token && !api_id && !api_secret) {
    section.api_id.clear();
    section.api_secret.clear();
    section.api_secret_file.clear();
  }
  if ((api_id || api_secret) && !token) {
    section.token.clear();
    section.token_file.clear();
  }
  if (api_id) {
    if (std::ranges::any_of(
            *api_id, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
      faults.add(0, "THREATCONNECT_API_ID must be one line without control characters");
    }
    section.api_id = *std::move(api_id);
  }
  if (api_secret) {
    section.api_secret = *std::move(api_secret);
    section.api_secret_file.clear();
  }
  if (token) {
    section.token = *std::move(token);
    section.token_file.clear();
  }
}

void check_together(const Config& config, const Lines& lines, Faults& faults) {
  check_listeners(config, lines, faults);
  check_credentials(config.threatconnect, lines, faults);
  check_clients(config.clients, lines, faults);
  check_criteria(config, lines, faults);
}

}  // namespace cardstock::cli
