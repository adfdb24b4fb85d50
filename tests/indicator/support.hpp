#pragma once
/// \file support.hpp
/// \brief One parse in one word, and tables of parses.
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

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

/// Each name has the expected canonical form.
inline void check_canonical(EntityType type, std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK(canonical_of(type, one.name) == one.expected);
  }
}

/// Each name is refused in a sentence that holds the expected phrase.
inline void check_refusals(EntityType type, std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK_THAT(refusal_of(type, one.name), Catch::Contains(std::string{one.expected}));
  }
}

/// All names are refused with one phrase.
inline void check_refusals(EntityType type,
                           const std::vector<std::string>& names,
                           const std::string& phrase) {
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK_THAT(refusal_of(type, name), Catch::Contains(phrase));
  }
}

}  // namespace cardstock::testing
