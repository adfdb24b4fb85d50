#include "owner_rule.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

#include <cardstock/util/text.hpp>

namespace cardstock::card {
namespace {

std::set<std::string, std::less<>> names_of(const std::vector<std::string>& list) {
  std::set<std::string, std::less<>> names;
  for (const std::string& name : list)
    if (!trim(name).empty()) names.emplace(trim(name));
  return names;
}

using Ranks = std::map<std::string, std::size_t, std::less<>>;

Ranks kind_ranks(const OwnerRule& rule) {
  constexpr std::array<std::string_view, 3> kKinds{"Organization", "Community", "Source"};
  Ranks ranks;
  for (const auto& [owner, kind] : rule.kinds) {
    std::size_t rank = 0;
    while (rank < kKinds.size() && !equal_ignoring_case(trim(kind), kKinds[rank])) ++rank;
    ranks.emplace(trim(owner), rank);
  }
  return ranks;
}

/// 0 for the default owner, then the place in the configured order.
std::size_t place(const OwnerRule& rule, std::string_view owner) {
  if (!owner.empty() && owner == trim(rule.default_owner)) return 0;
  std::size_t at = 1;
  for (const std::string& name : rule.order) {
    if (trim(name) == owner) break;
    ++at;
  }
  return at;
}

struct SortKey {
  std::size_t place;
  std::size_t kind;
  std::string_view owner;
  std::optional<WallTime> modified;
  std::size_t index;

  bool operator<(const SortKey& other) const {
    // The newest first: times are compared the other way round, and no time is older than any.
    return std::tie(place, kind, owner, other.modified, index) <
           std::tie(other.place, other.kind, other.owner, modified, other.index);
  }
};

}  // namespace

OwnerFilter::OwnerFilter(const OwnerRule& rule)
    : allow_{names_of(rule.allow)}, deny_{names_of(rule.deny)} {}

bool OwnerFilter::allows(std::string_view owner) const {
  const std::string_view name = trim(owner);
  if (name.empty()) return !is_set();
  return (allow_.empty() || allow_.contains(name)) && !deny_.contains(name);
}

Sight sight_of(const OwnerRule& rule, std::string_view owner) {
  if (rule.kinds.empty()) return Sight::Unknown;
  const bool seen = std::ranges::any_of(
      rule.kinds, [owner](const auto& kind) { return trim(kind.first) == trim(owner); });
  return seen ? Sight::Seen : Sight::NotSeen;
}

std::vector<std::size_t> order_copies(const threatconnect::Record& record, const OwnerRule& rule) {
  constexpr std::size_t kUnknownKind = 3;
  const OwnerFilter filter{rule};
  const Ranks ranks = kind_ranks(rule);
  std::vector<SortKey> sorted;
  for (std::size_t i = 0; i < record.copies.size(); ++i) {
    const threatconnect::OwnerCopy& copy = record.copies[i];
    if (!filter.allows(copy.owner)) continue;
    const std::string_view owner = trim(copy.owner);
    const auto kind = ranks.find(owner);
    sorted.push_back({.place = place(rule, owner),
                      .kind = kind == ranks.end() ? kUnknownKind : kind->second,
                      .owner = owner,
                      .modified = copy.last_modified,
                      .index = i});
  }
  std::ranges::sort(sorted, std::less<>{});
  std::vector<std::size_t> order;
  order.reserve(sorted.size());
  for (const SortKey& key : sorted) order.push_back(key.index);
  return order;
}

}  // namespace cardstock::card
