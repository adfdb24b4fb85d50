#include <catch2/catch.hpp>

#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <openssl/pem.h>

#include "http/tls_client.hpp"
#include "support/temporary_directory.hpp"
#include "transport_fixture.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;

namespace {

void write_file(const std::string& path, std::string_view content) {
  std::ofstream{path, std::ios::binary} << content;
}

/// A certificate in two files, and a server that shows it.
class TlsStand {
 public:
  explicit TlsStand(const http::TransportLimits& limits = {}) {
    renew();
    auto loaded = http::TlsIdentity::load(certificate(), key());
    if (!loaded) throw std::runtime_error{loaded.error().public_detail};
    identity_ = *std::move(loaded);
    http::ServerConfig config;
    config.limits = limits;
    config.tls = identity_;
    fixture_.emplace(std::move(config));
  }

  std::string certificate() const { return folder_.file("certificate.pem"); }
  std::string key() const { return folder_.file("key.pem"); }
  void renew() {
    const PemPair pair = authority_.issue({});
    write_file(certificate(), pair.certificate);
    write_file(key(), pair.key);
  }

  http::TlsIdentity& identity() { return *identity_; }
  TransportFixture& fixture() { return *fixture_; }
  std::uint16_t port() const { return fixture_->port(); }
  TlsClient client(const TlsClient::Options& options = {}) const {
    return TlsClient{port(), options};
  }
  bool serves() const {
    TlsClient client{port()};
    return client.shake_hands() && client.ask(get("/well")).body == "GET /well?|";
  }

 private:
  TemporaryDirectory folder_;
  TestAuthority authority_{"transport test"};
  std::shared_ptr<http::TlsIdentity> identity_;
  std::optional<TransportFixture> fixture_;
};

TlsClient::Options version(int both) {
  TlsClient::Options options;
  options.lowest_version = options.highest_version = both;
  return options;
}

}  // namespace

