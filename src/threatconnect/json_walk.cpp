#include "json_walk.hpp"

#include <charconv>
#include <cmath>

#include <cardstock/util/text.hpp>

namespace cardstock::threatconnect::json {
namespace {

/// RFC 8259 §6.
bool is_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - first;
  };
  const auto take = [&](char c) {
    if (at == text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  take('-');
  const std::size_t whole_at = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[whole_at] == '0')) return false;
  if (take('.') && digits() == 0) return false;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (digits() == 0) return false;
  }
  return at == text.size();
}

/// A token reaches up to the next one; the blanks between belong to neither.
std::string_view token_of(Value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

/// The token of a scalar that is no string, when it is well-formed.
error_code read_token(Value& value, Type type, std::string_view& token) {
  token = token_of(value);
  switch (type) {
    case Type::number:
      return is_number(token) ? SUCCESS : simdjson::NUMBER_ERROR;
    case Type::boolean:
      return token == "true" || token == "false" ? SUCCESS : simdjson::TAPE_ERROR;
    case Type::null:
      return token == "null" ? SUCCESS : simdjson::TAPE_ERROR;
    case Type::array:
    case Type::object:
    case Type::string:
      break;
  }
  return simdjson::INCORRECT_TYPE;
}

/// Four hexadecimal digits at `at`; nullopt when there are none.
std::optional<unsigned> hex4(std::string_view text, std::size_t at) {
  if (at > text.size() || text.size() - at < 4) return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (!is_hex(text[at + i])) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(hex_value(text[at + i]));
  }
  return value;
}

constexpr bool is_high_surrogate(unsigned unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
constexpr bool is_low_surrogate(unsigned unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

/// Appends the escape that starts with the backslash at `at`, mended, and returns its end.
std::size_t append_mended_escape(std::string& out, std::string_view json, std::size_t at) {
  constexpr std::string_view kSimple = "\"\\/bfnrt";
  const char kind = at + 1 < json.size() ? json[at + 1] : '\0';
  if (kSimple.find(kind) != std::string_view::npos) {
    out.append(json, at, 2);
    return at + 2;
  }
  const auto unit = kind == 'u' ? hex4(json, at + 2) : std::nullopt;
  if (!unit) {
    out += "\\\\";
    return at + 1;
  }
  std::size_t length = 6;
  bool well_formed = !is_low_surrogate(*unit);
  if (is_high_surrogate(*unit)) {
    const auto second = json.substr(at + 6).starts_with("\\u") ? hex4(json, at + 8) : std::nullopt;
    well_formed = second && is_low_surrogate(*second);
    if (well_formed) length = 12;
  }
  if (well_formed) {
    out.append(json, at, length);
  } else {
    out += "\\uFFFD";
  }
  return at + length;
}

}  // namespace

Workspace& kept_workspace() {
  thread_local Workspace workspace;
  return workspace;
}

error_code skip(Value value, int depth) {
  if (depth > kMaxDepth) return simdjson::DEPTH_ERROR;
  Type type{};
  if (const auto error = value.type().get(type)) return error;
  switch (type) {
    case Type::object: {
      Object object;
      if (const auto error = value.get_object().get(object)) return error;
      for (auto item : object) {
        simdjson::ondemand::field field;
        if (const auto error = std::move(item).get(field)) return error;
        if (const auto error = skip(field.value(), depth + 1)) return error;
      }
      return SUCCESS;
    }
    case Type::array: {
      Array array;
      if (const auto error = value.get_array().get(array)) return error;
      return each_element(array, [depth](Value inner) { return skip(inner, depth + 1); });
    }
    case Type::string:
      return SUCCESS;
    case Type::number:
    case Type::boolean:
    case Type::null:
      break;
  }
  std::string_view token;
  return read_token(value, type, token);
}

error_code read_text(Value value, std::string_view& text) {
  text = {};
  Type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == Type::string) {
    // Nearly no string holds an escape: then it stands in the document as it is, up to the next
    // quote.
    const std::string_view token = value.raw_json_token().substr(1);
    const std::string_view plain = token.substr(0, token.find('"'));
    if (plain.find('\\') != std::string_view::npos) return value.get_string().get(text);
    text = plain;
    return SUCCESS;
  }
  if (type == Type::object || type == Type::array) return skip(value);
  std::string_view token;
  if (const auto error = read_token(value, type, token)) return error;
  if (type != Type::null) text = token;
  return SUCCESS;
}

error_code read_key(simdjson::ondemand::field& field, std::string_view& key) {
  // The parser has seen to it that every string is closed within the document.
  const char* const first = field.key().raw();
  const char* last = first;
  while (*last != '"' && *last != '\\') ++last;
  key = {first, static_cast<std::size_t>(last - first)};
  if (*last == '"') return SUCCESS;
  const auto error = field.unescaped_key().get(key);
  if (error != simdjson::STRING_ERROR) return error;
  key = {};
  return SUCCESS;
}

bool is_mendable(error_code error) {
  return error == simdjson::UTF8_ERROR || error == simdjson::UNESCAPED_CHARS ||
         error == simdjson::STRING_ERROR;
}

std::string mended(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 8);
  bool in_string = false;
  for (std::size_t at = 0; at < json.size();) {
    if (in_string && json[at] == '\\') {
      at = append_mended_escape(out, json, at);
      continue;
    }
    const char32_t c = next_code_point(json, at);
    if (c == '"') in_string = !in_string;
    append_utf8(out, in_string && c < 0x20 ? U' ' : c);
  }
  return out;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  constexpr double kExact =
      9007199254740992.0;  // 2^53: whole numbers up to here are exact in a double
  text = trim(text);
  if (const auto whole = parse_integer(text)) return whole;
  const auto number = to_decimal(text);
  if (!number || std::abs(*number) > kExact || std::trunc(*number) != *number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<double> to_decimal(std::string_view text) {
  text = trim(text);
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<bool> to_flag(std::string_view text) {
  text = trim(text);
  if (equal_ignoring_case(text, "true")) return true;
  if (equal_ignoring_case(text, "false")) return false;
  return std::nullopt;
}

}  // namespace cardstock::threatconnect::json
