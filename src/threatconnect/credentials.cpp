#include <cardstock/threatconnect/credentials.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cardstock/util/text.hpp>

namespace cardstock::threatconnect {
namespace {

/// The algorithm is looked up once; a context is made for each call and cleansed with it, so that
/// no key stays behind.
EVP_MAC* hmac_algorithm() {
  static const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> kHmac{
      EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free};
  return kHmac.get();
}

/// HMAC-SHA256 fails only when the crypto library is broken or memory has run out.
void require(bool good) {
  if (good) return;
  std::fputs("HMAC-SHA256 is not available in the crypto library\n", stderr);
  std::abort();
}

/// A header's value may hold no control character: one would end the header and start another.
std::string header_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) out.push_back(c);
  return out;
}

std::int64_t seconds_of(WallTime now) {
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
}

}  // namespace

Digest hmac_sha256(std::string_view key, std::string_view message) {
  EVP_MAC* const algorithm = hmac_algorithm();
  require(algorithm != nullptr);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context{
      EVP_MAC_CTX_new(algorithm), &EVP_MAC_CTX_free};
  require(context != nullptr);
  std::string digest_name = "SHA256";
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name.data(), 0),
      OSSL_PARAM_construct_end()};
  // An empty key is a key: the pointer must not be null, which would mean "the one set before".
  static constexpr unsigned char kNoKey = 0;
  const auto* const key_bytes =
      key.empty() ? &kNoKey : reinterpret_cast<const unsigned char*>(key.data());
  const auto* const bytes = reinterpret_cast<const unsigned char*>(message.data());
  Digest digest{};
  std::size_t written = 0;
  require(EVP_MAC_init(context.get(), key_bytes, key.size(), parameters.data()) == 1 &&
          EVP_MAC_update(context.get(), bytes, message.size()) == 1 &&
          EVP_MAC_final(context.get(), digest.data(), &written, digest.size()) == 1 &&
          written == digest.size());
  return digest;
}

std::string signature(const Secret& secret,
                      std::string_view target,
                      std::string_view method,
                      std::int64_t unix_seconds) {
  std::string message{target};
  message.append(":").append(method).append(":").append(std::to_string(unix_seconds));
  const Digest digest = hmac_sha256(secret.reveal(), message);
  return to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::vector<HeaderField> authorization(const Credentials& credentials,
                                       std::string_view target,
                                       std::string_view method,
                                       WallTime now) {
  if (credentials.is_token())
    return {{"Authorization", "TC-Token " + header_text(credentials.secret.reveal())}};
  const std::int64_t seconds = seconds_of(now);
  return {{"Timestamp", std::to_string(seconds)},
          {"Authorization", "TC " + header_text(credentials.api_id) + ":" +
                                signature(credentials.secret, target, method, seconds)}};
}

}  // namespace cardstock::threatconnect
