#include <fstream>

#include "fetch/test_authority.hpp"
#include "integration/stand.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

void write_file(const std::string& path, std::string_view content) {
  std::ofstream{path, std::ios::binary} << content;
}

void write_pair(const TemporaryDirectory& folder, const PemPair& pair) {
  write_file(folder.file("certificate.pem"), pair.certificate);
  write_file(folder.file("key.pem"), pair.key);
}

}  // namespace

TEST_CASE("service: with a certificate it speaks TLS and reads a new one when told",
          "[integration]") {
  const TestAuthority first{"first"};
  const TestAuthority second{"second"};
  const TemporaryDirectory folder;
  write_file(folder.file("first.pem"), first.pem());
  write_file(folder.file("second.pem"), second.pem());
  write_pair(folder, first.issue({}));
  Stand stand{kInstance, [&](cli::Config& config) {
                config.server.tls_certificate = folder.file("certificate.pem");
                config.server.tls_key = folder.file("key.pem");
              }};
  REQUIRE(stand.service->url().starts_with("https://127.0.0.1:"));
  const auto ask = [&](const char* authority) {
    return http_call("GET", stand.service->url() + "/v1/card?type=IpAddress&name=192.0.2.1", {}, {},
                     folder.file(authority));
  };
  CHECK(Json{ask("first.pem").body}.text("/outcome") == "no_result");
  CHECK_THROWS(ask("second.pem"));

  write_pair(folder, second.issue({}));
  REQUIRE(stand.service->reload_certificate());
  CHECK(ask("second.pem").status == 200);
  CHECK_THROWS(ask("first.pem"));

  write_file(folder.file("key.pem"), "no key");
  const Status reloaded = stand.service->reload_certificate();
  REQUIRE_FALSE(reloaded);
  CHECK(reloaded.error().code == ErrorCode::InvalidConfig);
  CHECK(ask("second.pem").status == 200);
}

TEST_CASE("service: a certificate that cannot be used is an error of the start that names it",
          "[integration]") {
  const TemporaryDirectory folder;
  write_file(folder.file("junk.pem"), "junk");
  NullLog log;
  cli::Config config;
  config.server.listen = {{"127.0.0.1", 0}};
  config.admin.listen = {"127.0.0.1", 0};
  config.store.path = folder.file("cardstock.db");
  config.server.tls_certificate = config.server.tls_key = folder.file("junk.pem");
  const auto started = app::RunningService::start(config, log);
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::InvalidConfig);
  CHECK_THAT(started.error().public_detail, Catch::Contains(folder.file("junk.pem")));
}
