#include <fcntl.h>
#include <sys/resource.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "transport_fixture.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;

namespace {

/// Processor time that the threads of this name have used so far.
std::chrono::nanoseconds processor_time(const std::string& thread_name) {
  std::chrono::nanoseconds sum{0};
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream comm{entry.path() / "comm"};
    std::ifstream schedstat{entry.path() / "schedstat"};
    std::string name;
    std::int64_t nanoseconds = 0;
    if (std::getline(comm, name) && name == thread_name && schedstat >> nanoseconds)
      sum += std::chrono::nanoseconds{nanoseconds};
  }
  return sum;
}

http::TransportLimits quick() {
  http::TransportLimits limits;
  limits.head_timeout = limits.body_timeout = limits.write_timeout = limits.idle_timeout = 300ms;
  return limits;
}

}  // namespace

TEST_CASE("transport: a client that ends its half is still answered") {
  TransportFixture fixture;
  for (int i = 0; i < 50; ++i) {
    RawClient client = fixture.client();
    client.send(get("/1") + post("/2", "b"));
    client.half_close();
    REQUIRE(client.read_answer().body == "GET /1?|");
    REQUIRE(client.read_answer().body == "POST /2?|b");
    REQUIRE(client.read_to_end() == RawClient::End::Closed);
  }
}

TEST_CASE("transport: a deferred answer reaches a client that has ended its half") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send(get("/later/1") + get("/2"));
  client.half_close();
  fixture.answer();
  REQUIRE(client.read_answer().body == "later /later/1");
  REQUIRE(client.read_answer().body == "GET /2?|");
  REQUIRE(client.read_to_end() == RawClient::End::Closed);
}

