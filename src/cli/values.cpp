#include "values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <span>

#include <cardstock/util/text.hpp>

namespace cardstock::cli {
namespace {

constexpr std::size_t kMaxShown = 60;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array<Unit, 5> kTimeUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizeUnits{
    {{"GiB", 1U << 30U}, {"MiB", 1U << 20U}, {"KiB", 1U << 10U}, {"B", 1}}};

/// Digits and a unit, nothing else; nullopt above `most`.
std::optional<std::uint64_t> parse_with_unit(std::string_view text,
                                             std::span<const Unit> units,
                                             std::uint64_t most) noexcept {
  const auto unit_at =
      static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  const auto number = parse_integer(text.substr(0, unit_at));
  const auto unit = std::ranges::find(units, text.substr(unit_at), &Unit::name);
  if (!number || unit == units.end()) return std::nullopt;
  const auto value = static_cast<std::uint64_t>(*number);
  if (value > most / unit->factor) return std::nullopt;
  return value * unit->factor;
}

/// `units` from the largest to the one whose factor is 1.
std::string text_with_unit(std::uint64_t value, std::span<const Unit> units) {
  const auto unit =
      std::ranges::find_if(units, [value](const Unit& u) { return value % u.factor == 0; });
  return std::to_string(value / unit->factor).append(unit->name);
}

bool is_ip_literal(const std::string& address, int family) noexcept {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return inet_pton(family, address.c_str(), parsed.data()) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  const auto port = parse_integer(text);
  if (!port || *port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

bool is_host_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(
      text, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; });
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
bool is_authority(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    if (!is_ip_literal(std::string{text.substr(1, close - 1)}, AF_INET6)) return false;
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return true;
    return rest.front() == ':' && parse_port(rest.substr(1)).value_or(0) != 0;
  }
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  return is_host_name(host) && (!has_port || parse_port(port).value_or(0) != 0);
}

/// What stands behind `http://` or `https://`; nullopt for another scheme.
std::optional<std::string_view> behind_scheme(std::string_view url) noexcept {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (starts_with_ignoring_case(url, scheme)) return url.substr(scheme.size());
  }
  return std::nullopt;
}

bool is_plain_url(std::string_view url) {
  const auto rest = behind_scheme(url);
  if (!rest || rest->find_first_of("@?#\\ \"") != std::string_view::npos) return false;
  return is_authority(rest->substr(0, rest->find('/')));
}

/// "one of "a", "b" or "c"".
std::optional<std::string> check_member(std::string_view text,
                                        std::span<const std::string_view> words) {
  if (std::ranges::find(words, text) != words.end()) return std::nullopt;
  std::string expected = "one of ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) expected += i + 1 == words.size() ? " or " : ", ";
    expected += quoted(words[i]);
  }
  return expected;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) noexcept {
  constexpr std::uint64_t kCentury = std::uint64_t{36'525} * 86'400'000;
  const auto value = parse_with_unit(text, kTimeUnits, kCentury);
  if (!value) return std::nullopt;
  return milliseconds{static_cast<std::int64_t>(*value)};
}

std::string duration_text(milliseconds span) {
  if (span <= milliseconds::zero()) return "0s";
  return text_with_unit(static_cast<std::uint64_t>(span.count()), kTimeUnits);
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  return parse_with_unit(text, kSizeUnits, std::uint64_t{1} << 53U);
}

std::string size_text(std::uint64_t bytes) {
  return bytes == 0 ? "0B" : text_with_unit(bytes, kSizeUnits);
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view address = text.substr(0, colon);
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  std::string literal = to_lower(address);
  if (!port || !is_ip_literal(literal, bracketed ? AF_INET6 : AF_INET)) return std::nullopt;
  return Endpoint{.address = std::move(literal), .port = *port};
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else if (is_unprintable(c)) {
      out += "\\u";
      for (unsigned shift = 16; shift > 0; shift -= 4)
        out.push_back(kHex[(c >> (shift - 4)) & 0xFU]);
    } else {
      append_utf8(out, c);
    }
  }
  out.push_back('"');
  return out;
}

std::string shown(std::string_view text) {
  if (text.size() <= kMaxShown) return quoted(text);
  std::size_t end = 0;
  for (std::size_t at = 0; at <= kMaxShown;) {
    end = at;
    next_code_point(text, at);
  }
  return quoted(text.substr(0, end)) + "…";
}

