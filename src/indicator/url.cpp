#include "url.hpp"

#include <algorithm>
#include <optional>

#include <cardstock/util/text.hpp>

#include "host.hpp"
#include "mismatch.hpp"
#include "percent.hpp"

namespace cardstock::indicator {
namespace {

/// The parts of `scheme://authority rest`, each as it stands in the text.
struct Parts {
  std::string_view scheme;
  std::string_view user;  ///< with its at sign; empty without one
  std::string_view host;  ///< an IPv6 literal with its brackets
  std::optional<std::string_view> port;
  std::string_view path;
  std::string_view tail;  ///< query and fragment, with their signs
};

/// RFC 3986 §3.2, the user info up to the last at sign. nullopt: something stands between a literal
/// and the port.
std::optional<Parts> split_authority(std::string_view authority) noexcept {
  Parts parts;
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    parts.user = authority.substr(0, at + 1);
    authority.remove_prefix(at + 1);
  }
  const std::size_t bracket =
      authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  const std::size_t end = bracket == std::string_view::npos ? authority.find(':') : bracket + 1;
  parts.host = authority.substr(0, end);
  if (end >= authority.size()) return parts;
  if (authority[end] != ':') return std::nullopt;
  parts.port = authority.substr(end + 1);
  return parts;
}

/// The path, and the query with the fragment, of what follows the authority.
void split_rest(Parts& parts, std::string_view rest) noexcept {
  const std::size_t end = std::min(rest.find_first_of("?#"), rest.size());
  parts.path = rest.substr(0, end);
  parts.tail = rest.substr(end);
}

/// `url` is canonical, or a typed form that parse_url() has kept.
Parts split_sound(std::string_view url) noexcept {
  const std::size_t colon = url.find(':');
  const std::string_view after = url.substr(colon + 3);
  const std::size_t end = std::min(after.find_first_of("/?#"), after.size());
  Parts parts = split_authority(after.substr(0, end)).value_or(Parts{});
  parts.scheme = url.substr(0, colon);
  split_rest(parts, after.substr(end));
  return parts;
}

std::string_view default_port(std::string_view scheme) noexcept {
  if (scheme == "http") return "80";
  if (scheme == "https") return "443";
  if (scheme == "ftp") return "21";
  return {};
}

std::string_view without_leading_zeros(std::string_view digits) noexcept {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

/// Without leading zeros; empty for none, an empty or a default one.
Result<std::string_view> canonical_port(const Parts& parts) {
  if (!parts.port || parts.port->empty()) return std::string_view{};
  if (parts.port->contains(':'))
    return refuse("The URL has a host with a colon; an IPv6 address needs brackets.");
  if (!std::ranges::all_of(*parts.port, is_digit))
    return refuse("The URL has a port that is not a number.");
  const std::string_view port = without_leading_zeros(*parts.port);
  if (port.size() > 5 || parse_integer(port).value_or(0) > 65535)
    return refuse("The URL has a port above 65535.");
  return port == default_port(parts.scheme) ? std::string_view{} : port;
}

/// Encoded by the rule, and without defanged signs that decoding may have uncovered: these would be
/// refanged when the canonical form is parsed.
std::string canonical_user(std::string_view user) {
  std::string normal = normal_percent(user);
  for (;;) {
    Refanged plain = refang(normal);
    if (!plain.changed) return normal;
    normal = normal_percent(plain.text);
  }
}

std::string canonical_path(std::string_view path) {
  return path.empty() ? "/" : without_dot_segments(normal_percent(path));
}

/// The host as ThreatConnect folds it: lower case. One in another script is given as its A-labels.
std::string folded_host(std::string_view host, const std::string& canonical) {
  const bool ascii =
      std::ranges::all_of(host, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? to_lower(host) : canonical;
}

std::string compose(const Parts& parts,
                    std::string_view host,
                    std::optional<std::string_view> port) {
  std::string out{parts.scheme};
  out.append("://").append(parts.user).append(host);
  if (port) out.append(":").append(*port);
  return out.append(parts.path).append(parts.tail);
}

Result<std::string> canonical_host(const Parts& parts) {
  if (parts.host.starts_with('[')) {
    if (!parts.host.ends_with(']'))
      return refuse("The URL has an opening bracket without a closing one in its host.");
    return canonical_url_host(parts.host);
  }
  return canonical_url_host(with_unreserved_decoded(parts.host));
}

Result<Canonical> build(std::string_view scheme,
                        std::string_view authority,
                        std::string_view rest) {
  std::optional<Parts> split = split_authority(authority);
  if (!split) return refuse("The URL has something other than a port after the IPv6 address.");
  Parts& parts = *split;
  parts.scheme = scheme;
  split_rest(parts, rest);
  if (parts.host.empty()) return refuse("The URL has no host.");
  const Result<std::string_view> port = canonical_port(parts);
  if (!port) return std::unexpected(port.error());
  const Result<std::string> host = canonical_host(parts);
  if (!host) return std::unexpected(host.error());

  const std::string user = canonical_user(parts.user);
  const std::string path = canonical_path(parts.path);
  const std::string tail = normal_percent(parts.tail);
  const Parts normal{scheme, user, {}, {}, path, tail};
  std::string canonical =
      compose(normal, *host, port->empty() ? std::nullopt : std::optional{*port});
  if (canonical.size() > Indicator::kMaxNameBytes)
    return refuse("The URL is longer than 4096 bytes once encoded.");
  std::string typed = compose(parts, folded_host(parts.host, *host), parts.port);
  if (typed == canonical) typed.clear();
  return Canonical{IndicatorType::Url, std::move(canonical), std::move(typed)};
}

std::unexpected<Error> refuse_schemeless(std::string_view text) {
  const std::optional<std::string> other = mismatch(EntityType::Url, text);
  return refuse("The name has no scheme such as http://. " + other.value_or("A URL needs one."));
}

}  // namespace

Result<Canonical> parse_url(std::string_view name) {
  const std::string_view text = without_id_prefix(name, EntityType::Url);
  std::size_t at = 0;
  std::size_t separator = 0;
  while (at < text.size() && (separator = scheme_separator(text, at)) == 0) ++at;
  if (separator == 0) return refuse_schemeless(text);
  Refanged scheme = refang(text.substr(0, at));
  if (!is_scheme(scheme.text)) return refuse_schemeless(text);
  scheme.text = to_lower(scheme.text);
  bool defanged = scheme.changed || text.substr(at, separator) != "://";
  if (scheme.text == "hxxp" || scheme.text == "hxxps") {
    scheme.text.replace(1, 2, "tt");
    defanged = true;
  }

  const std::string_view after = text.substr(at + separator);
  const std::size_t end = std::min(after.find_first_of("/?#"), after.size());
  const Refanged authority = refang(after.substr(0, end));
  defanged |= authority.changed;
  const std::string_view rest = after.substr(end);
  return build(scheme.text, authority.text, defanged ? refang(rest).text : std::string{rest});
}

std::vector<std::string> url_spellings(const std::string& canonical, const std::string& typed) {
  const Parts key = split_sound(canonical);
  const Parts own = typed.empty() ? key : split_sound(typed);
  std::vector<std::string> out;
  const auto add = [&out](std::string text) {
    if (out.size() == Indicator::kMaxSpellings || text.size() > Indicator::kMaxNameBytes) return;
    if (std::ranges::find(out, text) == out.end()) out.push_back(std::move(text));
  };
  const auto toggled = [](Parts parts) {
    if (parts.path.empty())
      parts.path = "/";
    else if (parts.path == "/")
      parts.path = {};
    return parts;
  };
  const bool spare_port = own.port && (own.port->empty() || without_leading_zeros(*own.port) ==
                                                                default_port(own.scheme));
  const std::optional<std::string_view> shorter = spare_port ? std::nullopt : own.port;
  const std::optional<std::string_view> longer =
      spare_port && !own.port->empty() ? own.port : key.port;

  add(compose(own, own.host, own.port));
  add(compose(key, key.host, key.port));
  add(compose(toggled(key), key.host, key.port));
  add(compose(toggled(own), own.host, own.port));
  add(compose(own, key.host, own.port));
  add(compose(own, own.host, shorter));
  add(compose(toggled(own), own.host, shorter));
  add(compose(key, key.host, longer));
  add(compose(toggled(key), key.host, longer));
  return out;
}

}  // namespace cardstock::indicator
