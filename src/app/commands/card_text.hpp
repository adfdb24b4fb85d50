#pragma once
/// \file card_text.hpp
/// \brief The envelope of a card for a terminal: the lines that the card will show, then why each
/// playbook criterion is met or not.
///
/// Pure. Errors: none; what is missing is left out, what is unheard of is shown as it is. Nothing
/// foreign comes through unescaped.
#include <iosfwd>
#include <string_view>

#include <simdjson.h>

namespace cardstock::app {

/// `columns`: width of the terminal, values are broken into lines of it; 0: no line is broken.
void print_card(std::ostream& out, const simdjson::dom::element& envelope, std::size_t columns);

}  // namespace cardstock::app
