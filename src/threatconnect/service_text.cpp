#include "service_text.hpp"

#include <algorithm>

#include <cardstock/util/text.hpp>

namespace cardstock::threatconnect {
namespace {

/// More than this is not looked at.
constexpr std::size_t kMaxReadBytes = 4096;
/// The shortest run that is taken for a signature or token: 256 bits are 43 characters of base64,
/// 32 are a safe floor.
constexpr std::size_t kSecretRun = 32;
constexpr std::string_view kCut = "[removed]";
constexpr std::string_view kEllipsis = "\u2026";

/// Cf characters that hide or reorder text, and the line separators.
constexpr bool is_invisible(char32_t c) {
  return c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

std::string one_line(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (is_invisible(c)) continue;
    if (c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == '<' || c == '>') {
      if (!out.empty() && out.back() != ' ') out.push_back(' ');
    } else {
      append_utf8(out, c);
    }
  }
  return std::string{trim(out)};
}

constexpr bool is_word(char c) {
  return is_alpha(c) || is_digit(c);
}

/// The characters of base64, of its URL form, and of percent-encoding.
constexpr bool is_base64(char c) {
  return is_word(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_' || c == '%';
}

std::size_t end_of_token(std::string_view text, std::size_t at) {
  return std::min(text.find_first_of(" \"'", at), text.size());
}

/// Behind the blanks, in any coding of them, that start at `at`.
std::size_t after_blanks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text.substr(at).starts_with("%20")) {
      at += 3;
    } else if (text[at] == ' ' || text[at] == '+') {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

/// Where the credential that starts at `at` ends; `at` itself when none does.
std::size_t end_of_secret(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (starts_with_ignoring_case(rest, "authorization")) {
    const std::size_t mark = after_blanks(text, at + 13);
    const std::size_t sign = text.find_first_not_of("\"' ", mark);
    if (sign != std::string_view::npos && (text[sign] == ':' || text[sign] == '='))
      return text.size();
  }
  if (starts_with_ignoring_case(rest, "apiv2:")) return end_of_token(text, at);
  if (starts_with_ignoring_case(rest, "tc-token")) {
    const std::size_t token = std::min(text.find_first_not_of(" :=+\"'", at + 8), text.size());
    return end_of_token(text, token);
  }
  if (starts_with_ignoring_case(rest, "tc")) {
    const std::size_t id = after_blanks(text, at + 2);
    const std::size_t end = end_of_token(text, id);
    if (id > at + 2 && text.substr(id, end - id).find(':') != std::string_view::npos) return end;
  }
  std::size_t run = at;
  while (run < text.size() && is_base64(text[run])) ++run;
  return run - at >= kSecretRun ? run : at;
}

std::string without_secrets(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool starts_word = at == 0 || !is_base64(text[at - 1]) || !is_word(text[at - 1]);
    const std::size_t end = starts_word ? end_of_secret(text, at) : at;
    if (end > at) {
      out += kCut;
      at = end;
    } else {
      out.push_back(text[at++]);
    }
  }
  return out;
}

void bound(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  text.resize(start_of(text, limit - kEllipsis.size()).size());
  text += kEllipsis;
}

}  // namespace

std::string said(std::string_view text) {
  std::string out = without_secrets(one_line(text.substr(0, kMaxReadBytes)));
  bound(out, kMaxSaidBytes);
  return out;
}

}  // namespace cardstock::threatconnect
