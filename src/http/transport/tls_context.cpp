#include "tls_context.hpp"

#include <openssl/err.h>

#include <string_view>
#include <system_error>
#include <utility>

namespace cardstock::http {
namespace {

constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// A key that wants a password is refused: nobody stands at a terminal to type it.
int no_password(char*, int, int, void*) {
  return -1;
}

/// RFC 7301 §3.2: a client that speaks other protocols only is refused, not answered in ours.
int choose_protocol(SSL*,
                    const unsigned char** chosen,
                    unsigned char* chosen_size,
                    const unsigned char* offered,
                    unsigned int offered_size,
                    void*) {
  constexpr std::string_view kHttp11 = "http/1.1";
  for (unsigned int at = 0; at < offered_size;) {
    const unsigned int size = offered[at];
    if (size > offered_size - at - 1) break;
    const std::string_view name{reinterpret_cast<const char*>(offered + at + 1), size};
    if (name == kHttp11) {
      *chosen = offered + at + 1;
      *chosen_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + size;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Why OpenSSL would not, by its first complaint; its texts name no content.
std::string reason() {
  const unsigned long error = ERR_peek_error();
  const char* const text = ERR_reason_error_string(error);
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
  if (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH)
    return "it does not belong to the certificate";
  return std::string{"it cannot be used ("} + (text == nullptr ? "no reason given" : text) + ")";
}

std::unexpected<Error> refused(const std::string& what, const std::string& file) {
  return fail(ErrorCode::InvalidConfig, "the " + what + " in " + file + ": " + reason());
}

bool prepare(SSL_CTX* context) {
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                   SSL_OP_PRIORITIZE_CHACHA |
                   // Many clients end without a word; the framing knows what is missing.
                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(context, &no_password);
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kTls12Ciphers) == 1 &&
         SSL_CTX_set_num_tickets(context, 1) == 1;
}

}  // namespace

Result<TlsContext> TlsIdentity::Impl::read() const {
  ERR_clear_error();
  TlsContext made{SSL_CTX_new(TLS_server_method())};
  if (!made || !prepare(made.get())) {
    return fail(ErrorCode::InvalidConfig, "TLS is not available", reason());
  }
  if (SSL_CTX_use_certificate_chain_file(made.get(), certificate_file.c_str()) != 1)
    return refused("certificate", certificate_file);
  if (SSL_CTX_use_PrivateKey_file(made.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(made.get()) != 1) {
    return refused("key", key_file);
  }
  return made;
}

void TlsIdentity::Impl::replace(TlsContext with) {
  const LockGuard lock{mutex};
  context.swap(with);
}

TlsSession TlsIdentity::Impl::new_session() const {
  const LockGuard lock{mutex};
  return TlsSession{SSL_new(context.get())};
}

TlsIdentity::TlsIdentity(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
TlsIdentity::~TlsIdentity() = default;

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::load(std::string certificate_file,
                                                       std::string key_file) {
  std::shared_ptr<TlsIdentity> identity{
      new TlsIdentity{std::make_unique<Impl>(std::move(certificate_file), std::move(key_file))}};
  if (const Status read = identity->reload(); !read) return std::unexpected(read.error());
  return identity;
}

Status TlsIdentity::reload() {
  auto context = impl_->read();
  if (!context) return std::unexpected(std::move(context.error()));
  impl_->replace(*std::move(context));
  return {};
}

}  // namespace cardstock::http
