#pragma once
/// \file card_view.hpp
/// \brief A card as HTML, drawn from metadata.json alone: its order, labels, types and collapse
/// flags.
///
/// Pure. Threads: any. Errors: none; what Recorded Future would refuse (a key that is not declared,
/// a value that is not of its type) becomes a fault, for one of them turns the whole card into an
/// error there. Whatever the texts hold, no markup of theirs gets through, and no link but http and
/// https. Time: linear.
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace cardstock::http {

struct DrawnCard {
  std::string html;
  std::vector<std::string> faults;  ///< plain text
};

/// `entries`: the `entries` of metadata.json. A list that is marked `collapse` is a closed
/// `<details>`.
DrawnCard draw_card(simdjson::dom::array entries, simdjson::dom::element card);

/// Appends `text` so that it is text in an element and in a quoted attribute. Control characters
/// and bidirectional marks become U+FFFD.
void append_html(std::string& out, std::string_view text);

/// Appends a link, where `url` is http or https, else its text.
void append_link(std::string& out, std::string_view url);

}  // namespace cardstock::http
