#pragma once
/// \file tls_context.hpp
/// \brief OpenSSL's side of a TlsIdentity. Threads: any.
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include <cardstock/http/transport/tls.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::http {

struct OpensslDeleter {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* session) const noexcept { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, OpensslDeleter>;
using TlsSession = std::unique_ptr<SSL, OpensslDeleter>;

struct TlsIdentity::Impl {
  Impl(std::string certificate, std::string key)
      : certificate_file{std::move(certificate)}, key_file{std::move(key)} {}

  Result<TlsContext> read() const;
  void replace(TlsContext with) CARDSTOCK_EXCLUDES(mutex);
  /// nullptr when memory runs out.
  TlsSession new_session() const CARDSTOCK_EXCLUDES(mutex);

  const std::string certificate_file;
  const std::string key_file;
  mutable Mutex mutex;  ///< guards which context is the present one
  TlsContext context CARDSTOCK_GUARDED_BY(mutex);
};

}  // namespace cardstock::http
