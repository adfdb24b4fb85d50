#include "app/serve.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include <cardstock/app/service.hpp>
#include <cardstock/cli/config.hpp>

#include "app/spdlog_log.hpp"

namespace cardstock::app {
namespace {

constexpr std::chrono::seconds kDrainLimit{25};

/// Secrets live in memory: no core file. Connections are descriptors: as many as the system allows.
void set_limits() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

int wait_for(const sigset_t& set) {
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal;
}

void reload_certificate(RunningService& service, Log& log) {
  const Status reloaded = service.reload_certificate();
  if (reloaded) {
    log.info("certificate_reloaded");
  } else {
    log.error("certificate_not_reloaded", {{"cause", reloaded.error().public_detail}});
  }
}

/// The signal that ends the service; SIGHUP is served here and is none.
int wait_for_end(const sigset_t& ending, RunningService& service, Log& log) {
  sigset_t all = ending;
  sigaddset(&all, SIGHUP);
  while (true) {
    const int signal = wait_for(all);
    if (signal != SIGHUP) return signal;
    reload_certificate(service, log);
  }
}

void complain(const Error& error) {
  std::fprintf(stderr, "%s\n", error.public_detail.c_str());
  if (!error.cause.empty()) std::fprintf(stderr, "  (%s)\n", error.cause.c_str());
}

/// Names what was looked at: a file that nobody named is not missed by a check that says nothing of
/// it.
void say_valid(const std::string& path) {
  if (path.empty()) {
    std::puts("There is no configuration file; the defaults and the environment are valid.");
  } else {
    std::printf("The configuration %s is valid.\n", path.c_str());
  }
}

}  // namespace

cli::ExitCode serve(const cli::ServeCommand& command) {
  const Result<cli::Config> config = cli::load_config(command.config, cli::process_environment());
  if (!config) {
    complain(config.error());
    return cli::ExitCode::Configuration;
  }
  if (command.print_config) std::fputs(cli::print_config(*config).c_str(), stdout);
  if (command.check_config && !command.print_config) say_valid(command.config);
  if (command.check_config || command.print_config) return cli::ExitCode::Ok;

  set_limits();
  // Before any thread starts, so that all inherit the mask and signals come here only.
  const sigset_t signals = ending_signals();
  sigset_t blocked = signals;
  sigaddset(&blocked, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  const SystemClock clock;
  SpdlogLog log{config->log.level, clock};
  Result<std::unique_ptr<RunningService>> service = RunningService::start(*config, log);
  if (!service) {
    complain(service.error());
    return service.error().code == ErrorCode::InvalidConfig ? cli::ExitCode::Configuration
                                                            : cli::ExitCode::Failed;
  }
  log.info("started", {{"version", version()},
                       {"url", (*service)->url()},
                       {"admin_url", (*service)->admin_url()},
                       {"threatconnect", config->threatconnect.base_url}});
  const int signal = wait_for_end(signals, **service, log);
  log.info("stopping", {{"signal", std::to_string(signal)}});
  // Whoever signals again does not want to wait.
  std::jthread impatience{[&signals](const std::stop_token& stop) {
    const timespec moment{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!stop.stop_requested())
      if (sigtimedwait(&signals, nullptr, &moment) > 0)
        _exit(static_cast<int>(cli::ExitCode::Failed));
  }};
  const bool whole = (*service)->stop(kDrainLimit);
  service->reset();
  log.info("stopped", {{"cut_off", whole ? "no" : "yes"}});
  return cli::ExitCode::Ok;
}

}  // namespace cardstock::app
