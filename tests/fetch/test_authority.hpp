#pragma once
/// \file test_authority.hpp
/// \brief A certificate authority made for one test, and servers with its certificates.
#include <openssl/ssl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <support/raw_server.hpp>

namespace cardstock::test {

struct OpensslDeleter {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* session) const noexcept { SSL_free(session); }
};
template <class T>
using Openssl = std::unique_ptr<T, OpensslDeleter>;

/// What a server shows and speaks. Names are those of SubjectAltName: `DNS:a.test,IP:127.0.0.1`.
struct TlsOptions {
  std::string names = "IP:127.0.0.1";
  std::chrono::seconds valid_from{-3600};  ///< from now
  std::chrono::seconds valid_until{3600};
  int highest_version = 0;    ///< TLS1_1_VERSION …; 0: whatever OpenSSL has
  bool offers_http2 = false;  ///< by ALPN
};

/// A server's certificate and key, as PEM.
struct PemPair {
  std::string certificate;
  std::string key;
};

/// Throws std::runtime_error when OpenSSL fails. Threads: const methods from any.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  std::string pem() const;
  std::shared_ptr<SSL_CTX> server_context(const TlsOptions& options) const;
  PemPair issue(const TlsOptions& options) const;

 private:
  struct Leaf {
    Openssl<EVP_PKEY> key;
    Openssl<X509> certificate;
  };
  Leaf new_leaf(const TlsOptions& options) const;
  Openssl<EVP_PKEY> key_;
  Openssl<X509> certificate_;
};

/// Runs `behaviour` over TLS on each connection whose handshake succeeds; within the TLS that a
/// connection has already, when it has.
RawServer::Behaviour over_tls(std::shared_ptr<SSL_CTX> context, RawServer::Behaviour behaviour);

}  // namespace cardstock::test
