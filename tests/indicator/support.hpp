#pragma once
/// \file support.hpp
/// \brief One parse in one word, for tables of cases.
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>

namespace cardstock::testing {

struct Case {
  std::string_view name;
  std::string_view expected;
};

/// The canonical form, or "refused: " and the sentence.
inline std::string canonical_of(EntityType type, std::string_view name) {
  const Result<Indicator> found = Indicator::parse(type, name);
  return found ? found->canonical() : "refused: " + found.error().public_detail;
}

/// The sentence of the refusal, or "accepted: " and the canonical form.
inline std::string refusal_of(EntityType type, std::string_view name) {
  const Result<Indicator> found = Indicator::parse(type, name);
  return found ? "accepted: " + found->canonical() : found.error().public_detail;
}

inline std::vector<std::string> spellings_of(EntityType type, std::string_view name) {
  const Result<Indicator> found = Indicator::parse(type, name);
  return found ? found->spellings() : std::vector<std::string>{};
}

}  // namespace cardstock::testing
