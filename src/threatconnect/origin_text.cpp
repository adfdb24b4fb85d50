#include "origin_text.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

#include <cardstock/util/text.hpp>

namespace cardstock::threatconnect {
namespace {

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && c != '\\'; });
}

/// `inner` stands between the brackets.
std::optional<std::string> ipv6_literal(std::string_view inner) {
  const std::string text{inner};
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::nullopt;
  if (inet_ntop(AF_INET6, &address, out.data(), out.size()) == nullptr) return std::nullopt;
  return "[" + std::string{out.data()} + "]";
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(
             label, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; });
}

/// Whether a resolver could take the last label for a number, and the name for an IPv4 address in
/// one of its odd forms.
bool ends_like_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return std::ranges::all_of(last, is_digit) ||
         (last.starts_with("0x") && std::ranges::all_of(last.substr(2), is_hex));
}

/// A DNS name, or an IPv4 address in its one strict form.
std::optional<std::string> host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  std::string host = to_lower(text);
  if (host.empty() || host.size() > 253) return std::nullopt;
  if (ends_like_number(host)) {
    in_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
    return host;
  }
  for (std::size_t at = 0; at <= host.size();) {
    const std::size_t dot = std::min(host.find('.', at), host.size());
    if (!is_label(std::string_view{host}.substr(at, dot - at))) return std::nullopt;
    at = dot + 1;
  }
  return host;
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  const auto number = parse_integer(text);
  if (!number || *number < 1 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

}  // namespace

std::uint16_t default_port(std::string_view scheme) noexcept {
  return scheme == "https" ? 443 : 80;
}

std::optional<SplitUrl> split_url(std::string_view url) {
  if (!is_printable_ascii(url)) return std::nullopt;
  SplitUrl split;
  for (const std::string_view scheme : {"https", "http"}) {
    if (!starts_with_ignoring_case(url, scheme) || !url.substr(scheme.size()).starts_with("://"))
      continue;
    split.origin.scheme = scheme;
    url.remove_prefix(scheme.size() + 3);
    break;
  }
  if (split.origin.scheme.empty()) return std::nullopt;
  const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
  std::string_view authority = url.substr(0, end);
  split.rest = url.substr(end);
  if (authority.find('@') != std::string_view::npos) return std::nullopt;

  std::optional<std::string> host;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = ipv6_literal(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    host = host_name(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  if (!host) return std::nullopt;
  split.origin.host = *std::move(host);
  split.origin.port = default_port(split.origin.scheme);
  if (!port.empty()) {
    const auto number = port.front() == ':' ? port_number(port.substr(1)) : std::nullopt;
    if (!number) return std::nullopt;
    split.origin.port = *number;
  }
  return split;
}

}  // namespace cardstock::threatconnect
