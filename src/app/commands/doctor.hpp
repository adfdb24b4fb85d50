#pragma once
/// \file doctor.hpp
/// \brief `cardstock doctor`: looks at everything that the service needs, and says how to mend what
/// is wrong.
#include <functional>
#include <memory>
#include <string>

#include <cardstock/cli/options.hpp>
#include <cardstock/fetch/http_client.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

struct DoctorParts {
  /// A client that reaches ThreatConnect as the service would: its proxy, authorities, time-outs.
  /// Errors: InvalidConfig.
  std::function<Result<std::unique_ptr<fetch::HttpClient>>(const cli::ThreatConnectSection&)>
      upstream;
  std::string version;  ///< of this program
};

/// Nothing is changed, and nothing is written but the report. ThreatConnect is asked for the owners
/// that it shows (two calls at most, three when the base URL is wrong), the service for its health.
/// Blocking: disk, network, a minute at most. Ends with Ok (warnings included), Failed,
/// Configuration.
cli::ExitCode run_doctor(const cli::DoctorCommand& command,
                         CommandContext& context,
                         const DoctorParts& parts);

}  // namespace cardstock::app
