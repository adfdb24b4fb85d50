#pragma once
/// \file text_cleaning.hpp
/// \brief Text from outside as one line that is safe to show.
///
/// Pure. Threads: any. Errors: none. Time: linear in min(size of the input, a window of some
/// multiples of `max_bytes`): what stands behind the window is not read. The result is valid UTF-8
/// of at most min(max_bytes, kMaxLineBytes) bytes, without control characters, line breaks,
/// bidirectional marks or blanks at its ends; every run of blanks is one space. A text that was cut
/// ends with an ellipsis. Joiners (U+200C, U+200D) are kept between two characters outside ASCII,
/// where emoji, Persian and the Indic scripts need them; elsewhere they only split words that a
/// reader or a search would recognise. Other invisible characters (zero-width space, soft hyphen,
/// tags, …) are dropped.
#include <cstddef>
#include <string>
#include <string_view>

namespace cardstock::card {

inline constexpr std::size_t kMaxLineBytes = std::size_t{64} * 1024;

std::string clean_line(std::string_view raw, std::size_t max_bytes);

/// The same for text that may be HTML or Markdown: the words without the markup.
std::string clean_markup(std::string_view raw, std::size_t max_bytes);

}  // namespace cardstock::card
