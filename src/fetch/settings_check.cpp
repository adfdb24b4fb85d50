#include "settings_check.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>

#include <curl/curl.h>

#include <cardstock/util/secret.hpp>
#include <cardstock/util/text.hpp>
#include "request_check.hpp"

namespace cardstock::fetch {
namespace {

constexpr std::chrono::hours kMaxTimeout{24};
constexpr std::uintmax_t kMaxCaFile = std::uintmax_t{16} * 1024 * 1024;
constexpr std::string_view kKinds[] = {"CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"};
constexpr std::string_view kProxySchemes[] = {"http",    "https",  "socks4",
                                              "socks4a", "socks5", "socks5h"};

std::unexpected<Error> invalid(std::string sentence, std::string cause = {}) {
  return fail(ErrorCode::InvalidConfig, std::move(sentence), std::move(cause));
}

/// At least one block that has an end and, between, nothing but base64 that begins like DER.
bool holds_certificate(std::string_view pem) {
  for (const std::string_view kind : kKinds) {
    const std::string begin = "-----BEGIN " + std::string{kind} + "-----";
    const std::string end = "-----END " + std::string{kind} + "-----";
    const std::size_t from = pem.find(begin);
    if (from == std::string_view::npos) continue;
    const std::size_t to = pem.find(end, from);
    if (to == std::string_view::npos) continue;
    const std::string_view body = trim(pem.substr(from + begin.size(), to - from - begin.size()));
    const bool base64 = std::all_of(body.begin(), body.end(), [](char c) {
      return is_alpha(c) || is_digit(c) || c == '+' || c == '/' || c == '=' || c == '\r' ||
             c == '\n' || c == ' ';
    });
    if (base64 && body.starts_with("MI"))
      return true;  // 0x30: a SEQUENCE, its length in the long form
  }
  return false;
}

Status check_ca_file(const std::string& setting, const std::string& path) {
  if (path.empty()) return {};
  if (path.find("-----BEGIN") != std::string::npos || !is_header_text(path))
    return invalid(setting +
                   " takes the path of a file with PEM certificates, not the certificates "
                   "themselves: save them in a file and name that file.");
  const std::string named = setting + " \"" + path + "\"";
  struct stat info{};
  if (stat(path.c_str(), &info) != 0)
    return invalid(named + " cannot be read.", std::generic_category().message(errno));
  if (!S_ISREG(info.st_mode)) return invalid(named + " is not a file.");
  if (static_cast<std::uintmax_t>(info.st_size) > kMaxCaFile)
    return invalid(named + " is larger than 16 MiB: it should hold PEM certificates only.");
  std::ifstream in{path, std::ios::binary};
  std::ostringstream content;
  if (info.st_size != 0) content << in.rdbuf();
  if (!in || !content)
    return invalid(named + " cannot be read.", std::generic_category().message(errno));
  std::string text = std::move(content).str();
  const bool good = holds_certificate(text);
  const bool key = text.find("PRIVATE KEY-----") != std::string::npos;
  wipe(text);
  if (good) return {};
  return invalid(named + " holds no PEM certificate (a block from -----BEGIN CERTIFICATE----- to " +
                 "-----END CERTIFICATE-----)" + (key ? ", only a private key." : "."));
}

struct UrlDeleter {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  std::string result{text};
  curl_free(text);
  return result;
}

/// The proxy may hold a password, so no sentence here repeats it.
Status check_proxy(const std::string& proxy) {
  if (proxy.empty()) return {};
  const auto refused = [] {
    return invalid(
        "proxy must be a URL with a port, such as http://proxy.example:3128 or "
        "http://user:password@proxy.example:3128.");
  };
  const std::unique_ptr<CURLU, UrlDeleter> url{curl_url()};
  if (!url) return fail(ErrorCode::Internal, "The proxy setting could not be checked.", "curl_url");
  if (!is_header_text(proxy) || proxy.find("://") == std::string::npos ||
      curl_url_set(url.get(), CURLUPART_URL, proxy.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return refused();
  const std::string scheme = to_lower(part(url.get(), CURLUPART_SCHEME));
  const std::string path = part(url.get(), CURLUPART_PATH);
  if (std::find(std::begin(kProxySchemes), std::end(kProxySchemes), scheme) ==
          std::end(kProxySchemes) ||
      part(url.get(), CURLUPART_HOST).empty() || part(url.get(), CURLUPART_PORT).empty() ||
      !(path.empty() || path == "/") || !part(url.get(), CURLUPART_QUERY).empty() ||
      !part(url.get(), CURLUPART_FRAGMENT).empty())
    return refused();
  return {};
}

}  // namespace

Status check_settings(const CurlSettings& settings) {
  if (settings.connect_timeout.count() <= 0 || settings.connect_timeout > kMaxTimeout)
    return invalid("connect_timeout must be longer than zero and at most a day.");
  if (settings.call_timeout.count() <= 0 || settings.call_timeout > kMaxTimeout)
    return invalid("call_timeout must be longer than zero and at most a day.");
  if (settings.max_answer_bytes == 0 || settings.max_queued == 0 || settings.max_connections <= 0 ||
      settings.max_connections_per_host <= 0)
    return invalid("The limits of upstream calls must be larger than zero.");
  if (!is_header_text(settings.user_agent))
    return invalid("The user agent must not hold control characters.");
  if (Status status = check_proxy(settings.proxy); !status) return status;
  if (Status status = check_ca_file("ca_file", settings.ca_file); !status) return status;
  return check_ca_file("proxy_ca_file", settings.proxy_ca_file);
}

}  // namespace cardstock::fetch
