#pragma once
/// \file stats.hpp
/// \brief `cardstock stats`: the admin figures in the terminal.
#include <cardstock/cli/options.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

/// Asks `GET /v1/admin/stats` and prints the figures that a person wants to see, or with --json all
/// of them as they came. A figure that the answer does not have is shown as `-`. Blocking: network,
/// half a minute at most. Ends with Ok, Failed, Unreachable, Usage or Configuration.
cli::ExitCode run_stats(const cli::StatsCommand& command, CommandContext& context);

}  // namespace cardstock::app
