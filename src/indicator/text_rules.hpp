#pragma once
/// \file text_rules.hpp
/// \brief The rules that hold for a name of any type: what is trimmed, dropped, refused and
/// refanged.
///
/// Pure. Threads: any. Errors: InvalidIndicator only. Limits: Indicator::kMaxNameBytes.
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <cardstock/indicator/indicator.hpp>

namespace cardstock::indicator {

/// What a parser of one type yields: the parts of an Indicator.
struct Canonical {
  IndicatorType type;
  std::string text;
  std::string typed;  ///< as Indicator::typed_; empty where it adds no spelling
};

std::unexpected<Error> refuse(std::string sentence);

bool is_white_space(char32_t c) noexcept;  ///< Unicode's White_Space
/// Without white space (Unicode's too) at both ends. `text` is valid UTF-8.
std::string_view trim_white_space(std::string_view text) noexcept;

/// The name without invisible format characters and trimmed. Refused: empty, too long, ill-formed
/// UTF-8, a control character that the trimming leaves. The result may be empty only where removing
/// invisibles emptied it: refused too.
Result<std::string> clean(std::string_view name);

struct Refanged {
  std::string text;
  bool changed;
};
/// Turns defanged dots, colons and at signs into plain ones until none is left: refang(refang(x))
/// == refang(x), and every tail of the result is stable too. One pass, since an absorbed bracket
/// always stands beside the sign it guards.
Refanged refang(std::string_view text);

/// Length of `://` at `at`, also defanged (`[:]//`, `[://]`, `[:][/][/]`); 0 when there is none.
std::size_t scheme_separator(std::string_view text, std::size_t at) noexcept;
/// RFC 3986 §3.1: a letter, then letters, digits, `+`, `-`, `.`.
bool is_scheme(std::string_view text) noexcept;
/// Whether the text begins with a scheme and `://` (maybe defanged): what makes a name a URL.
bool has_scheme(std::string_view text);

/// "ip", "idn", "url", "hash", "email".
std::string_view id_prefix(EntityType type) noexcept;
/// Without a leading `prefix:` in any case (the colon may be `[:]`) and the white space after it;
/// unchanged when there is none, and for `prefix://`, where the word is a scheme.
std::string_view without_prefix(std::string_view text, std::string_view prefix) noexcept;
/// Without every leading id prefix of the type. All of them go: a canonical text must not begin
/// with one again.
std::string_view without_id_prefix(std::string_view text, EntityType type) noexcept;

}  // namespace cardstock::indicator