std::string without_password(std::string_view url) {
  const std::size_t host = url.rfind('@');
  if (host == std::string_view::npos) return std::string{url};
  const std::size_t scheme = url.find("://");
  const std::size_t user = scheme == std::string_view::npos || scheme > host ? 0 : scheme + 3;
  const std::size_t colon = url.find(':', user);
  if (colon == std::string_view::npos || colon > host) return std::string{url};
  return std::string{url.substr(0, colon)}.append(":***").append(url.substr(host));
}

std::optional<std::string> check_any(std::string_view) {
  return std::nullopt;
}

std::optional<std::string> check_filled(std::string_view text) {
  if (trim(text).empty()) return "a text that is not empty";
  return std::nullopt;
}

std::optional<std::string> check_base_url(std::string_view text) {
  if (is_plain_url(text)) return std::nullopt;
  return "a URL such as \"https://app.threatconnect.com/api\", without user, query or fragment";
}

std::optional<std::string> check_portal_url(std::string_view text) {
  if (text.empty() || is_plain_url(text)) return std::nullopt;
  return "empty or a URL such as \"https://app.threatconnect.com\", without user, query or "
         "fragment";
}

std::optional<std::string> check_link_pattern(std::string_view text) {
  const auto is_good = [](std::string_view pattern) {
    const bool https = starts_with_ignoring_case(pattern, "https://");
    const std::string_view rest =
        https ? pattern.substr(std::string_view{"https://"}.size()) : pattern;
    const std::size_t path = rest.find('/');
    if (path == std::string_view::npos || !(https ? is_authority(rest.substr(0, path)) : path == 0))
      return false;
    std::string filled;
    for (std::string_view left = rest.substr(path); !left.empty();) {
      const bool placeholder = left.starts_with("{name}") || left.starts_with("{type}");
      if (!placeholder) filled += left.front();
      left.remove_prefix(placeholder ? std::string_view{"{name}"}.size() : 1);
    }
    return std::ranges::all_of(filled, [](char c) {
      return c > 0x20 && c < 0x7F &&
             std::string_view{"\"<>\\^`{|}"}.find(c) == std::string_view::npos;
    });
  };
  if (text.empty() || is_good(trim(text))) return std::nullopt;
  return "empty, a path such as \"/#/search?query={name}\", or an https URL, with no other "
         "placeholders than {name} and {type}";
}

std::optional<std::string> check_proxy(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (auto rest = behind_scheme(text)) {
    if (const std::size_t at = rest->rfind('@'); at != std::string_view::npos)
      rest = rest->substr(at + 1);
    if (rest->ends_with('/')) rest->remove_suffix(1);
    if (is_authority(*rest)) return std::nullopt;
  }
  return "empty or a URL such as \"http://proxy.example:3128\" or "
         "\"http://user:password@proxy.example:3128\"";
}

std::optional<std::string> check_host_pattern(std::string_view text) {
  if (const auto rest = behind_scheme(text)) {
    if (is_authority(*rest)) return std::nullopt;
  } else {
    const bool wild = text.starts_with("*.");
    const std::string_view host = wild ? text.substr(2) : text;
    if (is_host_name(host) && (!wild || host.find('.') != std::string_view::npos))
      return std::nullopt;
  }
  return "host patterns such as \"*.threatconnect.com\" or \"tc.example.com\", or full origins "
         "such as "
         "\"https://tc.example.com:8443\"";
}

std::optional<std::string> check_type_name(std::string_view text) {
  constexpr std::array<std::string_view, 5> kTypes{"IpAddress", "InternetDomainName", "URL", "Hash",
                                                   "EmailAddress"};
  return check_member(text, kTypes);
}

std::optional<std::string> check_right(std::string_view text) {
  constexpr std::array<std::string_view, 3> kRights{"ask", "refresh", "admin"};
  return check_member(text, kRights);
}

std::optional<std::string> check_scope(std::string_view text) {
  constexpr std::array<std::string_view, 2> kScopes{"credential", "instance"};
  return check_member(text, kScopes);
}

std::optional<std::string> check_backend(std::string_view text) {
  if (text == "sqlite") return std::nullopt;
  if (text == "postgresql") return "\"sqlite\" in this release: PostgreSQL is not available yet";
  return "\"sqlite\"";
}

}  // namespace cardstock::cli
