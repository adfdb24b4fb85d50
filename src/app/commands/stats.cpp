#include "app/commands/stats.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <simdjson.h>

#include <cardstock/util/time_text.hpp>

#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using simdjson::dom::element;

constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kLabelColumns = 24;
constexpr std::size_t kFigureColumns = 12;
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
  bool has(std::string_view pointer) const {
    element ignored;
    return document_.at_pointer(pointer).get(ignored) == simdjson::SUCCESS;
  }
  std::optional<std::uint64_t> number(std::string_view pointer) const {
    std::uint64_t value = 0;
    if (document_.at_pointer(pointer).get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }
  /// The members of an object of counts that are not 0, in its order.
  std::vector<std::pair<std::string, std::uint64_t>> counts(std::string_view pointer) const {
    simdjson::dom::object members;
    std::vector<std::pair<std::string, std::uint64_t>> out;
    if (document_.at_pointer(pointer).get(members) != simdjson::SUCCESS) return out;
    for (const auto& [key, value] : members) {
      std::uint64_t number = 0;
      if (value.get(number) == simdjson::SUCCESS && number > 0)
        out.emplace_back(printable(key), number);
    }
    return out;
  }

 private:
  element document_;
};

/// `81 %`; nothing of nothing.
std::string share(std::uint64_t part, std::uint64_t all) {
  if (all == 0) return "";
  const double percent = 100 * static_cast<double>(part) / static_cast<double>(all);
  return std::to_string(static_cast<std::uint64_t>(percent)) + " %";
}

/// Sections of lines: a label, a figure that ends in one column, and what there is to say of it.
class Table {
 public:
  explicit Table(std::ostream& out) : out_{out} {}

  void section(std::string_view name) { out_ << '\n' << name << '\n'; }
  void line(std::string_view label, std::string_view figure, std::string_view note = {}) {
    out_ << "  " << padded(label, kLabelColumns);
    out_ << std::string(kFigureColumns - std::min(kFigureColumns, width(figure)), ' ') << figure;
    if (!note.empty()) out_ << "  " << note;
    out_ << '\n';
  }
  /// One line for each member of an object of counts, with its share of `all`.
  void lines(const Figures& f, std::string_view pointer, std::optional<std::uint64_t> all) {
    for (const auto& [name, number] : f.counts(pointer))
      line(name, count_text(number), share(number, all.value_or(0)));
  }

 private:
  std::ostream& out_;
};

/// How long it took: the quantiles that are there.
void add_latency(Table& table, const Figures& f, std::string_view at) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kQuantiles{
      {{"/p50", "half within"}, {"/p90", "9 of 10 within"}, {"/p99", "99 of 100 within"}}};
  for (const auto& [key, label] : kQuantiles) {
    const std::string pointer = std::string{at} + std::string{key};
    if (f.has(pointer)) table.line(label, f.seconds(pointer));
  }
}

void add_requests(Table& table, const Figures& f) {
  const auto total = f.number("/requests/total");
  table.section("Requests");
  table.line("all", f.count("/requests/total"));
  table.lines(f, "/requests/by_outcome", total);
  table.section("Requests by type");
  table.lines(f, "/requests/by_type", total);
  table.section("Requests, how long they took");
  add_latency(table, f, "/requests/latency_seconds");
}

void add_cache(Table& table, const Figures& f) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kKinds{
      {{"hit", "hit"},
       {"negative", "hit, held by nobody"},
       {"stale", "stale"},
       {"coalesced", "joined another's call"},
       {"miss", "miss"},
       {"bypass", "refresh asked for"}}};
  std::uint64_t all = 0;
  std::uint64_t served = 0;
  for (const auto& [kind, label] : kKinds) {
    const std::uint64_t number = f.number("/cache/" + std::string{kind}).value_or(0);
    all += number;
    if (kind != "miss" && kind != "bypass") served += number;
  }
  table.section("Cache");
  for (const auto& [kind, label] : kKinds) {
    const std::string pointer = "/cache/" + std::string{kind};
    table.line(label, f.count(pointer), share(f.number(pointer).value_or(0), all));
  }
  if (all > 0) table.line("without a call", count_text(served), share(served, all));
}

