#include <cstdlib>

#include <support/raw_server.hpp>
#include "address_policy.hpp"
#include "client_support.hpp"
#include "test_resolver.hpp"

using namespace cardstock;
using namespace cardstock::test;
using fetch::AddressPolicy;
using fetch::CurlSettings;

namespace {

fetch::HttpRequest public_request(std::string origin, std::string target = "/") {
  auto request = get_request(std::move(origin), std::move(target));
  request.addresses = AddressPolicy::PublicOnly;
  return request;
}

}  // namespace

TEST_CASE("addresses: each special range ends where its registry says", "[fetch]") {
  for (const char* inside : {"0.0.0.0",
                             "0.255.255.255",
                             "10.0.0.0",
                             "10.255.255.255",
                             "100.64.0.0",
                             "100.127.255.255",
                             "127.0.0.1",
                             "127.255.255.255",
                             "169.254.0.0",
                             "169.254.169.254",
                             "169.254.255.255",
                             "172.16.0.0",
                             "172.31.255.255",
                             "192.0.0.0",
                             "192.0.0.255",
                             "192.168.0.0",
                             "192.168.255.255",
                             "198.18.0.0",
                             "198.19.255.255",
                             "224.0.0.0",
                             "239.255.255.255",
                             "240.0.0.0",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::2",
                             "::7f00:1",
                             "::ffff:127.0.0.1",
                             "::ffff:10.0.0.1",
                             "::ffff:0:10.0.0.1",
                             "64:ff9b::10.0.0.1",
                             "64:ff9b::7f00:1",
                             "64:ff9b:1::808:808",
                             "2002:7f00:1::",
                             "2002:a00:1::1",
                             "2001:0:808:808::",
                             "100::1",
                             "fc00::",
                             "fdff:ffff::1",
                             "fe80::1",
                             "febf::1",
                             "fe80::1%eth0",
                             "fec0::1",
                             "ff02::1",
                             "ff0e::1"}) {
    INFO(inside);
    CHECK_FALSE(fetch::is_public_literal(inside));
  }
  for (const char* outside :
       {"1.0.0.0",          "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
        "100.128.0.0",      "126.255.255.255", "128.0.0.0",       "169.253.255.255",
        "169.255.0.0",      "172.15.255.255",  "172.32.0.0",      "191.255.255.255",
        "192.0.1.0",        "192.0.2.1",       "192.167.255.255", "192.169.0.0",
        "198.17.255.255",   "198.20.0.0",      "198.51.100.1",    "203.0.113.9",
        "223.255.255.255",  "2001:db8::1",     "2606:4700::1111", "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:1::1",       "fbff::1",
        "fe00::1"}) {
    INFO(outside);
    CHECK(fetch::is_public_literal(outside));
  }
  for (const char* neither :
       {"", "example.com", "1.2.3", "1.2.3.4.5", "[2606:4700::1111]", "2606:4700:::1"}) {
    INFO(neither);
    CHECK_FALSE(fetch::is_public_literal(neither));
  }
}

TEST_CASE("addresses: a socket address of another family, or cut short, is not public", "[fetch]") {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0x08080808);
  auto* const generic = reinterpret_cast<sockaddr*>(&v4);
  CHECK(fetch::is_public(generic, sizeof v4));
  CHECK_FALSE(fetch::is_public(generic, sizeof v4 - 1));
  CHECK_FALSE(fetch::is_public(generic, 0));
  v4.sin_family = AF_UNIX;
  CHECK_FALSE(fetch::is_public(generic, sizeof v4));
}

TEST_CASE("addresses: the inside is known by its name in every spelling of a number", "[fetch]") {
  for (const char* inside :
       {"localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.1", "2130706433",
        "0x7f000001", "0x7F.1", "017700000001", "0177.0.0.1", "10.1", "[::1]", "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]", "169.254.169.254", "192.168.257"}) {
    INFO(inside);
    CHECK(fetch::is_inside_by_name(inside));
  }
  for (const char* outside : {"example.com", "localhost.example", "8.8.8.8", "134744072",
                              "[2606:4700::1111]", "10.example"}) {
    INFO(outside);
    CHECK_FALSE(fetch::is_inside_by_name(outside));
  }
}

