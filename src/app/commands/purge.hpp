#pragma once
/// \file purge.hpp
/// \brief `cardstock purge`: deletes from the cache of the running service.
#include <cardstock/cli/options.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

/// Asks `POST /v1/admin/purge` and says how many rows went. Blocking: network, until the service is
/// done, a quarter of an hour at most. Ends with Ok, Failed, Unreachable, Usage or Configuration.
cli::ExitCode run_purge(const cli::PurgeCommand& command, CommandContext& context);

}  // namespace cardstock::app
