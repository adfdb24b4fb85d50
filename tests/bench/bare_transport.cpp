/// \file bare_transport.cpp
/// \brief Serves one file's bytes at every path: the transport's own ceiling, for scripts/bench.
///
/// Usage: bare_transport PORT WORKERS FILE. Prints "ready PORT" and serves until SIGTERM or SIGINT.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/text.hpp>

int main(int argc, char** argv) {
  using namespace cardstock;
  const auto port = argc == 4 ? parse_integer(argv[1]) : std::nullopt;
  const auto workers = argc == 4 ? parse_integer(argv[2]) : std::nullopt;
  if (!port || *port < 0 || *port > 65535 || !workers || *workers < 1 || *workers > 64) {
    std::fprintf(stderr, "usage: bare_transport PORT WORKERS FILE\n");
    return 2;
  }
  std::ifstream file{argv[3], std::ios::binary};
  std::ostringstream content;
  content << file.rdbuf();
  const std::string body = content.str();
  if (!file || body.empty()) {
    std::fprintf(stderr, "bare_transport: cannot read %s, or it is empty\n", argv[3]);
    return 1;
  }
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop,
                  nullptr);  // before any thread starts, so that all of them inherit it

  http::ServerConfig config;
  config.port = static_cast<std::uint16_t>(*port);
  config.workers = static_cast<int>(*workers);
  config.name = "bare";
  const auto server = http::Server::start(
      config,
      [&body](const http::Request&, http::Responder& responder) { responder.send({}, body); });
  if (!server) {
    std::fprintf(stderr, "bare_transport: %s\n", server.error().public_detail.c_str());
    return 1;
  }
  std::printf("ready %u\n", static_cast<unsigned>((*server)->port()));
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&stop, &signal_number);
  return 0;
}
