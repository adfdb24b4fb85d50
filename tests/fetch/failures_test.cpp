#include <fcntl.h>
#include <array>

#include <support/raw_server.hpp>
#include "client_support.hpp"

using namespace cardstock;
using namespace cardstock::test;
using fetch::CurlSettings;

namespace {

constexpr const char* kTarget = "/secret-path?secret-query=1";

/// What a client with a short time limit makes of a server that behaves so.
Result<fetch::HttpResponse> outcome_of(RawServer::Behaviour behaviour,
                                       milliseconds limit = kPatience) {
  RawServer server{std::move(behaviour)};
  CurlSettings settings;
  settings.call_timeout = limit;
  const auto client = make_client(settings);
  auto request = get_request(server.origin(), kTarget);
  request.headers = {{"Authorization", "secret-header"}};
  auto result = call(*client, std::move(request));
  if (!result) {
    CHECK(result.error().public_detail.find("127.0.0.1") != std::string::npos);
    CHECK(result.error().public_detail.find("secret") == std::string::npos);
    CHECK(result.error().cause.find("secret") == std::string::npos);
    CHECK_FALSE(result.error().cause.empty());
    CHECK(client->counters().failed == 1);
  }
  return result;
}

/// A listening port whose queue is full: a SYN to it gets no reply.
class SilentPort {
 public:
  SilentPort() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(listener_, generic, size) == 0);
    REQUIRE(listen(listener_, 0) == 0);
    REQUIRE(getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    for (int& filler : fillers_) {
      filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      connect(filler, generic, size);
    }
  }
  ~SilentPort() {
    for (const int filler : fillers_) close(filler);
    close(listener_);
  }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int listener_ = -1;
  int port_ = 0;
  std::array<int, 4> fillers_{};
};

}  // namespace

TEST_CASE("client: a refused connection is ConnectFailed", "[fetch]") {
  std::string origin;
  {
    RawServer gone{[](RawConnection&) {}};
    origin = gone.origin();
  }
  const auto client = make_client();
  const auto result = call(*client, get_request(origin));
  CHECK(outcome_name(result) == "connect_failed");
  CHECK(result.error().public_detail == "127.0.0.1 could not be connected to.");
  CHECK(result.error().cause.starts_with("curl 7: "));
}

TEST_CASE("client: a name that does not exist is ResolveFailed", "[fetch]") {
  const auto client = make_client();
  const auto result = call(*client, get_request("http://unknown.test"));
  CHECK(outcome_name(result) == "resolve_failed");
  CHECK(result.error().public_detail == "The name unknown.test could not be resolved.");
}

TEST_CASE("client: a connection that is not accepted ends at the connect limit", "[fetch]") {
  SilentPort silent;
  CurlSettings settings;
  settings.connect_timeout = milliseconds{150};
  settings.call_timeout = kPatience;
  const auto client = make_client(settings);
  const auto begun = std::chrono::steady_clock::now();
  const auto result = call(*client, get_request(silent.origin()));
  CHECK(outcome_name(result) == "timeout");
  CHECK(std::chrono::steady_clock::now() - begun >= milliseconds{150});
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{10});
}

TEST_CASE("client: a connection that is not accepted ends at the call limit when that is nearer",
          "[fetch]") {
  SilentPort silent;
  CurlSettings settings;
  settings.connect_timeout = kPatience;
  settings.call_timeout = milliseconds{150};
  const auto client = make_client(settings);
  const auto result = call(*client, get_request(silent.origin()));
  CHECK(outcome_name(result) == "timeout");
  CHECK(result.error().public_detail == "No connection to 127.0.0.1 was made in time.");
}

TEST_CASE("client: time is up at every stage of an answer", "[fetch]") {
  constexpr milliseconds kLimit{150};
  const auto stalls_after = [](std::string part) {
    return [part](RawConnection& connection) {
      connection.read_head();
      connection.write(part);
      connection.wait_for_close();
    };
  };
  const auto begun = std::chrono::steady_clock::now();
  const auto silent = outcome_of(stalls_after(""), kLimit);
  CHECK(outcome_name(silent) == "timeout");
  CHECK(silent.error().public_detail == "127.0.0.1 did not answer in time.");
  CHECK(outcome_name(outcome_of(stalls_after("HTTP/1.1 200 OK\r\nContent-Le"), kLimit)) ==
        "timeout");
  const auto half =
      outcome_of(stalls_after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), kLimit);
  CHECK(outcome_name(half) == "timeout");
  CHECK(half.error().public_detail == "127.0.0.1 did not finish its answer in time.");
  CHECK(outcome_name(outcome_of([](RawConnection& connection) { connection.wait_for_close(); },
                                kLimit)) == "timeout");
  CHECK(std::chrono::steady_clock::now() - begun >= 4 * kLimit);
}

TEST_CASE("client: an answer that drips without end is cut at the call limit", "[fetch]") {
  const auto result = outcome_of(
      [](RawConnection& connection) {
        connection.read_head();
        connection.write("HTTP/1.1 200 OK\r\n\r\n");
        while (connection.write("x")) std::this_thread::yield();
      },
      milliseconds{150});
  CHECK(outcome_name(result) == "timeout");
}

