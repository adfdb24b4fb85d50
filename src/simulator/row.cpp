#include "row.hpp"

#include <algorithm>
#include <utility>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::simulator {
namespace {

constexpr std::string_view kDateAdded = "2025-01-15T08:30:00Z";
constexpr std::string_view kLastModified = "2025-06-01T12:00:00Z";

enum class FactKind : std::uint8_t { Text, Number, Flag, Time };

/// A key of the row, the part it belongs to, and what TQL calls it.
struct KeyRow {
  std::string_view key;
  std::optional<Part> part;  ///< nullopt: always there
  std::optional<Parameter> parameter;
  FactKind kind = FactKind::Text;
};

constexpr std::array kKeys{
    KeyRow{"rating", {}, Parameter::Rating, FactKind::Number},
    KeyRow{"confidence", {}, Parameter::Confidence, FactKind::Number},
    KeyRow{"description", {}, Parameter::Description},
    KeyRow{"source", {}, Parameter::Source},
    KeyRow{"activeLocked", {}, Parameter::ActiveLocked, FactKind::Flag},
    KeyRow{"dateAdded", {}, Parameter::DateAdded, FactKind::Time},
    KeyRow{"lastModified", {}, Parameter::LastModified, FactKind::Time},
    KeyRow{"size", {}, Parameter::FileSize, FactKind::Number},
    KeyRow{"dnsActive", {}, Parameter::HostDnsActive, FactKind::Flag},
    KeyRow{"threatAssessScore", Part::ThreatAssess, Parameter::ThreatAssessScore, FactKind::Number},
    KeyRow{"threatAssessScoreObserved", Part::ThreatAssess, {}},
    KeyRow{"threatAssessScoreFalsePositive", Part::ThreatAssess, {}},
    KeyRow{"threatAssessRating", Part::ThreatAssess, {}},
    KeyRow{"threatAssessConfidence", Part::ThreatAssess, {}},
    KeyRow{"calScore", Part::ThreatAssess, Parameter::CalScore, FactKind::Number},
    KeyRow{"falsePositives", Part::FalsePositives, Parameter::FalsePositiveCount, FactKind::Number},
    KeyRow{"lastFalsePositive", Part::FalsePositives, Parameter::LastFalsePositive, FactKind::Time},
    KeyRow{"falsePositiveReportedByUser", Part::FalsePositives, {}},
    KeyRow{"observations", Part::Observations, Parameter::ObservationCount, FactKind::Number},
    KeyRow{"lastObserved", Part::Observations, Parameter::LastObserved, FactKind::Time},
    KeyRow{"attributes", Part::Attributes, {}},
    KeyRow{"associatedGroups", Part::AssociatedGroups, {}},
    KeyRow{"tags", Part::Tags, {}},
    KeyRow{"securityLabels", Part::SecurityLabels, {}},
    KeyRow{"firstSeen", Part::Sightings, Parameter::FirstSeen, FactKind::Time},
    KeyRow{"lastSeen", Part::Sightings, Parameter::LastSeen, FactKind::Time},
    KeyRow{"createdBy", Part::UserDetails, {}},
};

/// A type, the row's key for its value, and the page of the old portal.
struct TypeRow {
  std::string_view name;
  std::string_view key;
  std::string_view page;
};

constexpr std::array kTypes{
    TypeRow{"Address", "ip", "address.xhtml?address="},
    TypeRow{"EmailAddress", "address", "emailaddress.xhtml?emailaddress="},
    TypeRow{"File", "", "file.xhtml?file="},
    TypeRow{"Host", "hostName", "host.xhtml?host="},
    TypeRow{"URL", "text", "url.xhtml?orgid="},
    TypeRow{"ASN", "AS Number", ""},
    TypeRow{"CIDR", "Block", ""},
    TypeRow{"Email Subject", "Subject", ""},
    TypeRow{"Hashtag", "Hashtag", ""},
    TypeRow{"Mutex", "Mutex", ""},
    TypeRow{"Registry Key", "Key Name", ""},
    TypeRow{"User Agent", "User Agent String", ""},
};

struct HashRow {
  std::string_view key;
  std::size_t digits;
  Parameter parameter;
};

constexpr std::array kHashes{
    HashRow{"md5", 32, Parameter::Value1},
    HashRow{"sha1", 40, Parameter::Value2},
    HashRow{"sha256", 64, Parameter::Value3},
};

std::string form_encode(std::string_view text) {
  std::string encoded;
  for (const char c : percent_encode(text)) {
    encoded.push_back(c);
    if (encoded.ends_with("%20")) encoded.replace(encoded.size() - 3, 3, "+");
  }
  return encoded;
}

void append_member(std::string& out, std::string_view key, std::string_view raw) {
  if (!out.empty()) out.push_back(',');
  append_json_string(out, key);
  out.push_back(':');
  out.append(raw);
}

std::string given_text(std::span<const Member> given, std::string_view key) {
  const std::string* raw = find(given, key);
  return raw == nullptr ? std::string{} : text_of(*raw).value_or(std::string{});
}

/// The defaults in their order with what is given in their places, and behind them what is given
/// beyond.
std::vector<Member> merged(std::vector<Member> defaults, std::span<const Member> given) {
  const std::size_t known = defaults.size();
  for (const Member& member : given) {
    if (member.key == "repeat" || member.key == "omit") continue;
    const auto end = defaults.begin() + static_cast<std::ptrdiff_t>(known);
    const auto at = std::find_if(defaults.begin(), end,
                                 [&](const Member& one) { return one.key == member.key; });
    if (at == end) {
      defaults.push_back(member);
    } else {
      at->raw = member.raw;
    }
  }
  return defaults;
}

std::string object_of(std::span<const Member> members) {
  std::string out;
  for (const Member& member : members) append_member(out, member.key, member.raw);
  return "{" + out + "}";
}

class RowReader {
 public:
  RowReader(std::span<const Member> given, std::int64_t index, RowContext& context)
      : given_{given}, index_{index}, context_{context} {}

