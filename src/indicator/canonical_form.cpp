#include "canonical_form.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <cardstock/util/text.hpp>

#include "address.hpp"
#include "percent.hpp"

namespace cardstock::indicator {
namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxHost = 253;

bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}
bool is_lower_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_plain_ipv4(std::string_view text) noexcept {
  if (text.size() < 7 || text.size() > 15) return false;
  int dots = 0;
  unsigned value = 0;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '.') {
      if (digits == 0 || ++dots > 3) return false;
      value = 0;
      digits = 0;
    } else {
      if (!is_digit(c) || (digits > 0 && value == 0)) return false;
      value = value * 10 + static_cast<unsigned>(c - '0');
      ++digits;
      if (value > 255) return false;
    }
  }
  return dots == 3 && digits > 0;
}

bool is_plain_ipv6(std::string_view text) {
  const bool plausible = text.contains("::") || std::ranges::count(text, ':') == 7;
  if (!plausible || text.size() > 39) return false;
  if (!std::ranges::all_of(text, [](char c) { return is_lower_hex(c) || c == ':'; })) return false;
  const Result<Ipv6> address = parse_ipv6(text);
  return address && !is_mapped(*address) && to_text(*address) == text;
}

/// At least two labels of lower-case ASCII, none of them an A-label, the last one beginning with a
/// letter (which is more than the rule asks, and keeps off all that looks like a number).
bool is_plain_domain(std::string_view text) noexcept {
  if (text.size() > kMaxHost) return false;
  std::size_t start = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] != '.') {
      const char c = text[at];
      if (!is_lower(c) && !is_digit(c) && c != '-' && c != '_') return false;
      continue;
    }
    const std::string_view label = text.substr(start, at - start);
    if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-')
      return false;
    if (label.starts_with("xn--")) return false;
    if (at == text.size()) return start > 0 && is_lower(label.front());
    start = at + 1;
  }
  return false;
}

bool is_plain_hash(std::string_view text) noexcept {
  return (text.size() == 32 || text.size() == 40 || text.size() == 64) &&
         std::ranges::all_of(text, is_lower_hex);
}

bool is_plain_email(std::string_view text) noexcept {
  constexpr std::size_t kMaxLocalPart = 64;
  const std::size_t at = text.find('@');
  if (at == 0 || at > kMaxLocalPart) return false;
  return std::ranges::all_of(text.substr(0, at),
                             [](char c) {
                               return is_lower(c) || is_digit(c) || c == '.' || c == '_' ||
                                      c == '-' || c == '+';
                             }) &&
         is_plain_domain(text.substr(at + 1));
}

/// Of what follows the host: nothing to encode, decode, or remove. A dot after a slash leaves the
/// decision to the rules.
bool is_plain_rest(std::string_view text) noexcept {
  static constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (unsigned c = 0x21; c < 0x7F; ++c)
      plain[c] = !std::string_view{"\"<>\\^`{|}%"}.contains(static_cast<char>(c));
    return plain;
  }();
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && at > 0 && text[at - 1] == '/') return false;
    if (kPlain[static_cast<unsigned char>(c)]) continue;
    if (c != '%' || text.size() - at < 3) return false;
    for (const char digit : text.substr(at + 1, 2))
      if (!is_digit(digit) && !(digit >= 'A' && digit <= 'F')) return false;
    if (is_unreserved(static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]))))
      return false;
    at += 2;
  }
  return true;
}

bool is_plain_url(std::string_view text) noexcept {
  if (text.size() > Indicator::kMaxNameBytes) return false;
  std::size_t start = 0;
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme)) start = scheme.size();
  if (start == 0) return false;
  const std::size_t slash = text.find('/', start);
  if (slash == std::string_view::npos) return false;
  const std::string_view host = text.substr(start, slash - start);
  return (is_plain_domain(host) || is_plain_ipv4(host)) && is_plain_rest(text.substr(slash));
}

}  // namespace

std::optional<IndicatorType> canonical_type(EntityType type, std::string_view name) {
  const auto when = [](bool plain, IndicatorType found) {
    return plain ? std::optional{found} : std::nullopt;
  };
  switch (type) {
    case EntityType::IpAddress:
      return when(is_plain_ipv4(name) || is_plain_ipv6(name), IndicatorType::Address);
    case EntityType::InternetDomainName:
      return when(is_plain_domain(name), IndicatorType::Host);
    case EntityType::Url:
      return when(is_plain_url(name), IndicatorType::Url);
    case EntityType::Hash:
      return when(is_plain_hash(name), IndicatorType::File);
    case EntityType::EmailAddress:
      return when(is_plain_email(name), IndicatorType::EmailAddress);
  }
  return std::nullopt;
}

}  // namespace cardstock::indicator
