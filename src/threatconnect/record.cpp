#include <cardstock/threatconnect/record.hpp>

#include <cardstock/util/json_writer.hpp>

#include "json_walk.hpp"

/// The stored form, version 1. What is unset, false or empty is left out, but for `active`, of
/// which true is left out.
///   {"v":1,"copies":[{"id":1,"oid":2,"owner":"…","sum":"…","active":false,"private":true,"rating":4.2,"conf":61,
///     "added":<ms>,"mod":<ms>,"link":"…","ta":873,"fp":0,"attr":[{"type":"…","value":"…","def":true,"pin":true}],
///     "grp":[{"id":1,"type":"…","name":"…","owner":"…","link":"…"}],"tags":["…"],"labels":["…"],
///     "odd":{"rating":"7","conf":"150","ta":"-1","fp":"x"}}],"cut":3}
/// Times are milliseconds since 1970. A reader passes over keys that it does not know.
namespace cardstock::threatconnect {
namespace {

using json::error_code;
using json::Value;

constexpr std::int64_t kVersion = 1;
/// Bounds what a damaged row can make of a few bytes; far above any page cap.
constexpr std::size_t kMaxCopies = 100'000;
/// 1970 to 9999 with a day on either side for zones: what the time functions can show.
constexpr std::int64_t kLeastTime = -86'400'000;
constexpr std::int64_t kMostTime = 253'402'300'800'000 + 86'400'000;

void write_text(JsonWriter& json, std::string_view key, const std::string& text) {
  if (!text.empty()) json.field(key, std::string_view{text});
}

void write_flag(JsonWriter& json, std::string_view key, bool flag, bool usual) {
  if (flag != usual) json.field(key, flag);
}

template <class Number>
void write_number(JsonWriter& json, std::string_view key, const std::optional<Number>& number) {
  if (number) json.field(key, *number);
}

void write_time(JsonWriter& json, std::string_view key, const std::optional<WallTime>& time) {
  if (time) json.field(key, std::int64_t{time->time_since_epoch().count()});
}

template <class Item, class Write>
void write_list(JsonWriter& json,
                std::string_view key,
                const std::vector<Item>& items,
                Write write) {
  if (items.empty()) return;
  json.key(key).begin_array();
  for (const Item& item : items) write(item);
  json.end_array();
}

void write_off_scale(JsonWriter& json, const OffScale& sent) {
  if (sent == OffScale{}) return;
  json.key("odd").begin_object();
  write_text(json, "rating", sent.rating);
  write_text(json, "conf", sent.confidence);
  write_text(json, "ta", sent.threat_assess_score);
  write_text(json, "fp", sent.false_positives);
  write_text(json, "mod", sent.last_modified);
  json.end_object();
}

void write_unread(JsonWriter& json, const Unread& unread) {
  if (unread == Unread{}) return;
  json.key("more").begin_object();
  if (unread.attributes != 0) json.field("attr", unread.attributes);
  if (unread.groups != 0) json.field("grp", unread.groups);
  if (unread.tags != 0) json.field("tags", unread.tags);
  json.end_object();
}

void write_copy(JsonWriter& json, const OwnerCopy& copy) {
  json.begin_object().field("id", copy.id);
  if (copy.owner_id != 0) json.field("oid", copy.owner_id);
  write_text(json, "owner", copy.owner);
  write_text(json, "sum", copy.summary);
  write_flag(json, "active", copy.active, true);
  write_flag(json, "private", copy.is_private, false);
  write_number(json, "rating", copy.rating);
  write_number(json, "conf", copy.confidence);
  write_time(json, "added", copy.date_added);
  write_time(json, "mod", copy.last_modified);
  write_text(json, "link", copy.web_link);
  write_number(json, "ta", copy.threat_assess_score);
  write_number(json, "fp", copy.false_positives);
  write_list(json, "attr", copy.attributes, [&json](const Attribute& attribute) {
    json.begin_object();
    write_text(json, "type", attribute.type);
    write_text(json, "value", attribute.value);
    write_flag(json, "def", attribute.is_default, false);
    write_flag(json, "pin", attribute.pinned, false);
    json.end_object();
  });
  write_list(json, "grp", copy.groups, [&json](const Group& group) {
    json.begin_object();
    if (group.id != 0) json.field("id", group.id);
    write_text(json, "type", group.type);
    write_text(json, "name", group.name);
    write_text(json, "owner", group.owner);
    write_text(json, "link", group.link);
    json.end_object();
  });
  const auto write_name = [&json](const std::string& name) { json.value(std::string_view{name}); };
  write_list(json, "tags", copy.tags, write_name);
  write_list(json, "labels", copy.security_labels, write_name);
  write_off_scale(json, copy.off_scale);
  write_unread(json, copy.unread);
  json.end_object();
}

std::size_t size_guess(const Record& record) {
  std::size_t bytes = 64;
  for (const OwnerCopy& copy : record.copies) {
    bytes += 256 + copy.owner.size() + copy.summary.size() + copy.web_link.size();
    for (const Attribute& attribute : copy.attributes)
      bytes += 48 + attribute.type.size() + attribute.value.size();
    for (const Group& group : copy.groups) {
      bytes += 80 + group.type.size() + group.name.size() + group.owner.size() + group.link.size();
    }
    for (const std::string& tag : copy.tags) bytes += 3 + tag.size();
    for (const std::string& label : copy.security_labels) bytes += 3 + label.size();
  }
  return bytes;
}

// What follows reads the stored form strictly: a value of the wrong kind or out of its range is
// damage.

error_code read_text(Value value, std::string& out) {
  std::string_view text;
  if (const auto error = value.get_string().get(text)) return error;
  out = text;
  return json::SUCCESS;
}

error_code read_whole(Value value, std::int64_t& out) {
  return value.get_int64().get(out);
}

error_code read_flag(Value value, bool& out) {
  return value.get_bool().get(out);
}

error_code read_whole_within(Value value,
                             std::int64_t least,
                             std::int64_t most,
                             std::optional<std::int64_t>& out) {
  std::int64_t number = 0;
  if (const auto error = read_whole(value, number)) return error;
  if (number < least || number > most) return simdjson::NUMBER_OUT_OF_RANGE;
  out = number;
  return json::SUCCESS;
}

error_code read_rating(Value value, std::optional<double>& out) {
  double number = 0;
  if (const auto error = value.get_double().get(number)) return error;
  if (!(number >= 0 && number <= 5)) return simdjson::NUMBER_OUT_OF_RANGE;
  out = number;
  return json::SUCCESS;
}

error_code read_time(Value value, std::optional<WallTime>& out) {
  std::optional<std::int64_t> milliseconds;
  const auto error = read_whole_within(value, kLeastTime, kMostTime, milliseconds);
  if (milliseconds) out = WallTime{std::chrono::milliseconds{*milliseconds}};
  return error;
}

template <class Visit>
error_code read_object(Value value, Visit&& visit) {
  json::Object object;
  if (const auto error = value.get_object().get(object)) return error;
  return json::each_field(object, std::forward<Visit>(visit));
}

template <class Item>
error_code read_list(Value value, std::vector<Item>& out, error_code (*read_item)(Value, Item&)) {
  json::Array array;
  if (const auto error = value.get_array().get(array)) return error;
  out.clear();
  return json::each_element(array, [&](Value item) {
    if (out.size() == kMaxCopies) return simdjson::CAPACITY;
    return read_item(item, out.emplace_back());
  });
}

error_code read_attribute(Value value, Attribute& out) {
  return read_object(value, [&out](std::string_view key, Value field) {
    if (key == "type") return read_text(field, out.type);
    if (key == "value") return read_text(field, out.value);
    if (key == "def") return read_flag(field, out.is_default);
    if (key == "pin") return read_flag(field, out.pinned);
    return json::skip(field);
  });
}

error_code read_group(Value value, Group& out) {
  return read_object(value, [&out](std::string_view key, Value field) {
    if (key == "id") return read_whole(field, out.id);
    if (key == "type") return read_text(field, out.type);
    if (key == "name") return read_text(field, out.name);
    if (key == "owner") return read_text(field, out.owner);
    if (key == "link") return read_text(field, out.link);
    return json::skip(field);
  });
}

error_code read_off_scale(Value value, OffScale& out) {
  return read_object(value, [&out](std::string_view key, Value field) {
    if (key == "rating") return read_text(field, out.rating);
    if (key == "conf") return read_text(field, out.confidence);
    if (key == "ta") return read_text(field, out.threat_assess_score);
    if (key == "fp") return read_text(field, out.false_positives);
    if (key == "mod") return read_text(field, out.last_modified);
    return json::skip(field);
  });
}

error_code read_count(Value value, std::int64_t& out) {
  const auto error = read_whole(value, out);
  return error || out >= Unread::kUnreadable ? error : simdjson::NUMBER_OUT_OF_RANGE;
}

error_code read_unread(Value value, Unread& out) {
  return read_object(value, [&out](std::string_view key, Value field) {
    if (key == "attr") return read_count(field, out.attributes);
    if (key == "grp") return read_count(field, out.groups);
    if (key == "tags") return read_count(field, out.tags);
    return json::skip(field);
  });
}

error_code read_copy(Value value, OwnerCopy& out) {
  return read_object(value, [&out](std::string_view key, Value field) {
    if (key == "id") return read_whole(field, out.id);
    if (key == "oid") return read_whole(field, out.owner_id);
    if (key == "owner") return read_text(field, out.owner);
    if (key == "sum") return read_text(field, out.summary);
    if (key == "active") return read_flag(field, out.active);
    if (key == "private") return read_flag(field, out.is_private);
    if (key == "rating") return read_rating(field, out.rating);
    if (key == "conf") return read_whole_within(field, 0, 100, out.confidence);
    if (key == "added") return read_time(field, out.date_added);
    if (key == "mod") return read_time(field, out.last_modified);
    if (key == "link") return read_text(field, out.web_link);
    if (key == "ta") return read_whole_within(field, 0, 1000, out.threat_assess_score);
    if (key == "fp") return read_whole_within(field, 0, INT64_MAX, out.false_positives);
    if (key == "attr") return read_list(field, out.attributes, read_attribute);
    if (key == "grp") return read_list(field, out.groups, read_group);
    if (key == "tags") return read_list(field, out.tags, read_text);
    if (key == "labels") return read_list(field, out.security_labels, read_text);
    if (key == "odd") return read_off_scale(field, out.off_scale);
    if (key == "more") return read_unread(field, out.unread);
    return json::skip(field);
  });
}

}  // namespace

std::string encode(const Record& record) {
  std::string out;
  out.reserve(size_guess(record));
  JsonWriter json{out};
  json.begin_object().field("v", kVersion).key("copies").begin_array();
  for (const OwnerCopy& copy : record.copies) write_copy(json, copy);
  json.end_array();
  if (record.copies_cut != 0) json.field("cut", record.copies_cut);
  json.end_object();
  return out;
}

Result<Record> decode(std::string_view json) {
  Record record;
  std::int64_t version = 0;
  bool has_copies = false;
  const auto error = json::walk_object(json, [&](std::string_view key, Value value) {
    if (key == "v") return read_whole(value, version);
    if (key == "copies") {
      has_copies = true;
      return read_list(value, record.copies, read_copy);
    }
    if (key != "cut") return json::skip(value);
    std::optional<std::int64_t> cut;
    const auto failed = read_whole_within(value, 0, INT64_MAX, cut);
    record.copies_cut = cut.value_or(0);
    return failed;
  });
  constexpr std::string_view kDetail = "a stored record is damaged";
  if (error)
    return fail(ErrorCode::StoreFailed, std::string{kDetail}, simdjson::error_message(error));
  if (version != kVersion) {
    return fail(ErrorCode::StoreFailed, std::string{kDetail},
                "form " + std::to_string(version) + " of a record");
  }
  if (!has_copies)
    return fail(ErrorCode::StoreFailed, std::string{kDetail}, "a record without copies");
  return record;
}

}  // namespace cardstock::threatconnect