  Result<Copy> run() {
    if (auto read = read_identity(); !read) return std::unexpected(read.error());
    std::vector<Member> row = merged(defaults(), given_);
    if (Member* id = member_of(row, "id"); id != nullptr) id->raw = std::to_string(copy_.id);
    add_identity_facts();
    for (Member& member : row) {
      if (auto read = read_collection(member); !read) return std::unexpected(read.error());
      add_fact(member);
    }
    if (auto written = write(row); !written) return std::unexpected(written.error());
    return std::move(copy_);
  }

 private:
  static Member* member_of(std::vector<Member>& row, std::string_view key) {
    const auto at = std::ranges::find(row, key, &Member::key);
    return at == row.end() ? nullptr : &*at;
  }
  static std::unexpected<Error> malformed(std::string what) {
    return fail(ErrorCode::MalformedRequest, "an indicator " + std::move(what));
  }

  Status read_identity() {
    const std::string owner = given_text(given_, "ownerName");
    const auto at = context_.instance.owner_named(owner);
    if (!at) return malformed("names no known ownerName: '" + owner + "'");
    copy_.owner = *at;
    type_ = given_text(given_, "type");
    if (type_.empty()) return malformed("has no type");
    summary_ = given_text(given_, "summary");
    if (type_ == "File") read_hashes();
    if (summary_.empty()) return malformed("has no summary");
    const std::string* id = find(given_, "id");
    const auto number = id == nullptr ? context_.next_id++ : integer_of(*id);
    if (!number) return malformed("has an id that is not a whole number: " + summary_);
    copy_.id = id == nullptr ? *number : *number + index_;
    if (const std::string* active = find(given_, "active"))
      copy_.active = flag_of(*active).value_or(true);
    return {};
  }

  /// Either of the joined summary and the single hashes follows from the other.
  void read_hashes() {
    std::string joined;
    for (std::size_t i = 0; i < kHashes.size(); ++i) {
      hashes_[i] = given_text(given_, kHashes[i].key);
      if (hashes_[i].empty()) hashes_[i] = hash_in_summary(kHashes[i].digits);
      if (hashes_[i].empty()) continue;
      joined += (joined.empty() ? "" : " : ") + hashes_[i];
    }
    if (summary_.empty()) summary_ = joined;
  }
  std::string hash_in_summary(std::size_t digits) const {
    std::string_view rest = summary_;
    while (!rest.empty()) {
      const std::size_t cut = std::min(rest.find(" : "), rest.size());
      if (cut == digits) return std::string{rest.substr(0, cut)};
      rest.remove_prefix(std::min(cut + 3, rest.size()));
    }
    return {};
  }

