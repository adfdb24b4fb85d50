#pragma once
/// \file scales.hpp
/// \brief ThreatConnect's three scales in words. A value outside its scale is an empty text.
///
/// Pure. Source: score bands as in ThreatConnect's public Polarity integration; confidence and
/// rating words as in ThreatConnect's own user interface.
#include <cstdint>
#include <string>

namespace cardstock::card {

/// Plain digits, as few as read back: `4.2`, `80`. `value`: finite, 0 to 1e9.
std::string plain_number(double value);

std::string score_text(std::int64_t score);            ///< 0–1000: `873 of 1000 (Critical)`
std::string confidence_text(std::int64_t confidence);  ///< 0–100: `95% (Confirmed)`
std::string rating_text(
    double rating);  ///< 0–5: `4.2 of 5 (High)`; a fraction takes the lower word

}  // namespace cardstock::card
