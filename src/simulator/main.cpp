/// \file main.cpp
/// \brief `cardstock-threatconnect`: the simulator as a program.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <CLI/CLI.hpp>

#include <cardstock/simulator/simulator.hpp>
#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

namespace {

using namespace cardstock;  // NOLINT(google-build-using-namespace): main.cpp only

constexpr int kUsage = 2;

bool split_listen(const std::string& text, simulator::SimulatorSettings& settings) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  std::string address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  const auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return false;
  settings.address = address;
  settings.port = static_cast<std::uint16_t>(*port);
  return true;
}

/// One line a request, with nothing in it that could end the line or colour the terminal.
void print_request(const simulator::LoggedRequest& one) {
  const std::string target = json_string(std::string_view{one.target}.substr(0, 1000));
  std::printf("%s %s credential=%s values=%zu status=%d\n", json_string(one.method).c_str(),
              target.c_str(), json_string(one.credential).c_str(), one.values, one.status);
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  CLI::App app{
      "A ThreatConnect simulator: verifies credentials, evaluates TQL, pages, and misbehaves on "
      "command.",
      "cardstock-threatconnect"};
  std::string listen = "127.0.0.1:9000";
  std::string data;
  std::string port_file;
  std::int64_t delay_ms = 0;
  bool verbose = false;
  simulator::SimulatorSettings settings;
  app.add_option("--listen", listen, "ADDRESS:PORT; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--data", data, "JSON file with owners, credentials and indicators")->required();
  app.add_option("--port-file", port_file, "write the bound port into this file");
  app.add_option("--workers", settings.workers, "threads that serve")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--delay-ms", delay_ms, "wait before every answer")->check(CLI::Range(0, 600000));
  app.add_flag("--ignore-case", settings.ignore_case,
               "compare values without regard to letter case");
  app.add_flag("--verbose", verbose, "print a line for every request");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kUsage;
  }
  if (!split_listen(listen, settings)) {
    std::fprintf(stderr, "cardstock-threatconnect: --listen takes ADDRESS:PORT\n");
    return kUsage;
  }
  settings.delay = std::chrono::milliseconds{delay_ms};
  if (verbose) settings.observer = print_request;
  std::ifstream file{data, std::ios::binary};
  const std::string json{std::istreambuf_iterator<char>{file}, {}};
  if (!file) {
    std::fprintf(stderr, "cardstock-threatconnect: cannot read %s\n", data.c_str());
    return kUsage;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const SystemClock clock;
  const auto started = simulator::Simulator::start(settings, json, clock);
  if (!started) {
    std::fprintf(stderr, "cardstock-threatconnect: %s\n", started.error().public_detail.c_str());
    return 1;
  }
  if (!port_file.empty()) std::ofstream{port_file} << (*started)->port() << '\n';
  std::printf("cardstock-threatconnect listens on %s port %d\n", settings.address.c_str(),
              (*started)->port());
  std::fflush(stdout);
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "cardstock-threatconnect: internal error: %s\n", e.what());
    return 1;
  }
}
