#include "portal.hpp"

#include <algorithm>

#include <cardstock/util/text.hpp>

namespace cardstock::card {
namespace {

constexpr bool is_host_character(char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}

/// RFC 3986: unreserved, reserved, and `%` with its two digits. The square brackets of an IPv6 host
/// are read before.
bool is_path_query_fragment(std::string_view text) {
  constexpr std::string_view kMarks = "-._~:/?#@!$&'()*+,;=";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_alpha(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos) continue;
    if (c != '%' || text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))
      return false;
  }
  return true;
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 2 && host.ends_with(']') &&
           std::ranges::all_of(host.substr(1, host.size() - 2),
                               [](char c) { return is_hex(c) || c == ':' || c == '.'; });
  }
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, is_host_character);
}

std::string filled_in(std::string_view pattern, const Indicator& indicator) {
  constexpr std::string_view kName = "{name}";
  constexpr std::string_view kType = "{type}";
  std::string out;
  while (!pattern.empty()) {
    if (pattern.starts_with(kName)) {
      out += percent_encode(indicator.canonical());
      pattern.remove_prefix(kName.size());
    } else if (pattern.starts_with(kType)) {
      out += percent_encode(name_of(indicator.type()));
      pattern.remove_prefix(kType.size());
    } else {
      out += pattern.front();
      pattern.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

std::optional<Location> locate(std::string_view url) {
  Location found;
  if (starts_with_ignoring_case(url, "https://")) {
    found.scheme = "https";
  } else if (starts_with_ignoring_case(url, "http://")) {
    found.scheme = "http";
  } else {
    return std::nullopt;
  }
  const std::size_t begin = found.scheme.size() + 3;
  const std::size_t end = std::min(url.find_first_of("/?#\\", begin), url.size());
  std::string_view host = url.substr(begin, end - begin);
  found.rest = url.substr(end);
  std::int64_t port = found.scheme == "https" ? 443 : 80;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    const std::string_view digits = host.substr(colon + 1);
    const auto read = parse_integer(digits);
    if (!read || *read < 1 || *read > 65535 || !is_digit(digits.front())) return std::nullopt;
    port = *read;
    host = host.substr(0, colon);
  }
  if (!is_host(host) || !is_path_query_fragment(found.rest)) return std::nullopt;
  found.authority = to_lower(host) + ":" + std::to_string(port);
  return found;
}

Portal::Portal(std::string_view origin) {
  const auto found = locate(trim(origin));
  if (!found || (!found->rest.empty() && found->rest != "/")) return;
  authority_ = found->authority;
  origin_ = found->scheme + "://" + authority_;
  const std::string_view usual_port = found->scheme == "https" ? ":443" : ":80";
  if (origin_.ends_with(usual_port)) origin_.resize(origin_.size() - usual_port.size());
}

bool Portal::is_own(std::string_view link) const {
  if (link.size() > kMaxLinkBytes) return false;
  const auto found = locate(link);
  return found && found->scheme == "https" && found->authority == authority_;
}

std::string Portal::link(std::string_view web_link, std::string_view page, std::int64_t id) const {
  if (origin_.empty()) return {};
  const std::string_view given = trim(web_link);
  if (is_own(given)) return std::string{given};
  if (id <= 0) return {};
  return origin_ + std::string{page} + std::to_string(id);
}

std::string Portal::indicator_link(std::string_view web_link, std::int64_t id) const {
  return link(web_link, "/#/details/indicators/", id);
}

std::string Portal::group_link(std::string_view web_link, std::int64_t id) const {
  return link(web_link, "/#/details/groups/", id);
}

std::string Portal::search_link(std::string_view pattern, const Indicator& indicator) const {
  if (origin_.empty() || pattern.empty()) return {};
  std::string found = filled_in(trim(pattern), indicator);
  if (!found.starts_with('/')) return is_own(found) ? found : std::string{};
  found.insert(0, origin_);
  return found.size() <= kMaxLinkBytes && locate(found) ? found : std::string{};
}

}  // namespace cardstock::card
