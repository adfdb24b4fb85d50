#pragma once
/// \file text.hpp
/// \brief Locale-free text helpers. Pure; nothing here throws but std::bad_alloc.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cardstock {

constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr char ascii_upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
/// Value of a hexadecimal digit, -1 for anything else.
constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `what` must not be empty. What is put in is not searched again.
void replace_all(std::string& text, std::string_view what, std::string_view with);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) noexcept;
/// Without ASCII blanks (space, tab, CR, LF, VT, FF) at both ends.
std::string_view trim(std::string_view text) noexcept;

/// The whole of `text` as a decimal integer; no sign '+', no blanks, no overflow.
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

/// One code point of `text` at `at`, which is moved past it. An ill-formed sequence yields U+FFFD
/// and moves by one byte (overlong forms, surrogates and values above U+10FFFF are ill-formed). RFC
/// 3629.
char32_t next_code_point(std::string_view text, std::size_t& at) noexcept;
void append_utf8(std::string& out, char32_t code_point);
/// Controls, and what changes the direction or the line of a text that somebody reads: not to be
/// printed as it is.
constexpr bool is_unprintable(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x200E ||
         c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}
bool is_valid_utf8(std::string_view text) noexcept;

/// At most `limit` bytes of it, ended at a code point.
std::string_view start_of(std::string_view text, std::size_t limit) noexcept;
/// The same, and then an ellipsis where something was left out.
std::string cut(std::string_view text, std::size_t limit);

std::string to_hex(std::string_view bytes);
std::string to_base64(std::string_view bytes);  ///< RFC 4648 §4, with padding

/// Percent-encodes everything but RFC 3986's unreserved characters; a blank is %20.
std::string percent_encode(std::string_view text);
/// Decodes %XX once; with `plus_is_blank`, '+' too (the form rule of query strings). nullopt for a
/// malformed triplet.
enum class PlusSign { Literal, Blank };
std::optional<std::string> percent_decode(std::string_view text, PlusSign plus = PlusSign::Literal);

}  // namespace cardstock