TEST_CASE("tls: requests are answered in order over 1.2 and 1.3") {
  const int which = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const TlsStand stand;
  TlsClient client = stand.client(version(which));
  REQUIRE(client.shake_hands());
  CHECK(client.version() == (which == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
  CHECK(client.ask(get("/a")).body == "GET /a?|");
  const std::string large(700'000, 'x');
  CHECK(client.ask(post("/b", large)).body == "POST /b?|" + large);
  std::string many;
  for (int i = 0; i < 500; ++i) many += get("/" + std::to_string(i));
  client.send(many);
  for (int i = 0; i < 500; ++i)
    REQUIRE(client.read_answer().body == "GET /" + std::to_string(i) + "?|");
}

TEST_CASE("tls: answers that are owed come later") {
  TlsStand stand;
  TlsClient client = stand.client();
  REQUIRE(client.shake_hands());
  client.send(get("/later/x") + get("/next"));
  stand.fixture().answer();
  CHECK(client.read_answer().body == "later /later/x");
  CHECK(client.read_answer().body == "GET /next?|");
}

TEST_CASE("tls: a slow reader gets all of a large answer") {
  const TlsStand stand;
  TlsClient::Options options;
  options.socket.receive_buffer = 4096;
  TlsClient client = stand.client(options);
  REQUIRE(client.shake_hands());
  client.send(get("/size/5000000"));
  CHECK(stand.serves());  // while it waits for room
  CHECK(client.read_answer().body == std::string(5'000'000, 'x'));
  CHECK(client.ask(get("/on")).body == "GET /on?|");
}

TEST_CASE("tls: older versions and other protocols are refused and counted") {
  TlsStand stand;
  TlsClient::Options other;
  other.protocols = std::string{"\x02h2\x08spdy/3.1", 12};
  for (const TlsClient::Options& options : {version(TLS1_1_VERSION), other}) {
    TlsClient client = stand.client(options);
    CHECK_FALSE(client.shake_hands());
  }
  CHECK(eventually([&] { return stand.fixture().counters().failed_handshakes == 2; }));
  CHECK(stand.serves());
}

TEST_CASE("tls: of several protocols HTTP/1.1 is chosen") {
  const TlsStand stand;
  TlsClient::Options options;
  options.protocols = std::string{"\x02h2\x08http/1.1", 12};
  TlsClient client = stand.client(options);
  REQUIRE(client.shake_hands());
  CHECK(client.protocol() == "http/1.1");
  CHECK(client.ask(get("/")).status == 200);
}

TEST_CASE("tls: whatever name a client asks for it is shown the certificate") {
  const TlsStand stand;
  TlsClient unnamed = stand.client();
  TlsClient::Options options;
  options.server_name = "elsewhere.test";
  TlsClient named = stand.client(options);
  REQUIRE(unnamed.shake_hands());
  REQUIRE(named.shake_hands());
  CHECK(unnamed.serial_number() == named.serial_number());
}

TEST_CASE("tls: plain HTTP is closed without an answer") {
  TlsStand stand;
  RawClient client{stand.port()};
  client.send(get("/"));
  client.read_to_end();
  CHECK(client.buffered().find("HTTP/") == std::string::npos);
  CHECK(eventually([&] { return stand.fixture().counters().failed_handshakes == 1; }));
  CHECK(stand.fixture().counters().requests == 0);
}

TEST_CASE("tls: silent clients and half handshakes are dropped in time and hold nobody up") {
  http::TransportLimits limits;
  limits.handshake_timeout = 300ms;
  TlsStand stand{limits};
  std::vector<RawClient> held;
  for (int i = 0; i < 400; ++i) {
    held.emplace_back(stand.port());
    if (i % 2 == 0) held.back().send("\x16\x03\x01\x02");
  }
  CHECK(stand.serves());
  CHECK(eventually([&] { return stand.fixture().counters().timed_out == 400; }));
  for (RawClient& client : held) REQUIRE(client.read_to_end() != RawClient::End::StillOpen);
  CHECK(eventually([&] { return stand.fixture().counters().open == 0; }));
}

TEST_CASE("tls: the head has its own time from the end of the handshake") {
  http::TransportLimits limits;
  limits.head_timeout = 300ms;
  TlsStand stand{limits};
  TlsClient client = stand.client();
  REQUIRE(client.shake_hands());
  client.send("GET / HTT");
  CHECK(client.read_answer().status == 408);
  CHECK(client.ends_with_goodbye());
}

TEST_CASE("tls: handshakes above the limit are refused") {
  http::TransportLimits limits;
  limits.handshakes = 2;
  TlsStand stand{limits};
  {
    RawClient first{stand.port()};
    RawClient second{stand.port()};
    REQUIRE(eventually([&] { return stand.fixture().counters().accepted == 2; }));
    RawClient third{stand.port()};
    CHECK(third.read_to_end() == RawClient::End::Closed);
    CHECK(stand.fixture().counters().refused == 1);
  }
  REQUIRE(eventually([&] { return stand.fixture().counters().open == 0; }));
  std::vector<TlsClient> settled;  // those that have shaken hands count no more
  for (int i = 0; i < 5; ++i) {
    settled.push_back(stand.client());
    REQUIRE(settled.back().shake_hands());
    REQUIRE(settled.back().ask(get("/")).status == 200);
  }
}

TEST_CASE("tls: a client that has ended its half is still answered") {
  TlsStand stand;
  TlsClient polite = stand.client();
  REQUIRE(polite.shake_hands());
  polite.send(get("/polite"));
  polite.say_goodbye();
  CHECK(polite.read_answer().body == "GET /polite?|");
  CHECK(polite.ends_with_goodbye());
  TlsClient curt = stand.client();
  REQUIRE(curt.shake_hands());
  curt.send(get("/later/curt"));
  curt.socket().half_close();
  stand.fixture().answer();
  CHECK(curt.read_answer().body == "later /later/curt");
}

TEST_CASE("tls: an idle connection ends with a goodbye") {
  http::TransportLimits limits;
  limits.idle_timeout = 200ms;
  const TlsStand stand{limits};
  TlsClient client = stand.client();
  REQUIRE(client.shake_hands());
  REQUIRE(client.ask(get("/")).status == 200);
  CHECK(client.ends_with_goodbye());
}

TEST_CASE("tls: clients that hang up at every point leave nothing behind") {
  TlsStand stand;
  REQUIRE(stand.serves());
  REQUIRE(eventually([&] { return stand.fixture().counters().open == 0; }));
  // The count falls just before the descriptor is closed: this one may still be among them.
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 200; ++i) {
    TlsClient client = stand.client();
    if (i % 4 != 0) REQUIRE(client.shake_hands());
    if (i % 4 == 1) client.send(get("/size/1000000"));
    if (i % 4 == 2) client.send("GET / HT");
    if (i % 2 == 0) {
      client.socket().reset();
    } else {
      client.socket().close();
    }
  }
  CHECK(eventually(
      [&] { return stand.fixture().counters().open == 0 && open_descriptors() <= before; }));
  CHECK(stand.serves());
}

TEST_CASE("tls: a new certificate is for new connections and an old one stays with its own") {
  TlsStand stand;
  TlsClient old = stand.client();
  REQUIRE(old.shake_hands());
  const std::string first = old.serial_number();
  stand.renew();
  REQUIRE(stand.identity().reload());
  TlsClient fresh = stand.client();
  REQUIRE(fresh.shake_hands());
  CHECK(fresh.serial_number() != first);
  CHECK(old.ask(get("/still")).body == "GET /still?|");
  CHECK(fresh.ask(get("/too")).body == "GET /too?|");
}

TEST_CASE("tls: a pair of files that do not fit is refused by name and the former pair stays") {
  TlsStand stand;
  TlsClient before = stand.client();
  REQUIRE(before.shake_hands());
  const std::string key = stand.key();
  const auto refused = [&](std::string_view content) {
    write_file(key, content);
    const Status status = stand.identity().reload();
    return status ? std::string{} : status.error().public_detail;
  };
  const std::string other = TestAuthority{"another"}.issue({}).key;
  CHECK_THAT(refused(other), Catch::StartsWith("the key in " + key + ": ") &&
                                 Catch::EndsWith(": it does not belong to the certificate"));
  CHECK_THAT(refused("hunter2"),
             Catch::StartsWith("the key in " + key + ": ") && !Catch::Contains("hunter2"));
  CHECK_THAT(refused(""), Catch::StartsWith("the key in " + key + ": "));
  TlsClient after = stand.client();
  REQUIRE(after.shake_hands());
  CHECK(after.serial_number() == before.serial_number());

  const auto none = http::TlsIdentity::load("/nonexistent/certificate.pem", key);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ErrorCode::InvalidConfig);
  CHECK_THAT(
      none.error().public_detail,
      Catch::Equals("the certificate in /nonexistent/certificate.pem: No such file or directory"));
}

TEST_CASE("tls: a key with a password is refused and nobody is asked for it") {
  const TestAuthority authority{"password test"};
  const PemPair pair = authority.issue({});
  const TemporaryDirectory folder;
  write_file(folder.file("certificate.pem"), pair.certificate);
  BIO* const in = BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size()));
  const Openssl<EVP_PKEY> key{PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr)};
  BIO_free(in);
  REQUIRE(key != nullptr);
  BIO* const out = BIO_new_file(folder.file("key.pem").c_str(), "w");
  const unsigned char password[] = "hunter2";
  REQUIRE(PEM_write_bio_PrivateKey(out, key.get(), EVP_aes_256_cbc(), password, 7, nullptr,
                                   nullptr) == 1);
  BIO_free(out);
  const auto loaded =
      http::TlsIdentity::load(folder.file("certificate.pem"), folder.file("key.pem"));
  REQUIRE_FALSE(loaded);
  CHECK_THAT(loaded.error().public_detail, Catch::StartsWith("the key in "));
}

TEST_CASE("tls: draining lets answers that are owed be given and says goodbye") {
  TlsStand stand;
  TlsClient idle = stand.client();
  TlsClient waiting = stand.client();
  RawClient silent{stand.port()};
  REQUIRE(idle.shake_hands());
  REQUIRE(idle.ask(get("/")).status == 200);
  REQUIRE(waiting.shake_hands());
  waiting.send(get("/later/last"));
  auto owed = stand.fixture().take_owed(1);
  bool all_gone = false;
  std::jthread drain{[&] { all_gone = stand.fixture().server().drain(10s); }};
  CHECK(idle.ends_with_goodbye());
  CHECK(silent.read_to_end() == RawClient::End::Closed);
  owed.front().deferred.send({}, "last");
  CHECK(waiting.read_answer().body == "last");
  CHECK(waiting.ends_with_goodbye());
  waiting.socket().close();
  drain.join();
  CHECK(all_gone);
}
