#include "scales.hpp"

#include <array>
#include <charconv>
#include <span>
#include <string_view>

namespace cardstock::card {
namespace {

struct Band {
  std::int64_t from;
  std::string_view word;
};
// Highest first; the last band starts at the scale's end.
constexpr std::array<Band, 4> kScore{
    {{801, "Critical"}, {501, "High"}, {201, "Medium"}, {0, "Low"}}};
constexpr std::array<Band, 7> kConfidence{{{90, "Confirmed"},
                                           {70, "Probable"},
                                           {50, "Possible"},
                                           {30, "Doubtful"},
                                           {2, "Improbable"},
                                           {1, "Discredited"},
                                           {0, "Unassessed"}}};
constexpr std::array<std::string_view, 6> kSkulls{"Unknown",  "Suspicious", "Low",
                                                  "Moderate", "High",       "Critical"};

std::string with_word(std::string number, std::string_view word) {
  return number.append(" (").append(word).append(")");
}

std::string_view word_of(std::span<const Band> bands, std::int64_t value) {
  for (const Band& band : bands)
    if (value >= band.from) return band.word;
  return {};
}

}  // namespace

std::string plain_number(double value) {
  std::array<char, 24> digits{};
  // + 0.0 makes a negative zero positive. What does not fit is next to nothing.
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value + 0.0,
                                          std::chars_format::fixed);
  return error == std::errc{} ? std::string{digits.data(), end} : "0";
}

std::string score_text(std::int64_t score) {
  if (score < 0 || score > 1000) return {};
  return with_word(std::to_string(score) + " of 1000", word_of(kScore, score));
}

std::string confidence_text(std::int64_t confidence) {
  if (confidence < 0 || confidence > 100) return {};
  return with_word(std::to_string(confidence) + "%", word_of(kConfidence, confidence));
}

std::string rating_text(double rating) {
  if (!(rating >= 0.0 && rating <= 5.0)) return {};  // a NaN too
  return with_word(plain_number(rating) + " of 5", kSkulls[static_cast<std::size_t>(rating)]);
}

}  // namespace cardstock::card
