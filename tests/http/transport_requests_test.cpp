#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "transport_fixture.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

/// The bytes are refused with `status` in a problem document, and the connection ends without
/// serving what follows.
void require_refused(TransportFixture& fixture, const std::string& bytes, int status) {
  INFO("bytes: " << bytes.substr(0, 200));
  const auto served = fixture.counters().requests;
  RawClient client = fixture.client();
  client.send(bytes);
  client.try_send(get("/smuggled"));
  const RawAnswer answer = client.read_answer();
  REQUIRE(answer.status == status);
  REQUIRE(answer.header("Content-Type") == "application/problem+json");
  REQUIRE(answer.header("Connection") == "close");
  REQUIRE_THAT(answer.body,
               Catch::StartsWith(R"({"type":"about:blank","title":")" +
                                 std::string{http::reason_phrase(status)} + R"(","status":)" +
                                 std::to_string(status) + R"(,"detail":"The request)") &&
                   Catch::EndsWith(".\"}"));
  REQUIRE(client.read_to_end() == RawClient::End::Closed);
  REQUIRE(client.buffered().empty());
  REQUIRE(fixture.counters().requests == served);
}

}  // namespace

TEST_CASE(
    "transport: answers carry length, date and type, and Connection only where it is not the "
    "version's default") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  const RawAnswer answer = client.ask(get("/a?b=c"));
  REQUIRE(answer.status == 200);
  REQUIRE(answer.body == "GET /a?b=c|");
  REQUIRE(answer.header("Content-Type") == "application/json");
  REQUIRE(answer.header("Content-Length") == "11");
  REQUIRE(answer.header("Date").ends_with(" GMT"));
  REQUIRE_FALSE(answer.has("Connection"));
}

TEST_CASE("transport: a kept connection serves request after request") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  for (int i = 0; i < 100; ++i)
    REQUIRE(client.ask(get("/" + std::to_string(i))).body == "GET /" + std::to_string(i) + "?|");
  REQUIRE(fixture.counters().accepted == 1);
  REQUIRE(fixture.counters().requests == 100);
}

TEST_CASE("transport: Connection close is obeyed and announced") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  REQUIRE(client.ask(get("/", "Connection: foo, Close\r\n")).header("Connection") == "close");
  REQUIRE(client.read_to_end() == RawClient::End::Closed);
  REQUIRE(client.buffered().empty());
}

TEST_CASE("transport: HTTP/1.0 closes unless asked to keep") {
  TransportFixture fixture;
  RawClient once = fixture.client();
  REQUIRE(once.ask("GET / HTTP/1.0\r\n\r\n").header("Connection") == "close");
  REQUIRE(once.read_to_end() == RawClient::End::Closed);
  RawClient kept = fixture.client();
  for (int i = 0; i < 2; ++i)
    REQUIRE(kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("Connection") ==
            "keep-alive");
}

TEST_CASE("transport: HEAD has the length of the body and not the body") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send("HEAD /size/1000 HTTP/1.1\r\nHost: a\r\n\r\n" + get("/after"));
  REQUIRE(client.read_answer(true).header("Content-Length") == "1000");
  REQUIRE(client.read_answer().body == "GET /after?|");
}

TEST_CASE("transport: a deferred HEAD has no body either") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send("HEAD /later/a HTTP/1.1\r\nHost: a\r\n\r\n" + get("/after"));
  fixture.answer();
  REQUIRE(client.read_answer(true).header("Content-Length") == "14");
  REQUIRE(client.read_answer().body == "GET /after?|");
}

TEST_CASE("transport: 204 has neither length nor type") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  const RawAnswer answer = client.ask(get("/empty"));
  REQUIRE(answer.status == 204);
  REQUIRE_FALSE(answer.has("Content-Length"));
  REQUIRE_FALSE(answer.has("Content-Type"));
  REQUIRE(client.ask(get("/after")).body == "GET /after?|");
}

TEST_CASE("transport: all header fields reach the handler, and the handler's reach the client") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  const RawAnswer answer = client.ask(get("/headers", "X-A:  1 \r\nx-a: 2\r\nCookie: a\r\n"));
  REQUIRE(answer.body == "Host=test;X-A=1;x-a=2;Cookie=a;");
  REQUIRE(answer.header("x-first") == "1");
  REQUIRE(answer.header("x-second") == "2");
}

TEST_CASE("transport: a request's header is found in any letters, the first of several") {
  const std::vector<http::HeaderView> fields{{"X-A", "1"}, {"x-a", "2"}};
  http::Request request;
  request.headers = fields;
  REQUIRE(request.header("x-A") == "1");
  REQUIRE(request.header("y").empty());
}

