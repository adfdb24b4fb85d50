#include "row.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::threatconnect {
namespace {

using json::error_code;
using json::Value;
/// A scalar of the answer; it points into the parsed document. Missing and null are empty.
using Text = std::string_view;

/// The scalars of a row, converted only when all are there: what a row is depends on several, and
/// keys come in any order.
struct Scalars {
  Text id, owner_id, owner, summary, type, active, is_private, rating, confidence, date_added,
      last_modified, web_link, score, false_positives;
  Text ip, host, url, address, block, md5, sha1, sha256;
};

struct Key {
  std::string_view name;
  Text Scalars::* slot;
};

/// By length, so that a key is compared with the few that are as long.
constexpr std::array<Key, 22> kKeys{{{"id", &Scalars::id},
                                     {"ip", &Scalars::ip},
                                     {"md5", &Scalars::md5},
                                     {"type", &Scalars::type},
                                     {"text", &Scalars::url},
                                     {"sha1", &Scalars::sha1},
                                     {"Block", &Scalars::block},
                                     {"active", &Scalars::active},
                                     {"rating", &Scalars::rating},
                                     {"sha256", &Scalars::sha256},
                                     {"ownerId", &Scalars::owner_id},
                                     {"summary", &Scalars::summary},
                                     {"webLink", &Scalars::web_link},
                                     {"address", &Scalars::address},
                                     {"hostName", &Scalars::host},
                                     {"ownerName", &Scalars::owner},
                                     {"dateAdded", &Scalars::date_added},
                                     {"confidence", &Scalars::confidence},
                                     {"privateFlag", &Scalars::is_private},
                                     {"lastModified", &Scalars::last_modified},
                                     {"falsePositives", &Scalars::false_positives},
                                     {"threatAssessScore", &Scalars::score}}};
static_assert(std::ranges::is_sorted(kKeys, {}, [](const Key& key) { return key.name.size(); }));

/// For each length up to the longest: where its keys start; one more entry ends the last.
constexpr auto kFirstOfLength = [] {
  std::array<std::size_t, kKeys.back().name.size() + 2> first{};
  for (std::size_t length = 0; length < first.size(); ++length) {
    first[length] = static_cast<std::size_t>(std::ranges::count_if(
        kKeys, [length](const Key& key) { return key.name.size() < length; }));
  }
  return first;
}();

/// Where a scalar goes; nullptr for a key that is not read.
Text* slot_of(Scalars& scalars, std::string_view key) {
  if (key.size() + 1 >= kFirstOfLength.size()) return nullptr;
  for (std::size_t i = kFirstOfLength[key.size()]; i < kFirstOfLength[key.size() + 1]; ++i) {
    if (kKeys[i].name == key) return &(scalars.*kKeys[i].slot);
  }
  return nullptr;
}

bool is_blank(Text text) {
  return trim(text).empty();
}

std::int64_t id_of(Text text) {
  return json::to_integer(text).value_or(0);
}

std::optional<std::int64_t> whole_within(Text text, std::int64_t least, std::int64_t most) {
  const auto number = json::to_integer(text);
  return number && *number >= least && *number <= most ? number : std::nullopt;
}

std::optional<double> rating_of(Text text) {
  const auto number = json::to_decimal(text);
  if (!number || *number < 0 || *number > 5) return std::nullopt;
  return std::abs(*number);  // -0 is 0
}

/// The start of what was sent in place of a value on its scale.
std::string as_sent(Text sent) {
  return std::string{start_of(trim(sent), OffScale::kMaxBytes)};
}

error_code read_flag(Value value, bool& flag) {
  Text text;
  const auto error = json::read_text(value, text);
  flag = json::to_flag(text).value_or(false);
  return error;
}

error_code read_string(Value value, std::string& out) {
  Text text;
  const auto error = json::read_text(value, text);
  out = text;
  return error;
}

error_code read_attribute(Value value, std::vector<Attribute>& out) {
  Attribute& attribute = out.emplace_back();
  const auto error =
      json::each_field_if_object(value, [&attribute](std::string_view key, Value field) {
        if (key == "type") return read_string(field, attribute.type);
        if (key == "value") return read_string(field, attribute.value);
        if (key == "default") return read_flag(field, attribute.is_default);
        if (key == "pinned") return read_flag(field, attribute.pinned);
        return json::skip(field);
      });
  if (attribute.type.empty() && attribute.value.empty()) out.pop_back();
  return error;
}

error_code read_group(Value value, std::vector<Group>& out) {
  Group& group = out.emplace_back();
  const auto error = json::each_field_if_object(value, [&group](std::string_view key, Value field) {
    if (key == "type") return read_string(field, group.type);
    if (key == "name") return read_string(field, group.name);
    if (key == "ownerName") return read_string(field, group.owner);
    if (key == "webLink") return read_string(field, group.link);
    if (key != "id") return json::skip(field);
    Text id;
    const auto failed = json::read_text(field, id);
    group.id = id_of(id);
    return failed;
  });
  if (group.id == 0 && group.name.empty()) out.pop_back();
  return error;
}

/// A tag or a security label: an object with a name.
error_code read_name(Value value, std::vector<std::string>& out) {
  Text name;
  const auto error = json::each_field_if_object(value, [&name](std::string_view key, Value field) {
    return key == "name" ? json::read_text(field, name) : json::skip(field);
  });
  if (!is_blank(name)) out.emplace_back(name);
  return error;
}

/// The items of a collection, counted as sent; -1 when what stands there is neither list nor object
/// nor null.
template <class Item>
error_code read_items(Value value,
                      std::vector<Item>& out,
                      error_code (*read_item)(Value, std::vector<Item>&),
                      std::int64_t& sent) {
  json::Type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type != json::Type::array && type != json::Type::object) {
    if (type != json::Type::null) sent = Unread::kUnreadable;
    return json::skip(value);
  }
  return json::each_element_or_one(value, [&](Value item) {
    ++sent;
    return read_item(item, out);
  });
}

