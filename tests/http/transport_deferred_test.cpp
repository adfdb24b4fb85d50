#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "transport_fixture.hpp"
#include "wrong_client.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;

TEST_CASE("transport: no answer reaches a client who did not ask for it") {
  for (const int workers : {1, 2}) {
    const WrongClientResult result = hunt_wrong_client(4000, workers);
    INFO(result.first_fault);
    REQUIRE(result.wrong == 0);
    REQUIRE(result.unanswered == 0);
    REQUIRE(result.counters.refused == 0);
    REQUIRE(result.right > 1000);
  }
}

TEST_CASE("transport: an answer given later is written in its place among the others") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send(get("/1") + get("/later/2") + get("/3") + get("/later/4") + post("/5", "b"));
  REQUIRE(client.read_answer().body == "GET /1?|");
  REQUIRE(client.read_to_end(100ms) == RawClient::End::StillOpen);
  REQUIRE(client.buffered().empty());
  fixture.answer();
  REQUIRE(client.read_answer().body == "later /later/2");
  REQUIRE(client.read_answer().body == "GET /3?|");
  fixture.answer();
  REQUIRE(client.read_answer().body == "later /later/4");
  REQUIRE(client.read_answer().body == "POST /5?|b");
}

TEST_CASE("transport: requests that arrive behind a deferred one wait for it") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send(get("/later/1"));
  auto owed = fixture.take_owed(1);
  std::string many;
  for (int i = 0; i < 500; ++i) many += post("/" + std::to_string(i), std::string(1000, 'b'));
  std::thread sender{[&] { client.try_send(many); }};
  REQUIRE(fixture.client().ask(get("/other")).status == 200);
  REQUIRE(fixture.counters().requests == 2);
  owed.front().deferred.send({}, "first");
  REQUIRE(client.read_answer().body == "first");
  for (int i = 0; i < 500; ++i)
    REQUIRE(client.read_answer().body ==
            "POST /" + std::to_string(i) + "?|" + std::string(1000, 'b'));
  sender.join();
}

TEST_CASE("transport: a deferred answer carries the status and headers that it was given") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send(get("/later/1", "Connection: close\r\n"));
  fixture.take_owed(1).front().deferred.send({503, "text/plain", "Retry-After: 7\r\n"}, "busy");
  const RawAnswer answer = client.read_answer();
  REQUIRE(answer.status == 503);
  REQUIRE(answer.header("Content-Type") == "text/plain");
  REQUIRE(answer.header("Retry-After") == "7");
  REQUIRE(answer.header("Connection") == "close");
  REQUIRE(answer.body == "busy");
  REQUIRE(client.read_to_end() == RawClient::End::Closed);
}

TEST_CASE("transport: a Deferred that is dropped answers 500 with an empty body") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  const RawAnswer dropped = client.ask(get("/drop"));
  REQUIRE(dropped.status == 500);
  REQUIRE(dropped.body.empty());
  client.send(get("/later/1"));
  fixture.take_owed(1).clear();
  REQUIRE(client.read_answer().status == 500);
  client.send(get("/later/2"));
  auto owed = fixture.take_owed(1);
  owed.front().deferred = http::Deferred{};  // assigned over: dropped too
  REQUIRE(client.read_answer().status == 500);
  REQUIRE(client.ask(get("/after")).status == 200);
}

TEST_CASE("transport: a Deferred answers once") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send(get("/later/1"));
  http::Deferred deferred = std::move(fixture.take_owed(1).front().deferred);
  REQUIRE(deferred);
  deferred.send({}, "once");
  REQUIRE_FALSE(deferred);
  deferred.send({}, "twice");
  REQUIRE(client.read_answer().body == "once");
  REQUIRE(client.ask(get("/after")).body == "GET /after?|");
}

TEST_CASE("transport: an answer owed longer than every time-out is not cut off") {
  http::TransportLimits limits;
  limits.head_timeout = limits.body_timeout = limits.write_timeout = limits.idle_timeout = 100ms;
  TransportFixture fixture{limits};
  RawClient client = fixture.client();
  client.send(get("/later/1"));
  REQUIRE(client.read_to_end(700ms) == RawClient::End::StillOpen);
  REQUIRE(client.buffered().empty());
  fixture.answer();
  REQUIRE(client.read_answer().body == "later /later/1");
}

