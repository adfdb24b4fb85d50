/// The way through a proxy. (What a proxy must not be asked for: addresses_test.cpp.)
#include <atomic>
#include <fstream>
#include <future>

#include <support/raw_server.hpp>
#include <support/temporary_directory.hpp>
#include "client_support.hpp"
#include "test_authority.hpp"

using namespace cardstock;
using namespace cardstock::test;
using fetch::CurlSettings;

namespace {

/// A proxy whose connections are `laid over` by TLS or not, and behind it `upstream.test`, whose
/// certificate is of an authority of its own.
class Tunnel {
 public:
  Tunnel()
      : inner_{over_tls(upstream_.server_context({.names = "DNS:upstream.test"}),
                        always(raw_answer("through the tunnel")))} {}

  /// What the proxy does with a connection, once its own TLS stands.
  RawServer::Behaviour behaviour() {
    return [this](RawConnection& connection) {
      last_head_ = connection.read_head();
      if (!last_head_.starts_with("CONNECT upstream.test:443 ")) return;
      ++opened;
      connection.write("HTTP/1.1 200 Connection established\r\nRetry-After: 9\r\n\r\n");
      inner_(connection);
    };
  }
  RawServer::Behaviour behaviour_over_tls(const TlsOptions& options = {}) {
    return over_tls(proxys_.server_context(options), behaviour());
  }

  /// Of the only connection that has been; read when its call is over.
  const std::string& last_head() const { return last_head_; }
  std::string upstream_authority() const { return saved("upstream.pem", upstream_.pem()); }
  std::string proxys_authority() const { return saved("proxy.pem", proxys_.pem()); }
  std::string both() const { return saved("both.pem", upstream_.pem() + proxys_.pem()); }

  std::atomic<int> opened{0};

 private:
  std::string saved(const std::string& name, const std::string& pem) const {
    std::ofstream{directory_.file(name)} << pem;
    return directory_.file(name);
  }

  TemporaryDirectory directory_;
  TestAuthority upstream_{"Upstream's authority"};
  TestAuthority proxys_{"The proxy's authority"};
  RawServer::Behaviour inner_;
  std::string last_head_;
};

fetch::HttpRequest upstream_request() {
  auto request = get_request("https://upstream.test");
  request.addresses = fetch::AddressPolicy::PublicOnly;
  request.headers = {{"Authorization", "TC alice:signature"}};
  return request;
}

std::string tls_proxy(const RawServer& server) {
  return "https://user:p%40ss@127.0.0.1:" + std::to_string(server.port());
}

}  // namespace

TEST_CASE("proxy: its tunnel carries the target's own TLS and is kept", "[fetch]") {
  Tunnel tunnel;
  RawServer proxy{tunnel.behaviour()};
  CurlSettings settings;
  settings.ca_file = tunnel.upstream_authority();
  settings.proxy = proxy.origin();
  const auto client = make_client(settings);
  for (int i = 0; i < 2; ++i) {
    const auto result = call(*client, upstream_request());
    REQUIRE(outcome_name(result) == "ok");
    CHECK(result->body == "through the tunnel");
    CHECK(result->retry_after.empty());
  }
  CHECK(tunnel.opened == 1);
}

TEST_CASE("proxy: one that speaks TLS is trusted by its own authority and gets its credentials",
          "[fetch]") {
  Tunnel tunnel;
  RawServer proxy{tunnel.behaviour_over_tls()};
  CurlSettings settings;
  settings.proxy = tls_proxy(proxy);
  settings.ca_file = tunnel.upstream_authority();
  settings.proxy_ca_file = tunnel.proxys_authority();
  const auto result = call(*make_client(settings), upstream_request());
  REQUIRE(outcome_name(result) == "ok");
  CHECK(result->body == "through the tunnel");
  CHECK(tunnel.last_head().find("\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n") !=
        std::string::npos);  // user:p@ss
  CHECK(tunnel.last_head().find("signature") == std::string::npos);
}

TEST_CASE("proxy: without an authority of its own it is trusted as the target is", "[fetch]") {
  Tunnel tunnel;
  RawServer proxy{tunnel.behaviour_over_tls()};
  CurlSettings settings;
  settings.proxy = tls_proxy(proxy);
  settings.ca_file = tunnel.both();
  CHECK(outcome_name(call(*make_client(settings), upstream_request())) == "ok");
}

TEST_CASE("proxy: neither authority vouches for the other and the sentence says whose it was",
          "[fetch]") {
  Tunnel tunnel;
  RawServer proxy{tunnel.behaviour_over_tls()};
  CurlSettings settings;
  settings.proxy = tls_proxy(proxy);
  const auto sentence = [&](const std::string& ca_file, const std::string& proxy_ca_file) {
    settings.ca_file = ca_file;
    settings.proxy_ca_file = proxy_ca_file;
    const auto result = call(*make_client(settings), upstream_request());
    REQUIRE(outcome_name(result) == "tls_failed");
    CHECK(result.error().cause.find("p@ss") == std::string::npos);
    return result.error().public_detail;
  };
  const char* const proxys = "The TLS certificate of the proxy was not accepted.";
  CHECK(sentence(tunnel.upstream_authority(), "") == proxys);
  CHECK(sentence(tunnel.both(), tunnel.upstream_authority()) == proxys);
  CHECK(sentence("", "") == proxys);
  CHECK(tunnel.opened == 0);  // and no password has gone out
  CHECK(sentence(tunnel.proxys_authority(), tunnel.proxys_authority()).find("upstream.test") !=
        std::string::npos);
}

TEST_CASE("proxy: a certificate of its authority for another name is refused", "[fetch]") {
  Tunnel tunnel;
  RawServer proxy{tunnel.behaviour_over_tls({.names = "DNS:proxy.test"})};
  CurlSettings settings;
  settings.proxy = tls_proxy(proxy);
  settings.ca_file = tunnel.upstream_authority();
  settings.proxy_ca_file = tunnel.proxys_authority();
  const auto result = call(*make_client(settings), upstream_request());
  REQUIRE(outcome_name(result) == "tls_failed");
  CHECK(result.error().public_detail == "The TLS certificate of the proxy was not accepted.");
  CHECK(tunnel.opened == 0);
}
