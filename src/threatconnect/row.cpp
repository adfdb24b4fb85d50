#include "row.hpp"

#include <array>
#include <cmath>

#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::threatconnect {
namespace {

using json::error_code;
using json::Value;
using Text = std::optional<std::string_view>;

/// The texts of a row that decide what it is; they point into the parsed document.
struct Names {
  Text type;
  Text ip;
  Text host;
  Text url;
  Text address;
  Text block;
  std::array<Text, 3> hashes;  ///< md5, sha1, sha256
  Text summary;
};

bool is_blank(const Text& text) {
  return !text || trim(*text).empty();
}

std::string string_of(const Text& text) {
  return std::string{text.value_or(std::string_view{})};
}

std::int64_t id_of(const Text& text) {
  return text ? json::to_integer(*text).value_or(0) : 0;
}

std::optional<std::int64_t> whole_within(const Text& text, std::int64_t least, std::int64_t most) {
  const auto number = text ? json::to_integer(*text) : std::nullopt;
  return number && *number >= least && *number <= most ? number : std::nullopt;
}

std::optional<double> rating_of(const Text& text) {
  const auto number = text ? json::to_decimal(*text) : std::nullopt;
  if (!number || *number < 0 || *number > 5) return std::nullopt;
  return std::abs(*number);  // -0 is 0
}

std::optional<WallTime> time_of(const Text& text) {
  return text ? parse_timestamp(*text) : std::nullopt;
}

bool flag_of(const Text& text, bool otherwise) {
  return text ? json::to_flag(*text).value_or(otherwise) : otherwise;
}

error_code read_attribute(Value value, std::vector<Attribute>& out) {
  Attribute attribute;
  const auto error = json::each_field_if_object(value, [&](std::string_view key, Value field) {
    Text text;
    const auto failed = json::read_text(field, text);
    if (failed) return failed;
    if (key == "type") attribute.type = string_of(text);
    if (key == "value") attribute.value = string_of(text);
    if (key == "default") attribute.is_default = flag_of(text, false);
    if (key == "pinned") attribute.pinned = flag_of(text, false);
    return json::SUCCESS;
  });
  if (!attribute.type.empty() || !attribute.value.empty()) out.push_back(std::move(attribute));
  return error;
}

error_code read_group(Value value, std::vector<Group>& out) {
  Group group;
  const auto error = json::each_field_if_object(value, [&](std::string_view key, Value field) {
    Text text;
    const auto failed = json::read_text(field, text);
    if (failed) return failed;
    if (key == "id") group.id = id_of(text);
    if (key == "type") group.type = string_of(text);
    if (key == "name") group.name = string_of(text);
    if (key == "ownerName") group.owner = string_of(text);
    if (key == "webLink") group.link = string_of(text);
    return json::SUCCESS;
  });
  if (group.id != 0 || !group.name.empty()) out.push_back(std::move(group));
  return error;
}

/// A tag or a security label: an object with a name.
error_code read_name(Value value, std::vector<std::string>& out) {
  Text name;
  const auto error = json::each_field_if_object(value, [&](std::string_view key, Value field) {
    if (key != "name") return json::skip(field);
    return json::read_text(field, name);
  });
  if (!is_blank(name)) out.emplace_back(*name);
  return error;
}

/// A nested collection: missing, null, `{}`, `{"data":null}` and `{"data":[]}` alike are empty.
template <class Item>
error_code read_collection(Value value, std::vector<Item>& out, error_code (*read_item)(Value, std::vector<Item>&)) {
  out.clear();
  return json::each_field_if_object(value, [&](std::string_view key, Value data) {
    if (key != "data") return json::skip(data);
    return json::each_element_or_one(data, [&](Value item) { return read_item(item, out); });
  });
}

/// Where a scalar of the row goes; nullptr for a key that is not read. `later` holds those that
/// need converting.
struct Scalars {
  Names names;
  Text id, owner_id, owner, active, is_private, rating, confidence, date_added, last_modified, web_link, score,
      false_positives;

