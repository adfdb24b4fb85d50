#pragma once
/// \file json_walk.hpp
/// \brief A strict walk over a JSON object with simdjson's on-demand parser.
///
/// On-demand skips by counting brackets, of whichever kind, and so lets a malformed part through
/// that shifts the depth of all that follows. Here every value is visited, ignored ones too:
/// brackets, commas, colons, literals and numbers are checked, and nesting is bounded by kMaxDepth.
/// Strings that nobody reads are not unescaped. Threads: any; a parser and its buffer are kept per
/// thread up to kKeptBytes of document. Not re-entrant: `visit` must not open another document.
/// Blocking: no. Errors: simdjson's error codes; nothing here throws but std::bad_alloc. Lifetime:
/// every string_view that is handed out lives until `visit` returns.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

namespace cardstock::threatconnect::json {

using simdjson::error_code;
using simdjson::SUCCESS;
using Value = simdjson::ondemand::value;
using Object = simdjson::ondemand::object;
using Array = simdjson::ondemand::array;
using Type = simdjson::ondemand::json_type;

inline constexpr int kMaxDepth = 128;
inline constexpr std::size_t kKeptBytes = std::size_t{256} * 1024;

struct Workspace {
  simdjson::ondemand::parser parser;
  std::string padded;
};
/// This thread's own.
Workspace& kept_workspace();

/// Checks and passes over a value of any kind.
error_code skip(Value value, int depth = 0);

/// The text of a string (unescaped), or the token of a number, `true` or `false`. Its data() is
/// null for null, objects and arrays, which are passed over.
error_code read_text(Value value, std::string_view& text);

/// The key of a field, unescaped; "" when it cannot be.
error_code read_key(simdjson::ondemand::field& field, std::string_view& key);

/// Calls `visit(key, value) -> error_code` for every field.
template <class Visit>
error_code each_field(Object object, Visit&& visit) {
  for (auto item : object) {
    simdjson::ondemand::field field;
    if (const auto error = std::move(item).get(field)) return error;
    std::string_view key;
    if (const auto error = read_key(field, key)) return error;
    if (const auto error = visit(key, field.value())) return error;
  }
  return SUCCESS;
}

/// Calls `visit(value) -> error_code` for every element.
template <class Visit>
error_code each_element(Array array, Visit&& visit) {
  for (auto item : array) {
    Value element;
    if (const auto error = std::move(item).get(element)) return error;
    if (const auto error = visit(element)) return error;
  }
  return SUCCESS;
}

/// `visit(key, value)` for the fields of an object; any other value is passed over.
template <class Visit>
error_code each_field_if_object(Value value, Visit&& visit) {
  Type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type != Type::object) return skip(value);
  Object object;
  if (const auto error = value.get_object().get(object)) return error;
  return each_field(object, std::forward<Visit>(visit));
}

/// `visit(value)` for each element of an array, once for an object, never for anything else.
template <class Visit>
error_code each_element_or_one(Value value, Visit&& visit) {
  Type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == Type::object) return visit(value);
  if (type != Type::array) return skip(value);
  Array array;
  if (const auto error = value.get_array().get(array)) return error;
  return each_element(array, std::forward<Visit>(visit));
}

template <class Visit>
error_code walk_in(Workspace& workspace, std::string_view json, Visit&& visit) {
  workspace.padded.assign(json);
  workspace.padded.append(simdjson::SIMDJSON_PADDING, ' ');
  simdjson::ondemand::document document;
  const simdjson::padded_string_view view{workspace.padded.data(), json.size(),
                                          workspace.padded.size()};
  if (const auto error = workspace.parser.iterate(view).get(document)) return error;
  Object object;
  if (const auto error = document.get_object().get(object)) return error;
  if (const auto error = each_field(object, std::forward<Visit>(visit))) return error;
  const char* rest = nullptr;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS
             ? SUCCESS
             : simdjson::TRAILING_CONTENT;
}

/// Reads one document that is an object, to its very end.
template <class Visit>
error_code walk_object(std::string_view json, Visit&& visit) {
  if (json.size() <= kKeptBytes) return walk_in(kept_workspace(), json, std::forward<Visit>(visit));
  Workspace large;
  return walk_in(large, json, std::forward<Visit>(visit));
}

/// Whether `error` is one that `mended` can do away with.
bool is_mendable(error_code error);
/// A copy without ill-formed UTF-8 and lone surrogates (both U+FFFD), raw control characters in
/// strings (a blank), and backslashes that escape nothing (doubled). At most three times as long.
std::string mended(std::string_view json);

/// A number as the service may write it: `3`, `"3"`, `3.00`, exact up to 64 bits. nullopt for
/// anything but a whole number.
std::optional<std::int64_t> to_integer(std::string_view text);
/// nullopt for anything but a finite decimal number.
std::optional<double> to_decimal(std::string_view text);
/// `true` or `false`, any case.
std::optional<bool> to_flag(std::string_view text);

}  // namespace cardstock::threatconnect::json
