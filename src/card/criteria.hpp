#pragma once
/// \file criteria.hpp
/// \brief Which criteria the visible copies fulfil, what keeps them from the others, and what
/// cannot be known. Pure.
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <cardstock/card/card.hpp>
#include <cardstock/threatconnect/record.hpp>

namespace cardstock::card {

/// One owner's copy, and the values of the instance that its own row may lack.
struct Candidate {
  const threatconnect::OwnerCopy* copy = nullptr;  ///< never null
  std::optional<std::int64_t> threat_assess_score;
  std::optional<std::int64_t> false_positives;
};

struct Verdicts {
  std::size_t asked = 0;    ///< criteria for this type
  std::size_t unknown = 0;  ///< of them, those that could not be evaluated
  /// Names, clean, in the order of the configuration; one of which nothing is left is "Criterion
  /// 3".
  std::vector<std::string> met;
  /// A sentence for each of the first kMaxNotes that could not be evaluated, and one that counts
  /// the rest.
  std::vector<std::string> notes;
  /// `{"name":…,"state":"met|not_met|unknown","owners":[{"owner":…,"state":…,"failed":["confidence
  /// is 60, at least 80 is needed"],"unknown":[…]}],"unread":N}` for each that was asked,
  /// comma-separated. Beyond kMaxExplanationBytes no further owners are told; `"more":N` says how
  /// many.
  std::string explained;
};

inline constexpr std::size_t kMaxExplanationBytes = std::size_t{32} * 1024;
inline constexpr std::size_t kMaxNotes = 5;

/// What a verdict is about, and what it cannot reach.
struct Evidence {
  std::span<const Candidate> candidates;  ///< one an owner, in owner order
  std::int64_t copies_unread = 0;
  const OwnerRule& owners;
};

/// `type` unset: criteria that name types are not asked. `max_text`: bytes of one name.
Verdicts judge(std::span<const Criterion> criteria,
               std::optional<EntityType> type,
               const Evidence& evidence,
               std::size_t max_text);

}  // namespace cardstock::card
