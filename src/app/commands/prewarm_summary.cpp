#include "app/commands/prewarm_summary.hpp"

#include <ostream>

#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

constexpr std::size_t kNameColumns = 12;

}  // namespace

void print_lines(std::ostream& err,
                 std::string_view what,
                 const std::vector<prewarm::RefusedLine>& kept,
                 std::size_t all) {
  for (const prewarm::RefusedLine& line : kept) {
    err << what << ' ' << printable(line.list) << ':' << line.line << ": " << printable(line.why)
        << '\n';
  }
  if (all > kept.size()) err << what << ' ' << count_text(all - kept.size()) << " more\n";
}

void print_figure(std::ostream& out, std::string_view name, std::size_t count) {
  out << padded(name, kNameColumns) << count_text(count) << '\n';
}

void print_summary(std::ostream& out, const PrewarmSummary& summary) {
  const prewarm::Counts& counts = summary.counts;
  print_figure(out, "entries", summary.entries);
  print_figure(out, "duplicates", summary.duplicates);
  print_figure(out, "indicators", summary.indicators);
  print_figure(out, "fresh", counts.fresh);
  print_figure(out, "found", counts.found);
  print_figure(out, "absent", counts.absent);
  print_figure(out, "refused", counts.refused);
  print_figure(out, "failed", counts.failed);
  if (summary.not_asked > 0) print_figure(out, "not asked", summary.not_asked);
  out << std::flush;
}

cli::ExitCode end_of(const PrewarmSummary& summary) noexcept {
  if (summary.counts.failed > 0) return cli::ExitCode::Failed;
  if (summary.counts.refused == 0) return cli::ExitCode::Ok;
  return summary.counts.settled() == 0 ? cli::ExitCode::Failed : cli::ExitCode::Partly;
}

}  // namespace cardstock::app
