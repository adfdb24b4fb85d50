#include "text_cleaning.hpp"

#include <algorithm>

#include <cardstock/util/text.hpp>

#include "markup.hpp"

namespace cardstock::card {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
constexpr char32_t kReplacement = 0xFFFD;

enum class Role { Visible, Blank, Dropped, Joiner, Selector };

constexpr bool within(char32_t c, char32_t first, char32_t last) noexcept {
  return c >= first && c <= last;
}

constexpr bool is_noncharacter(char32_t c) noexcept {
  return within(c, 0xFDD0, 0xFDEF) || (c & 0xFFFEU) == 0xFFFE;
}

constexpr Role role_of(char32_t c) noexcept {
  if (c <= 0x20 || within(c, 0x7F, 0xA0)) return Role::Blank;  // C0, DEL, C1, no-break space
  if (c < 0xAD) return Role::Visible;
  if (c == 0x1680 || within(c, 0x2000, 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
      c == 0x205F || c == 0x2800 || c == 0x3000) {  // an empty Braille cell too
    return Role::Blank;
  }
  if (c == 0x200C || c == 0x200D) return Role::Joiner;
  if (within(c, 0xFE00, 0xFE0F) || within(c, 0x180B, 0x180D) || c == 0x180F) return Role::Selector;
  const bool bidirectional = c == 0x061C || c == 0x200E || c == 0x200F ||
                             within(c, 0x202A, 0x202E) || within(c, 0x2066, 0x2069);
  // Soft hyphen, grapheme joiner, Mongolian separator, zero-width space, word joiner and invisible
  // operators, deprecated format characters, byte order mark, interlinear annotation, musical
  // beams and ties, tags, supplementary variation selectors; the fillers of Hangul and the inherent
  // vowels of Khmer, which Unicode counts as letters and nobody sees.
  const bool invisible = c == 0xAD || c == 0x034F || c == 0x180E || c == 0x200B ||
                         within(c, 0x2060, 0x2065) || within(c, 0x206A, 0x206F) || c == 0xFEFF ||
                         within(c, 0xFFF9, 0xFFFB) || within(c, 0x1D173, 0x1D17A) ||
                         within(c, 0xE0000, 0xE0FFF) || c == 0x115F || c == 0x1160 || c == 0x3164 ||
                         c == 0xFFA0 || c == 0x17B4 || c == 0x17B5;
  return bidirectional || invisible ? Role::Dropped : Role::Visible;
}

/// A run of blanks becomes a space; where line breaks are kept, one that holds a break becomes a
/// break.
enum class Breaks { Dropped, Kept };

constexpr bool is_break(char32_t c) noexcept {
  return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

class Line {
 public:
  Line(std::size_t max_bytes, Breaks breaks) : max_{max_bytes}, breaks_{breaks} {}

  bool full() const noexcept { return full_; }

  void put(char32_t c) {
    switch (role_of(c)) {
      case Role::Dropped:
        return;
      case Role::Blank:
        blank_ = !text_.empty();
        break_ = break_ || is_break(c);
        joiner_ = 0;
        return;
      case Role::Joiner:
        if (!blank_ && last_ >= 0x80) joiner_ = c;
        return;
      case Role::Selector:
        if (blank_ || last_ < 0x80) return;  // nothing whose shape it could choose
        break;
      case Role::Visible:
        break;
    }
    if (blank_) text_.push_back(break_ && breaks_ == Breaks::Kept ? '\n' : ' ');
    if (joiner_ != 0 && c >= 0x80) append_utf8(text_, joiner_);
    append_utf8(text_, is_noncharacter(c) ? kReplacement : c);
    blank_ = false;
    break_ = false;
    joiner_ = 0;
    last_ = c;
    full_ = text_.size() > max_;
    if (text_.size() + kEllipsis.size() <= max_) fit_ = text_.size();
  }

  std::string finish(bool cut) && {
    if (!full_ && !cut) return std::move(text_);
    text_.resize(fit_);
    if (max_ >= kEllipsis.size()) text_ += kEllipsis;
    return std::move(text_);
  }

 private:
  std::size_t max_;
  Breaks breaks_;
  std::string text_;
  std::size_t fit_ = 0;  ///< how much of the text leaves room for the ellipsis
  char32_t last_ = 0;
  char32_t joiner_ = 0;  ///< waits for a character that it can join
  bool blank_ = false;   ///< waits for a character to stand before
  bool break_ = false;   ///< a line break was among those blanks
  bool full_ = false;
};

std::string one_line(std::string_view text, std::size_t max_bytes, bool cut, Breaks breaks) {
  Line line{max_bytes, breaks};
  for (std::size_t at = 0; at < text.size() && !line.full();) line.put(next_code_point(text, at));
  return std::move(line).finish(cut);
}

/// The whole of `text`, of which a byte may become three.
std::string clean_characters(std::string_view text, Breaks breaks) {
  return one_line(text, 3 * text.size(), false, breaks);
}

}  // namespace

std::string clean_text(std::string_view raw, std::size_t max_bytes) {
  const std::size_t max = std::min(max_bytes, kMaxLineBytes);
  const std::string_view window = start_of(raw, 16 * max + 4096);
  const bool cut = window.size() < raw.size();
  const Ending ending = cut ? Ending::Cut : Ending::Whole;
  // Characters first: one that is not seen must not hide markup.
  std::string words = words_of_markup(clean_characters(window, Breaks::Kept), ending);
  if (words.find('<') != std::string::npos)
    words = without_late_tags(clean_characters(words, Breaks::Dropped), ending);
  std::string line = one_line(words, max, cut, Breaks::Dropped);
  // `---` alone rules nothing off: it is what somebody wrote.
  const bool marks_only = line.empty() && window.find_first_of("<&") == std::string_view::npos;
  return marks_only ? one_line(window, max, cut, Breaks::Dropped) : line;
}

std::string owner_label(std::string_view raw, std::size_t max_bytes) {
  std::string name = clean_text(raw, max_bytes);
  return name.empty() ? "(owner without a readable name)" : name;
}

}  // namespace cardstock::card
