#pragma once
/// \file keys.hpp
/// \brief What the table of keys shows: every value of a card, ready to be written.
///
/// Texts are clean already; an empty text, an unset number and an empty list are left out.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cardstock::card {

struct OwnerRow {
  std::string owner;
  std::string rating;
  std::string confidence;
  std::string last_modified;
  std::string status;
  std::string link;
};

struct GroupRow {
  std::string type;
  std::string name;
  std::string owner;
  std::string link;
};

struct AttributeRow {
  std::string type;
  std::string value;
  std::string owner;
};

struct Facts {
  std::string owner_name;
  std::string threat_assess_score;
  std::string owner_confidence;
  std::string owner_rating;
  std::optional<std::int64_t> false_positive_count;
  std::string last_modified_on;
  std::string portal_link;
  std::vector<OwnerRow> all_owners;
  std::vector<GroupRow> associated_groups;
  std::vector<AttributeRow> attributes;
  std::vector<std::string> tags;
  std::vector<std::string> criteria;
};

/// Appends the members of all keys that have a value, in the order of the table, comma-separated,
/// without braces.
void append_members(std::string& out, const Facts& facts);

}  // namespace cardstock::card
