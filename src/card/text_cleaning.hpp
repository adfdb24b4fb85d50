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

/// The one way by which a text from outside comes onto a card: a name, a type, a tag, a value, a
/// message. Whatever it is, it may be HTML or Markdown: its words are kept, without the markup.
/// What is left holds no tag of an element that HTML knows, no comment, and no tag with attributes,
/// even where it was escaped, split by invisible characters or put together by other markup. A name
/// in brackets (`<redacted>`, `<user@example.org>`) stays.
std::string clean_text(std::string_view raw, std::size_t max_bytes);

/// An owner's name, never empty: a copy is always somebody's.
std::string owner_label(std::string_view raw, std::size_t max_bytes);

}  // namespace cardstock::card
