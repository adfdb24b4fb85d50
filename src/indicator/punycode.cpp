#include "punycode.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include <cardstock/util/text.hpp>

namespace cardstock::indicator {
namespace {

constexpr std::size_t kMaxMappedBytes = 512;
constexpr std::string_view kAcePrefix = "xn--";

struct IdnFree {
  void operator()(void* pointer) const noexcept { idn2_free(pointer); }
};
template <class T>
using IdnText = std::unique_ptr<T, IdnFree>;

struct Lookup {
  int code;
  std::string text;
};

Lookup look_up(const std::string& label) {
  std::uint8_t* raw = nullptr;
  const int code = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(label.c_str()), &raw,
                                  IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (code == IDN2_MALLOC) throw std::bad_alloc{};
  const IdnText<std::uint8_t> owner{raw};
  return {code, code == IDN2_OK ? std::string{reinterpret_cast<const char*>(raw)} : std::string{}};
}

/// RFC 3492 §6.1.
unsigned adapt(unsigned delta, unsigned points, bool first) noexcept {
  delta = first ? delta / 700 : delta / 2;
  delta += delta / points;
  unsigned k = 0;
  for (; delta > 455; k += 36) delta /= 35;
  return k + 36 * delta / (delta + 38);
}

/// RFC 3492 §6.3. The caller bounds the length: kMaxMappedBytes code points up to 0x10FFFF cannot
/// overflow.
std::string punycode(const std::vector<char32_t>& points) {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string out;
  for (const char32_t c : points)
    if (c < 0x80) out.push_back(static_cast<char>(c));
  const std::size_t basic = out.size();
  if (basic > 0) out.push_back('-');
  std::size_t handled = basic;
  char32_t n = 0x80;
  unsigned delta = 0;
  unsigned bias = 72;
  while (handled < points.size()) {
    char32_t next = 0x10FFFF;
    for (const char32_t c : points)
      if (c >= n) next = std::min(next, c);
    delta += static_cast<unsigned>(next - n) * static_cast<unsigned>(handled + 1);
    n = next;
    for (const char32_t c : points) {
      if (c < n) ++delta;
      if (c != n) continue;
      unsigned rest = delta;
      for (unsigned k = 36;; k += 36) {
        const unsigned threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (rest < threshold) break;
        out.push_back(kDigits[threshold + (rest - threshold) % (36 - threshold)]);
        rest = (rest - threshold) / (36 - threshold);
      }
      out.push_back(kDigits[rest]);
      bias = adapt(delta, static_cast<unsigned>(handled + 1), handled == basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++n;
  }
  return out;
}

/// A label with symbols, encoded without libidn2. Unmapped letters make is_sound() refuse the
/// result.
std::optional<std::string> encode_symbols(std::string_view label) {
  constexpr char32_t kEmojiVariation = 0xFE0F;  // UTS #46 ignores it
  std::vector<char32_t> points;
  for (std::size_t at = 0; at < label.size();) {
    const char32_t c = next_code_point(label, at);
    if (c == kEmojiVariation) continue;
    points.push_back(c < 0x80 ? static_cast<char32_t>(ascii_lower(static_cast<char>(c))) : c);
  }
  std::string a_label = std::string{kAcePrefix} + punycode(points);
  if (a_label.size() > IDN2_LABEL_MAX_LENGTH) return std::nullopt;
  return a_label;
}

/// Whether an A-label decodes to a text that encodes to it again. libidn2 alone lets some pass that
/// do not, such as one that hides "a/c" in a single sign.
bool is_sound(const std::string& a_label) {
  const Lookup found = look_up(a_label);
  if (found.code != IDN2_OK && found.code != IDN2_DISALLOWED) return false;
  char* raw = nullptr;
  const int code = idn2_to_unicode_8z8z(a_label.c_str(), &raw, 0);
  const IdnText<char> owner{raw};
  if (code != IDN2_OK) return false;
  const std::string u_label{raw};
  if (u_label == a_label) return false;
  // IDNA 2008 disallows what UTS #46 allows: symbols, above all emoji. libidn2 has then passed the
  // checks of UTS #46 already (a failure of those has another code), and such domains exist.
  if (found.code == IDN2_DISALLOWED) return encode_symbols(u_label) == a_label;
  return found.text == a_label && look_up(u_label).text == a_label;
}

std::unexpected<Error> refuse_label(int code) {
  if (code == IDN2_TOO_BIG_LABEL || code == IDN2_TOO_BIG_DOMAIN || code == IDN2_PUNYCODE_BIG_OUTPUT)
    return refuse("The domain has a label above 63 characters.");
  if (code == IDN2_HYPHEN_STARTEND)
    return refuse("The domain has a label that begins or ends with a hyphen.");
  return refuse("The domain has a character that no domain name may have.");
}

}  // namespace

Result<std::string> map_label(std::string_view label) {
  if (label.size() > kMaxMappedBytes) return refuse("The domain has a label above 63 characters.");
  Lookup found = look_up(std::string{label});
  if (label.starts_with(kAcePrefix)) {
    if (found.code == IDN2_DISALLOWED) found.text = label;
  } else if (found.code == IDN2_DISALLOWED) {
    if (std::optional<std::string> encoded = encode_symbols(label))
      found.text = *std::move(encoded);
  } else if (found.code != IDN2_OK) {
    return refuse_label(found.code);
  }
  if (found.text.starts_with(kAcePrefix)) {
    if (is_sound(found.text)) return std::move(found.text);
  } else if (!found.text.empty() && !label.starts_with(kAcePrefix)) {
    return std::move(found.text);
  }
  return label.starts_with(kAcePrefix) ? refuse("The domain has a label of broken punycode.")
                                       : refuse_label(found.code);
}

}  // namespace cardstock::indicator
