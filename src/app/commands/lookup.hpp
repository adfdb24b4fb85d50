#pragma once
/// \file lookup.hpp
/// \brief `cardstock lookup`: one card in the terminal.
#include <cardstock/cli/options.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

/// Asks `GET /v1/card` and prints the card as aligned lines in the order of the answer and why each
/// playbook criterion is met or not, or with --json the answer itself. Blocking: network, two
/// minutes at most. Ends with Ok, NotFound
/// (`no_result`), Failed (every other outcome), Unreachable, Usage or Configuration. Nothing
/// foreign reaches the terminal unescaped.
cli::ExitCode run_lookup(const cli::LookupCommand& command, CommandContext& context);

}  // namespace cardstock::app
