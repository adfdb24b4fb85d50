#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <cardstock/util/text.hpp>

#include "markup.hpp"

namespace cardstock::card {
namespace {

/// Elements within a line: their tags vanish. All others break the line.
constexpr auto kInline = std::to_array<std::string_view>(
    {"a",    "abbr", "acronym", "b",  "bdi",  "bdo",   "big",  "cite",   "code",
     "data", "del",  "dfn",     "em", "font", "i",     "ins",  "kbd",    "label",
     "mark", "nobr", "q",       "s",  "samp", "small", "span", "strike", "strong",
     "sub",  "sup",  "time",    "tt", "u",    "var",   "wbr"});
constexpr auto kBlock = std::to_array<std::string_view>(
    {"address",  "applet",     "area",     "article",  "aside",    "audio",      "base",
     "basefont", "blockquote", "body",     "br",       "button",   "canvas",     "caption",
     "center",   "col",        "colgroup", "dd",       "details",  "dialog",     "dir",
     "div",      "dl",         "dt",       "embed",    "fieldset", "figcaption", "figure",
     "footer",   "form",       "frame",    "frameset", "h1",       "h2",         "h3",
     "h4",       "h5",         "h6",       "head",     "header",   "hr",         "html",
     "iframe",   "img",        "input",    "legend",   "li",       "link",       "main",
     "map",      "marquee",    "math",     "menu",     "meta",     "meter",      "nav",
     "noframes", "noscript",   "object",   "ol",       "optgroup", "option",     "output",
     "p",        "param",      "picture",  "pre",      "progress", "script",     "section",
     "select",   "source",     "style",    "summary",  "svg",      "table",      "tbody",
     "td",       "template",   "textarea", "tfoot",    "th",       "thead",      "title",
     "tr",       "track",      "ul",       "video"});

struct Entity {
  std::string_view name;
  char32_t code_point;
};
constexpr auto kEntities = std::to_array<Entity>(
    {{"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},
     {"nbsp", 0xA0},    {"copy", 0xA9},    {"reg", 0xAE},     {"deg", 0xB0},     {"plusmn", 0xB1},
     {"para", 0xB6},    {"sect", 0xA7},    {"middot", 0xB7},  {"laquo", 0xAB},   {"raquo", 0xBB},
     {"times", 0xD7},   {"pound", 0xA3},   {"yen", 0xA5},     {"euro", 0x20AC},  {"trade", 0x2122},
     {"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"sbquo", 0x201A},
     {"ldquo", 0x201C}, {"rdquo", 0x201D}, {"bdquo", 0x201E}, {"bull", 0x2022},  {"hellip", 0x2026},
     {"rarr", 0x2192},  {"larr", 0x2190},  {"shy", 0xAD},     {"zwj", 0x200D},   {"zwnj", 0x200C},
     {"lrm", 0x200E},   {"rlm", 0x200F},   {"ensp", 0x2002},  {"emsp", 0x2003},  {"thinsp", 0x2009},
     {"auml", 0xE4},    {"ouml", 0xF6},    {"uuml", 0xFC},    {"szlig", 0xDF},   {"eacute", 0xE9},
     {"egrave", 0xE8},  {"agrave", 0xE0},  {"ccedil", 0xE7},  {"ntilde", 0xF1},  {"tab", '\t'}});
constexpr std::size_t kMaxEntityBytes = 16;

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::optional<char32_t> code_point_of(std::string_view entity) {
  if (!entity.starts_with('#')) {
    const auto* const found = std::ranges::find(kEntities, entity, &Entity::name);
    return found == kEntities.end() ? std::nullopt : std::optional{found->code_point};
  }
  entity.remove_prefix(1);
  const bool hexadecimal = entity.starts_with('x') || entity.starts_with('X');
  if (hexadecimal) entity.remove_prefix(1);
  std::uint32_t value = 0;
  const char* const end = entity.data() + entity.size();
  const auto [stop, error] = std::from_chars(entity.data(), end, value, hexadecimal ? 16 : 10);
  if (entity.empty() || stop != end || error == std::errc::invalid_argument) return std::nullopt;
  const bool impossible = error != std::errc{} || value == 0 || value > 0x10FFFF ||
                          (value >= 0xD800 && value <= 0xDFFF);
  return impossible ? char32_t{0xFFFD} : char32_t{value};
}

enum class Entities { Decoded, Kept };

bool is_known(std::string_view element) {
  return std::ranges::find(kInline, element) != kInline.end() ||
         std::ranges::find(kBlock, element) != kBlock.end();
}

/// The name of the element whose tag, opening or closing, would begin behind a `<`; lower case in,
/// lower case out.
std::string_view element_of(std::string_view behind_bracket) {
  const std::size_t first = behind_bracket.starts_with('/') ? 1 : 0;
  std::size_t last = first;
  while (last < behind_bracket.size() &&
         (is_alpha(behind_bracket[last]) || is_digit(behind_bracket[last])))
    ++last;
  return behind_bracket.substr(first, last - first);
}

class HtmlReader {
 public:
  HtmlReader(std::string_view text, Ending ending, Entities entities)
      : text_{text}, lower_{to_lower(text)}, ending_{ending}, entities_{entities} {}

  std::string words() && {
    out_.reserve(text_.size());
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '<' && take_tag()) continue;
      if (c == '&' && entities_ == Entities::Decoded && take_entity()) continue;
      put(c);
      ++at_;
    }
    return std::move(out_);
  }

 private:
  void put(char c) {
    if (c == '<') bracket_open_ = true;
    if (c == '>' || is_blank(c)) bracket_open_ = false;
    out_.push_back(c);
  }

  /// Moves behind `mark`, searched from `from`. Without one: behind everything if the text was cut,
  /// else false. A mark that was once not found is not searched again (`missing`), which keeps the
  /// whole linear.
  bool skip_behind(std::string_view mark, std::size_t from, bool& missing) {
    const std::size_t found = missing ? std::string::npos : lower_.find(mark, from);
    if (found != std::string::npos) {
      at_ = found + mark.size();
      return true;
    }
    missing = true;
    if (ending_ == Ending::Whole) return false;
    at_ = text_.size();
    return true;
  }

  bool take_tag() {
    const std::string_view rest = std::string_view{lower_}.substr(at_ + 1);
    if (rest.starts_with("!--"))
      return skip_behind("-->", at_ + 4, no_comment_end_) && separate('\n');
    if (rest.starts_with("!doctype") || rest.starts_with("?xml"))
      return skip_behind(">", at_, no_tag_end_);
    const bool closing = rest.starts_with('/');
    const std::string_view name = element_of(rest);
    const std::size_t last = name.size() + (closing ? 1 : 0);
    const bool within_line = std::ranges::find(kInline, name) != kInline.end();
    if (last < rest.size() && rest[last] != '>' && rest[last] != '/' && !is_blank(rest[last]))
      return false;
    const bool certain = entities_ == Entities::Decoded ? !is_formula(rest.substr(last))
                                                        : is_bare(rest.substr(last));
    if (!(is_known(name) && certain) && !has_attributes(name, rest.substr(last))) return false;
    if (!skip_behind(">", at_, no_tag_end_)) return false;
    if (!closing && name == "script") skip_to("</script", no_script_end_);
    if (!closing && name == "style") skip_to("</style", no_style_end_);
    if (!within_line) return separate('\n');
    // `<scr<b>ipt>` must not close up to a tag.
    return !bracket_open_ || separate(' ');
  }

  /// `a&lt;b and c&gt;d` is no tag.
  static bool is_bare(std::string_view behind) {
    const std::size_t end = std::min(behind.find_first_not_of(" /"), behind.size());
    return end < behind.size() && behind[end] == '>';
  }

  /// `a<b && c>d`: what would be attributes are neither names nor values.
  static bool is_formula(std::string_view behind) {
    const std::string_view within = behind.substr(0, behind.find_first_of("<>="));
    return std::ranges::any_of(within,
                               [](char c) {
                                 return !is_alpha(c) && !is_digit(c) && !is_blank(c) && c != '/' &&
                                        c != '-' && c != '_' && c != ':' && c != '.' && c != '@';
                               }) &&
           (within.size() == behind.size() || behind[within.size()] != '=');
  }

  /// Whether an element that is not known carries attributes, as no text in brackets does.
  static bool has_attributes(std::string_view name, std::string_view behind) {
    if (name.empty() || !is_alpha(name.front())) return false;
    const std::string_view within = behind.substr(0, behind.find_first_of("<>"));
    return within.size() < behind.size() && behind[within.size()] == '>' &&
           within.find('=') != std::string_view::npos;
  }

  void skip_to(std::string_view mark, bool& missing) {
    if (skip_behind(mark, at_, missing) && at_ < text_.size()) at_ -= mark.size();
  }

  bool separate(char blank) {
    put(blank);
    return true;
  }

  bool take_entity() {
    const std::string_view rest = text_.substr(at_ + 1, kMaxEntityBytes);
    const std::size_t end = rest.find(';');
    if (end == std::string_view::npos) return false;
    const auto code_point = code_point_of(rest.substr(0, end));
    if (!code_point) return false;
    append_utf8(out_, *code_point);
    at_ += end + 2;
    return true;
  }

  std::string_view text_;
  std::string lower_;
  Ending ending_;
  Entities entities_;
  std::size_t at_ = 0;
  std::string out_;
  bool bracket_open_ = false;  ///< a literal `<` stands before, without a blank or `>` between
  bool no_comment_end_ = false;
  bool no_tag_end_ = false;
  bool no_script_end_ = false;
  bool no_style_end_ = false;
};

/// Puts a blank behind every `<` behind which HTML's own reader would see more than a name in
/// brackets: an element that it knows, a comment, or one of any name with an attribute, which may
/// be a handler or a style. Read from the end, so that what follows a `<` is known at it.
std::string without_open_tags(std::string_view text) {
  const std::string lower = to_lower(text);
  std::string reversed;
  reversed.reserve(text.size());
  bool attribute = false;  ///< an equals sign stands before the next `>`, or the end
  for (std::size_t i = text.size(); i-- > 0;) {
    const char c = text[i];
    if (c == '>') attribute = false;
    if (c == '=') attribute = true;
    if (c == '<') {
      const std::string_view behind = std::string_view{lower}.substr(i + 1);
      const char first = behind.empty() ? ' ' : behind.front();
      if (first == '!' || first == '?' || (is_alpha(first) && attribute) ||
          is_known(element_of(behind)))
        reversed.push_back(' ');
    }
    reversed.push_back(c);
  }
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace

std::string without_html(std::string_view text, Ending ending) {
  if (text.find_first_of("<&") == std::string_view::npos) return std::string{text};
  return HtmlReader{text, ending, Entities::Decoded}.words();
}

std::string without_late_tags(std::string text, Ending ending) {
  // What a tag's removal leaves never closes up to another, but text that entities or dropped
  // characters made may need a second look; a third finds nothing.
  constexpr int kLooks = 3;
  for (int look = 0; look < kLooks && text.find('<') != std::string::npos; ++look) {
    std::string without = HtmlReader{text, ending, Entities::Kept}.words();
    if (without == text) break;
    text = std::move(without);
  }
  return without_open_tags(text);
}

}  // namespace cardstock::card