  Text* slot(std::string_view key) {
    struct Entry {
      std::string_view key;
      Text* slot;
    };
    const std::array<Entry, 22> entries{{{"id", &id},
                                         {"ownerId", &owner_id},
                                         {"ownerName", &owner},
                                         {"type", &names.type},
                                         {"summary", &names.summary},
                                         {"dateAdded", &date_added},
                                         {"lastModified", &last_modified},
                                         {"webLink", &web_link},
                                         {"rating", &rating},
                                         {"confidence", &confidence},
                                         {"active", &active},
                                         {"privateFlag", &is_private},
                                         {"threatAssessScore", &score},
                                         {"falsePositives", &false_positives},
                                         {"ip", &names.ip},
                                         {"hostName", &names.host},
                                         {"text", &names.url},
                                         {"address", &names.address},
                                         {"Block", &names.block},
                                         {"md5", &names.hashes[0]},
                                         {"sha1", &names.hashes[1]},
                                         {"sha256", &names.hashes[2]}}};
    for (const Entry& entry : entries)
      if (entry.key == key) return entry.slot;
    return nullptr;
  }
};

/// `MD5 : SHA1 : SHA256`, those that are known.
void append_hashes_of_summary(std::vector<std::string>& values, std::string_view summary) {
  while (!summary.empty()) {
    const std::size_t colon = std::min(summary.find(':'), summary.size());
    if (const auto hash = trim(summary.substr(0, colon)); !hash.empty()) values.emplace_back(hash);
    summary.remove_prefix(std::min(colon + 1, summary.size()));
  }
}

/// The values by which the row is known, of its type's own keys; else of its summary.
std::vector<std::string> values_of(const std::optional<IndicatorType>& type, const Names& names) {
  std::vector<std::string> values;
  const auto add = [&values](const Text& text) {
    if (!is_blank(text)) values.emplace_back(*text);
  };
  if (type) {
    switch (*type) {
      case IndicatorType::Address:
        add(names.ip);
        break;
      case IndicatorType::Cidr:
        add(names.block);
        break;
      case IndicatorType::Host:
        add(names.host);
        break;
      case IndicatorType::Url:
        add(names.url);
        break;
      case IndicatorType::EmailAddress:
        add(names.address);
        break;
      case IndicatorType::File:
        for (const Text& hash : names.hashes) add(hash);
        if (values.empty() && names.summary) append_hashes_of_summary(values, *names.summary);
        break;
    }
  }
  if (values.empty()) add(names.summary);
  return values;
}

}  // namespace

error_code read_row(Value value, std::optional<Row>& row) {
  row.reset();
  Row read;
  OwnerCopy& copy = read.copy;
  Scalars scalars;
  const auto error = json::each_field_if_object(value, [&](std::string_view key, Value field) {
    if (Text* const slot = scalars.slot(key)) return json::read_text(field, *slot);
    if (key == "attributes") return read_collection(field, copy.attributes, read_attribute);
    if (key == "associatedGroups") return read_collection(field, copy.groups, read_group);
    if (key == "tags") return read_collection(field, copy.tags, read_name);
    if (key == "securityLabels") return read_collection(field, copy.security_labels, read_name);
    return json::skip(field);
  });
  if (error) return error;
  if (is_blank(scalars.owner)) return json::SUCCESS;
  if (scalars.names.type) read.type = indicator_type(trim(*scalars.names.type));
  read.values = values_of(read.type, scalars.names);
  if (read.values.empty()) return json::SUCCESS;

  copy.id = id_of(scalars.id);
  copy.owner_id = id_of(scalars.owner_id);
  copy.owner = string_of(scalars.owner);
  copy.summary = is_blank(scalars.names.summary) ? read.values.front() : string_of(scalars.names.summary);
  copy.active = flag_of(scalars.active, true);
  copy.is_private = flag_of(scalars.is_private, false);
  copy.rating = rating_of(scalars.rating);
  copy.confidence = whole_within(scalars.confidence, 0, 100);
  copy.date_added = time_of(scalars.date_added);
  copy.last_modified = time_of(scalars.last_modified);
  copy.web_link = string_of(scalars.web_link);
  copy.threat_assess_score = whole_within(scalars.score, 0, 1000);
  copy.false_positives = whole_within(scalars.false_positives, 0, INT64_MAX);
  row = std::move(read);
  return json::SUCCESS;
}

}  // namespace cardstock::threatconnect
