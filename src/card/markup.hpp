#pragma once
/// \file markup.hpp
/// \brief The words of a text that may be HTML, Markdown, both or neither.
///
/// Pure. Threads: any. Errors: none. Time: linear. Nothing is interpreted that a plain text may
/// mean literally: `a < b`, `vector<int>`, `<redacted>`, `a_b_c`, `*.exe`, `__init__.py`,
/// `call[0](x)` stay as they are. HTML: tags of known elements, comments and the contents of
/// scripts and styles go, and so do tags of other elements that carry attributes; entities are
/// decoded once. Markdown: headings, rules, fences, emphasis,
/// code spans and links (their text stays, their target goes). The result may hold line breaks and
/// any bytes; it still has to be cleaned.
#include <string>
#include <string_view>

namespace cardstock::card {

/// Whether the text ends here or was cut, perhaps within a tag.
enum class Ending { Whole, Cut };

std::string words_of_markup(std::string_view text, Ending ending);

/// The two steps of it.
std::string without_html(std::string_view text, Ending ending);
std::string without_markdown(std::string_view text);

/// Without its tags, `text` being one line of words already, of which the decoding of an entity or
/// the removal of other markup made tags. Entities stay. Until nothing is a tag any more; where
/// one begins and does not end, a blank stands behind its bracket.
std::string without_late_tags(std::string text, Ending ending);

}  // namespace cardstock::card
