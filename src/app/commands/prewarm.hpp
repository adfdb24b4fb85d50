#pragma once
/// \file prewarm.hpp
/// \brief `cardstock prewarm`: fills the cache of a running service from lists of indicators.
#include <cardstock/cli/options.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

/// Reads the lists (prewarm/list.hpp) and has the service fetch what is not fresh
/// (prewarm/run.hpp); what is fresh costs no call, so a run that was interrupted is simply
/// started again. With `dry_run` nothing is fetched, and calls and time are foretold.
///
/// Progress and complaints go to `err`, the summary to `out`. Blocking: files and network for as
/// long as it takes. Ends with Ok: everything is warm, or was foretold; Partly: everything but
/// refused lines; Failed: an indicator failed, or every line was refused, or a list is damaged;
/// Stopped: the context said stop before the end; Unreachable, Usage, Configuration.
cli::ExitCode run_prewarm(const cli::PrewarmCommand& command, CommandContext& context);

}  // namespace cardstock::app
