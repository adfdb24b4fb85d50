#pragma once
/// \file prewarm.hpp
/// \brief `cardstock prewarm`: fills the cache of a running service from lists of indicators.
#include <cardstock/cli/options.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

/// Reads all lists, drops duplicates, then asks `POST /v1/cards` in batches, two at a time and
/// marked `X-Cardstock-Lane: prewarm`. What is fresh costs the service no call, so a run that was
/// interrupted is simply started again.
///
/// `busy` is asked again after `Retry-After` (1 s to 60 s, 5 s when absent), for as long as answers
/// come in: after kMaxStalled batches without a single one the rest is given up as failed.
/// Credentials that are refused or missing, and a service that cannot be reached, end the run at
/// once.
///
/// Progress goes to `err`: a bar on a terminal, a line every ten seconds elsewhere. The summary
/// goes to `out`. Blocking: files and network for as long as it takes. Ends with Ok; Partly when
/// lines were refused and everything else was answered; Failed when an indicator failed, when no
/// line could be used, or when a list cannot be read; Unreachable, Usage, Configuration.
cli::ExitCode run_prewarm(const cli::PrewarmCommand& command, CommandContext& context);

inline constexpr std::size_t kPrewarmBatch = 500;
/// Of names; the service takes bodies of 1 MiB.
inline constexpr std::size_t kPrewarmBatchBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxStalled = 20;

}  // namespace cardstock::app
