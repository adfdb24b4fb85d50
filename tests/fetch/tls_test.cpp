#include <condition_variable>
#include <fstream>
#include <mutex>
#include <vector>

#include <support/raw_server.hpp>
#include <support/temporary_directory.hpp>
#include "client_support.hpp"
#include "test_authority.hpp"

using namespace cardstock;
using namespace cardstock::test;
using fetch::CurlSettings;

namespace {

/// A client that trusts one authority, and servers with certificates of it.
class Bench {
 public:
  CurlSettings settings() const {
    std::ofstream{directory_.file("ca.pem")} << authority_.pem();
    CurlSettings settings;
    settings.ca_file = directory_.file("ca.pem");
    return settings;
  }
  const TestAuthority& authority() const { return authority_; }

 private:
  TemporaryDirectory directory_;
  TestAuthority authority_{"Test authority"};
};

std::string tls_origin(const RawServer& server, const std::string& host = "127.0.0.1") {
  return "https://" + host + ":" + std::to_string(server.port());
}

// HTTP/2 frames, RFC 9113 §4.1.
constexpr int kDataFrame = 0;
constexpr int kHeadersFrame = 1;
constexpr int kSettingsFrame = 4;
constexpr int kPingFrame = 6;

std::string frame(int type, int flags, std::uint32_t stream, const std::string& payload) {
  std::string bytes;
  for (int shift = 16; shift >= 0; shift -= 8)
    bytes += static_cast<char>(payload.size() >> shift & 0xFFU);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(stream >> shift & 0xFFU);
  return bytes + payload;
}

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

/// Answers with `at_once` streams together, when so many are open on the connection; keeps the
/// header blocks.
struct Http2Server {
  explicit Http2Server(std::size_t count) : at_once{count} {}

  void serve(RawConnection& connection) {
    if (connection.read_bytes(24) != "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") return;
    connection.write(frame(kSettingsFrame, 0, 0, ""));
    std::vector<std::uint32_t> open;
    for (;;) {
      const std::string head = connection.read_bytes(9);
      if (head.size() < 9) return;
      const std::string payload =
          connection.read_bytes(number(std::string_view{head}.substr(0, 3)));
      const bool acknowledged = (head[4] & 1) != 0;
      if (head[3] == kSettingsFrame && !acknowledged)
        connection.write(frame(kSettingsFrame, 1, 0, ""));
      if (head[3] == kPingFrame && !acknowledged)
        connection.write(frame(kPingFrame, 1, 0, payload));
      if (head[3] != kHeadersFrame) continue;
      {
        const std::lock_guard lock{mutex};
        blocks.push_back(payload);
      }
      came.notify_all();
      open.push_back(number(std::string_view{head}.substr(5)));
      if (open.size() < at_once) continue;
      for (const std::uint32_t stream : open) {
        connection.write(
            frame(kHeadersFrame, 4, stream, "\x88"));  // :status 200, RFC 7541 appendix A
        connection.write(frame(kDataFrame, 1, stream, "stream"));
      }
      open.clear();
    }
  }

  void wait_for_streams(std::size_t count) {
    std::unique_lock lock{mutex};
    came.wait(lock, [&] { return blocks.size() >= count; });
  }

  std::size_t at_once;
  std::condition_variable came;
  std::mutex mutex;  ///< guards `blocks`
  std::vector<std::string> blocks;
};

}  // namespace

TEST_CASE("tls: a certificate of the given authority for the called host is accepted", "[fetch]") {
  const Bench bench;
  RawServer server{over_tls(bench.authority().server_context({}), always(raw_answer("over TLS")))};
  const auto client = make_client(bench.settings());
  for (int i = 0; i < 3; ++i)
    CHECK(call(*client, get_request(tls_origin(server), "//a/../%2f")).value().body == "over TLS");
  CHECK(server.connection_count() == 1);
}

TEST_CASE("tls: a certificate of another authority is refused", "[fetch]") {
  const Bench bench;
  const TestAuthority other{"Another authority"};
  RawServer server{over_tls(other.server_context({}), always(raw_answer("x")))};
  const auto result = call(*make_client(bench.settings()), get_request(tls_origin(server)));
  CHECK(outcome_name(result) == "tls_failed");
  CHECK(result.error().public_detail == "The TLS certificate of 127.0.0.1 was not accepted.");
  CHECK(result.error().cause.find("certificate") != std::string::npos);
}

TEST_CASE("tls: an authority that only bears the right name is refused", "[fetch]") {
  const Bench bench;
  const TestAuthority impostor{"Test authority"};
  RawServer server{over_tls(impostor.server_context({}), always(raw_answer("x")))};
  CHECK(outcome_name(call(*make_client(bench.settings()), get_request(tls_origin(server)))) ==
        "tls_failed");
}

TEST_CASE("tls: the system's authorities do not count beside a ca_file, nor a test's without it",
          "[fetch]") {
  const Bench bench;
  RawServer server{over_tls(bench.authority().server_context({}), always(raw_answer("x")))};
  CHECK(outcome_name(call(*make_client(), get_request(tls_origin(server)))) == "tls_failed");
}

TEST_CASE("tls: a certificate for another name is refused", "[fetch]") {
  const Bench bench;
  TlsOptions options;
  options.names = "DNS:other.test,IP:127.0.0.2";
  RawServer server{over_tls(bench.authority().server_context(options), always(raw_answer("x")))};
  const auto client = make_client(bench.settings());
  CHECK(outcome_name(call(*client, get_request(tls_origin(server)))) == "tls_failed");
  CHECK(outcome_name(call(*client, get_request(tls_origin(server, "inside.test")))) ==
        "tls_failed");
}

