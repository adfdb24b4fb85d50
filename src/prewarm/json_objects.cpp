#include <cardstock/prewarm/json_objects.hpp>

namespace cardstock::prewarm {
namespace {

constexpr std::string_view kArray = "objects";
constexpr std::size_t kRoot = 1;      // depth inside the outermost object
constexpr std::size_t kElements = 2;  // depth inside its array

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

Status JsonObjects::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (auto status = take(c); !status) return status;
  }
  return {};
}

Status JsonObjects::finish() const {
  if (depth_ == 0) return {};
  return fail(ErrorCode::MalformedRequest, "the JSON object that begins in line " +
                                               std::to_string(text_line_) +
                                               " does not end: the list is cut off, or no JSON");
}

Status JsonObjects::take(char c) {
  if (c == '\n') ++line_;
  if (in_string_) {
    take_in_string(c);
    return {};
  }
  if (depth_ == 0) {
    if (is_blank(c)) return {};
    if (c != '{') {
      return fail(ErrorCode::MalformedRequest,
                  "line " + std::to_string(line_) + " is not a JSON object");
    }
  }
  if (c == '{' || c == '[') {
    open(c);
  } else if (c == '}' || c == ']') {
    keep(c);
    close();
  } else {
    keep(c);
    if (c == '"') {
      in_string_ = true;
      if (depth_ == kRoot && !after_colon_) key_.clear();
    } else if (depth_ == kRoot && c == ':') {
      after_colon_ = true;
    } else if (depth_ == kRoot && c == ',') {
      after_colon_ = false;
    }
  }
  return {};
}

void JsonObjects::take_in_string(char c) {
  keep(c);
  if (escaped_) {
    escaped_ = false;
  } else if (c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    in_string_ = false;
    return;
  }
  if (depth_ == kRoot && !after_colon_ && key_.size() <= kArray.size()) key_.push_back(c);
}

void JsonObjects::open(char c) {
  if (depth_ == kRoot && c == '[' && after_colon_ && key_ == kArray) {
    bundle_ = in_array_ = true;
    keeping_ = too_long_ = false;
    text_.clear();
  } else if (c == '{' && (depth_ == 0 || (in_array_ && depth_ == kElements))) {
    keeping_ = true;
    too_long_ = false;
    text_.clear();
    text_line_ = line_;
    if (depth_ == 0) bundle_ = after_colon_ = false;
  }
  ++depth_;
  keep(c);
}

void JsonObjects::close() {
  --depth_;
  if (in_array_ && depth_ == kElements && keeping_) {
    emit(Place::InBundle);
  } else if (in_array_ && depth_ == kRoot) {
    in_array_ = false;
  } else if (depth_ == 0 && !bundle_) {
    emit(Place::Alone);
  }
}

void JsonObjects::keep(char c) {
  if (!keeping_ || too_long_) return;
  if (text_.size() == kMaxObjectBytes) {
    too_long_ = true;
    text_.clear();
    return;
  }
  text_.push_back(c);
}

void JsonObjects::emit(Place place) {
  keeping_ = false;
  if (too_long_) {
    on_refused_(text_line_, "a JSON object is longer than 1 MiB");
  } else {
    on_object_({.text = text_, .line = text_line_, .place = place});
  }
}

}  // namespace cardstock::prewarm
