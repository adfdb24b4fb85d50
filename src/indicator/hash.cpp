#include "hash.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include <cardstock/util/text.hpp>

#include "mismatch.hpp"

namespace cardstock::indicator {
namespace {

constexpr std::string_view kHeld = "ThreatConnect holds MD5 (32), SHA-1 (40) and SHA-256 (64)";

bool is_hexadecimal(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_hex);
}

/// Hashes that ThreatConnect does not hold, so that a look-up of one can be refused by its name.
std::string_view unheld_name(std::size_t digits) noexcept {
  switch (digits) {
    case 56:
      return "SHA-224";
    case 96:
      return "SHA-384";
    case 128:
      return "SHA-512";
    default:
      return {};
  }
}

/// `text` without `algorithm` and the colon after it, white space allowed around the colon.
std::string_view without_algorithm(std::string_view text, std::string_view algorithm) noexcept {
  if (!starts_with_ignoring_case(text, algorithm)) return text;
  const std::string_view rest = trim_white_space(text.substr(algorithm.size()));
  return rest.starts_with(':') ? trim_white_space(rest.substr(1)) : text;
}

}  // namespace

bool is_hash(std::string_view text) noexcept {
  return (text.size() == 32 || text.size() == 40 || text.size() == 64) && is_hexadecimal(text);
}

std::string_view without_hash_prefixes(std::string_view text) noexcept {
  constexpr std::string_view kAlgorithms[] = {"md5",     "sha1",   "sha-1",  "sha256",
                                              "sha-256", "sha512", "sha-512"};
  for (;;) {
    const std::size_t before = text.size();
    text = without_id_prefix(text, EntityType::Hash);
    for (const std::string_view algorithm : kAlgorithms) text = without_algorithm(text, algorithm);
    if (text.size() == before) return text;
  }
}

Result<Canonical> parse_hash(std::string_view text) {
  const std::string_view digits = without_hash_prefixes(text);
  if (is_hash(digits)) return Canonical{IndicatorType::File, to_lower(digits), {}};
  if (digits.empty()) return refuse("The name is empty but for its prefix.");
  if (!is_hexadecimal(digits)) {
    const std::optional<std::string> other = mismatch(EntityType::Hash, digits);
    return refuse(other ? "The hash is not hexadecimal. " + *other
                        : "The hash is not hexadecimal; " + std::string{kHeld} + ".");
  }
  if (const std::string_view name = unheld_name(digits.size()); !name.empty())
    return refuse(std::string{name} + " is not held by ThreatConnect; " + std::string{kHeld} + ".");
  return refuse("The hash has " + std::to_string(digits.size()) + " digits; " + std::string{kHeld} +
                ".");
}

}  // namespace cardstock::indicator
