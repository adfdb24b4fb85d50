#include <array>
#include <atomic>

#include <support/raw_server.hpp>
#include "client_support.hpp"
#include "gzip_run.hpp"

using namespace cardstock;
using namespace cardstock::test;
using fetch::CurlSettings;

namespace {

/// Gives back what each request looked like, as the answer's body.
RawServer::Behaviour echo() {
  return [](RawConnection& connection) {
    for (;;) {
      std::string head = connection.read_head();
      if (head.empty()) return;
      const std::size_t at = head.find("Content-Length: ");
      if (at != std::string::npos) head += connection.read_bytes(std::stoul(head.substr(at + 16)));
      if (!connection.write(raw_answer(head))) return;
    }
  };
}

std::string first_line(const std::string& head) {
  return head.substr(0, head.find("\r\n"));
}

bool has_line(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE("client: the target goes out byte for byte", "[fetch]") {
  RawServer server{echo()};
  const auto client = make_client();
  for (const std::string target : {
           "/",
           "//api//v3",
           "/api/../v3/./indicators",
           "/a%2Fb%2f%41",
           "/%zz%",
           "/q?tql=summary%20%3D%20%22a%22&x=%27+%20",
           "/?a=b?c=d//e/../f",
           "/a;b=c,d!*'()@:$&+=~_-.",
           "/q?raw=\"<>^`{|}\\[]",
           "/q#not-a-fragment",
           "/api?",
           "/http://other.example/",
       }) {
    const auto result = call(*client, get_request(server.origin(), target));
    REQUIRE(outcome_name(result) == "ok");
    CHECK(first_line(result->body) == "GET " + target + " HTTP/1.1");
    CHECK(has_line(result->body, "Host: " + server.authority()));
  }
}

TEST_CASE("client: a long target is not cut", "[fetch]") {
  RawServer server{echo()};
  const auto client = make_client();
  const std::string target = "/q?tql=" + std::string(20'000, 'x');
  const auto result = call(*client, get_request(server.origin(), target));
  REQUIRE(outcome_name(result) == "ok");
  CHECK(first_line(result->body) == "GET " + target + " HTTP/1.1");
}

TEST_CASE("client: headers go out as given, beside our own name", "[fetch]") {
  RawServer server{echo()};
  CurlSettings settings;
  settings.user_agent = "Cardstock/test";
  const auto client = make_client(settings);
  auto request = get_request(server.origin(), "/x");
  request.headers = {
      {"Authorization", "TC 1234:c2ln+/=="}, {"Timestamp", "1700000000"}, {"X-Empty", ""}};
  const auto result = call(*client, std::move(request));
  REQUIRE(outcome_name(result) == "ok");
  CHECK(has_line(result->body, "Authorization: TC 1234:c2ln+/=="));
  CHECK(has_line(result->body, "Timestamp: 1700000000"));
  CHECK(has_line(result->body, "X-Empty:"));
  CHECK(has_line(result->body, "User-Agent: Cardstock/test"));
  CHECK(result->body.find("Expect") == std::string::npos);
  CHECK(result->body.find("Cookie") == std::string::npos);
  CHECK(result->body.find("Content-") == std::string::npos);
  CHECK(result->body.find("Accept-Encoding: ") != std::string::npos);
}

TEST_CASE("client: nothing of one call is left in the next on the same handle", "[fetch]") {
  RawServer server{echo()};
  CurlSettings settings;
  settings.max_connections = 1;
  const auto client = make_client(settings);
  auto request = get_request(server.origin(), "/first");
  request.method = "POST";
  request.headers = {{"Authorization", "secret"}};
  request.body = "{}";
  REQUIRE(outcome_name(call(*client, std::move(request))) == "ok");
  const auto result = call(*client, get_request(server.origin(), "/second"));
  REQUIRE(outcome_name(result) == "ok");
  CHECK(first_line(result->body) == "GET /second HTTP/1.1");
  CHECK(result->body.find("Authorization") == std::string::npos);
  CHECK(result->body.find("Content-") == std::string::npos);
}

TEST_CASE("client: a GET may carry a JSON body", "[fetch]") {
  RawServer server{echo()};
  const auto client = make_client();
  auto request = get_request(server.origin(), "/api/v3/indicators");
  request.body = R"json({"data":{"tql":"summary in (\"a\")"}})json" + std::string(2'000'000, ' ');
  const std::string body = request.body;
  const auto result = call(*client, std::move(request));
  REQUIRE(outcome_name(result) == "ok");
  CHECK(first_line(result->body) == "GET /api/v3/indicators HTTP/1.1");
  CHECK(has_line(result->body, "Content-Type: application/json"));
  CHECK(has_line(result->body, "Content-Length: " + std::to_string(body.size())));
  CHECK(result->body.find("Expect") == std::string::npos);
  CHECK(result->body.ends_with("\r\n\r\n" + body));
}

TEST_CASE("client: other methods and a given content type are kept", "[fetch]") {
  RawServer server{echo()};
  const auto client = make_client();
  auto request = get_request(server.origin(), "/x");
  request.method = "PUT";
  request.headers = {{"content-type", "text/plain"}};
  request.body = "abc";
  const auto put = call(*client, std::move(request));
  REQUIRE(outcome_name(put) == "ok");
  CHECK(first_line(put->body) == "PUT /x HTTP/1.1");
  CHECK(has_line(put->body, "content-type: text/plain"));
  CHECK(put->body.find("application/json") == std::string::npos);

  RawServer headless{always("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")};
  request = get_request(headless.origin());
  request.method = "HEAD";
  const auto head = call(*client, std::move(request));
  REQUIRE(outcome_name(head) == "ok");
  CHECK(head->body.empty());
}

TEST_CASE("client: the fields of an answer are given back as they came", "[fetch]") {
  RawServer server{always(raw_answer(
      "{\"status\":\"Failure\"}",
      "Content-Type: application/json;charset=utf-8\r\n"
      "Date: Wed, 25 Nov 2026 02:00:00 GMT\r\nRetry-After: Wed, 25 Nov 2026 02:01:00 GMT\r\n",
      "429 Too Many"))};
  const auto client = make_client();
  const auto result = call(*client, get_request(server.origin()));
  REQUIRE(outcome_name(result) == "ok");
  CHECK(result->status == 429);
  CHECK(result->content_type == "application/json;charset=utf-8");
  CHECK(result->date == "Wed, 25 Nov 2026 02:00:00 GMT");
  CHECK(result->retry_after == "Wed, 25 Nov 2026 02:01:00 GMT");
  CHECK(result->body == "{\"status\":\"Failure\"}");
  CHECK(result->elapsed.count() > 0);
}

TEST_CASE("client: absent fields are empty, and those of an interim answer do not count",
          "[fetch]") {
  RawServer server{always(
      "HTTP/1.1 103 Early\r\nRetry-After: 7\r\nContent-Type: text/html\r\n\r\n" + raw_answer("x"))};
  const auto client = make_client();
  const auto result = call(*client, get_request(server.origin()));
  REQUIRE(outcome_name(result) == "ok");
  CHECK(result->status == 200);
  CHECK(result->retry_after.empty());
  CHECK(result->content_type.empty());
  CHECK(result->date.empty());
  CHECK(result->body == "x");
}

TEST_CASE("client: a redirect is an answer and is not followed", "[fetch]") {
  std::atomic<int> elsewhere{0};
  RawServer other{[&](RawConnection&) { ++elsewhere; }};
  RawServer server{
      always(raw_answer("moved", "Location: " + other.origin() + "/\r\n", "302 Found"))};
  const auto client = make_client();
  const auto result = call(*client, get_request(server.origin()));
  REQUIRE(outcome_name(result) == "ok");
  CHECK(result->status == 302);
  CHECK(result->body == "moved");
  CHECK(elsewhere == 0);
}

TEST_CASE("client: chunked, close-delimited and empty bodies are read whole", "[fetch]") {
  RawServer server{[](RawConnection& connection) {
    const std::array<std::string, 3> answers{
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n "
        "world\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"};
    for (const std::string& answer : answers) {
      if (connection.read_head().empty()) return;
      connection.write(answer);
    }
  }};
  const auto client = make_client();
  CHECK(call(*client, get_request(server.origin())).value().body == "hello world");
  const auto empty = call(*client, get_request(server.origin()));
  CHECK(empty.value().status == 204);
  CHECK(empty.value().body.empty());
  CHECK(call(*client, get_request(server.origin())).value().body == "until the end");
}

TEST_CASE("client: compressed answers are unpacked", "[fetch]") {
  RawServer server{always(raw_answer(gzip_run('a', 10), "Content-Encoding: gzip\r\n"))};
  const auto client = make_client();
  const auto result = call(*client, get_request(server.origin()));
  REQUIRE(outcome_name(result) == "ok");
  CHECK(result->body == std::string(2581, 'a'));
}

TEST_CASE("client: an answer as large as the limit passes, one byte more does not", "[fetch]") {
  CurlSettings settings;
  settings.max_answer_bytes = 1000;
  const auto client = make_client(settings);
  const auto outcome = [&](const std::string& answer) {
    RawServer server{[&](RawConnection& connection) {
      connection.read_head();
      connection.write(answer);
    }};
    return outcome_name(call(*client, get_request(server.origin())));
  };
  const std::string open = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
  CHECK(outcome(raw_answer(std::string(1000, 'x'))) == "ok");
  CHECK(outcome(raw_answer(std::string(1001, 'x'))) == "answer_too_large");
  CHECK(outcome(open + std::string(1000, 'x')) == "ok");
  CHECK(outcome(open + std::string(1001, 'x')) == "answer_too_large");
  CHECK(outcome("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                std::string(1001, 'x') + "\r\n0\r\n\r\n") == "answer_too_large");
}

TEST_CASE("client: a declared size above the limit is refused before the body", "[fetch]") {
  CurlSettings settings;
  settings.max_answer_bytes = 1000;
  const auto client = make_client(settings);
  RawServer server{[](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
    connection.wait_for_close();
  }};
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "answer_too_large");
}

TEST_CASE("client: a small answer that unpacks to more than the limit is cut", "[fetch]") {
  CurlSettings settings;
  settings.max_answer_bytes = 100'000;
  const auto client = make_client(settings);
  const std::string bomb = gzip_run('a', 8'000);
  REQUIRE(bomb.size() < 14'000);
  RawServer server{always(raw_answer(bomb, "Content-Encoding: gzip\r\n"))};
  const auto result = call(*client, get_request(server.origin()));
  CHECK(outcome_name(result) == "answer_too_large");
}

TEST_CASE("client: a head without end is cut", "[fetch]") {
  RawServer server{[](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\n");
    while (connection.write("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
    }
  }};
  const auto client = make_client();
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "answer_too_large");
}

TEST_CASE("client: a header line without end is cut", "[fetch]") {
  RawServer server{[](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\nX-Filler: ");
    while (connection.write(std::string(1000, 'x'))) {
    }
  }};
  const auto client = make_client();
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "answer_too_large");
}

TEST_CASE("client: one connection serves calls that follow each other", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const auto client = make_client();
  for (int i = 0; i < 50; ++i)
    REQUIRE(outcome_name(call(*client, get_request(server.origin()))) == "ok");
  const auto counters = client->counters();
  CHECK(counters.sent == 50);
  CHECK(counters.answered == 50);
  CHECK(counters.failed == 0);
  CHECK(counters.open == 0);
  CHECK(counters.connections_opened == 1);
  CHECK(server.connection_count() == 1);
}

TEST_CASE("client: a reused connection that closes without an answer is replaced once more",
          "[fetch]") {
  RawServer server{[](RawConnection& connection) {
    connection.read_head();
    connection.write(raw_answer("number " + std::to_string(connection.number())));
    connection.read_head();
  }};
  const auto client = make_client();
  CHECK(call(*client, get_request(server.origin())).value().body == "number 0");
  CHECK(call(*client, get_request(server.origin())).value().body == "number 1");
}