TEST_CASE("transport: bodies with a length and in chunks reach the handler whole") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  const std::string large(700000, 'b');
  REQUIRE(client.ask(post("/", large)).body == "POST /?|" + large);
  std::string chunked = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 1000; ++i) chunked += "64\r\n" + std::string(100, 'c') + "\r\n";
  REQUIRE(client.ask(chunked + "0\r\n\r\n").body == "POST /c?|" + std::string(100000, 'c'));
  REQUIRE(client.ask(get("/after")).body == "GET /after?|");
}

TEST_CASE("transport: a chunk's line end split over two segments is read") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  for (const std::string piece : {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r",
                                  "\n5\r\n", "abc", "de\r", "\n0\r\n\r", "\n"}) {
    client.send(piece);
    // An answered request on another connection of the only worker shows that the piece has been
    // looked at.
    REQUIRE(fixture.client().ask(get("/")).status == 200);
  }
  REQUIRE(client.read_answer().body == "POST /?|abcde");
}

TEST_CASE("transport: a request that comes byte by byte is read") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  for (const char c : post("/slow", "body")) client.send({&c, 1});
  REQUIRE(client.read_answer().body == "POST /slow?|body");
}

TEST_CASE("transport: pipelined requests are answered in order") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  std::string many;
  for (int i = 0; i < 3000; ++i)
    many += i % 3 == 0 ? post("/" + std::to_string(i), "b") : get("/" + std::to_string(i));
  client.send(many);
  for (int i = 0; i < 3000; ++i) {
    const std::string want =
        (i % 3 == 0 ? "POST /" : "GET /") + std::to_string(i) + "?|" + (i % 3 == 0 ? "b" : "");
    const RawAnswer answer = client.read_answer();
    if (answer.body != want) FAIL("got " << answer.body << " for " << want);
  }
  REQUIRE(fixture.counters().requests == 3000);
}

TEST_CASE("transport: what follows a refused request is not read as a request") {
  TransportFixture fixture;
  const std::string smuggled = get("/smuggled");
  require_refused(fixture,
                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + smuggled, 413);
  require_refused(fixture, "BAD\r\n\r\n" + smuggled, 400);
  require_refused(
      fixture,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 0\r\n\r\n" + smuggled,
      400);
  require_refused(fixture,
                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n0\r\n\r\n" +
                      smuggled,
                  400);
  require_refused(
      fixture,
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n" +
          smuggled,
      400);
  REQUIRE(fixture.counters().bad_requests == 5);
}

TEST_CASE("transport: malformed requests are refused with a problem document") {
  TransportFixture fixture;
  const auto with = [](const std::string& fields) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  };
  for (const std::string value : {"abc", "", "0x3", "+3", "3, 3", "-1"})
    require_refused(fixture, with("Content-Length: " + value + "\r\n"), 400);
  for (const std::string value : {"99999999999999999999", "4000000000", "100000000000"})
    require_refused(fixture, with("Content-Length: " + value + "\r\n"), 413);
  require_refused(fixture, with("Transfer-Encoding : chunked\r\n"), 400);
  require_refused(fixture, with("Transfer-Encoding: gzip, chunked\r\n"), 501);
  require_refused(fixture, with("Transfer-Encoding: identity\r\n"), 501);
  require_refused(fixture, with("NoColon\r\nX-A: b\r\n"), 400);
  require_refused(fixture, with("X: a\r\n folded\r\n"), 400);
  require_refused(fixture, with("X : a\r\n"), 400);
  require_refused(fixture, with("X: a\x01\r\n"), 400);
  require_refused(fixture, with("Host: b\r\n"), 400);
  require_refused(fixture, with("Expect: a-miracle\r\n"), 417);
  require_refused(fixture, "GET / HTTP/1.1\r\n\r\n", 400);
  require_refused(fixture, "GET / HTTP/1.1\nHost: a\n\n", 400);
  require_refused(fixture, "GET / HTTP/1\r\nHost: a\r\n\r\n", 400);
  require_refused(fixture, "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
  require_refused(fixture, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
  require_refused(fixture, "\x16\x03\x01\x02\x01", 400);
}

TEST_CASE("transport: odd and innocent requests are served") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  for (const std::string field :
       {"Cache-Control: stale-while-revalidate=5", "Cookie: a", "Host: a:", "Date: x",
        "Accept: garbage", "Accept: ", "Content-Type: foo", "If-Modified-Since: never"}) {
    const std::string host = field.starts_with("Host") ? "" : "Host: a\r\n";
    REQUIRE(client.ask("GET / HTTP/1.1\r\n" + host + field + "\r\n\r\n").status == 200);
  }
  REQUIRE(client.ask("\r\n\r\nPROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n").body == "PROPFIND /?|");
  REQUIRE(client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").body == "OPTIONS *?|");
  REQUIRE(client.ask("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n").body == "GET /b?c|");
  REQUIRE(client.ask(get("/%2F%00%zz//..;x?a=%41&a=+")).body == "GET /%2F%00%zz//..;x?a=%41&a=+|");
}

TEST_CASE("transport: sizes of exactly the limit are served and one byte more is refused") {
  http::TransportLimits limits;
  limits.head_bytes = 1024;
  limits.headers = 10;
  limits.body_bytes = 2048;
  TransportFixture fixture{limits};
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string padding(1024 - start.size() - 4, 'x');
  REQUIRE(fixture.client().ask(start + padding + "\r\n\r\n").status == 200);
  require_refused(fixture, start + padding + "x\r\n\r\n", 431);
  require_refused(fixture, "GET /" + std::string(2000, 'a'), 414);
  std::string fields;
  for (int i = 0; i < 9; ++i) fields += "X: 1\r\n";
  REQUIRE(fixture.client().ask(get("/", fields)).status == 200);
  require_refused(fixture, get("/", fields + "X: 1\r\n"), 431);
  REQUIRE(fixture.client().ask(post("/", std::string(2048, 'b'))).status == 200);
  require_refused(fixture, post("/", std::string(2049, 'b')), 413);
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  REQUIRE(
      fixture.client().ask(chunked + "800\r\n" + std::string(2048, 'c') + "\r\n0\r\n\r\n").status ==
      200);
  require_refused(fixture, chunked + "801\r\n", 413);
  require_refused(fixture, chunked + "800\r\n" + std::string(2048, 'c') + "\r\n1\r\nc\r\n0\r\n\r\n",
                  413);
}

TEST_CASE("transport: a path of slashes is served or refused by its length alone") {
  http::TransportLimits limits;
  limits.head_bytes = 64 * 1024;
  TransportFixture large{limits};
  const std::string slashes(20000, '/');
  REQUIRE(large.client().ask(get(slashes)).body == "GET " + slashes + "?|");
  TransportFixture usual;
  require_refused(usual, get(slashes), 414);
}

TEST_CASE("transport: a refusal reaches a client that is still sending its body") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  const std::string body(8 * 1024 * 1024, 'b');
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n");
  client.send(body);  // all of it, before a single look at the answer
  REQUIRE(client.read_answer().status == 413);
  REQUIRE(client.read_to_end() == RawClient::End::Closed);
}

