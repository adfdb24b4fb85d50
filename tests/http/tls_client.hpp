#pragma once
/// \file tls_client.hpp
/// \brief A blocking TLS client that can be told to behave oddly.
///
/// Threads: one. Blocking: each call at most ten seconds. Errors: throws std::runtime_error, which
/// fails the test.
#include <stdexcept>
#include <string>

#include "fetch/test_authority.hpp"
#include "support/raw_client.hpp"

namespace cardstock::test {

class TlsClient {
 public:
  struct Options {
    std::string server_name;  ///< SNI; empty: none is named
    std::string protocols;    ///< ALPN in its wire form, "\x08http/1.1"; empty: none is offered
    int lowest_version = 0;
    int highest_version = 0;
    RawClient::Options socket;
  };

  /// Trusts nobody and everybody: what the server shows is for the test to look at.
  TlsClient(std::uint16_t port, const Options& options) : socket_{port, options.socket} {
    const timeval patience{10, 0};
    ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (options.highest_version != 0 && options.highest_version < TLS1_2_VERSION)
      SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0");  // Debian has it off otherwise
    SSL_CTX_set_min_proto_version(context_.get(), options.lowest_version);
    SSL_CTX_set_max_proto_version(context_.get(), options.highest_version);
    session_.reset(SSL_new(context_.get()));
    if (!options.server_name.empty()) {
      std::string name = options.server_name;
      SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               name.data());
    }
    if (!options.protocols.empty())
      SSL_set_alpn_protos(session_.get(),
                          reinterpret_cast<const unsigned char*>(options.protocols.data()),
                          static_cast<unsigned int>(options.protocols.size()));
    SSL_set_fd(session_.get(), socket_.descriptor());
  }
  explicit TlsClient(std::uint16_t port) : TlsClient{port, Options{}} {}

  /// False when the server would not.
  bool shake_hands() { return SSL_connect(session_.get()) == 1; }
  std::string version() const { return SSL_get_version(session_.get()); }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(session_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  /// Of the certificate that the server has shown.
  std::string serial_number() const {
    const Openssl<X509> shown{SSL_get1_peer_certificate(session_.get())};
    if (shown == nullptr) throw std::runtime_error{"no certificate"};
    return std::to_string(ASN1_INTEGER_get(X509_get0_serialNumber(shown.get())));
  }

  void send(std::string_view bytes) {
    std::size_t sent = 0;
    if (SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &sent) != 1)
      throw std::runtime_error{"send failed"};
  }
  RawAnswer read_answer() {
    std::size_t end = std::string::npos;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) must_receive();
    RawAnswer answer = RawClient::parse_head(std::string_view{input_}.substr(0, end + 2));
    const auto size = parse_integer(answer.header("Content-Length"));
    if (!size) throw std::runtime_error{"an answer without Content-Length"};
    const std::size_t whole = end + 4 + static_cast<std::size_t>(*size);
    while (input_.size() < whole) must_receive();
    answer.body = input_.substr(end + 4, whole - end - 4);
    input_.erase(0, whole);
    return answer;
  }
  RawAnswer ask(std::string_view bytes) {
    send(bytes);
    return read_answer();
  }

  /// Tells the server that nothing more comes, and may be answered still.
  void say_goodbye() { SSL_shutdown(session_.get()); }
  /// Reads to the end; whether the server ended with a goodbye of its own.
  bool ends_with_goodbye() {
    while (receive()) {
    }
    return (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  RawClient& socket() { return socket_; }

 private:
  bool receive() {
    std::array<char, 65536> bytes;
    std::size_t got = 0;
    if (SSL_read_ex(session_.get(), bytes.data(), bytes.size(), &got) != 1) return false;
    input_.append(bytes.data(), got);
    return true;
  }
  void must_receive() {
    if (!receive()) throw std::runtime_error{"the connection ended before its answer"};
  }

  RawClient socket_;
  Openssl<SSL_CTX> context_;
  Openssl<SSL> session_;
  std::string input_;
};

}  // namespace cardstock::test
