#pragma once
/// \file criteria.hpp
/// \brief Playbook criteria: conditions that one owner's copy fulfils or not.
///
/// They answer "does this meet our blocking playbook" on the card itself. Every stated condition
/// must hold on one and the same copy: an owner's newest, which is the one that the card lists. An
/// inactive copy fulfils none: ThreatConnect itself hides it from playbooks unless told otherwise.
/// What nobody set fulfils no condition: unset is neither 0 nor enough. What could not be read (a
/// score or count that the instance did not send, a value off its scale, copies that were not read,
/// an owner that these credentials do not see) leaves the criterion unknown, not failed.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>

namespace cardstock::card {

struct Criterion {
  std::string name;
  std::string owner;              ///< compared exactly, without blanks at its ends; empty: any
  std::vector<EntityType> types;  ///< empty: all; for another type it is not asked at all
  std::optional<double> min_confidence;       ///< 0–100
  std::optional<double> min_rating;           ///< 0–5 skulls
  std::optional<double> min_threat_assess;    ///< 0–1000; the instance's where the copy has none
  std::optional<double> max_false_positives;  ///< the instance's where the copy has none
  std::string tag;  ///< letter case of ASCII is ignored; empty: none is asked for
};

/// `met`, `not_met` and `unknown`, the states in RenderedCard::criteria, in words; anything else is
/// not known either.
std::string_view words_of_state(std::string_view state) noexcept;

}  // namespace cardstock::card