TEST_CASE("transport: a client that ends in the middle of a request gets a 400") {
  TransportFixture fixture;
  for (const std::string bytes :
       {"GE", "GET / HTTP/1.1\r\nHost: a\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    RawClient client = fixture.client();
    client.send(bytes);
    client.half_close();
    REQUIRE(client.read_answer().status == 400);
    REQUIRE(client.read_to_end() == RawClient::End::Closed);
  }
  REQUIRE(fixture.counters().requests == 0);
}

TEST_CASE("transport: a slow or dripped head is cut off with 408, on a kept connection too") {
  TransportFixture fixture{quick()};
  for (const std::string& before : {std::string{}, get("/")}) {
    RawClient client = fixture.client();
    if (!before.empty()) REQUIRE(client.ask(before).status == 200);
    const auto begin = std::chrono::steady_clock::now();
    const std::string drip = "GET / HTTP/1.1\r\nHost: a\r\n";
    client.send(drip);
    while (client.read_to_end(20ms) == RawClient::End::StillOpen && client.try_send("X: y\r\n")) {
      REQUIRE(std::chrono::steady_clock::now() - begin < 5s);
    }
    REQUIRE(client.buffered().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    REQUIRE(std::chrono::steady_clock::now() - begin >= 290ms);
  }
  REQUIRE(fixture.counters().timed_out == 2);
}

TEST_CASE("transport: a slow or dripped body is cut off with 408") {
  TransportFixture fixture{quick()};
  for (const bool chunked : {false, true}) {
    RawClient client = fixture.client();
    client.send(chunked ? "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    const auto begin = std::chrono::steady_clock::now();
    while (client.read_to_end(20ms) == RawClient::End::StillOpen &&
           client.try_send(chunked ? "1\r\nx\r\n" : "x")) {
      REQUIRE(std::chrono::steady_clock::now() - begin < 5s);
    }
    REQUIRE(client.buffered().starts_with("HTTP/1.1 408 "));
  }
}

TEST_CASE("transport: silent and idle connections are closed without a word") {
  TransportFixture fixture{quick()};
  RawClient silent = fixture.client();
  RawClient idle = fixture.client();
  REQUIRE(idle.ask(get("/")).status == 200);
  REQUIRE(silent.read_to_end() == RawClient::End::Closed);
  REQUIRE(idle.read_to_end() == RawClient::End::Closed);
  REQUIRE(silent.buffered().empty());
  REQUIRE(idle.buffered().empty());
  REQUIRE(eventually([&] { return fixture.counters().open == 0; }));
}

TEST_CASE("transport: a busy connection outlives the idle time-out") {
  TransportFixture fixture{quick()};
  RawClient client = fixture.client();
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 900ms) {
    REQUIRE(client.ask(get("/")).status == 200);
    REQUIRE(client.read_to_end(50ms) == RawClient::End::StillOpen);
  }
}

TEST_CASE("transport: a client that does not read costs nothing and blocks nobody") {
  TransportFixture fixture;
  RawClient::Options small;
  small.receive_buffer = 4096;
  RawClient deaf{fixture.port(), small};
  deaf.send(get("/size/20000000"));
  REQUIRE(eventually([&] { return fixture.counters().requests == 1; }));
  RawClient other = fixture.client();
  REQUIRE(other.ask(get("/")).status == 200);
  const auto processor = processor_time("http-0");
  RawClient quiet = fixture.client();
  REQUIRE(quiet.read_to_end(700ms) == RawClient::End::StillOpen);
  REQUIRE(processor_time("http-0") - processor <
          200ms);  // of 700; a loop would take all that it gets
  REQUIRE(other.ask(get("/")).status == 200);
  const RawAnswer answer = deaf.read_answer();
  REQUIRE(answer.body.size() == 20000000);
}

TEST_CASE(
    "transport: tens of thousands of unread pipelined requests stop at the limit, and then go on "
    "in order") {
  http::TransportLimits limits;
  limits.unsent_bytes = 64 * 1024;
  TransportFixture fixture{limits};
  RawClient::Options small;
  small.receive_buffer = 4096;
  RawClient deaf{fixture.port(), small};
  const std::size_t count = 60000;
  std::string requests;
  for (std::size_t i = 0; i < count; ++i) requests += get("/" + std::to_string(i));
  std::size_t sent = 0;
  bool moved = true;
  while (moved) {  // until neither end takes more: nothing sent, and no request served but the
                   // other client's
    const auto served = fixture.counters().requests;
    const std::size_t taken = deaf.send_what_fits(std::string_view{requests}.substr(sent));
    sent += taken;
    REQUIRE(fixture.client().ask(get("/other")).status == 200);
    moved = taken != 0 || fixture.counters().requests != served + 1;
  }
  REQUIRE(fixture.counters().requests < count);
  const auto processor = processor_time("http-0");
  REQUIRE(fixture.client().read_to_end(500ms) == RawClient::End::StillOpen);
  REQUIRE(processor_time("http-0") - processor < 150ms);
  std::thread rest{[&] { deaf.try_send(std::string_view{requests}.substr(sent)); }};
  RawClient& reader = deaf;
  for (std::size_t i = 0; i < count; ++i) {
    const RawAnswer answer = reader.read_answer();
    if (answer.body != "GET /" + std::to_string(i) + "?|") {
      rest.join();
      FAIL("answer " << i << " is " << answer.body);
    }
  }
  rest.join();
}

TEST_CASE("transport: a client that never reads is dropped by the write time-out") {
  TransportFixture fixture{quick()};
  RawClient::Options small;
  small.receive_buffer = 4096;
  RawClient deaf{fixture.port(), small};
  deaf.send(get("/size/20000000"));
  REQUIRE(
      eventually([&] { return fixture.counters().requests == 1 && fixture.counters().open == 0; }));
  REQUIRE(fixture.counters().timed_out == 1);
  REQUIRE(deaf.read_to_end() == RawClient::End::Reset);
}

TEST_CASE("transport: a thousand clients that hang up at every point leave nothing behind") {
  TransportFixture fixture;
  REQUIRE(fixture.client().ask(get("/")).status == 200);
  REQUIRE(eventually([&] { return fixture.counters().open == 0; }));
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    RawClient client = fixture.client();
    switch (i % 5) {
      case 0:
        client.send(get("/size/1000000"));
        break;
      case 1:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
        break;
      case 2:
        client.send(get("/later/x"));
        break;
      case 3:
        client.send("GET / HT");
        break;
      default:
        break;
    }
    if (i % 2 == 0) {
      client.reset();
    } else {
      client.close();
    }
  }
  REQUIRE(fixture.client().ask(get("/")).status == 200);  // accepted after all of them
  // Those that are owed an answer and have only ended their half go when it is given.
  REQUIRE(eventually([&] {
    fixture.answer(0);
    return open_descriptors() == before;
  }));
  REQUIRE(fixture.counters().open == 0);
  REQUIRE(fixture.client().ask(get("/")).status == 200);
}

TEST_CASE("transport: two thousand silent connections do not keep a client from its answer") {
  http::TransportLimits limits;
  limits.head_timeout = 2000ms;
  TransportFixture fixture{limits};
  std::vector<RawClient> silent;
  for (int i = 0; i < 2000; ++i) silent.push_back(fixture.client());
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(fixture.client().ask(get("/")).status == 200);
  REQUIRE(std::chrono::steady_clock::now() - begin < 1500ms);
  REQUIRE(eventually([&] { return fixture.counters().open == 0; }));
}

TEST_CASE("transport: connections above the limit are closed at once and counted") {
  http::TransportLimits limits;
  limits.connections = 5;
  TransportFixture fixture{limits};
  std::vector<RawClient> held;
  for (int i = 0; i < 5; ++i) {
    held.push_back(fixture.client());
    REQUIRE(held.back().ask(get("/")).status == 200);
  }
  RawClient refused = fixture.client();
  REQUIRE(refused.read_to_end() == RawClient::End::Closed);
  REQUIRE(refused.buffered().empty());
  REQUIRE(fixture.counters().refused == 1);
  REQUIRE(fixture.counters().open == 5);
  held.pop_back();
  REQUIRE(eventually([&] { return fixture.counters().open == 4; }));
  REQUIRE(fixture.client().ask(get("/")).status == 200);
}

TEST_CASE("transport: connections above the limit of one address are refused, others are not") {
  http::TransportLimits limits;
  limits.connections_per_address = 2;
  TransportFixture fixture{limits};
  RawClient first = fixture.client();
  RawClient second = fixture.client();
  REQUIRE(first.ask(get("/")).status == 200);
  REQUIRE(second.ask(get("/")).status == 200);
  RawClient third = fixture.client();
  REQUIRE(third.read_to_end() == RawClient::End::Closed);
  RawClient::Options elsewhere;
  elsewhere.from = "127.0.0.2";
  RawClient other{fixture.port(), elsewhere};
  REQUIRE(other.ask(get("/peer")).body == "127.0.0.2 loopback");
}

TEST_CASE("transport: the limit of connections stays below the process's descriptors") {
  // The clients' sockets have numbers above the limit, so that all below it are the server's.
  constexpr int kAbove = 512;
  std::vector<int> sockets;
  for (int i = 0; i < 300; ++i) {
    const int low = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockets.push_back(::fcntl(low, F_DUPFD_CLOEXEC, kAbove));
    ::close(low);
    REQUIRE(sockets.back() >= kAbove);
  }
  rlimit original{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &original) == 0);
  rlimit low = original;
  low.rlim_cur = open_descriptors() - sockets.size() + 200;
  REQUIRE(low.rlim_cur < kAbove);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  std::size_t served = 0;
  std::size_t descriptors_left = 0;
  {
    TransportFixture fixture;
    std::vector<RawClient> held;
    for (const int socket : sockets) {
      RawClient::Options options;
      options.socket = socket;
      held.emplace_back(fixture.port(), options);
      // Each before the next: what waits to be turned away holds a descriptor until then.
      try {
        if (held.back().ask(get("/")).status == 200) ++served;
      } catch (const std::runtime_error&) {
        // turned away
      }
    }
    descriptors_left = low.rlim_cur - (open_descriptors() - sockets.size());
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &original) == 0);
  CHECK(served == low.rlim_cur - 64);
  CHECK(descriptors_left > 30);
}

TEST_CASE("transport: thousands of short connections are accepted without a lost one") {
  TransportFixture fixture;
  for (int i = 0; i < 3000; ++i) {
    RawClient client = fixture.client();
    if (client.ask(get("/", "Connection: close\r\n")).status != 200) FAIL("connection " << i);
  }
  REQUIRE(fixture.counters().accepted == 3000);
}
