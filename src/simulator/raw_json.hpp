#pragma once
/// \file raw_json.hpp
/// \brief JSON taken apart one level at a time, with every value kept as it was written (`3.00`
/// stays `3.00`).
///
/// Pure. Errors: MalformedRequest. Limits: nesting of 1,024 (the parser's).
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/util/result.hpp>

namespace cardstock::simulator {

struct Member {
  std::string key;  ///< without escapes
  std::string raw;  ///< JSON
};

/// The whole text is one valid JSON value.
Status check_json(std::string_view json);

/// Of an object or array that check_json has passed (or that is a part of such a text).
Result<std::vector<Member>> members(std::string_view object);
Result<std::vector<std::string>> elements(std::string_view array);

/// nullptr when there is none of this key.
const std::string* find(std::span<const Member> members, std::string_view key) noexcept;

/// What a scalar's JSON says; nullopt when it is of another kind.
std::optional<std::string> text_of(std::string_view raw);
std::optional<std::int64_t> integer_of(std::string_view raw) noexcept;
std::optional<double> number_of(std::string_view raw) noexcept;
std::optional<bool> flag_of(std::string_view raw) noexcept;

}  // namespace cardstock::simulator
