#include <cardstock/prewarm/list_parser.hpp>

#include <algorithm>
#include <utility>

#include <simdjson.h>

#include "stix_pattern.hpp"

namespace cardstock::prewarm {
namespace {

using simdjson::dom::element;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view text_of(const element& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::string in_words(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string{what} + (count == 1 ? "" : "s");
}

}  // namespace

/// What the JSON objects of a list say.
class ListParser::Objects {
 public:
  Objects(std::string column, const OnEntry& on_entry, const OnRefused& on_refused)
      : key_{column.empty() ? "name" : std::move(column)},
        on_entry_{on_entry},
        on_refused_{on_refused} {}

  void take(const JsonObjects::Found& found) {
    element object;
    if (parser_.parse(found.text.data(), found.text.size()).get(object) != simdjson::SUCCESS ||
        !object.is_object()) {
      on_refused_(found.line, "it is not a JSON object");
      return;
    }
    take(object, found.line, found.place);
  }

 private:
  void take(const element& object, std::size_t line, JsonObjects::Place place) {
    simdjson::dom::array objects;
    if (object["objects"].get(objects) == simdjson::SUCCESS) {  // a bundle on one line
      for (const element each : objects)
        if (each.is_object()) take_one(each, line, JsonObjects::Place::InBundle);
      return;
    }
    take_one(object, line, place);
  }

  void take_one(const element& object, std::size_t line, JsonObjects::Place place) {
    const std::string_view pattern = text_of(object, "pattern");
    const std::string_view type = text_of(object, "type");
    if (type == "indicator" && (place == JsonObjects::Place::InBundle || !pattern.empty()))
      return take_indicator(object, pattern, line);
    if (place == JsonObjects::Place::InBundle) return;
    const std::string_view name = text_of(object, key_);
    if (name.empty()) return on_refused_(line, "it is not a JSON object with a " + key_);
    on_entry_({.name = name, .type = type, .line = line});
  }

  void take_indicator(const element& object, std::string_view pattern, std::size_t line) {
    const std::string id{text_of(object, "id").substr(0, kMostOfId)};
    const std::string_view language = text_of(object, "pattern_type");
    if (!language.empty() && language != "stix") {
      return on_refused_(line, id + ": its pattern is of " +
                                   std::string{language.substr(0, kMostOfId)} + ", not of STIX");
    }
    const auto reading = read_stix_pattern(pattern);
    if (!reading) return on_refused_(line, id + ": " + reading.error().public_detail);
    for (const StixReading::Named& named : reading->named)
      on_entry_({.name = named.value, .type = name_of(named.type), .line = line});
    if (reading->unread > 0) {
      on_refused_(line, id + ": " + in_words(reading->unread, "comparison") +
                            " of its pattern name no indicator that can be asked, first " +
                            reading->first_unread.substr(0, kMostOfId));
    }
  }

  static constexpr std::size_t kMostOfId = 80;

  std::string key_;
  const OnEntry& on_entry_;
  const OnRefused& on_refused_;
  simdjson::dom::parser parser_;
};

ListParser::ListParser(std::string column, OnEntry on_entry, OnRefused on_refused)
    : column_{std::move(column)},
      on_entry_{std::move(on_entry)},
      on_refused_{std::move(on_refused)},
      objects_{std::make_unique<Objects>(column_, on_entry_, on_refused_)} {}
ListParser::~ListParser() = default;

Status ListParser::feed(std::string_view bytes, const KeepGoing& keep_going) {
  if (!begun_) {
    head_ += bytes;
    if (head_.size() < Gunzip::kMagic.size()) return {};
    begun_ = true;
    if (head_.starts_with(Gunzip::kMagic)) gunzip_ = std::make_unique<Gunzip>();
    const std::string held = std::exchange(head_, {});
    return feed(held, keep_going);
  }
  if (!gunzip_) return feed_plain(bytes);
  return gunzip_->feed(bytes, [&](std::string_view plain) -> Status {
    if (keep_going && !keep_going()) return fail(ErrorCode::Cancelled, "stopped");
    return feed_plain(plain);
  });
}

Status ListParser::finish() {
  if (gunzip_) {
    if (auto status = gunzip_->finish(); !status) return status;
  }
  if (!json_ && !lines_) {
    if (auto status = decide(true); !status) return status;
  }
  if (json_) return json_->finish();
  return lines_ ? lines_->finish() : Status{};
}

Status ListParser::feed_plain(std::string_view bytes) {
  if (json_) return json_->feed(bytes);
  if (lines_) return lines_->feed(bytes);
  head_ += bytes;
  return decide(false);
}

/// Looks at what has come so far; when that is enough, it is handed to who reads it.
Status ListParser::decide(bool at_end) {
  std::string_view head = head_;
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  const std::size_t end = first == std::string_view::npos ? first : head.find('\n', first);
  const bool whole_line = end != std::string_view::npos || at_end;
  const bool enough = whole_line || head.size() > ListReader::kMaxLineBytes;
  const bool maybe_json =
      first == std::string_view::npos || head[first] == '{' ||
      (head_.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(head_));
  if (maybe_json && !enough) return {};

  bool document = false;
  if (first != std::string_view::npos && head[first] == '{') {
    simdjson::dom::parser parser;
    element object;
    const std::string_view line =
        head.substr(first, end == std::string_view::npos ? end : end - first);
    document = !whole_line || line.size() > ListReader::kMaxLineBytes ||
               parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS ||
               object["objects"].error() == simdjson::SUCCESS;
  }
  const bool json_lines = !document && first != std::string_view::npos && head[first] == '{';
  const std::string held = std::exchange(head_, {});
  if (document) {
    json_.emplace([this](const JsonObjects::Found& found) { objects_->take(found); }, on_refused_);
    return json_->feed(held.starts_with(kByteOrderMark)
                           ? std::string_view{held}.substr(kByteOrderMark.size())
                           : std::string_view{held});
  }
  lines_.emplace(
      ListOptions{.column = json_lines ? std::string{} : column_},
      [this](const ListEntry& entry) {
        if (entry.name.starts_with('{')) {
          objects_->take({.text = entry.name, .line = entry.line});
        } else {
          on_entry_(entry);
        }
      },
      on_refused_);
  return lines_->feed(held);
}

}  // namespace cardstock::prewarm