TEST_CASE("transport: answers owed are counted until they are given") {
  TransportFixture fixture;
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(fixture.client());
    clients.back().send(get("/later/" + std::to_string(i)));
  }
  auto owed = fixture.take_owed(3);
  REQUIRE(fixture.counters().deferred == 3);
  owed.pop_back();
  REQUIRE(fixture.counters().deferred == 2);
  owed.clear();
  REQUIRE(fixture.counters().deferred == 0);
}

TEST_CASE("transport: a client that has reset its connection is forgotten before its answer") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send(get("/later/1"));
  auto owed = fixture.take_owed(1);
  client.reset();
  REQUIRE(eventually([&] { return fixture.counters().open == 0; }));
  REQUIRE(fixture.counters().deferred == 1);
  RawClient next = fixture.client();  // most likely with the very number of the one before
  next.send(get("/later/2"));
  auto owed_next = fixture.take_owed(1);
  owed.front().deferred.send({}, "not yours");
  owed_next.front().deferred.send({}, "yours");
  REQUIRE(next.read_answer().body == "yours");
}

TEST_CASE("transport: a Deferred outlives its server") {
  http::Deferred deferred;
  {
    TransportFixture fixture;
    RawClient client = fixture.client();
    client.send(get("/later/1"));
    deferred = std::move(fixture.take_owed(1).front().deferred);
    fixture.destroy_server();
    REQUIRE(client.read_to_end() == RawClient::End::Closed);
    REQUIRE(client.buffered().empty());
  }
  deferred.send({}, "to nobody");
  REQUIRE_FALSE(deferred);
}

TEST_CASE("transport: a server is destroyed while answers are given") {
  for (int round = 0; round < 5; ++round) {
    TransportFixture fixture;
    std::vector<RawClient> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(fixture.client());
      clients.back().send(get("/later/" + std::to_string(i)) + get("/later/x") +
                          get("/size/100000"));
    }
    auto owed = fixture.take_owed(20);
    std::thread answering{[&owed] {
      for (auto& one : owed) one.deferred.send({}, "late");
    }};
    fixture.destroy_server();
    answering.join();
    for (RawClient& client : clients) REQUIRE(client.read_to_end() != RawClient::End::StillOpen);
  }
}

TEST_CASE("transport: a drain refuses new clients, closes idle ones and lets owed answers go out") {
  TransportFixture fixture;
  RawClient idle = fixture.client();
  REQUIRE(idle.ask(get("/")).status == 200);
  RawClient silent = fixture.client();
  RawClient owed = fixture.client();
  owed.send(get("/later/1") + get("/2"));
  auto deferred = fixture.take_owed(1);
  bool drained = false;
  std::thread draining{[&] { drained = fixture.server().drain(10s); }};
  REQUIRE(idle.read_to_end() == RawClient::End::Closed);
  REQUIRE(silent.read_to_end() == RawClient::End::Closed);
  REQUIRE_THROWS(RawClient{fixture.port()});
  REQUIRE(fixture.counters().open == 1);
  deferred.front().deferred.send({}, "owed");
  const RawAnswer answer = owed.read_answer();
  REQUIRE(answer.body == "owed");
  REQUIRE(answer.header("Connection") == "close");
  REQUIRE(owed.read_to_end() == RawClient::End::Closed);
  owed.close();
  draining.join();
  REQUIRE(drained);
  REQUIRE(fixture.counters().open == 0);
}

TEST_CASE("transport: a drain gives up when its time has run out") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send(get("/later/1"));
  auto owed = fixture.take_owed(1);
  REQUIRE_FALSE(fixture.server().drain(200ms));
  owed.front().deferred.send({}, "late");
  REQUIRE(client.read_answer().body == "late");
  REQUIRE(client.read_to_end() == RawClient::End::Closed);
  client.close();
  REQUIRE(fixture.server().drain(10s));
}

TEST_CASE("transport: a drain lets a request that is half here be finished") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  REQUIRE(client.read_answer().status == 100);
  bool drained = false;
  std::thread draining{[&] { drained = fixture.server().drain(10s); }};
  REQUIRE(eventually([&] {
    try {
      const RawClient refused{fixture.port()};
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  }));
  client.send("body");
  REQUIRE(client.read_answer().body == "POST /x?|body");
  REQUIRE(client.read_to_end() == RawClient::End::Closed);
  client.close();
  draining.join();
  REQUIRE(drained);
}