  std::vector<Member> defaults() const {
    const Owner& owner = context_.instance.owners[copy_.owner];
    const std::string id = std::to_string(copy_.id);
    std::vector<Member> row{
        {"id", id},
        {"dateAdded", json_string(kDateAdded)},
        {"ownerId", std::to_string(owner.id)},
        {"ownerName", json_string(owner.name)},
        {"webLink", json_string(context_.portal + "/#/details/indicators/" + id)},
        {"type", json_string(type_)},
        {"lastModified", json_string(kLastModified)},
        {"summary", json_string(summary_)},
        {"privateFlag", "false"},
        {"active", "true"},
        {"activeLocked", "false"},
    };
    const auto* type = std::ranges::find(kTypes, type_, &TypeRow::name);
    const std::string_view page = type == kTypes.end() ? std::string_view{} : type->page;
    if (type != kTypes.end() && !type->key.empty())
      row.push_back({std::string{type->key}, json_string(summary_)});
    for (std::size_t i = 0; i < kHashes.size(); ++i) {
      if (!hashes_[i].empty())
        row.push_back({std::string{kHashes[i].key}, json_string(hashes_[i])});
    }
    if (type_ == "Host") {
      row.push_back({"dnsActive", "false"});
      row.push_back({"whoisActive", "false"});
    }
    row.push_back({"legacyLink", json_string(legacy_link(page, id, owner.name))});
    return row;
  }

  std::string legacy_link(std::string_view page,
                          const std::string& id,
                          const std::string& owner) const {
    const std::string base = context_.portal + "/auth/indicators/details/";
    if (page.empty())
      return base + "customIndicator.xhtml?id=" + id + "&owner=" + form_encode(owner);
    if (type_ == "URL") return base + std::string{page} + id + "&owner=" + form_encode(owner);
    const std::string value = type_ == "File" ? summary_.substr(0, summary_.find(" : ")) : summary_;
    return base + std::string{page} + form_encode(value) + "&owner=" + form_encode(owner);
  }

  void fact(Parameter parameter, Value value) {
    copy_.data.push_back(Datum{parameter, std::move(value)});
  }

  void add_identity_facts() {
    const Owner& owner = context_.instance.owners[copy_.owner];
    fact(Parameter::Id, copy_.id);
    fact(Parameter::Owner, owner.id);
    fact(Parameter::OwnerName, owner.name);
    fact(Parameter::TypeName, type_);
    fact(Parameter::Summary, summary_);
    fact(Parameter::IndicatorActive, copy_.active);
    if (type_ == "Address") fact(Parameter::AddressIsIpv6, summary_.contains(':'));
    if (type_ != "File") fact(Parameter::Value1, summary_);
    for (std::size_t i = 0; i < kHashes.size(); ++i) {
      if (!hashes_[i].empty()) fact(kHashes[i].parameter, hashes_[i]);
    }
  }

  void add_fact(const Member& member) {
    const auto* key = std::ranges::find(kKeys, member.key, &KeyRow::key);
    if (key == kKeys.end() || !key->parameter) return;
    switch (key->kind) {
      case FactKind::Text:
        if (auto text = text_of(member.raw)) fact(*key->parameter, *std::move(text));
        return;
      case FactKind::Number:
        if (const auto whole = integer_of(member.raw)) {
          fact(*key->parameter, *whole);
        } else if (const auto real = number_of(member.raw)) {
          fact(*key->parameter, *real);
        }
        return;
      case FactKind::Flag:
        if (const auto flag = flag_of(member.raw)) fact(*key->parameter, *flag);
        return;
      case FactKind::Time:
        if (const auto text = text_of(member.raw)) {
          if (const auto time = parse_timestamp(*text)) fact(*key->parameter, *time);
        }
        return;
    }
  }

