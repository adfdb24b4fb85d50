#include "keys.hpp"

#include <array>
#include <string_view>
#include <variant>

#include <cardstock/card/card.hpp>
#include <cardstock/util/json_writer.hpp>

namespace cardstock::card {
namespace {

constexpr std::string_view kText = "text";
constexpr std::string_view kInteger = "integer";
constexpr std::string_view kDate = "date";
constexpr std::string_view kLink = "link";
constexpr std::string_view kList = "list";

template <class Row>
struct Entry {
  std::string_view key;
  std::string_view label;
  std::string_view type;
  std::string Row::* value;
};

constexpr std::array<Entry<OwnerRow>, 6> kOwnerEntries{{
    {"owner", "Owner", kText, &OwnerRow::owner},
    {"rating", "Rating", kText, &OwnerRow::rating},
    {"confidence", "Confidence", kText, &OwnerRow::confidence},
    {"last_modified", "Last Modified", kDate, &OwnerRow::last_modified},
    {"status", "Status", kText, &OwnerRow::status},
    {"link", "Link", kLink, &OwnerRow::link},
}};
constexpr std::array<Entry<GroupRow>, 4> kGroupEntries{{
    {"type", "Type", kText, &GroupRow::type},
    {"name", "Name", kText, &GroupRow::name},
    {"owner", "Owner", kText, &GroupRow::owner},
    {"link", "Link", kLink, &GroupRow::link},
}};
constexpr std::array<Entry<AttributeRow>, 3> kAttributeEntries{{
    {"type", "Type", kText, &AttributeRow::type},
    {"value", "Value", kText, &AttributeRow::value},
    {"owner", "Owner", kText, &AttributeRow::owner},
}};

const auto& entries_of(const std::vector<OwnerRow>&) {
  return kOwnerEntries;
}
const auto& entries_of(const std::vector<GroupRow>&) {
  return kGroupEntries;
}
const auto& entries_of(const std::vector<AttributeRow>&) {
  return kAttributeEntries;
}

/// Written by append_card: they change from one answer to the next.
struct Spliced {};

using Value = std::variant<Spliced,
                           std::string Facts::*,
                           std::optional<std::int64_t> Facts::*,
                           std::vector<std::string> Facts::*,
                           std::vector<OwnerRow> Facts::*,
                           std::vector<GroupRow> Facts::*,
                           std::vector<AttributeRow> Facts::*>;

enum class Show { Open, Collapsed };

struct Key {
  std::string_view key;
  std::string_view label;
  std::string_view type;
  Show show;
  Value value;
};

/// The table: the one place that says which keys there are, in which order, of which type, and what
/// they show.
constexpr std::array<Key, 14> kKeys{{
    {"owner_name", "Owner Name", kText, Show::Open, &Facts::owner_name},
    {"threat_assess_score", "Threat Assess Score", kText, Show::Open, &Facts::threat_assess_score},
    {"owner_confidence", "Owner Confidence", kText, Show::Open, &Facts::owner_confidence},
    {"owner_rating", "Owner Rating", kText, Show::Open, &Facts::owner_rating},
    {"false_positive_count", "False Positive Count", kInteger, Show::Open,
     &Facts::false_positive_count},
    {"last_modified_on", "Last Modified on", kDate, Show::Open, &Facts::last_modified_on},
    {"portal_link", "Link to ThreatConnect Portal", kLink, Show::Open, &Facts::portal_link},
    {"all_owners", "All Owners", kList, Show::Collapsed, &Facts::all_owners},
    {"associated_groups", "Associated Groups", kList, Show::Collapsed, &Facts::associated_groups},
    {"attributes", "Attributes", kList, Show::Collapsed, &Facts::attributes},
    {"tags", "Tags", kList, Show::Collapsed, &Facts::tags},
    {"criteria", "Playbook criteria met", kList, Show::Open, &Facts::criteria},
    {"freshness", "Fetched", kText, Show::Open, Spliced{}},
    {"notes", "Notes", kList, Show::Open, Spliced{}},
}};

class MemberWriter {
 public:
  MemberWriter(std::string& out, const Facts& facts) : json_{out}, facts_{facts} {}

  void write(const Key& key) {
    key_ = key.key;
    std::visit(*this, key.value);
  }

  void operator()(Spliced) {}
  void operator()(std::string Facts::* text) {
    if (!(facts_.*text).empty()) json_.field(key_, facts_.*text);
  }
  void operator()(std::optional<std::int64_t> Facts::* number) {
    if (const auto& value = facts_.*number) json_.field(key_, *value);
  }
  void operator()(std::vector<std::string> Facts::* list) {
    if ((facts_.*list).empty()) return;
    json_.key(key_).begin_array();
    for (const std::string& text : facts_.*list) json_.value(text);
    json_.end_array();
  }
  template <class Row>
  void operator()(std::vector<Row> Facts::* list) {
    const std::vector<Row>& rows = facts_.*list;
    if (rows.empty()) return;
    json_.key(key_).begin_array();
    for (const Row& row : rows) {
      json_.begin_object();
      for (const Entry<Row>& entry : entries_of(rows))
        if (!(row.*entry.value).empty()) json_.field(entry.key, row.*entry.value);
      json_.end_object();
    }
    json_.end_array();
  }

 private:
  JsonWriter json_;
  const Facts& facts_;
  std::string_view key_;
};

/// The entries of a list of dictionaries; empty for every other value.
struct EntriesOf {
  template <class Other>
  std::vector<KeyInfo> operator()(const Other&) const {
    return {};
  }
  std::vector<KeyInfo> operator()(std::vector<std::string> Facts::*) const { return {}; }
  template <class Row>
  std::vector<KeyInfo> operator()(std::vector<Row> Facts::*) const {
    std::vector<KeyInfo> entries;
    entries.reserve(entries_of(std::vector<Row>{}).size());
    for (const Entry<Row>& entry : entries_of(std::vector<Row>{}))
      entries.push_back(KeyInfo{entry.key, entry.label, entry.type, {}});
    return entries;
  }
};

void append_head(JsonWriter& json, const KeyInfo& info) {
  json.field("key", info.key).field("label", info.label).field("type", info.type);
}

}  // namespace

void append_members(std::string& out, const Facts& facts) {
  MemberWriter writer{out, facts};
  for (const Key& key : kKeys) writer.write(key);
}

const std::vector<KeyInfo>& keys() {
  static const std::vector<KeyInfo> table = [] {
    std::vector<KeyInfo> info;
    info.reserve(kKeys.size());
    for (const Key& key : kKeys)
      info.push_back(KeyInfo{key.key, key.label, key.type, std::visit(EntriesOf{}, key.value)});
    return info;
  }();
  return table;
}

std::string metadata_json() {
  std::string out;
  JsonWriter json{out};
  json.begin_object().key("entries").begin_array();
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    const KeyInfo& info = keys()[i];
    json.begin_object();
    append_head(json, info);
    if (kKeys[i].show == Show::Collapsed) json.field("collapse", true);
    if (info.type == kList) {
      json.key("item").begin_object().field("type", info.entries.empty() ? "text" : "dict");
      if (!info.entries.empty()) {
        json.key("entries").begin_array();
        for (const KeyInfo& entry : info.entries) {
          json.begin_object();
          append_head(json, entry);
          json.end_object();
        }
        json.end_array();
      }
      json.end_object();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace cardstock::card