TEST_CASE("client: PublicOnly calls nothing on the inside, however it is written", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const auto client = make_client();
  const std::string port = ":" + std::to_string(server.port());
  for (const char* host :
       {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433",
        "127.1", "0x7f000001", "017700000001", "0", "inside.test"}) {
    INFO(host);
    const auto result = call(*client, public_request("http://" + (host + port)));
    REQUIRE(outcome_name(result) == "address_refused");
    CHECK(result.error().public_detail.find(host) == 0);
    CHECK(result.error().public_detail.find("private network") != std::string::npos);
  }
  CHECK(server.connection_count() == 0);
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "ok");
  CHECK(outcome_name(call(*client, get_request("http://inside.test" + port))) == "ok");
}

TEST_CASE("client: a connection that another call was allowed is not reused under PublicOnly",
          "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const auto client = make_client();
  REQUIRE(outcome_name(call(*client, get_request(server.origin()))) == "ok");
  CHECK(outcome_name(call(*client, public_request(server.origin()))) == "address_refused");
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "ok");
}

TEST_CASE("client: a name that moves to the inside between two look-ups is not followed there",
          "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const std::string origin = "http://moves.test:" + std::to_string(server.port());
  move_name({"192.0.2.7"});
  const auto client = make_client();
  CHECK(outcome_name(call(*client, public_request(origin))) == "ok");
  CHECK(lookups_since_move() == 1);  // the address that was judged is the one that was called
  CHECK(server.connection_count() == 1);
  for (const char* inside :
       {"127.0.0.1", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fd00::1", "169.254.169.254"}) {
    INFO(inside);
    move_name({inside});
    CHECK(outcome_name(call(*make_client(), public_request(origin))) == "address_refused");
    CHECK(lookups_since_move() == 1);
  }
  CHECK(server.connection_count() == 1);
}

TEST_CASE("client: of a name's addresses none on the inside is called when another is deaf",
          "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const std::string origin = "http://moves.test:" + std::to_string(server.port());
  move_name({kDeafAddress, "127.0.0.1"});
  CHECK_FALSE(call(*make_client(), public_request(origin)));
  move_name({"127.0.0.1", kDeafAddress});
  CHECK_FALSE(call(*make_client(), public_request(origin)));
  CHECK(server.connection_count() == 0);
  CHECK(outcome_name(call(*make_client(), get_request(origin))) == "ok");
}

TEST_CASE("client: an instance is called over IPv6, by its address and by its name", "[fetch]") {
  RawServer server{always(raw_answer("six"))};
  const std::string port = ":" + std::to_string(server.port());
  move_name({"2001:db8::7"});
  for (const char* host : {"[2001:db8::7]", "moves.test"}) {
    INFO(host);
    const auto result = call(*make_client(), public_request("http://" + (host + port)));
    REQUIRE(outcome_name(result) == "ok");
    CHECK(result->body == "six");
  }
}

TEST_CASE("client: a look-up that hangs is given up in time and holds up nobody", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  CurlSettings settings;
  settings.call_timeout = milliseconds{400};
  auto client = make_client(settings);
  auto held = send(*client, get_request("http://held.test"));
  auto cancelled = send(*client, get_request("http://held.test"));
  wait_for_held_lookups(2);
  client->cancel(cancelled.ticket);
  CHECK(outcome_name(cancelled.wait()) == "cancelled");
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "ok");
  const auto result = held.wait();
  CHECK(outcome_name(result) == "timeout");
  CHECK(result.error().public_detail == "The name held.test was not resolved in time.");
  client.reset();
  release_held_lookups();
}

