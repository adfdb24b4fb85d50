#include "repeat.hpp"

#include <string>

#include <cardstock/util/text.hpp>

#include "raw_json.hpp"

namespace cardstock::simulator {
namespace {

constexpr std::int64_t kMaxRepeat = 1'000'000;

std::string eight_digits(std::int64_t number) {
  std::string bytes;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    bytes.push_back(static_cast<char>((static_cast<std::uint64_t>(number) >> (shift - 8)) & 0xFFU));
  }
  return to_upper(to_hex(bytes));
}

std::string three_octets(std::int64_t number) {
  return std::to_string((number >> 16) & 0xFF) + "." + std::to_string((number >> 8) & 0xFF) + "." +
         std::to_string(number & 0xFF);
}

std::string numbered(std::string_view element, char letter, std::int64_t number) {
  std::string text{element};
  const std::string open = std::string{"{"} + letter;
  replace_all(text, open + "}", std::to_string(number));
  replace_all(text, open + ":8}", eight_digits(number));
  replace_all(text, open + ":ip}", three_octets(number));
  return text;
}

/// nullopt: stands for itself.
Result<std::optional<std::int64_t>> repeat_of(std::string_view element) {
  if (!element.starts_with('{') || !element.contains("\"repeat\"")) return std::nullopt;
  const auto parts = members(element);
  if (!parts) return std::unexpected(parts.error());
  const std::string* raw = find(*parts, "repeat");
  if (raw == nullptr) return std::nullopt;
  const auto times = integer_of(*raw);
  if (!times || *times < 0 || *times > kMaxRepeat) {
    return fail(ErrorCode::MalformedRequest, "repeat must be a number from 0 to 1000000");
  }
  return times;
}

}  // namespace

Status Budget::take(std::size_t bytes) {
  if (items_ == 0 || bytes_ < bytes) {
    return fail(ErrorCode::MalformedRequest, "the data unfolds to more than the simulator holds");
  }
  --items_;
  bytes_ -= bytes;
  return {};
}

Status each_element(std::string_view array, char letter, Budget& budget, const UseElement& use) {
  const auto items = elements(array);
  if (!items) return std::unexpected(items.error());
  for (const std::string& item : *items) {
    const auto times = repeat_of(item);
    if (!times) return std::unexpected(times.error());
    for (std::int64_t index = 0; index < times->value_or(1); ++index) {
      if (auto taken = budget.take(item.size()); !taken) return taken;
      const Status used = *times ? use(numbered(item, letter, index + 1), index) : use(item, 0);
      if (!used) return used;
    }
  }
  return {};
}

}  // namespace cardstock::simulator
