#include "app/commands/stats.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include <simdjson.h>

#include <cardstock/util/time_text.hpp>

#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using simdjson::dom::element;

constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kLabelColumns = 15;
constexpr std::size_t kMaxListed = 20;
constexpr std::uint64_t kMaxUptime = 10'000'000'000;  // seconds: three centuries

/// Figures by JSON pointer, as text; `-` for one that is not there.
class Figures {
 public:
  explicit Figures(const element& document) : document_{document} {}

  std::string text(std::string_view pointer) const {
    std::string_view value;
    return document_.at_pointer(pointer).get(value) == simdjson::SUCCESS ? printable(value) : "-";
  }
  std::string count(std::string_view pointer) const {
    const auto value = number(pointer);
    return value ? count_text(*value) : "-";
  }
  std::string bytes(std::string_view pointer) const {
    const auto value = number(pointer);
    return value ? bytes_text(*value) : "-";
  }
  std::string seconds(std::string_view pointer) const {
    double value = 0;
    return document_.at_pointer(pointer).get(value) == simdjson::SUCCESS ? seconds_text(value)
                                                                         : "-";
  }
  std::optional<std::uint64_t> number(std::string_view pointer) const {
    std::uint64_t value = 0;
    if (document_.at_pointer(pointer).get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }
  /// "ok 3, no_result 1": the members of an object of counts; empty when there are none.
  std::string counts(std::string_view pointer) const {
    simdjson::dom::object members;
    std::string out;
    if (document_.at_pointer(pointer).get(members) != simdjson::SUCCESS) return out;
    for (const auto& [key, value] : members) {
      std::uint64_t number = 0;
      if (value.get(number) != simdjson::SUCCESS || number == 0) continue;
      if (!out.empty()) out += ", ";
      out += printable(key) + " " + count_text(number);
    }
    return out;
  }

 private:
  element document_;
};

void line(std::ostream& out, std::string_view label, const std::string& text) {
  if (!text.empty()) out << padded(label, kLabelColumns) << text << '\n';
}

/// The share of asks that needed no call to ThreatConnect.
std::string hit_rate(const Figures& figures) {
  std::uint64_t served = 0;
  std::uint64_t all = 0;
  for (const std::string_view kind : {"hit", "negative", "stale", "coalesced", "miss", "bypass"}) {
    const std::uint64_t number = figures.number(std::string{"/cache/"}.append(kind)).value_or(0);
    all += number;
    if (kind != "miss" && kind != "bypass") served += number;
  }
  if (all == 0) return "";
  return "; " + std::to_string(served * 100 / all) + "% without a call";
}

void print_list(std::ostream& out,
                const element& document,
                std::string_view key,
                std::string_view label,
                std::string (*text)(const Figures&)) {
  simdjson::dom::array entries;
  if (document[key].get(entries) != simdjson::SUCCESS) return;
  std::size_t shown = 0;
  for (const element entry : entries) {
    if (shown == kMaxListed) {
      line(out, "", "and " + count_text(entries.size() - shown) + " more");
      break;
    }
    line(out, shown++ == 0 ? label : "", text(Figures{entry}));
  }
}

void print_stats(std::ostream& out, const element& document) {
  const Figures f{document};
  const std::chrono::seconds uptime{std::min(f.number("/uptime_seconds").value_or(0), kMaxUptime)};
  out << "Cardstock " << f.text("/version") << ", up " << to_words(uptime) << " since "
      << f.text("/started_at") << "\n\n";

  line(out, "Requests", f.count("/requests/total"));
  line(out, "  outcomes", f.counts("/requests/by_outcome"));
  line(out, "  types", f.counts("/requests/by_type"));
  line(out, "  latency",
       "p50 " + f.seconds("/requests/latency_seconds/p50") + ", p90 " +
           f.seconds("/requests/latency_seconds/p90") + ", p99 " +
           f.seconds("/requests/latency_seconds/p99"));
  line(out, "Cache",
       "hit " + f.count("/cache/hit") + ", miss " + f.count("/cache/miss") + ", stale " +
           f.count("/cache/stale") + ", negative " + f.count("/cache/negative") + ", coalesced " +
           f.count("/cache/coalesced") + ", bypass " + f.count("/cache/bypass") + hit_rate(f));
  line(out, "ThreatConnect",
       f.count("/upstream/calls") + " calls for " + f.count("/upstream/indicators") +
           " indicators, " + f.count("/upstream/calls_saved") + " calls saved; breaker " +
           f.text("/upstream/breaker"));
  line(out, "  latency",
       "p50 " + f.seconds("/upstream/latency_seconds/p50") + ", p99 " +
           f.seconds("/upstream/latency_seconds/p99"));
  line(out, "  errors", f.counts("/upstream/errors"));
  line(out, "Limit",
       f.count("/limiter/used") + " used of " + f.count("/limiter/per_minute") + " a minute, " +
           f.count("/limiter/remaining") + " left, window ends " +
           f.text("/limiter/window_ends_at"));
  line(out, "  waiting",
       "analyst " + f.count("/limiter/waiting/analyst") + ", refresh " +
           f.count("/limiter/waiting/refresh") + ", prewarm " +
           f.count("/limiter/waiting/prewarm") + "; rejected " + f.count("/limiter/rejected"));
  line(out, "Store",
       f.text("/store/backend") + ", " + f.text("/store/state") + ": " + f.count("/store/rows") +
           " rows (" + f.count("/store/rows_absent") + " absent), " + f.bytes("/store/file_bytes") +
           " and " + f.bytes("/store/wal_bytes") + " of log, oldest " +
           f.text("/store/oldest_fetched_at"));
  line(out, "Memory",
       f.count("/memory/rows") + " rows, " + f.bytes("/memory/bytes") + " of " +
           f.bytes("/memory/limit_bytes"));
  print_list(out, document, "tenants", "Tenants", [](const Figures& tenant) {
    return tenant.text("/id") + "  " + tenant.text("/base_url") + "  " + tenant.count("/rows") +
           " rows, last accepted " + tenant.text("/last_accepted_at");
  });
  print_list(out, document, "recent_errors", "Recent errors", [](const Figures& error) {
    return error.text("/at") + "  " + error.text("/kind") + " (" + error.count("/count") + ")  " +
           error.text("/message");
  });
}

}  // namespace

cli::ExitCode run_stats(const cli::StatsCommand& command, CommandContext& context) {
  const auto service = find_service(command.service, context.environment, Listener::Admin);
  if (!service) return report(context, service.error());
  const auto response = ask(context, *service, "/v1/admin/stats", kPatience);
  if (!response) return report(context, response.error());

  simdjson::dom::parser parser;
  element document;
  const bool is_json = parser.parse(response->body).get(document) == simdjson::SUCCESS;
  if (response->status != 200 || !is_json || !document.is_object()) {
    context.err << "cardstock: " << printable(complaint_of(*response)) << '\n';
    return cli::ExitCode::Failed;
  }
  if (command.json) {
    context.out << printable_json(response->body) << '\n';
  } else {
    print_stats(context.out, document);
  }
  return cli::ExitCode::Ok;
}

}  // namespace cardstock::app