TEST_CASE("client: proxies of the environment are not used", "[fetch]") {
  RawServer trap{always(raw_answer("trap"))};
  RawServer server{always(raw_answer("server"))};
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"})
    setenv(name, trap.origin().c_str(), 1);
  const auto client = make_client();
  const auto result = call(*client, get_request(server.origin()));
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) unsetenv(name);
  REQUIRE(outcome_name(result) == "ok");
  CHECK(result->body == "server");
  CHECK(trap.connection_count() == 0);
}

TEST_CASE(
    "client: a proxy is asked in the absolute form, with its credentials and the target untouched",
    "[fetch]") {
  std::promise<std::string> seen;
  RawServer proxy{[&](RawConnection& connection) {
    seen.set_value(connection.read_head());
    connection.write(raw_answer("by proxy"));
  }};
  setenv("no_proxy", "*", 1);
  CurlSettings settings;
  settings.proxy = "http://user:p%40ss@" + proxy.authority();
  const auto client = make_client(settings);
  const auto result =
      call(*client, public_request("http://upstream.test:8080", "//a/../%2F?x=%zz"));
  unsetenv("no_proxy");
  REQUIRE(outcome_name(result) == "ok");
  CHECK(result->body == "by proxy");
  const std::string head = seen.get_future().get();
  CHECK(head.starts_with("GET http://upstream.test:8080//a/../%2F?x=%zz HTTP/1.1\r\n"));
  CHECK(head.find("\r\nHost: upstream.test:8080\r\n") != std::string::npos);
  CHECK(head.find("\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n") !=
        std::string::npos);  // user:p@ss
}

TEST_CASE("client: a proxy tunnels https, sees no header of the request, and may refuse",
          "[fetch]") {
  std::promise<std::string> seen;
  RawServer proxy{[&](RawConnection& connection) {
    seen.set_value(connection.read_head());
    connection.write("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  }};
  CurlSettings settings;
  settings.proxy = proxy.origin();
  const auto client = make_client(settings);
  auto request = public_request("https://upstream.test", "/secret");
  request.headers = {{"Authorization", "secret"}};
  const auto result = call(*client, std::move(request));
  CHECK(outcome_name(result) == "connect_failed");
  CHECK(result.error().public_detail.find("proxy") != std::string::npos);
  CHECK(result.error().cause.find("407") != std::string::npos);
  const std::string head = seen.get_future().get();
  CHECK(head.starts_with("CONNECT upstream.test:443 HTTP/1.1\r\n"));
  CHECK(head.find("secret") == std::string::npos);
}

TEST_CASE("client: behind a proxy the inside is refused by its name", "[fetch]") {
  RawServer proxy{always(raw_answer("by proxy"))};
  CurlSettings settings;
  settings.proxy = proxy.origin();
  const auto client = make_client(settings);
  for (const char* origin : {"http://localhost", "https://127.0.0.1", "http://2130706433",
                             "https://[::1]:9000", "http://10.1"})
    CHECK(outcome_name(call(*client, public_request(origin))) == "address_refused");
  CHECK(proxy.connection_count() == 0);
  CHECK(outcome_name(call(*client, get_request("http://10.0.0.1"))) == "ok");
}

TEST_CASE("client: a proxy that is not there is named as the fault", "[fetch]") {
  CurlSettings settings;
  {
    RawServer gone{[](RawConnection&) {}};
    settings.proxy = gone.origin();
  }
  const auto refused = call(*make_client(settings), get_request("https://upstream.test"));
  CHECK(outcome_name(refused) == "connect_failed");
  CHECK(refused.error().public_detail == "The proxy could not be connected to.");
  settings.proxy = "http://user:password@unknown.test:3128";
  const auto unknown = call(*make_client(settings), get_request("https://upstream.test"));
  CHECK(outcome_name(unknown) == "resolve_failed");
  CHECK(unknown.error().public_detail == "The name of the proxy could not be resolved.");
  CHECK(unknown.error().cause.find("password") == std::string::npos);
}
