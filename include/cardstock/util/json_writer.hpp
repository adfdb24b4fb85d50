#pragma once
/// \file json_writer.hpp
/// \brief Writes JSON into a string; the caller keeps keys and values in order.
#include <cstdint>
#include <string>
#include <string_view>

namespace cardstock {

/// Appends `text` as a JSON string with its quotes. Output is always valid JSON in valid UTF-8:
/// control characters are escaped, ill-formed UTF-8 becomes U+FFFD. `</` is written `<\/` so that
/// the text may stand in a script element.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

/// A writer that puts commas where they belong. Not checked: that every object gets key, value,
/// key, value. Threads: none. Errors: none.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_{out} {}
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view{text}); }
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
  JsonWriter& value(double number);  ///< shortest form that reads back; a NaN or infinity is null
  JsonWriter& value(bool flag);
  JsonWriter& null();
  /// `json` is already JSON.
  JsonWriter& raw(std::string_view json);
  template <class T>
  JsonWriter& field(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }

 private:
  JsonWriter& open(char c);
  JsonWriter& close(char c);
  void comma();
  std::string& out_;
  bool need_comma_ = false;
};

}  // namespace cardstock
