#include "app/commands/terminal_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <cardstock/util/text.hpp>

namespace cardstock::app {
namespace {

void append_escape(std::string& out, char32_t c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (unsigned shift = 16; shift > 0; shift -= 4) out.push_back(kHex[(c >> (shift - 4)) & 0xFU]);
}

/// `raw` are the characters that stand although they are unprintable.
std::string escaped(std::string_view text, std::string_view raw) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    const bool stays = c < 0x80 && raw.find(static_cast<char>(c)) != std::string_view::npos;
    if (is_unprintable(c) && !stays) {
      append_escape(out, c);
    } else {
      append_utf8(out, c);
    }
  }
  return out;
}

std::string number_text(double value, const char* unit) {
  std::array<char, 48> out{};
  const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
  std::snprintf(out.data(), out.size(), "%.*f %s", decimals, value, unit);
  return out.data();
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, "");
}

std::string printable_json(std::string_view json) {
  return escaped(json, "\t\r\n");
}

std::size_t width(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string_view text, std::size_t columns) {
  const std::size_t used = width(text);
  return std::string{text} + std::string(columns > used ? columns - used : 0, ' ');
}

std::vector<std::string> broken(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (columns != 0 && width(text) > columns) {
    std::size_t end = 0;    // behind the last character that fits
    std::size_t blank = 0;  // the last blank at which the line may end
    for (std::size_t used = 0; used <= columns; ++used) {
      if (text[end] == ' ' && end != 0) blank = end;
      if (used < columns) next_code_point(text, end);
    }
    const std::size_t cut = blank == 0 ? end : blank;
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(blank == 0 ? cut : cut + 1);
  }
  lines.emplace_back(text);
  return lines;
}

std::string count_text(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? std::to_string(bytes) + " B" : number_text(value, kUnits[unit]);
}

std::string seconds_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  return seconds < 1 ? number_text(seconds * 1000, "ms") : number_text(seconds, "s");
}

}  // namespace cardstock::app