TEST_CASE("transport: 100 Continue comes when the body is still to come, and only then") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  const std::string head =
      "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  REQUIRE(client.ask(head).status == 100);
  REQUIRE(client.ask("body").body == "POST /x?|body");
  REQUIRE(client.ask(head + "body").body == "POST /x?|body");
  client.send(
      "POST /c HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
  REQUIRE(client.read_answer().status == 100);
  REQUIRE(client.ask("1\r\nc\r\n0\r\n\r\n").body == "POST /c?|c");
  require_refused(
      fixture,
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n",
      413);
}

TEST_CASE("transport: a handler that throws costs its client a 500 without a word of why") {
  TransportFixture fixture;
  RawClient client = fixture.client();
  client.send(get("/before") + get("/throw") + get("/throw-int") + get("/nothing") +
              get("/throw-after") + get("/throw-deferred") + get("/after"));
  REQUIRE(client.read_answer().body == "GET /before?|");
  for (int i = 0; i < 3; ++i) {
    const RawAnswer answer = client.read_answer();
    REQUIRE(answer.status == 500);
    REQUIRE(answer.header("Content-Type") == "application/problem+json");
    REQUIRE(
        answer.body ==
        R"({"type":"about:blank","title":"Internal Server Error","status":500,"detail":"The service failed while it answered."})");
  }
  REQUIRE(client.read_answer().body == "said");
  REQUIRE(client.read_answer().status == 500);
  REQUIRE(client.read_answer().body == "GET /after?|");
}

TEST_CASE("transport: the client's address is told, IPv4 as IPv4 on an IPv6 listener too") {
  TransportFixture fixture;
  REQUIRE(fixture.client().ask(get("/peer")).body == "127.0.0.1 loopback");
  http::ServerConfig config;
  config.address = "::";
  TransportFixture both{config};
  RawClient::Options ipv6;
  ipv6.address = "::1";
  REQUIRE(RawClient{both.port(), ipv6}.ask(get("/peer")).body == "::1 loopback");
  REQUIRE(RawClient{both.port()}.ask(get("/peer")).body == "127.0.0.1 loopback");
}

TEST_CASE("transport: reason phrases are known for the statuses in use") {
  for (const int status : {200, 204, 400, 401, 403, 404, 405, 408, 413, 414, 415,
                           417, 422, 429, 431, 500, 501, 502, 503, 504, 505})
    REQUIRE_FALSE(http::reason_phrase(status).empty());
  REQUIRE(http::reason_phrase(299).empty());
}
