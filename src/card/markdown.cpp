#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <cardstock/util/text.hpp>

#include "markup.hpp"

namespace cardstock::card {
namespace {

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r';
}
constexpr bool is_word(char c) noexcept {
  return is_alpha(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool is_one_of(char c, std::string_view set) noexcept {
  return set.find(c) != std::string_view::npos;
}

/// Marks the bytes of a text that are markup, line by line. Every rule looks ahead no further than
/// to the next mark of its own kind, so the whole is linear.
class MarkdownReader {
 public:
  explicit MarkdownReader(std::string_view text) : text_{text}, markup_(text.size(), false) {}

  std::string words() && {
    for (std::size_t begin = 0; begin < text_.size();) {
      std::size_t end = text_.find('\n', begin);
      if (end == std::string_view::npos) end = text_.size();
      read_line(begin, end);
      begin = end + 1;
    }
    std::string out;
    out.reserve(text_.size());
    for (std::size_t i = 0; i < text_.size(); ++i)
      if (!markup_[i]) out.push_back(text_[i]);
    return out;
  }

 private:
  void drop(std::size_t from, std::size_t to) {
    std::fill(markup_.begin() + static_cast<std::ptrdiff_t>(from),
              markup_.begin() + static_cast<std::ptrdiff_t>(to), true);
  }

  char at(std::size_t i) const noexcept { return i < line_end_ ? text_[i] : ' '; }
  char before(std::size_t i) const noexcept { return i > line_begin_ ? text_[i - 1] : ' '; }
  std::size_t run_end(std::size_t from) const noexcept {
    std::size_t i = from;
    while (i < line_end_ && text_[i] == text_[from]) ++i;
    return i;
  }

  void read_line(std::size_t begin, std::size_t end) {
    line_begin_ = begin;
    line_end_ = end;
    const std::string_view line = trim(text_.substr(begin, end - begin));
    if (is_fence(line)) {
      in_fence_ = !in_fence_;
      drop(begin, end);
    } else if (is_rule(line)) {
      drop(begin, end);
    } else if (!in_fence_) {
      std::size_t start = begin;
      while (start < end && is_blank(text_[start])) ++start;
      if (at(start) == '#') {
        const std::size_t stop = run_end(start);
        if (stop - start <= 6 && stop < end && is_blank(text_[stop])) {
          drop(start, stop);
          start = stop;
        }
      }
      read_inline(start);
    }
  }

  static bool is_fence(std::string_view line) {
    return (line.starts_with("```") && line.find('`', 3) == std::string_view::npos) ||
           line.starts_with("~~~");
  }

  /// Three or more of one of -*_= and nothing else but blanks.
  static bool is_rule(std::string_view line) {
    if (line.empty() || !is_one_of(line.front(), "-*_=")) return false;
    const char mark = line.front();
    return std::ranges::count(line, mark) >= 3 &&
           std::ranges::all_of(line, [mark](char c) { return c == mark || is_blank(c); });
  }

  void read_inline(std::size_t start) {
    brackets_.clear();
    openers_.fill(std::nullopt);
    last_blank_ = start;
    for (std::size_t i = start; i < line_end_;) {
      switch (text_[i]) {
        case '\\':
          i += is_one_of(at(i + 1), "\\`*_[]~") ? 2U : 1U;
          break;
        case '`':
          i = read_code(i);
          break;
        case '[':
          brackets_.push_back(i);
          ++i;
          break;
        case ']':
          i = read_link(i);
          break;
        case '*':
        case '_':
        case '~':
          i = read_emphasis(i);
          break;
        default:
          if (is_blank(text_[i])) last_blank_ = i;
          ++i;
      }
    }
  }

  /// A run of backticks, the code and a run of the same length.
  std::size_t read_code(std::size_t open) {
    const std::size_t code = run_end(open);
    const std::size_t close = std::min(text_.find('`', code), line_end_);
    if (close == line_end_) return code;
    const std::size_t end = run_end(close);
    if (end - close != code - open) return code;
    drop(open, code);
    drop(close, end);
    return end;
  }

  /// `[text](target)` and `![text](target)`, at the `]`.
  std::size_t read_link(std::size_t close) {
    if (brackets_.empty()) return close + 1;
    const std::size_t open = brackets_.back();
    brackets_.pop_back();
    const std::size_t end = target_end(close + 1);
    const bool image = before(open) == '!';
    if (end == close + 1 || (open + 1 == close && !image)) return close + 1;
    drop(open, open + 1);
    if (image) drop(open - 1, open);
    drop(close, end);
    return end;
  }

  /// Behind `(target)` or `(target "title")`; `from` when there is none. A target looks like an
  /// address.
  std::size_t target_end(std::size_t from) const {
    if (at(from) != '(') return from;
    bool address = false;
    bool quoted = false;
    std::size_t depth = 0;
    for (std::size_t i = from; i < line_end_; ++i) {
      const char c = text_[i];
      if (c == '[' || c == ']') return from;
      if (c == '"') quoted = !quoted;
      if (quoted) continue;
      if (c == '"') continue;
      if (is_blank(c) && at(i + 1) != '"') return from;
      if (is_one_of(c, ":/.#")) address = true;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return address ? i + 1 : from;
    }
    return from;
  }

  /// Markdown's rule for `_` applied to all marks: they count at the edges of words only. Beyond
  /// it, an opening mark wants a word behind it (`*.exe` is none).
  bool can_open(std::size_t begin, std::size_t end) const {
    const char next = at(end);
    return (is_blank(before(begin)) || is_one_of(before(begin), "([{\"'*_~")) &&
           (is_word(next) || is_one_of(next, "[`*_~")) && end < line_end_;
  }
  bool can_close(std::size_t begin, std::size_t end) const {
    const char last = before(begin);
    const char next = at(end);
    return (is_word(last) || is_one_of(last, ".,!?:;)]}\"'%`*_~")) &&
           (is_blank(next) || is_one_of(next, ",;:!?)]}\"'*_~") ||
            (next == '.' && is_blank(at(end + 1))));
  }

  std::size_t read_emphasis(std::size_t begin) {
    const std::size_t end = run_end(begin);
    const std::size_t length = end - begin;
    const char mark = text_[begin];
    if (length > 3 || (mark == '~' && length != 2)) return end;
    const std::size_t kind = (mark == '*' ? 0U : mark == '_' ? 3U : 6U) + length - 1;
    std::optional<std::size_t>& opener = openers_[kind];
    if (opener && can_close(begin, end)) {
      // `__name__` is a name in many languages; Markdown's bold is wanted only around several
      // words.
      if (mark != '_' || length == 1 || last_blank_ > *opener) {
        drop(*opener, *opener + length);
        drop(begin, end);
      }
      opener.reset();
    } else if (can_open(begin, end)) {
      opener = begin;
    }
    return end;
  }

  std::string_view text_;
  std::vector<bool> markup_;
  std::size_t line_begin_ = 0;
  std::size_t line_end_ = 0;
  bool in_fence_ = false;
  std::vector<std::size_t> brackets_;                       ///< `[` that are still open
  std::array<std::optional<std::size_t>, 9> openers_ = {};  ///< latest opening mark of each kind
  std::size_t last_blank_ = 0;
};

}  // namespace

std::string without_markdown(std::string_view text) {
  if (text.find_first_of("#*_~`[-=") == std::string_view::npos) return std::string{text};
  return MarkdownReader{text}.words();
}

std::string words_of_markup(std::string_view text, Ending ending) {
  return without_markdown(without_html(text, ending));
}

}  // namespace cardstock::card
