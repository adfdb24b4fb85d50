/// \file main.cpp
/// \brief `cardstock`: reads the command line and runs one command.
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

#include <cardstock/app/service.hpp>
#include <cardstock/card/card.hpp>
#include <cardstock/cli/options.hpp>
#include <cardstock/fetch/curl_client.hpp>

#include "app/commands/doctor.hpp"
#include "app/commands/lookup.hpp"
#include "app/commands/prewarm.hpp"
#include "app/commands/purge.hpp"
#include "app/commands/service.hpp"
#include "app/commands/stats.hpp"
#include "app/commands/stop.hpp"
#include "app/serve.hpp"
#include "app/transfer.hpp"

namespace {

using namespace cardstock;  // NOLINT(google-build-using-namespace): main.cpp only
using cli::ExitCode;

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// 0 when `descriptor` is no terminal, or one that does not know.
std::size_t columns_of(int descriptor) {
  winsize size{};
  return isatty(descriptor) == 1 && ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// Runs a command that asks a running service, with the real parts of this machine.
template <class Options, class Run>
ExitCode ask_service(const Options& options, Run run, std::istream& in = std::cin) {
  auto client = fetch::CurlClient::create(app::client_settings(options.service));
  if (!client) {
    std::fprintf(stderr, "cardstock: %s\n", client.error().public_detail.c_str());
    return ExitCode::Configuration;
  }
  const SystemClock clock;
  SystemRandom random;
  const std::size_t err_columns = columns_of(STDERR_FILENO);
  app::CommandContext context{.http = **client,
                              .clock = clock,
                              .random = random,
                              .environment = cli::process_environment(),
                              .in = in,
                              .out = std::cout,
                              .err = std::cerr,
                              .columns = columns_of(STDOUT_FILENO),
                              .err_is_terminal = isatty(STDERR_FILENO) == 1,
                              .err_columns = err_columns == 0 ? 80 : err_columns,
                              .pause = app::sleep_until_stopped,
                              .stop_asked = app::stop_asked};
  return run(options, context);
}

ExitCode run(const cli::Command& command) {
  struct Visitor {
    ExitCode operator()(const cli::ServeCommand& c) const { return app::serve(c); }
    ExitCode operator()(const cli::LookupCommand& c) const {
      return ask_service(c, app::run_lookup);
    }
    ExitCode operator()(const cli::PrewarmCommand& c) const {
      app::stop_on_signals();
      app::StoppableInput input{STDIN_FILENO};
      std::istream in{&input};
      return ask_service(c, app::run_prewarm, in);
    }
    ExitCode operator()(const cli::StatsCommand& c) const { return ask_service(c, app::run_stats); }
    ExitCode operator()(const cli::ExportCommand& c) const { return app::export_store(c); }
    ExitCode operator()(const cli::ImportCommand& c) const { return app::import_store(c); }
    ExitCode operator()(const cli::PurgeCommand& c) const { return ask_service(c, app::run_purge); }
    ExitCode operator()(const cli::DoctorCommand& c) const {
      return ask_service(c, [](const cli::DoctorCommand& command, app::CommandContext& context) {
        return app::run_doctor(command, context, {app::upstream_client, app::version()});
      });
    }
    ExitCode operator()(const cli::MetadataCommand&) const {
      print(card::metadata_json() + "\n");
      return ExitCode::Ok;
    }
    ExitCode operator()(const cli::VersionCommand&) const {
      print("cardstock " + app::version() + "\n");
      return ExitCode::Ok;
    }
    ExitCode operator()(const cli::HelpCommand& c) const {
      print(c.text);
      return ExitCode::Ok;
    }
  };
  return std::visit(Visitor{}, command);
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const Result<cli::Command> command =
      cli::parse_command_line(arguments, cli::process_environment());
  if (!command) {
    std::fprintf(stderr, "cardstock: %s\n", command.error().public_detail.c_str());
    return static_cast<int>(ExitCode::Usage);
  }
  return static_cast<int>(run(*command));
} catch (const std::exception& e) {
  std::fprintf(stderr, "cardstock: internal error: %s\n", e.what());
  return static_cast<int>(cli::ExitCode::Failed);
}
