#include "percent.hpp"

#include <cstddef>

#include <cardstock/util/text.hpp>

namespace cardstock::indicator {
namespace {

bool is_triplet(std::string_view text, std::size_t at) noexcept {
  return text.size() - at >= 3 && text[at] == '%' && is_hex(text[at + 1]) && is_hex(text[at + 2]);
}

char decoded(std::string_view text, std::size_t at) noexcept {
  return static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
}

/// Whether a hexadecimal digit appended to `out` could become part of a triplet: after a percent
/// sign that begins none, or after such a sign and one digit. The sign of a whole triplet stands
/// three places back.
bool ends_inside_malformed(std::string_view out) noexcept {
  return out.ends_with('%') ||
         (out.size() >= 2 && out[out.size() - 2] == '%' && is_hex(out.back()));
}

void append_encoded(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out.push_back('%');
  out.push_back(kHex[byte >> 4U]);
  out.push_back(kHex[byte & 0xFU]);
}

}  // namespace

bool is_unreserved(char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_url_character(char c) noexcept {
  constexpr std::string_view kNever = " \"<>\\^`{|}";
  return c > 0x20 && c < 0x7F && !kNever.contains(c);
}

std::string normal_percent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_triplet(text, at)) {
      const char c = decoded(text, at);
      if (is_unreserved(c) && !(is_hex(c) && ends_inside_malformed(out)))
        out.push_back(c);
      else
        append_encoded(out, c);
      at += 2;
    } else if (is_url_character(text[at])) {
      out.push_back(text[at]);
    } else {
      append_encoded(out, text[at]);
    }
  }
  return out;
}

std::string with_unreserved_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_triplet(text, at) && is_unreserved(decoded(text, at))) {
      out.push_back(decoded(text, at));
      at += 2;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

std::string without_dot_segments(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  while (!path.empty()) {
    const std::size_t end = path.find('/', 1);
    const std::string_view segment = path.substr(0, end);  // with its leading slash
    const bool last = end == std::string_view::npos;
    if (segment == "/..") out.resize(out.empty() ? 0 : out.rfind('/'));
    if (segment == "/." || segment == "/..") {
      if (last) out.push_back('/');
    } else {
      out.append(segment);
    }
    if (last) break;
    path.remove_prefix(end);
  }
  return out;
}

}  // namespace cardstock::indicator
