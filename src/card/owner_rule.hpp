#pragma once
/// \file owner_rule.hpp
/// \brief Which owners may be seen. Pure.
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include <cardstock/card/card.hpp>

namespace cardstock::card {

/// Names are compared exactly, without the blanks at their ends: ThreatConnect lets two owners
/// differ in case alone. An owner without a name passes only where there is no list at all: it
/// might be any.
class OwnerFilter {
 public:
  explicit OwnerFilter(const OwnerRule& rule);
  bool allows(std::string_view owner) const;
  /// Whether there is a list at all.
  bool is_set() const noexcept { return !allow_.empty() || !deny_.empty(); }

 private:
  using Names = std::set<std::string, std::less<>>;
  Names allow_;
  Names deny_;
};

/// Whether the credentials see an owner. Unknown while it has not been learnt whom they see.
enum class Sight { Seen, NotSeen, Unknown };
Sight sight_of(const OwnerRule& rule, std::string_view owner);

}  // namespace cardstock::card
