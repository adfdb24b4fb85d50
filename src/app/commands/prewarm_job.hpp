#pragma once
/// \file prewarm_job.hpp
/// \brief `cardstock prewarm --most-asked` and `--tql`: has the running service prewarm by itself,
/// and watches.
#include <cardstock/cli/options.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

/// Orders a job at the admin listener and looks at it every second until it has ended; when the
/// context says stop, the job is cancelled and not looked at any more. Output and ends as of
/// run_prewarm(); Failed too when the service takes no job, or knows it no more. Blocking: network,
/// for as long as the job takes.
cli::ExitCode run_prewarm_job(const cli::PrewarmCommand& command, CommandContext& context);

}  // namespace cardstock::app
