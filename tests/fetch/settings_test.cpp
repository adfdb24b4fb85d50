#include <fstream>

#include <sys/stat.h>

#include <support/temporary_directory.hpp>
#include "client_support.hpp"

using namespace cardstock;
using namespace cardstock::test;
using fetch::CurlSettings;

namespace {

std::string detail_of(const CurlSettings& settings) {
  const auto client = fetch::CurlClient::create(settings);
  if (client) return "accepted";
  CHECK(client.error().code == ErrorCode::InvalidConfig);
  return client.error().public_detail;
}

std::string with_ca_file(std::string path) {
  CurlSettings settings;
  settings.ca_file = std::move(path);
  return detail_of(settings);
}

std::string with_proxy(std::string proxy) {
  CurlSettings settings;
  settings.proxy = std::move(proxy);
  return detail_of(settings);
}

constexpr const char* kPem =
    "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ2FyZHN0b2Nr\n-----END CERTIFICATE-----\n";

}  // namespace

TEST_CASE("settings: certificates pasted in place of a path are recognised", "[fetch]") {
  const std::string detail = with_ca_file(kPem);
  CHECK(detail.find("path of a file") != std::string::npos);
  CHECK(detail.find("MIIB") == std::string::npos);
  CHECK(with_ca_file(std::string{"  "} + kPem).find("path of a file") != std::string::npos);
}

TEST_CASE("settings: a ca_file that cannot serve is refused with its name and the reason",
          "[fetch]") {
  const TemporaryDirectory directory;
  const auto file = [&](const std::string& name, const std::string& content) {
    std::ofstream{directory.file(name), std::ios::binary} << content;
    return directory.file(name);
  };
  CHECK(with_ca_file(directory.file("absent.pem")).find("absent.pem\" cannot be read") !=
        std::string::npos);
  CHECK(with_ca_file(directory.path().string()).find("is not a file") != std::string::npos);
  CHECK(with_ca_file(file("empty", "")).find("no PEM certificate") != std::string::npos);
  CHECK(with_ca_file(file("der", "\x30\x82\x01\x02 binary")).find("no PEM certificate") !=
        std::string::npos);
  CHECK(with_ca_file(file("cut", "-----BEGIN CERTIFICATE-----\nMIIB")).find("no PEM certificate") !=
        std::string::npos);
  CHECK(with_ca_file(file("html", "-----BEGIN CERTIFICATE-----\n<html>\n-----END CERTIFICATE-----"))
            .find("no PEM certificate") != std::string::npos);
  CHECK(with_ca_file(file("key", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"))
            .find("only a private key") != std::string::npos);
  CHECK(with_ca_file(file("good", std::string{"# a comment\n"} + kPem)) == "accepted");
}

TEST_CASE("settings: the proxy's ca_file is checked as well and told by its own name", "[fetch]") {
  CurlSettings settings;
  settings.proxy_ca_file = "/absent/proxy.pem";
  CHECK(detail_of(settings) == "proxy_ca_file \"/absent/proxy.pem\" cannot be read.");
  settings.proxy_ca_file = kPem;
  CHECK(detail_of(settings).starts_with("proxy_ca_file takes the path of a file"));
}

TEST_CASE("settings: a proxy must be a URL with a port, and its password is not repeated",
          "[fetch]") {
  for (const char* good :
       {"", "http://proxy.example:3128", "http://user:secret@proxy.example:3128/",
        "https://10.0.0.1:443", "socks5h://[::1]:1080"})
    CHECK(with_proxy(good) == "accepted");
  for (const char* bad :
       {"proxy.example:3128", "http://proxy.example", "ftp://proxy.example:21", "http://:3128",
        "http://user:secret@proxy.example:3128/path", "http://user:secret@proxy.example:99999",
        "http://user:secret@proxy.example:3128?x", "http://proxy.example:3128\r\nX: y", "://",
        "secret"}) {
    INFO(bad);
    const std::string detail = with_proxy(bad);
    CHECK(detail.find("proxy must be a URL") == 0);
    CHECK(detail.find("secret") == std::string::npos);
  }
}

TEST_CASE("settings: limits of zero, and times without end, are refused", "[fetch]") {
  const auto spoilt = [](auto&& spoil) {
    CurlSettings settings;
    spoil(settings);
    return detail_of(settings);
  };
  CHECK(spoilt([](CurlSettings&) {}) == "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.connect_timeout = milliseconds{0}; }) != "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.call_timeout = milliseconds{-1}; }) != "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.call_timeout = milliseconds::max(); }) != "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.connect_timeout = milliseconds::max(); }) != "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.max_answer_bytes = 0; }) != "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.max_queued = 0; }) != "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.max_connections = 0; }) != "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.max_connections_per_host = -1; }) != "accepted");
  CHECK(spoilt([](CurlSettings& s) { s.user_agent = "a\r\nb"; }) != "accepted");
}
