#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "transport_fixture.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

std::set<std::string> thread_names() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream file{entry.path() / "comm"};
    std::string name;
    std::getline(file, name);
    names.insert(name);
  }
  return names;
}

}  // namespace

TEST_CASE("transport: several servers live in one process, each with workers of its own") {
  http::ServerConfig config;
  config.workers = 3;
  config.name = "front";
  TransportFixture first{config};
  config.name = "admin";
  config.workers = 1;
  TransportFixture second{config};
  REQUIRE(first.port() != second.port());
  REQUIRE(first.client().ask(get("/1")).body == "GET /1?|");
  REQUIRE(second.client().ask(get("/2")).body == "GET /2?|");
  const auto names = thread_names();
  for (const char* const name :
       {"front-accept", "front-0", "front-1", "front-2", "admin-accept", "admin-0"})
    REQUIRE(names.contains(name));
}

TEST_CASE("transport: an address that cannot be bound is an error that names it") {
  TransportFixture fixture;
  http::ServerConfig config;
  config.port = fixture.port();
  const auto handler = [](const http::Request&, http::Responder& responder) {
    responder.send({}, "");
  };
  const auto taken = http::Server::start(config, handler);
  REQUIRE_FALSE(taken);
  REQUIRE(taken.error().code == ErrorCode::InvalidConfig);
  REQUIRE(taken.error().public_detail.find(std::to_string(fixture.port())) != std::string::npos);
  for (const std::string address : {"localhost", "", "256.1.1.1", "[::1]", "192.0.2.1"}) {
    config.address = address;
    config.port = 0;
    REQUIRE_FALSE(http::Server::start(config, handler));
  }
}

TEST_CASE("transport: a start that failed leaves no descriptor and no thread") {
  TransportFixture fixture;
  http::ServerConfig config;
  config.port = fixture.port();
  config.name = "stillborn";
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 10; ++i) REQUIRE_FALSE(http::Server::start(config, nullptr));
  REQUIRE(open_descriptors() == before);
  REQUIRE_FALSE(thread_names().contains("stillborn-0"));
}

TEST_CASE("transport: starting and destroying servers leaves no socket") {
  {
    TransportFixture first;
  }
  const std::size_t before = open_sockets();
  for (int i = 0; i < 20; ++i) {
    TransportFixture fixture;
    RawClient client = fixture.client();
    REQUIRE(client.ask(get("/")).status == 200);
    fixture.destroy_server();
    REQUIRE(client.read_to_end() == RawClient::End::Closed);
  }
  REQUIRE(open_sockets() == before);
}

TEST_CASE("transport: signals do not disturb it") {
  struct sigaction action{};
  action.sa_handler = [](int) {};
  struct sigaction original{};
  REQUIRE(::sigaction(SIGUSR1, &action, &original) == 0);
  {
    TransportFixture fixture;
    std::jthread shooter{[](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        ::kill(::getpid(), SIGUSR1);
        std::this_thread::yield();
      }
    }};
    RawClient client = fixture.client();
    for (int i = 0; i < 500; ++i) REQUIRE(client.ask(get("/")).status == 200);
  }
  REQUIRE(::sigaction(SIGUSR1, &original, nullptr) == 0);
}
