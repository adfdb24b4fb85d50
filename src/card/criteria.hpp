#pragma once
/// \file criteria.hpp
/// \brief Which criteria the visible copies fulfil, and what keeps them from the others. Pure.
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <cardstock/card/criteria.hpp>
#include <cardstock/threatconnect/record.hpp>

namespace cardstock::card {

/// One owner's copy, and the values of the instance that its own row may lack.
struct Candidate {
  const threatconnect::OwnerCopy* copy = nullptr;  ///< never null
  std::optional<std::int64_t> threat_assess_score;
  std::optional<std::int64_t> false_positives;
};

struct Verdicts {
  std::size_t asked = 0;  ///< criteria for this type
  /// Names, clean, in the order of the configuration; one of which nothing is left is "Criterion
  /// 3".
  std::vector<std::string> met;
  /// `{"name":…,"met":…,"owners":[{"owner":…,"met":…,"failed":["confidence is 60, at least 80 is
  /// needed"]}]}` for each that was asked, comma-separated. Beyond kMaxExplanationBytes no further
  /// owners are told; `"more":N` says how many.
  std::string explained;
};

inline constexpr std::size_t kMaxExplanationBytes = std::size_t{32} * 1024;

/// `candidates`: one an owner, in owner order. `type` unset: criteria that name types are not
/// asked. `max_text`: bytes of one name.
Verdicts judge(std::span<const Criterion> criteria,
               std::optional<EntityType> type,
               std::span<const Candidate> candidates,
               std::size_t max_text);

}  // namespace cardstock::card
