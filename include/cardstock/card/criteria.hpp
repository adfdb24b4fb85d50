#pragma once
/// \file criteria.hpp
/// \brief Playbook criteria: conditions that one owner's copy fulfils or not.
///
/// They answer "does this meet our blocking playbook" on the card itself. Every stated condition
/// must hold on one and the same copy: an owner's newest, which is the one that the card lists. An
/// inactive copy fulfils none: ThreatConnect itself hides it from playbooks unless told otherwise.
/// What is not set, or outside its scale, fulfils no condition: unset is neither 0 nor enough.
#include <optional>
#include <string>
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

}  // namespace cardstock::card