/// A nested collection: missing, null, `{}`, `{"data":null}` and `{"data":[]}` alike are empty.
/// `unread`: by how much its `count` exceeds what was sent.
template <class Item>
error_code read_collection(Value value,
                           std::vector<Item>& out,
                           error_code (*read_item)(Value, std::vector<Item>&),
                           std::int64_t& unread) {
  out.clear();
  std::int64_t sent = 0;
  Text count;
  const auto read_field = [&](std::string_view key, Value field) {
    if (key == "count") return json::read_text(field, count);
    return key == "data" ? read_items(field, out, read_item, sent) : json::skip(field);
  };
  json::Type type{};
  if (const auto error = value.type().get(type)) return error;
  const auto error = type == json::Type::object ? json::each_field_if_object(value, read_field)
                                                : read_items(value, out, read_item, sent);
  unread = sent < 0 ? sent : std::max(json::to_integer(count).value_or(0) - sent, std::int64_t{0});
  return error;
}

/// `MD5 : SHA1 : SHA256`, those that are known.
void append_hashes_of_summary(std::vector<std::string>& values, std::string_view summary) {
  while (!summary.empty()) {
    const std::size_t colon = std::min(summary.find(':'), summary.size());
    if (const auto hash = trim(summary.substr(0, colon)); !hash.empty()) values.emplace_back(hash);
    summary.remove_prefix(std::min(colon + 1, summary.size()));
  }
}

/// The values by which a row is known: of its type's own keys, else the summary.
std::vector<std::string> values_of(const std::optional<IndicatorType>& type,
                                   const Scalars& scalars) {
  std::vector<std::string> values;
  const auto add = [&values](Text text) {
    if (!is_blank(text)) values.emplace_back(text);
  };
  if (type) {
    switch (*type) {
      case IndicatorType::Address:
        add(scalars.ip);
        break;
      case IndicatorType::Cidr:
        add(scalars.block);
        break;
      case IndicatorType::Host:
        add(scalars.host);
        break;
      case IndicatorType::Url:
        add(scalars.url);
        break;
      case IndicatorType::EmailAddress:
        add(scalars.address);
        break;
      case IndicatorType::File:
        for (const Text hash : {scalars.md5, scalars.sha1, scalars.sha256}) add(hash);
        if (values.empty()) append_hashes_of_summary(values, scalars.summary);
        break;
    }
  }
  if (values.empty()) add(scalars.summary);
  return values;
}

}  // namespace

error_code read_row(Value value, Row& row, bool& is_row) {
  is_row = false;
  OwnerCopy& copy = row.copy;
  Scalars scalars;
  std::int64_t unread_labels = 0;  // of what the card does not show
  const auto error = json::each_field_if_object(value, [&](std::string_view key, Value field) {
    if (Text* const slot = slot_of(scalars, key)) return json::read_text(field, *slot);
    Unread& unread = copy.unread;
    if (key == "attributes")
      return read_collection(field, copy.attributes, read_attribute, unread.attributes);
    if (key == "associatedGroups")
      return read_collection(field, copy.groups, read_group, unread.groups);
    if (key == "tags") return read_collection(field, copy.tags, read_name, unread.tags);
    if (key == "securityLabels")
      return read_collection(field, copy.security_labels, read_name, unread_labels);
    return json::skip(field);
  });
  if (error || is_blank(scalars.owner)) return error;
  row.type = indicator_type(trim(scalars.type));
  row.values = values_of(row.type, scalars);
  if (row.values.empty()) return json::SUCCESS;

  copy.id = id_of(scalars.id);
  copy.owner_id = id_of(scalars.owner_id);
  copy.owner = scalars.owner;
  copy.summary = is_blank(scalars.summary) ? Text{row.values.front()} : scalars.summary;
  copy.active = json::to_flag(scalars.active).value_or(true);
  copy.is_private = json::to_flag(scalars.is_private).value_or(false);
  copy.rating = rating_of(scalars.rating);
  copy.confidence = whole_within(scalars.confidence, 0, 100);
  copy.date_added = parse_timestamp(scalars.date_added);
  copy.last_modified = parse_timestamp(scalars.last_modified);
  copy.web_link = scalars.web_link;
  copy.threat_assess_score = whole_within(scalars.score, 0, 1000);
  copy.false_positives = whole_within(scalars.false_positives, 0, INT64_MAX);
  if (!copy.rating) copy.off_scale.rating = as_sent(scalars.rating);
  if (!copy.confidence) copy.off_scale.confidence = as_sent(scalars.confidence);
  if (!copy.threat_assess_score) copy.off_scale.threat_assess_score = as_sent(scalars.score);
  if (!copy.false_positives) copy.off_scale.false_positives = as_sent(scalars.false_positives);
  if (!copy.last_modified) copy.off_scale.last_modified = as_sent(scalars.last_modified);
  is_row = true;
  return json::SUCCESS;
}

}  // namespace cardstock::threatconnect
