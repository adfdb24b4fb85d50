#pragma once
/// \file prewarm_summary.hpp
/// \brief How a prewarm run ended, for people and for schedulers.
#include <cstddef>
#include <iosfwd>
#include <string_view>
#include <vector>

#include <cardstock/cli/options.hpp>
#include <cardstock/prewarm/run.hpp>

namespace cardstock::app {

struct PrewarmSummary {
  std::size_t entries = 0;
  std::size_t duplicates = 0;
  std::size_t indicators = 0;
  prewarm::Counts counts;  ///< with `refused`
  std::size_t not_asked = 0;
};

/// "refused LIST:LINE: why" of those that are kept, and how many more there are of `all`.
void print_lines(std::ostream& err,
                 std::string_view what,
                 const std::vector<prewarm::RefusedLine>& kept,
                 std::size_t all);
void print_summary(std::ostream& out, const PrewarmSummary& summary);
/// Of a run that came to its end: Ok, Partly, Failed.
cli::ExitCode end_of(const PrewarmSummary& summary) noexcept;

/// One line of a summary: its name, and how many.
void print_figure(std::ostream& out, std::string_view name, std::size_t count);

}  // namespace cardstock::app
