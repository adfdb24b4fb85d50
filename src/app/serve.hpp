#pragma once
/// \file serve.hpp
/// \brief `cardstock serve`: the service until a signal ends it.
///
/// Threads: the main thread, before any other; it takes all signals. Blocking: until SIGTERM or
/// SIGINT. A second signal ends the process at once.
#include <cardstock/cli/options.hpp>

namespace cardstock::app {

cli::ExitCode serve(const cli::ServeCommand& command);

}  // namespace cardstock::app
