#include "app/commands/findings.hpp"

#include <algorithm>
#include <ostream>

#include <cardstock/util/json_writer.hpp>

#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

constexpr std::size_t kVerdictColumns = 9;
constexpr std::size_t kCheckColumns = 15;

std::string_view name_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Ok:
      return "ok";
    case Verdict::Warning:
      return "warning";
    case Verdict::Error:
      return "error";
  }
  return "error";
}

std::size_t count(const Findings& findings, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(findings.all(), verdict, &Finding::verdict));
}

std::string counted(std::size_t number, std::string_view noun) {
  return count_text(number) + " " + std::string{noun} + (number == 1 ? "" : "s");
}

}  // namespace

bool Findings::failed() const noexcept {
  return std::ranges::find(all_, Verdict::Error, &Finding::verdict) != all_.end();
}

void print_findings(std::ostream& out, const Findings& findings) {
  for (const Finding& finding : findings.all()) {
    out << padded(name_of(finding.verdict), kVerdictColumns) << padded(finding.check, kCheckColumns)
        << printable(finding.detail) << '\n';
    if (!finding.mend.empty())
      out << std::string(kVerdictColumns + kCheckColumns, ' ') << "-> " << printable(finding.mend)
          << '\n';
  }
  out << '\n'
      << counted(count(findings, Verdict::Error), "error") << ", "
      << counted(count(findings, Verdict::Warning), "warning") << '\n';
}

std::string findings_json(const Findings& findings) {
  std::string out;
  JsonWriter json{out};
  json.begin_object().field("healthy", !findings.failed()).key("checks").begin_array();
  for (const Finding& finding : findings.all()) {
    json.begin_object()
        .field("check", finding.check)
        .field("verdict", name_of(finding.verdict))
        .field("detail", finding.detail);
    if (!finding.mend.empty()) json.field("mend", finding.mend);
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace cardstock::app
