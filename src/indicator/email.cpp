#include "email.hpp"

#include <algorithm>
#include <optional>

#include <cardstock/util/text.hpp>

#include "host.hpp"
#include "mismatch.hpp"

namespace cardstock::indicator {
namespace {

constexpr std::size_t kMaxLocalPart = 64;

/// Simple lower case in the alphabets whose capitals stand at a fixed distance and take as many
/// bytes: enough for local parts (RFC 6531), without a locale.
char32_t simple_lower(char32_t c) noexcept {
  if (c < 0x80) return static_cast<unsigned char>(ascii_lower(static_cast<char>(c)));
  if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3AB && c != 0x3A2) ||
      (c >= 0x410 && c <= 0x42F))
    return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  if (c == 0x178) return 0xFF;
  const bool even_capitals = (c >= 0x100 && c <= 0x12F) || (c >= 0x132 && c <= 0x137) ||
                             (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481);
  if (even_capitals) return c | 1U;
  const bool odd_capitals = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  return odd_capitals && (c & 1U) == 1 ? c + 1 : c;
}

std::string lower_local_part(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();)
    append_utf8(out, simple_lower(next_code_point(text, at)));
  return out;
}

std::string_view without_email_prefixes(std::string_view text) noexcept {
  for (;;) {
    const std::size_t before = text.size();
    text = without_prefix(without_id_prefix(text, EntityType::EmailAddress), "mailto");
    if (text.size() == before) return text;
  }
}

Status check_local_part(std::string_view local) {
  if (local.empty()) return refuse("The e-mail address has no local part before the at sign.");
  if (local.size() > kMaxLocalPart)
    return refuse("The e-mail address has a local part above 64 bytes.");
  for (std::size_t at = 0; at < local.size();) {
    const char32_t c = next_code_point(local, at);
    if (is_white_space(c)) return refuse("The e-mail address has a space in its local part.");
    if (c == ',' || c == ';' || c == '<' || c == '>')
      return refuse(
          "The e-mail address has a comma, semicolon or angle bracket in its local part.");
  }
  return {};
}

Result<Canonical> read(std::string_view text) {
  const std::size_t at = text.rfind('@');
  const std::string_view local = text.substr(0, at);
  if (at + 1 == text.size()) return refuse("The e-mail address has no domain after the at sign.");
  if (Status sound = check_local_part(local); !sound)
    return std::unexpected(std::move(sound.error()));
  const Result<std::string> domain = canonical_domain(text.substr(at + 1));
  if (!domain) return std::unexpected(domain.error());
  Canonical email{IndicatorType::EmailAddress, lower_local_part(local) + "@" + *domain, {}};
  std::string typed = std::string{local} + "@" + *domain;
  if (typed != email.text) email.typed = std::move(typed);
  return email;
}

}  // namespace

bool is_email(std::string_view text) {
  const std::string_view address = without_email_prefixes(text);
  return address.contains('@') && !has_scheme(address) && read(address).has_value();
}

Result<Canonical> parse_email(std::string_view text) {
  const std::string_view address = without_email_prefixes(text);
  if (address.empty()) return refuse("The name is empty but for its prefix.");
  if (address.contains('@') && !has_scheme(address)) return read(address);
  if (std::optional<std::string> other = mismatch(EntityType::EmailAddress, address))
    return refuse(*std::move(other));
  return refuse("The name is not an e-mail address: it has no at sign.");
}

}  // namespace cardstock::indicator