  /// A collection written as an array becomes what the service sends; any other value stays as it
  /// is written.
  Status read_collection(Member& member) {
    const auto* key = std::ranges::find(kKeys, member.key, &KeyRow::key);
    if (key == kKeys.end() || !member.raw.starts_with('[')) return {};
    std::string items;
    const auto use = [&](std::string_view element, std::int64_t index) -> Status {
      auto item = element_of(*key->part, element, index);
      if (!item) return std::unexpected(item.error());
      if (!items.empty()) items.push_back(',');
      items += *item;
      return {};
    };
    if (!key->part) return malformed("has a list where none belongs: " + member.key);
    if (auto read = each_element(member.raw, 'm', context_.budget, use); !read) return read;
    member.raw = items.empty() ? "{}" : R"({"data":[)" + items + "]}";
    return {};
  }

  /// `index`: of a repeated element, whose id counts up like a repeated row's.
  Result<std::string> element_of(Part part, std::string_view element, std::int64_t index) {
    std::vector<Member> given;
    if (element.starts_with('"')) {
      given.push_back({"name", std::string{element}});
    } else {
      auto read = members(element);
      if (!read) return std::unexpected(read.error());
      given = *std::move(read);
    }
    const auto own = std::ranges::find(given, "id", &Member::key);
    if (own != given.end())
      if (const auto number = integer_of(own->raw)) own->raw = std::to_string(*number + index);
    const std::string id = std::to_string(context_.next_id++);
    const std::vector<Member> all = merged(element_defaults(part, id), given);
    note_element(part, all);
    return object_of(all);
  }

  std::vector<Member> element_defaults(Part part, const std::string& id) const {
    if (part == Part::Attributes) {
      return {{"id", id},
              {"dateAdded", json_string(kDateAdded)},
              {"lastModified", json_string(kLastModified)},
              {"pinned", "false"},
              {"default", "false"}};
    }
    if (part == Part::AssociatedGroups) {
      const Owner& owner = context_.instance.owners[copy_.owner];
      return {{"id", id},
              {"ownerId", std::to_string(owner.id)},
              {"ownerName", json_string(owner.name)},
              {"dateAdded", json_string(kDateAdded)},
              {"webLink", json_string(context_.portal + "/#/details/groups/" + id)},
              {"upVoteCount", R"("0")"},
              {"downVoteCount", R"("0")"},
              {"lastModified", json_string(kLastModified)}};
    }
    return {{"id", id}};
  }

  void note_element(Part part, std::span<const Member> element) {
    if (part == Part::AssociatedGroups) {
      const std::string* id = find(element, "id");
      if (const auto number = id == nullptr ? std::nullopt : integer_of(*id))
        fact(Parameter::AssociatedGroup, *number);
    }
    if (part == Part::Tags) fact(Parameter::Tag, given_text(element, "name"));
    if (part == Part::SecurityLabels) fact(Parameter::SecurityLabel, given_text(element, "name"));
  }

  Status write(std::span<const Member> row) {
    std::vector<std::string> left_out;
    if (const std::string* omit = find(given_, "omit")) {
      const auto names = elements(*omit);
      if (!names) return std::unexpected(names.error());
      for (const std::string& name : *names)
        left_out.push_back(text_of(name).value_or(std::string{}));
    }
    for (const Member& member : row) {
      if (std::ranges::find(left_out, member.key) != left_out.end()) continue;
      const auto* key = std::ranges::find(kKeys, member.key, &KeyRow::key);
      const bool is_base = key == kKeys.end() || !key->part;
      append_member(is_base ? copy_.base : copy_.parts[std::to_underlying(*key->part)], member.key,
                    member.raw);
    }
    return {};
  }

  std::span<const Member> given_;
  std::int64_t index_;
  RowContext& context_;
  Copy copy_;
  std::string type_;
  std::string summary_;
  std::array<std::string, kHashes.size()> hashes_;
};

}  // namespace

Result<Copy> read_copy(std::span<const Member> given, std::int64_t index, RowContext& context) {
  return RowReader{given, index, context}.run();
}

}  // namespace cardstock::simulator
