#pragma once
/// \file character_classes.hpp
/// \brief Which characters HTTP allows where. Pure.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include <cardstock/util/text.hpp>

namespace cardstock::http {

inline constexpr std::uint8_t kToken = 1;  // RFC 9110 §5.6.2 tchar
inline constexpr std::uint8_t kField =
    2;  // RFC 9110 §5.5 field-value, blanks and obs-text included
inline constexpr std::uint8_t kTarget = 4;  // visible ASCII; no '#', which would begin a fragment
inline constexpr std::uint8_t kHost =
    8;  // RFC 3986 §3.2 host and port, without a user and without ','

inline constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view characters, std::uint8_t bit) {
    for (const char c : characters) classes[static_cast<unsigned char>(c)] |= bit;
  };
  for (unsigned c = 0; c < 256; ++c) {
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes[c] |= kField;
    if (c > 0x20 && c < 0x7f && c != '#') classes[c] |= kTarget;
    if (is_digit(static_cast<char>(c)) || is_alpha(static_cast<char>(c)))
      classes[c] |= kToken | kHost;
  }
  add("!#$%&'*+-.^_`|~", kToken);
  add("-._~%!$&'()*+;=:[]", kHost);
  return classes;
}();

constexpr bool is(char c, std::uint8_t bit) {
  return (kClasses[static_cast<unsigned char>(c)] & bit) != 0;
}

inline bool all(std::string_view text, std::uint8_t bit) {
  return std::all_of(text.begin(), text.end(), [bit](char c) { return is(c, bit); });
}

}  // namespace cardstock::http
