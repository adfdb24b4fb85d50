#pragma once
/// \file transfer.hpp
/// \brief `cardstock export` and `cardstock import`: the rows of a store as NDJSON, for another
/// site or an air-gapped one.
///
/// Both work on the file that `store.path` names, also beside a running service. Blocking: disk.
#include <cardstock/cli/options.hpp>

namespace cardstock::app {

/// Writes to standard output. The file must be there already. Ends with Ok, Failed or
/// Configuration.
cli::ExitCode export_store(const cli::ExportCommand& command);
/// Reads the files, or standard input. Ends with Ok, Failed, Configuration, or Partly when lines
/// were refused.
cli::ExitCode import_store(const cli::ImportCommand& command);

}  // namespace cardstock::app
