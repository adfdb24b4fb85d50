#include "test_authority.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <string_view>
#include <utility>

namespace cardstock::test {
namespace {

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error{std::string{"OpenSSL: "} + what};
}

Openssl<EVP_PKEY> new_key() {
  Openssl<EVP_PKEY> key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  must(key != nullptr, "key");
  return key;
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  must(added, "extension");
}

/// Not signed yet.
Openssl<X509> new_certificate(EVP_PKEY* key,
                              const std::string& name,
                              std::chrono::seconds from,
                              std::chrono::seconds to) {
  static std::atomic<long> serial{0};
  Openssl<X509> certificate{X509_new()};
  X509* const c = certificate.get();
  must(c != nullptr && X509_set_version(c, X509_VERSION_3) == 1, "certificate");
  must(ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial) == 1, "serial number");
  must(X509_gmtime_adj(X509_getm_notBefore(c), from.count()) != nullptr, "time");
  must(X509_gmtime_adj(X509_getm_notAfter(c), to.count()) != nullptr, "time");
  must(X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                  0) == 1,
       "name");
  must(X509_set_pubkey(c, key) == 1, "public key");
  return certificate;
}

/// What `write` puts into a BIO.
template <class Write>
std::string pem_of(Write write) {
  BIO* const memory = BIO_new(BIO_s_mem());
  must(memory != nullptr && write(memory) == 1, "PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string pem{text, static_cast<std::size_t>(size)};
  BIO_free(memory);
  return pem;
}

/// `under`: what it is laid over; a session of its own when TLS runs within TLS.
class TlsTransport final : public RawTransport {
 public:
  TlsTransport(Openssl<SSL> session, std::unique_ptr<RawTransport> under)
      : under_{std::move(under)}, session_{std::move(session)} {}
  ~TlsTransport() override { SSL_shutdown(session_.get()); }
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;
  std::size_t read_some(char* into, std::size_t size) override {
    std::size_t got = 0;
    return SSL_read_ex(session_.get(), into, size, &got) == 1 ? got : 0;
  }
  bool write_all(std::string_view bytes) override {
    std::size_t put = 0;
    return bytes.empty() || SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &put) == 1;
  }

  SSL* session() const { return session_.get(); }

 private:
  std::unique_ptr<RawTransport> under_;
  Openssl<SSL> session_;
};

/// The session's bytes go over `outer`, else over the socket itself.
void carry(SSL* session, const TlsTransport* outer, int descriptor) {
  if (outer == nullptr) {
    must(SSL_set_fd(session, descriptor) == 1, "socket");
    return;
  }
  BIO* const within = BIO_new(BIO_f_ssl());
  must(within != nullptr && BIO_set_ssl(within, outer->session(), BIO_NOCLOSE) == 1, "tunnel");
  SSL_set_bio(session, within, within);
}

int choose_http2(SSL*,
                 const unsigned char** chosen,
                 unsigned char* size,
                 const unsigned char* offered,
                 unsigned int offered_size,
                 void*) {
  constexpr std::string_view kOurs = "\x02h2";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(kOurs.data()),
                            static_cast<unsigned int>(kOurs.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name)
    : key_{new_key()},
      certificate_{
          new_certificate(key_.get(), name, std::chrono::hours{-24}, std::chrono::hours{24})} {
  X509* const c = certificate_.get();
  must(X509_set_issuer_name(c, X509_get_subject_name(c)) == 1, "issuer");
  add_extension(c, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(c, NID_key_usage, "critical,keyCertSign");
  must(X509_sign(c, key_.get(), EVP_sha256()) != 0, "signature");
}

std::string TestAuthority::pem() const {
  return pem_of([this](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
}

TestAuthority::Leaf TestAuthority::new_leaf(const TlsOptions& options) const {
  Openssl<EVP_PKEY> key = new_key();
  Openssl<X509> certificate =
      new_certificate(key.get(), "leaf", options.valid_from, options.valid_until);
  must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get())) == 1,
       "issuer");
  add_extension(certificate.get(), NID_subject_alt_name, options.names);
  must(X509_sign(certificate.get(), key_.get(), EVP_sha256()) != 0, "signature");
  return {std::move(key), std::move(certificate)};
}

PemPair TestAuthority::issue(const TlsOptions& options) const {
  const Leaf leaf = new_leaf(options);
  return {pem_of([&leaf](BIO* out) { return PEM_write_bio_X509(out, leaf.certificate.get()); }),
          pem_of([&leaf](BIO* out) {
            return PEM_write_bio_PrivateKey(out, leaf.key.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr);
          })};
}

std::shared_ptr<SSL_CTX> TestAuthority::server_context(const TlsOptions& options) const {
  const Leaf leaf = new_leaf(options);
  Openssl<SSL_CTX> context{SSL_CTX_new(TLS_server_method())};
  must(context != nullptr, "context");
  must(SSL_CTX_use_certificate(context.get(), leaf.certificate.get()) == 1, "certificate");
  must(SSL_CTX_use_PrivateKey(context.get(), leaf.key.get()) == 1, "key");
  if (options.highest_version != 0) {
    // Debian's OpenSSL speaks TLS 1.1 only at security level 0.
    must(SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0") == 1, "ciphers");
    must(SSL_CTX_set_min_proto_version(context.get(), 0) == 1, "version");
    must(SSL_CTX_set_max_proto_version(context.get(), options.highest_version) == 1, "version");
  }
  if (options.offers_http2) SSL_CTX_set_alpn_select_cb(context.get(), &choose_http2, nullptr);
  return context;
}

RawServer::Behaviour over_tls(std::shared_ptr<SSL_CTX> context, RawServer::Behaviour behaviour) {
  return [context = std::move(context),
          behaviour = std::move(behaviour)](RawConnection& connection) {
    Openssl<SSL> session{SSL_new(context.get())};
    must(session != nullptr, "session");
    std::unique_ptr<RawTransport> under = connection.take_transport();
    carry(session.get(), dynamic_cast<const TlsTransport*>(under.get()), connection.descriptor());
    const bool accepted = SSL_accept(session.get()) == 1;
    connection.lay_over(std::make_unique<TlsTransport>(std::move(session), std::move(under)));
    if (accepted) behaviour(connection);
  };
}

}  // namespace cardstock::test
