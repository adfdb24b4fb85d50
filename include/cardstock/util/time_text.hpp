#pragma once
/// \file time_text.hpp
/// \brief Times as text, both ways. Pure; UTC only.
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/util/clock.hpp>

namespace cardstock {

/// `2026-11-25T02:00:00Z`; fractions of a second are cut. Years 0–9999.
std::string to_rfc3339(WallTime time);
void append_rfc3339(std::string& out, WallTime time);
/// `Wed, 25 Nov 2026 02:00:00 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
std::string to_http_date(WallTime time);
/// IMF-fixdate, RFC 850 and asctime forms.
std::optional<WallTime> parse_http_date(std::string_view text);
/// Every shape that ThreatConnect has been seen to send: `…T14:25:55Z`, with fractions, a trailing
/// blank, without a zone (taken as UTC), `-05:00`, `-0500`, and `-05:00Z` (the offset counts); a
/// bare date is its midnight. nullopt for anything else, out-of-range fields and years outside
/// 1970–9999 included.
std::optional<WallTime> parse_timestamp(std::string_view text);
/// `3 seconds`, `1 minute`, `2 hours`, `5 days`: the largest whole unit; negative counts as 0
/// seconds.
std::string to_words(std::chrono::milliseconds span);

}  // namespace cardstock