void add_upstream(Table& table, const Figures& f) {
  table.section("ThreatConnect");
  table.line("calls", f.count("/upstream/calls"));
  table.line("indicators in them", f.count("/upstream/indicators"));
  table.line("calls saved", f.count("/upstream/calls_saved"));
  table.line("breaker", f.text("/upstream/breaker"));
  add_latency(table, f, "/upstream/latency_seconds");
  for (const auto& [kind, number] : f.counts("/upstream/errors"))
    table.line("failed: " + kind, count_text(number));
}

void add_limiter(Table& table, const Figures& f) {
  table.section("Limit of calls");
  table.line("used", f.count("/limiter/used"),
             "of " + f.count("/limiter/per_minute") + " a minute");
  table.line("left", f.count("/limiter/remaining"),
             "the minute ends at " + f.text("/limiter/window_ends_at"));
  for (const std::string_view lane : {"analyst", "refresh", "prewarm"})
    table.line("waiting, " + std::string{lane}, f.count("/limiter/waiting/" + std::string{lane}));
  table.line("told busy", f.count("/limiter/rejected"));
}

void add_rows(Table& table, const Figures& f) {
  table.section("Rows");
  table.line("all", f.count("/store/rows"),
             f.text("/store/backend") + ", " + f.text("/store/state"));
  table.line("held by nobody", f.count("/store/rows_absent"));
  table.lines(f, "/store/rows_by_type", f.number("/store/rows"));
  table.line("file", f.bytes("/store/file_bytes"));
  table.line("log of the file", f.bytes("/store/wal_bytes"));
  table.line("ready in memory", f.count("/memory/rows"));
  table.line("memory", f.bytes("/memory/bytes"), "of " + f.bytes("/memory/limit_bytes"));
  if (f.has("/store/oldest_fetched_at"))
    table.line("oldest, fetched at", "", f.text("/store/oldest_fetched_at"));
}

void add_prewarm(Table& table, const Figures& f) {
  if (!f.has("/prewarm")) return;
  table.section("Prewarm jobs");
  table.line("running", f.count("/prewarm/running"));
  table.line("waiting", f.count("/prewarm/waiting"));
  for (const auto& [how, number] : f.counts("/prewarm/jobs")) table.line(how, count_text(number));
  for (const auto& [what, number] : f.counts("/prewarm/indicators"))
    table.line("indicators " + what, count_text(number));
}

/// A section with one text a line.
void print_list(std::ostream& out,
                const element& document,
                std::string_view key,
                std::string_view name,
                std::string (*text)(const Figures&)) {
  simdjson::dom::array entries;
  if (document[key].get(entries) != simdjson::SUCCESS || entries.size() == 0) return;
  out << '\n' << name << '\n';
  std::size_t shown = 0;
  for (const element entry : entries) {
    if (shown++ == kMaxListed) {
      out << "  and " << count_text(entries.size() - kMaxListed) << " more\n";
      break;
    }
    out << "  " << text(Figures{entry}) << '\n';
  }
}

std::string right(const std::string& text, std::size_t columns) {
  return std::string(columns - std::min(columns, width(text)), ' ') + text;
}

void print_stats(std::ostream& out, const element& document) {
  constexpr std::size_t kTime = 20;
  constexpr std::size_t kCount = 9;
  constexpr std::size_t kKind = 18;
  const Figures f{document};
  const std::chrono::seconds uptime{std::min(f.number("/uptime_seconds").value_or(0), kMaxUptime)};
  out << "Cardstock " << f.text("/version") << ", up " << to_words(uptime) << " since "
      << f.text("/started_at") << '\n';
  Table table{out};
  add_requests(table, f);
  add_cache(table, f);
  add_upstream(table, f);
  add_limiter(table, f);
  add_rows(table, f);
  add_prewarm(table, f);
  print_list(out, document, "tenants", "Tenants: rows, last accepted, ThreatConnect",
             [](const Figures& tenant) {
               return tenant.text("/id") + right(tenant.count("/rows"), kCount + 2) + "  " +
                      padded(tenant.text("/last_accepted_at"), kTime) + "  " +
                      tenant.text("/base_url");
             });
  print_list(out, document, "recent_errors", "Recent errors: last at, how often, what",
             [](const Figures& error) {
               return padded(error.text("/at"), kTime) + right(error.count("/count"), kCount) +
                      "  " + padded(error.text("/kind"), kKind) + "  " + error.text("/message");
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
