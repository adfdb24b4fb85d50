#include "host.hpp"

#include <algorithm>
#include <optional>

#include <cardstock/util/text.hpp>

#include "address.hpp"
#include "mismatch.hpp"
#include "punycode.hpp"

namespace cardstock::indicator {
namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxHost = 253;

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Ideographic, full-width and half-width ideographic full stops become dots (UTS #46 §2.3).
std::string with_plain_dots(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    if (c == 0x3002 || c == 0xFF0E || c == 0xFF61)
      out.push_back('.');
    else
      out.append(text, start, at - start);
  }
  return out;
}

Status check_label(std::string_view label) {
  if (label.empty()) return refuse("The domain has an empty label.");
  if (label == "*") return refuse("The domain has a wildcard.");
  for (const char c : label) {
    if (is_alpha(c) || is_digit(c) || c == '-' || c == '_') continue;
    if (c == '*') return refuse("The domain has a wildcard.");
    if (c == ' ') return refuse("The domain has a space in it.");
    return refuse("The domain has a character that no domain name may have.");
  }
  if (label.front() == '-') return refuse("In the domain a label begins with a hyphen.");
  if (label.back() == '-') return refuse("In the domain a label ends with a hyphen.");
  if (label.size() > kMaxLabel) return refuse("The domain has a label above 63 characters.");
  return {};
}

Result<std::string> canonical_label(std::string_view label) {
  std::string mapped = to_lower(label);
  if (!is_ascii(mapped) || mapped.starts_with("xn--")) {
    // Characters that mapping would pass on are refused by name here, where they still can be told
    // apart.
    if (std::ranges::any_of(mapped, [](char c) { return c == '*'; }))
      return refuse("The domain has a wildcard.");
    Result<std::string> by_rule = map_label(mapped);
    if (!by_rule) return by_rule;
    mapped = *std::move(by_rule);
  }
  if (Status sound = check_label(mapped); !sound) return std::unexpected(std::move(sound.error()));
  return mapped;
}

std::string_view last_label(std::string_view host) noexcept {
  const std::size_t dot = host.rfind('.');
  return dot == std::string_view::npos ? host : host.substr(dot + 1);
}

bool is_all_digits(std::string_view text) noexcept {
  return std::ranges::all_of(text, is_digit);
}

/// What a browser would read as an IPv4 number.
bool is_number(std::string_view label) noexcept {
  return is_all_digits(label) ||
         (label.starts_with("0x") && std::ranges::all_of(label.substr(2), is_hex));
}

Result<std::string> as_domain(std::string host) {
  if (!host.contains('.'))
    return refuse("The name has one label only, and a single label is no domain name.");
  if (is_all_digits(last_label(host))) return refuse("The last label of the domain is all digits.");
  return host;
}

/// The sentence for a sign that shows what else the name is; nullopt when it has none.
std::optional<std::string> foreign_sign(std::string_view text) {
  if (text.contains('/')) return "The name has a path; a domain name has none.";
  if (text.contains('?') || text.contains('#'))
    return "The name has a query or a fragment; a domain name has none.";
  if (text.contains(':')) return "The name has a port; a domain name has none.";
  if (text.contains('@')) return "The name has an at sign; a domain name has none.";
  return std::nullopt;
}

}  // namespace

Result<std::string> map_host(std::string_view text) {
  const std::string dotted = with_plain_dots(text);
  std::string_view rest = dotted;
  if (rest.ends_with('.')) rest.remove_suffix(1);
  std::string out;
  for (;;) {
    const std::size_t dot = rest.find('.');
    const Result<std::string> label = canonical_label(rest.substr(0, dot));
    if (!label) return label;
    out += *label;
    if (out.size() > kMaxHost) return refuse("The domain is above 253 characters.");
    if (dot == std::string_view::npos) return out;
    out += '.';
    rest.remove_prefix(dot + 1);
  }
}

Result<std::string> canonical_domain(std::string_view text) {
  Result<std::string> host = map_host(text);
  if (!host) return host;
  return as_domain(*std::move(host));
}

Result<std::string> canonical_url_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (text.contains('%'))
      return refuse("The IPv6 address has a zone id, which has a meaning on one machine only.");
    const Result<Ipv6> six = parse_ipv6(text.substr(1, text.size() - 2));
    if (!six) return std::unexpected(six.error());
    return is_mapped(*six) ? to_text(embedded_ipv4(*six)) : "[" + to_text(*six) + "]";
  }
  Result<std::string> host = map_host(text);
  if (!host) return host;
  if (!is_number(last_label(*host))) return as_domain(*std::move(host));
  const Result<Ipv4> four = parse_ipv4(*host);
  if (!four) return std::unexpected(four.error());
  return to_text(*four);
}

Result<Canonical> parse_domain(std::string_view text) {
  Result<std::string> host = canonical_domain(text);
  if (host) return Canonical{IndicatorType::Host, *std::move(host), {}};
  if (std::optional<std::string> other = mismatch(EntityType::InternetDomainName, text))
    return refuse(*std::move(other));
  if (std::optional<std::string> sign = foreign_sign(text)) return refuse(*std::move(sign));
  return std::unexpected(std::move(host.error()));
}

}  // namespace cardstock::indicator