TEST_CASE("tls: names are checked against the name called, not the address", "[fetch]") {
  const Bench bench;
  TlsOptions options;
  options.names = "DNS:inside.test";
  RawServer server{over_tls(bench.authority().server_context(options), always(raw_answer("x")))};
  const auto client = make_client(bench.settings());
  CHECK(outcome_name(call(*client, get_request(tls_origin(server, "inside.test")))) == "ok");
  CHECK(outcome_name(call(*client, get_request(tls_origin(server)))) == "tls_failed");
}

TEST_CASE("tls: a certificate that has expired or is not valid yet is refused", "[fetch]") {
  const Bench bench;
  const auto outcome = [&](int from, int until) {
    TlsOptions options;
    options.valid_from = std::chrono::seconds{from};
    options.valid_until = std::chrono::seconds{until};
    RawServer server{over_tls(bench.authority().server_context(options), always(raw_answer("x")))};
    return outcome_name(call(*make_client(bench.settings()), get_request(tls_origin(server))));
  };
  CHECK(outcome(-7200, 3600) == "ok");
  CHECK(outcome(-7200, -3600) == "tls_failed");
  CHECK(outcome(3600, 7200) == "tls_failed");
}

TEST_CASE("tls: versions below 1.2 are refused", "[fetch]") {
  const Bench bench;
  const auto outcome = [&](int version) {
    TlsOptions options;
    options.highest_version = version;
    RawServer server{over_tls(bench.authority().server_context(options), always(raw_answer("x")))};
    return outcome_name(call(*make_client(bench.settings()), get_request(tls_origin(server))));
  };
  CHECK(outcome(TLS1_2_VERSION) == "ok");
  CHECK(outcome(TLS1_1_VERSION) == "tls_failed");
}

TEST_CASE(
    "tls: a server that does not speak it, or stops in the handshake, is told apart from a slow "
    "one",
    "[fetch]") {
  const Bench bench;
  RawServer plain{always(raw_answer("x"))};
  CurlSettings settings = bench.settings();
  settings.call_timeout = milliseconds{300};
  const auto client = make_client(settings);
  RawServer closes{[](RawConnection& connection) { connection.read_bytes(1); }};
  CHECK(outcome_name(call(*client, get_request(tls_origin(closes)))) == "tls_failed");
  RawServer chatters{[](RawConnection& connection) {
    connection.read_bytes(1);
    connection.write("220 mail.example ESMTP\r\n");
    connection.wait_for_close();
  }};
  CHECK(outcome_name(call(*client, get_request(tls_origin(chatters)))) == "tls_failed");
  RawServer silent{[](RawConnection& connection) { connection.wait_for_close(); }};
  const auto late = call(*client, get_request(tls_origin(silent)));
  CHECK(outcome_name(late) == "timeout");
  CHECK(late.error().public_detail == "No connection to 127.0.0.1 was made in time.");
}

TEST_CASE("http2: calls at once share one connection where it is offered", "[fetch]") {
  const Bench bench;
  constexpr std::size_t kCalls = 8;
  Http2Server http2{kCalls};
  TlsOptions options;
  options.offers_http2 = true;
  RawServer server{over_tls(bench.authority().server_context(options),
                            [&](RawConnection& c) { http2.serve(c); })};
  const auto client = make_client(bench.settings());
  for (int round = 0; round < 2; ++round) {
    std::vector<Pending> pending;
    for (std::size_t i = 0; i < kCalls; ++i)
      pending.push_back(send(*client, get_request(tls_origin(server))));
    for (Pending& one : pending) {
      const auto result = one.wait();
      REQUIRE(outcome_name(result) == "ok");
      CHECK(result->body == "stream");
    }
  }
  CHECK(server.connection_count() == 1);
  CHECK(client->counters().connections_opened == 1);
}

TEST_CASE("http2: the target goes out byte for byte, and a GET may carry a body", "[fetch]") {
  const Bench bench;
  Http2Server http2{1};
  TlsOptions options;
  options.offers_http2 = true;
  RawServer server{over_tls(bench.authority().server_context(options),
                            [&](RawConnection& c) { http2.serve(c); })};
  const auto client = make_client(bench.settings());
  // Braces have long Huffman codes, so that HPACK leaves the text as it is.
  const std::string target = "//a/../%2F%2f%zz?x={{{{{{{{{{{{{{{{{{{{{{{{{{{{{{";
  REQUIRE(outcome_name(call(*client, get_request(tls_origin(server), target))) == "ok");
  auto request = get_request(tls_origin(server), target);
  request.body = "{}";
  REQUIRE(outcome_name(call(*client, std::move(request))) == "ok");
  const std::lock_guard lock{http2.mutex};
  REQUIRE(http2.blocks.size() == 2);
  CHECK(http2.blocks[0].find(static_cast<char>(target.size()) + target) != std::string::npos);
}

TEST_CASE("http2: cancelling one call leaves the others of its connection alone", "[fetch]") {
  const Bench bench;
  Http2Server http2{4};
  TlsOptions options;
  options.offers_http2 = true;
  RawServer server{over_tls(bench.authority().server_context(options),
                            [&](RawConnection& c) { http2.serve(c); })};
  const auto client = make_client(bench.settings());
  std::vector<Pending> pending;
  for (std::size_t i = 0; i < 3; ++i)
    pending.push_back(send(*client, get_request(tls_origin(server))));
  http2.wait_for_streams(3);
  client->cancel(pending[1].ticket);
  CHECK(outcome_name(pending[1].wait()) == "cancelled");
  // The server counts the cancelled stream as one of the four that it answers together.
  CHECK(outcome_name(call(*client, get_request(tls_origin(server)))) == "ok");
  CHECK(outcome_name(pending[0].wait()) == "ok");
  CHECK(outcome_name(pending[2].wait()) == "ok");
  CHECK(server.connection_count() == 1);
}
