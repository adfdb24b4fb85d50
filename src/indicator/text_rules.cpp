#include "text_rules.hpp"

#include <algorithm>
#include <utility>

#include <cardstock/util/text.hpp>

namespace cardstock::indicator {
namespace {

bool is_invisible(char32_t c) noexcept {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF;
}

bool is_control(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

bool starts_with_at(std::string_view text, std::size_t at, std::string_view what) noexcept {
  return at <= text.size() && starts_with_ignoring_case(text.substr(at), what);
}

/// A word that stands for a sign, in brackets: `[dot]`. Any case.
struct Word {
  std::string_view spelling;
  char sign;
};
constexpr Word kWords[] = {
    {"[dot]", '.'}, {"(dot)", '.'}, {"{dot}", '.'}, {"[at]", '@'}, {"(at)", '@'}};

/// Appends `sign` in place of itself and of the brackets around it: those at the end of `out`, and
/// those in `text` from `next` on. Returns the place after them.
std::size_t put_sign(std::string& out, std::string_view text, std::size_t next, char sign) {
  const auto pair = [&](char open, char close) {
    if (out.empty() || out.back() != open || next >= text.size() || text[next] != close)
      return false;
    out.pop_back();
    ++next;
    return true;
  };
  for (bool again = true; again;) {
    again = pair('[', ']');
    if (sign != ':') again |= pair('(', ')');
    if (sign != '.') continue;
    again |= pair('{', '}');
    if (!out.empty() && (out.back() == '[' || out.back() == '\\')) {
      out.pop_back();
      again = true;
    }
    if (next < text.size() && text[next] == ']') {
      ++next;
      again = true;
    }
  }
  out.push_back(sign);
  return next;
}

}  // namespace

std::unexpected<Error> refuse(std::string sentence) {
  return fail(ErrorCode::InvalidIndicator, std::move(sentence));
}

bool is_white_space(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

std::string_view trim_white_space(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_white_space(next_code_point(text, at))) break;
    text.remove_prefix(std::exchange(at, 0));
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80) --start;
    std::size_t at = start;
    if (!is_white_space(next_code_point(text, at))) break;
    text = text.substr(0, start);
  }
  return text;
}

Result<std::string> clean(std::string_view name) {
  if (name.size() > Indicator::kMaxNameBytes) return refuse("The name is longer than 4096 bytes.");
  if (!name.empty() && std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7F; }))
    return std::string{name};
  if (!is_valid_utf8(name)) return refuse("The name is not valid UTF-8.");
  std::string visible;
  visible.reserve(name.size());
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t start = at;
    if (!is_invisible(next_code_point(name, at))) visible.append(name, start, at - start);
  }
  const std::string_view trimmed = trim_white_space(visible);
  if (trimmed.empty()) return refuse("The name is empty.");
  for (std::size_t at = 0; at < trimmed.size();)
    if (is_control(next_code_point(trimmed, at)))
      return refuse("The name has a control character in it.");
  if (trimmed.size() == visible.size()) return visible;
  return std::string{trimmed};
}

Refanged refang(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '.' || c == ':' || c == '@') {
      at = put_sign(out, text, at + 1, c);
      continue;
    }
    const auto* const word = std::ranges::find_if(kWords, [&](const Word& one) {
      return one.spelling[0] == c && starts_with_at(text, at, one.spelling);
    });
    if (word != std::end(kWords)) {
      at = put_sign(out, text, at + word->spelling.size(), word->sign);
    } else {
      out.push_back(c);
      ++at;
    }
  }
  const bool changed = out != text;
  return {std::move(out), changed};
}

std::size_t scheme_separator(std::string_view text, std::size_t at) noexcept {
  if (starts_with_at(text, at, "[://]")) return 5;
  std::size_t end = at;
  const auto take = [&](std::string_view plain, std::string_view defanged) {
    const std::string_view found = starts_with_at(text, end, plain)      ? plain
                                   : starts_with_at(text, end, defanged) ? defanged
                                                                         : std::string_view{};
    end += found.size();
    return !found.empty();
  };
  return take(":", "[:]") && take("/", "[/]") && take("/", "[/]") ? end - at : 0;
}

bool is_scheme(std::string_view text) noexcept {
  return !text.empty() && is_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool has_scheme(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at)
    if (scheme_separator(text, at) > 0) return is_scheme(refang(text.substr(0, at)).text);
  return false;
}

std::string_view id_prefix(EntityType type) noexcept {
  switch (type) {
    case EntityType::IpAddress:
      return "ip";
    case EntityType::InternetDomainName:
      return "idn";
    case EntityType::Url:
      return "url";
    case EntityType::Hash:
      return "hash";
    case EntityType::EmailAddress:
      return "email";
  }
  return {};
}

std::string_view without_prefix(std::string_view text, std::string_view prefix) noexcept {
  if (!starts_with_ignoring_case(text, prefix) || scheme_separator(text, prefix.size()) > 0)
    return text;
  const std::string_view rest = text.substr(prefix.size());
  const std::size_t colon = rest.starts_with(':') ? 1 : rest.starts_with("[:]") ? 3 : 0;
  return colon == 0 ? text : trim_white_space(rest.substr(colon));
}

std::string_view without_id_prefix(std::string_view text, EntityType type) noexcept {
  for (;;) {
    const std::string_view rest = without_prefix(text, id_prefix(type));
    if (rest.size() == text.size()) return text;
    text = rest;
  }
}

}  // namespace cardstock::indicator