TEST_CASE("client: a call's own deadline binds before the client's limit", "[fetch]") {
  RawServer server{[](RawConnection& connection) { connection.wait_for_close(); }};
  const auto client = make_client();
  auto request = get_request(server.origin());
  request.deadline = std::chrono::steady_clock::now() + milliseconds{150};
  CHECK(outcome_name(call(*client, std::move(request))) == "timeout");
  request = get_request(server.origin());
  request.deadline = std::chrono::steady_clock::now() - milliseconds{1};
  CHECK(outcome_name(call(*client, std::move(request))) == "timeout");
}

TEST_CASE("client: time spent waiting for a connection counts", "[fetch]") {
  RawServer server{[](RawConnection& connection) { connection.wait_for_close(); }};
  CurlSettings settings;
  settings.max_connections_per_host = 1;
  const auto client = make_client(settings);
  auto first = send(*client, get_request(server.origin()));
  auto request = get_request(server.origin());
  request.deadline = std::chrono::steady_clock::now() + milliseconds{150};
  const auto second = call(*client, std::move(request));
  CHECK(outcome_name(second) == "timeout");
  CHECK(second.error().public_detail == "No connection to 127.0.0.1 became free in time.");
  CHECK(server.connection_count() <= 1);
  client->cancel(first.ticket);
  CHECK(outcome_name(first.wait()) == "cancelled");
}

TEST_CASE("client: a connection closed or reset before an answer is ConnectFailed", "[fetch]") {
  CHECK(outcome_name(outcome_of([](RawConnection& connection) { connection.read_head(); })) ==
        "connect_failed");
  CHECK(outcome_name(outcome_of([](RawConnection& connection) {
          connection.read_head();
          connection.reset_at_close();
        })) == "connect_failed");
}

TEST_CASE("client: a connection closed or reset within an answer is ConnectionLost", "[fetch]") {
  const auto ends_after = [](std::string part, bool reset) {
    return [part, reset](RawConnection& connection) {
      connection.read_head();
      connection.write(part);
      if (reset) connection.reset_at_close();
    };
  };
  const std::string declared = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
  CHECK(outcome_name(outcome_of(ends_after(declared, false))) == "connection_lost");
  CHECK(outcome_name(outcome_of(ends_after(chunked, false))) == "connection_lost");
}

TEST_CASE("client: a reset that comes when part of the answer is there is ConnectionLost",
          "[fetch]") {
  // 1. the first part is in the client's socket; 2. another call begins and ends, and while it did
  // the client's thread looked at every socket; 3. the reset. Without 2 the reset may throw the
  // first part away unread.
  std::promise<void> written;
  std::promise<void> cut;
  RawServer server{[&](RawConnection& connection) {
    connection.read_head();
    if (connection.number() == 0) {
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      written.set_value();
      cut.get_future().wait();
      connection.reset_at_close();
      return;
    }
    connection.write(raw_answer("x"));
  }};
  const auto client = make_client();
  auto first = send(*client, get_request(server.origin(), kTarget));
  written.get_future().wait();
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "ok");
  cut.set_value();
  CHECK(outcome_name(first.wait()) == "connection_lost");
}

TEST_CASE("client: what is not HTTP, or is packed wrongly, is ConnectionLost", "[fetch]") {
  const auto says = [](std::string text) {
    return [text](RawConnection& connection) {
      connection.read_head();
      connection.write(text);
    };
  };
  CHECK(outcome_name(outcome_of(says("SSH-2.0-OpenSSH_9.2\r\n"))) == "connection_lost");
  CHECK(outcome_name(outcome_of(says("HTTP/1.1 two hundred\r\n\r\n"))) == "connection_lost");
  CHECK(outcome_name(outcome_of(says(
            raw_answer("not gzip at all", "Content-Encoding: gzip\r\n")))) == "connection_lost");
  CHECK(outcome_name(outcome_of(says(raw_answer("x", "Content-Encoding: unheard-of\r\n")))) ==
        "connection_lost");
}

TEST_CASE("client: requests that cannot be sent as given are Internal and stay home", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const auto client = make_client();
  const auto outcome = [&](auto&& spoil) {
    auto request = get_request(server.origin(), "/x");
    spoil(request);
    return outcome_name(call(*client, std::move(request)));
  };
  using fetch::HttpRequest;
  CHECK(outcome([](HttpRequest&) {}) == "ok");
  CHECK(outcome([](HttpRequest& r) { r.headers = {{"X", "a\r\nInjected: 1"}}; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.headers = {{"X", "a\nb"}}; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.headers = {{"X", std::string{"a\0b", 3}}}; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.headers = {{"X: y", "z"}}; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.headers = {{"", "z"}}; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.headers = {{"Content-Length", "0"}}; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.headers = {{"host", "other"}}; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.headers = {{"X", std::string(40'000, 'x')}}; }) ==
        "internal");
  CHECK(outcome([](HttpRequest& r) { r.target = "/a b"; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.target = "/a\r\nb"; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.target = "/\xC3\xA9"; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.target = ""; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.target = "api"; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.target = "/" + std::string(40'000, 'x'); }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.method = "GET /x"; }) == "internal");
  CHECK(outcome([](HttpRequest& r) { r.method = ""; }) == "internal");
  for (const char* origin :
       {"", "127.0.0.1", "ftp://127.0.0.1", "file:///etc/passwd", "http://", "http:///x",
        "http://a/b", "http://user@127.0.0.1", "http://a:0", "http://a:65536",
        "http://a:", "http://a:8o", "http://[::1", "http://[::1]x", "http://a b", "http://a?b",
        "http://\xC3\xA9.example"})
    CHECK(outcome([&](HttpRequest& r) { r.origin = origin; }) == "internal");
  CHECK(server.connection_count() == 1);
}
