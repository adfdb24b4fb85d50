#pragma once
/// \file record.hpp
/// \brief What ThreatConnect holds on one indicator, normalized: one schema for all types.
///
/// Stored: `encode` is the body of a cache row and of an export line; fields may join, none may
/// change meaning. Text is as the service sent it, made valid UTF-8; it is untrusted and not
/// cleaned for display here.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::threatconnect {

struct Attribute {
  std::string type;
  std::string value;
  bool is_default = false;
  bool pinned = false;
  bool operator==(const Attribute&) const = default;
};

struct Group {
  std::int64_t id = 0;
  std::string type;
  std::string name;
  std::string owner;  ///< may be another than the copy's
  std::string link;   ///< webLink as sent; empty when none
  bool operator==(const Group&) const = default;
};

/// Values that the service sent and that are not on their scale, as sent, at most
/// kMaxBytes of each; empty: none. In the copy itself such a value is unset, so that nothing
/// computes with it, and yet it can be told from one that nobody gave.
struct OffScale {
  static constexpr std::size_t kMaxBytes = 64;
  std::string rating;
  std::string confidence;
  std::string threat_assess_score;
  std::string false_positives;  ///< whole numbers from 0 on are its scale
  std::string last_modified;    ///< any of the service's ways to write a time is its scale
  bool operator==(const OffScale&) const = default;
};

/// What the service holds of a copy's lists and did not send, or sent in a form that is no list.
struct Unread {
  static constexpr std::int64_t kUnreadable = -1;  ///< in place of a number: nobody knows how many
  std::int64_t attributes = 0;
  std::int64_t groups = 0;
  std::int64_t tags = 0;
  bool operator==(const Unread&) const = default;
};

/// One owner's copy of the indicator. Unset is not 0: an absent or null value is nullopt.
struct OwnerCopy {
  std::int64_t id = 0;  ///< exact; can exceed 2^53
  std::int64_t owner_id = 0;
  std::string owner;
  std::string summary;  ///< the value as ThreatConnect stores it
  bool active = true;
  bool is_private = false;
  std::optional<double> rating;            ///< 0–5 skulls
  std::optional<std::int64_t> confidence;  ///< 0–100
  std::optional<WallTime> date_added;
  std::optional<WallTime> last_modified;
  std::string web_link;                             ///< as sent; may start with "null/"
  std::optional<std::int64_t> threat_assess_score;  ///< 0–1000; of the instance, not of the copy
  std::optional<std::int64_t> false_positives;      ///< of the instance
  std::vector<Attribute> attributes;
  std::vector<Group> groups;
  std::vector<std::string> tags;
  std::vector<std::string> security_labels;
  OffScale off_scale;
  Unread unread;
  bool operator==(const OwnerCopy&) const = default;
};

/// All visible owners' copies, in the order of the answer. No copy: nobody holds it.
struct Record {
  std::vector<OwnerCopy> copies;
  /// Copies that the service holds beyond those read (page cap); 0 when complete.
  std::int64_t copies_cut = 0;
  bool absent() const noexcept { return copies.empty(); }
  bool operator==(const Record&) const = default;
};

/// Compact JSON with short stable keys.
std::string encode(const Record& record);
/// The inverse of `encode`. Errors: StoreFailed for anything else (a damaged row).
Result<Record> decode(std::string_view json);

}  // namespace cardstock::threatconnect
