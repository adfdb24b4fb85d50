#include "address_policy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

#include <curl/curl.h>

#include <cardstock/util/text.hpp>

namespace cardstock::fetch {
namespace {

struct Range {
  std::uint32_t prefix;
  int bits;
};

constexpr Range kInside[] = {
    {0x00000000, 8},   // this network, the unspecified address
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared with the carrier (CGNAT)
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local, cloud metadata
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // protocol assignments
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarking
    {0xE0000000, 4},   // multicast
    {0xF0000000, 4},   // reserved, broadcast
};

std::uint32_t word(const std::array<std::uint8_t, 16>& a, std::size_t at) noexcept {
  return std::uint32_t{a[at]} << 24U | std::uint32_t{a[at + 1]} << 16U |
         std::uint32_t{a[at + 2]} << 8U | std::uint32_t{a[at + 3]};
}

struct UrlDeleter {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

/// The host as libcurl will understand it: `127.1`, `0x7f000001` and `2130706433` are all 127.0.0.1
/// there.
std::string normal_host(const std::string& host) {
  const std::unique_ptr<CURLU, UrlDeleter> url{curl_url()};
  if (!url ||
      curl_url_set(url.get(), CURLUPART_URL, ("http://" + host + "/").c_str(), 0) != CURLUE_OK)
    return host;
  char* text = nullptr;
  if (curl_url_get(url.get(), CURLUPART_HOST, &text, 0) != CURLUE_OK) return host;
  std::string normal{text};
  curl_free(text);
  return normal;
}

}  // namespace

bool is_public(std::uint32_t address) noexcept {
  for (const Range& range : kInside)
    if ((address ^ range.prefix) >> (32 - range.bits) == 0) return false;
  return true;
}

bool is_public(const std::array<std::uint8_t, 16>& a) noexcept {
  const std::uint32_t w0 = word(a, 0);
  const std::uint32_t w1 = word(a, 4);
  const std::uint32_t w2 = word(a, 8);
  const std::uint32_t w3 = word(a, 12);
  if (w0 == 0 && w1 == 0) {
    if (w2 == 0) return w3 > 1 && is_public(w3);  // ::, ::1, IPv4-compatible
    if (w2 == 0x0000FFFF) return is_public(w3);   // IPv4-mapped
    if (w2 == 0xFFFF0000) return is_public(w3);   // IPv4-translated, RFC 2765
  }
  if (w0 == 0x0064FF9B)
    return w1 == 0 && w2 == 0 && is_public(w3);  // NAT64; the local 64:ff9b:1::/48 is not public
  if (w0 >> 16U == 0x2002) return is_public(w0 << 16U | w1 >> 16U);  // 6to4
  if (w0 == 0x20010000) return false;             // Teredo: a tunnel's client, not a server
  if (w0 == 0x01000000 && w1 == 0) return false;  // discard only
  if (w0 >> 25U == 0xFC >> 1U) return false;      // unique local
  if (w0 >> 22U == 0xFE80 >> 6U) return false;    // link-local
  if (w0 >> 22U == 0xFEC0 >> 6U) return false;    // site-local
  return w0 >> 24U != 0xFF;                       // multicast
}

bool is_public(const sockaddr* address, socklen_t size) noexcept {
  if (size < sizeof(sa_family_t)) return false;
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return is_public(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return is_public(bytes);
  }
  return false;
}

bool is_public_literal(const std::string& text) noexcept {
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return is_public(ntohl(v4.s_addr));
  std::array<std::uint8_t, 16> bytes{};
  const std::size_t zone = text.find('%');
  const std::string address = text.substr(0, zone);
  return inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1 && is_public(bytes);
}

bool is_inside_by_name(const std::string& host) {
  std::string name = to_lower(normal_host(host));
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (name.ends_with('.')) name.pop_back();
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  const bool numeric = name.find(':') != std::string::npos ||
                       name.find_first_not_of("0123456789.") == std::string::npos;
  return numeric && !is_public_literal(name);
}

}  // namespace cardstock::fetch
