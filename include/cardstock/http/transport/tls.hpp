#pragma once
/// \file tls.hpp
/// \brief The certificate and key of a listener, which may be replaced while connections stay.
///
/// TLS 1.2 (ECDHE with AES-GCM or ChaCha20-Poly1305) and 1.3, for HTTP/1.1 only (ALPN). No
/// renegotiation, no compression, no early data; sessions are resumed by ticket and kept nowhere.
/// The one certificate is shown whatever name the client asks for, and to a client that names none.
/// Threads: any. Blocking: load() and reload() read two files. Errors: InvalidConfig; public_detail
/// names the file and says why, and never what stands in it.
/// Owns / lifetime: a connection keeps the certificate that it began with.
#include <memory>
#include <string>

#include <cardstock/util/result.hpp>

namespace cardstock::http {

class TlsIdentity {
 public:
  /// PEM: the server's certificate and behind it those that lead to a root; a key without password.
  static Result<std::shared_ptr<TlsIdentity>> load(std::string certificate_file,
                                                   std::string key_file);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  /// Reads both files again, for the connections to come. On an error the former pair stays.
  Status reload();

 private:
  friend class TlsStream;
  struct Impl;
  explicit TlsIdentity(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cardstock::http
