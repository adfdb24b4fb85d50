#include "raw_json.hpp"

#include <algorithm>
#include <charconv>

#include <simdjson.h>

#include <cardstock/util/text.hpp>

namespace cardstock::simulator {
namespace {

namespace ondemand = simdjson::ondemand;

std::unexpected<Error> unreadable(simdjson::error_code code) {
  return fail(ErrorCode::MalformedRequest,
              std::string{"JSON cannot be read: "} + simdjson::error_message(code));
}

}  // namespace

Status check_json(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto code = parser.parse(json.data(), json.size()).get(root)) return unreadable(code);
  return {};
}

Result<std::vector<Member>> members(std::string_view object) {
  const simdjson::padded_string padded{object};
  ondemand::parser parser;
  ondemand::document document;
  if (const auto code = parser.iterate(padded).get(document)) return unreadable(code);
  ondemand::object fields;
  if (const auto code = document.get_object().get(fields)) return unreadable(code);
  std::vector<Member> found;
  for (auto field : fields) {
    std::string_view key;
    if (const auto code = field.unescaped_key().get(key)) return unreadable(code);
    Member member{std::string{key}, {}};
    ondemand::value value;
    if (const auto code = field.value().get(value)) return unreadable(code);
    std::string_view raw;
    if (const auto code = simdjson::to_json_string(value).get(raw)) return unreadable(code);
    member.raw = trim(raw);
    found.push_back(std::move(member));
  }
  return found;
}

Result<std::vector<std::string>> elements(std::string_view array) {
  const simdjson::padded_string padded{array};
  ondemand::parser parser;
  ondemand::document document;
  if (const auto code = parser.iterate(padded).get(document)) return unreadable(code);
  ondemand::array items;
  if (const auto code = document.get_array().get(items)) return unreadable(code);
  std::vector<std::string> found;
  for (auto item : items) {
    ondemand::value value;
    if (const auto code = item.get(value)) return unreadable(code);
    std::string_view raw;
    if (const auto code = simdjson::to_json_string(value).get(raw)) return unreadable(code);
    found.emplace_back(trim(raw));
  }
  return found;
}

const std::string* find(std::span<const Member> members, std::string_view key) noexcept {
  const auto at = std::ranges::find(members, key, &Member::key);
  return at == members.end() ? nullptr : &at->raw;
}

std::optional<std::string> text_of(std::string_view raw) {
  if (raw.size() < 2 || !raw.starts_with('"')) return std::nullopt;
  if (!raw.contains('\\')) return std::string{raw.substr(1, raw.size() - 2)};
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(raw.data(), raw.size()).get_string().get(text) != simdjson::SUCCESS)
    return std::nullopt;
  return std::string{text};
}

std::optional<std::int64_t> integer_of(std::string_view raw) noexcept {
  return parse_integer(raw);
}

std::optional<double> number_of(std::string_view raw) noexcept {
  double number = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (error != std::errc{} || end != raw.data() + raw.size()) return std::nullopt;
  return number;
}

std::optional<bool> flag_of(std::string_view raw) noexcept {
  if (raw == "true") return true;
  if (raw == "false") return false;
  return std::nullopt;
}

}  // namespace cardstock::simulator
