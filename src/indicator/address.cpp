#include "address.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include <cardstock/util/text.hpp>

namespace cardstock::indicator {
namespace {

constexpr std::size_t kGroups = 8;
constexpr unsigned kMappedPrefixBits = 96;

std::string_view number_word(std::size_t count) noexcept {
  constexpr std::string_view kWords[] = {"no", "one", "two", "three"};
  return count < std::size(kWords) ? kWords[count] : "more than four";
}

std::uint8_t byte_of(unsigned value) noexcept {
  return static_cast<std::uint8_t>(value & 0xFFU);
}

Result<std::uint8_t> parse_octet(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit))
    return refuse("The IPv4 address has an octet that is not decimal.");
  if (text.size() > 1 && text[0] == '0')
    return refuse(
        "In an IPv4 address a leading zero is ambiguous: decimal to some, octal to others.");
  unsigned value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{} ||
      value > 255)
    return refuse("The IPv4 address has an octet above 255.");
  return byte_of(value);
}

/// Groups of four hexadecimal digits, from left to right, and where `::` stood among them.
struct Groups {
  std::array<std::uint16_t, kGroups> values{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;

  bool push(unsigned value) noexcept {
    if (count == kGroups) return false;
    values[count++] = static_cast<std::uint16_t>(value);
    return true;
  }
};

Status push_part(Groups& groups, std::string_view part, bool last) {
  constexpr std::string_view kTooMany = "The IPv6 address has more than eight groups.";
  if (part.contains('.')) {
    if (!last) return refuse("The IPv6 address has an IPv4 part that is not at its end.");
    const Result<Ipv4> tail = parse_ipv4(part);
    if (!tail) return std::unexpected(tail.error());
    const auto& octets = *tail;
    if (!groups.push(octets[0] * 256U + octets[1]) || !groups.push(octets[2] * 256U + octets[3]))
      return refuse(std::string{kTooMany});
    return {};
  }
  if (part.empty()) return refuse("The IPv6 address has an empty group.");
  if (!std::ranges::all_of(part, is_hex))
    return refuse("The IPv6 address has a group that is not hexadecimal.");
  if (part.size() > 4) return refuse("The IPv6 address has a group of more than four digits.");
  unsigned value = 0;
  std::from_chars(part.data(), part.data() + part.size(), value, 16);
  if (!groups.push(value)) return refuse(std::string{kTooMany});
  return {};
}

/// The groups before or after `::`, separated by single colons; nothing for empty text.
Status push_parts(Groups& groups, std::string_view text, bool last_half) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const bool last = colon == std::string_view::npos;
    if (Status done = push_part(groups, text.substr(0, colon), last && last_half); !done)
      return done;
    if (last) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return refuse("The IPv6 address ends with a single colon.");
  }
  return {};
}

std::uint16_t group_at(const Ipv6& address, std::size_t i) noexcept {
  return static_cast<std::uint16_t>(address[2 * i] * 256U + address[2 * i + 1]);
}

void append_hex(std::string& out, std::uint16_t value) {
  std::array<char, 4> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  out.append(digits.data(), end);
}

void clear_host_bits(std::span<std::uint8_t> bytes, unsigned prefix) noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto first_bit = static_cast<unsigned>(i * 8);
    if (first_bit >= prefix)
      bytes[i] = 0;
    else if (prefix - first_bit < 8)
      bytes[i] = byte_of(bytes[i] & (0xFFU << (8 - (prefix - first_bit))));
  }
}

Result<unsigned> parse_prefix(std::string_view text, unsigned most) {
  if (text.empty()) return refuse("The prefix length after the slash is missing.");
  if (!std::ranges::all_of(text, is_digit))
    return refuse("The prefix length after the slash is not a number.");
  if (text.size() > 1 && text[0] == '0') return refuse("The prefix length has a leading zero.");
  unsigned value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{} ||
      value > most)
    return refuse("The range has a prefix length above " + std::to_string(most) + ".");
  return value;
}

Canonical network(std::string address, unsigned prefix) {
  return {IndicatorType::Cidr, std::move(address) + "/" + std::to_string(prefix), {}};
}

/// What makes the part before the slash no bare address, in words; nullopt when only its digits can
/// tell.
std::optional<std::string> foreign_part(std::string_view text) {
  if (text.contains('[') || text.contains(']'))
    return text.contains("]:") ? "The name has a port; an IpAddress has none."
                               : "The name has brackets around it; an IpAddress has none.";
  if (text.contains('%') && text.contains(':'))
    return "The IPv6 address has a zone id, which has a meaning on one machine only.";
  const auto colons = std::ranges::count(text, ':');
  if (colons == 1) return "The name has a port; an IpAddress has none.";
  if (colons == 0 && std::ranges::any_of(text, [](char c) { return !is_digit(c) && c != '.'; }))
    return starts_with_ignoring_case(text, "0x")
               ? "The name is hexadecimal; an IPv4 address has four decimal octets."
               : "The name is not an IP address.";
  return std::nullopt;
}

}  // namespace

Result<Ipv4> parse_ipv4(std::string_view text) {
  if (text.starts_with('.') || text.ends_with('.') || text.contains(".."))
    return refuse("The IPv4 address has an empty octet.");
  const auto count = static_cast<std::size_t>(std::ranges::count(text, '.')) + 1;
  if (count != 4) {
    const std::string noun = count == 1 ? " octet" : " octets";
    return refuse("The name has " + std::string{number_word(count)} + noun +
                  " where an IPv4 address has four.");
  }
  Ipv4 address{};
  for (std::uint8_t& octet : address) {
    const std::size_t dot = text.find('.');
    const Result<std::uint8_t> value = parse_octet(text.substr(0, dot));
    if (!value) return std::unexpected(value.error());
    octet = *value;
    if (dot != std::string_view::npos) text.remove_prefix(dot + 1);
  }
  return address;
}

Result<Ipv6> parse_ipv6(std::string_view text) {
  Groups groups;
  const std::size_t gap = text.find("::");
  Status done;
  if (gap == std::string_view::npos) {
    done = push_parts(groups, text, true);
    if (done && groups.count != kGroups)
      return refuse("The IPv6 address has fewer than eight groups.");
  } else {
    const std::string_view after = text.substr(gap + 2);
    if (after.contains("::")) return refuse("The IPv6 address has more than one double colon.");
    if (after.starts_with(':')) return refuse("The IPv6 address has an empty group.");
    done = push_parts(groups, text.substr(0, gap), false);
    groups.gap = groups.count;
    if (done) done = push_parts(groups, after, true);
    if (done && groups.count == kGroups)
      return refuse("The IPv6 address has a double colon that stands for nothing.");
  }
  if (!done) return std::unexpected(done.error());
  Ipv6 address{};
  const std::size_t zeros = kGroups - groups.count;
  for (std::size_t i = 0; i < groups.count; ++i) {
    const std::size_t place = groups.gap && i >= *groups.gap ? i + zeros : i;
    address[2 * place] = byte_of(static_cast<unsigned>(groups.values[i]) >> 8U);
    address[2 * place + 1] = byte_of(groups.values[i]);
  }
  return address;
}

bool is_mapped(const Ipv6& address) noexcept {
  return std::all_of(address.begin(), address.begin() + 10,
                     [](std::uint8_t b) { return b == 0; }) &&
         address[10] == 0xFF && address[11] == 0xFF;
}

Ipv4 embedded_ipv4(const Ipv6& address) noexcept {
  return {address[12], address[13], address[14], address[15]};
}

std::string to_text(const Ipv4& address) {
  std::array<char, 16> buffer{};
  char* at = buffer.data();
  for (const std::uint8_t octet : address) {
    if (at != buffer.data()) *at++ = '.';
    at = std::to_chars(at, buffer.data() + buffer.size(), octet).ptr;
  }
  return {buffer.data(), at};
}

std::string to_text(const Ipv6& address) {
  // RFC 5952 §4.2: the longest run of at least two zero groups, the first one of equals.
  std::size_t best = kGroups;
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < kGroups; ++i) {
    std::size_t end = i;
    while (end < kGroups && group_at(address, end) == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    append_hex(out, group_at(address, i));
  }
  return out;
}

std::string to_uncompressed(const Ipv6& address) {
  std::string out;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i > 0) out += ':';
    append_hex(out, group_at(address, i));
  }
  return out;
}

Result<Canonical> parse_address(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  if (address.empty()) return refuse("The name has no address before the slash.");
  if (std::optional<std::string> foreign = foreign_part(address))
    return refuse(*std::move(foreign));
  const bool is_range = slash != std::string_view::npos;
  if (!address.contains(':')) {
    Result<Ipv4> four = parse_ipv4(address);
    if (!four) return std::unexpected(std::move(four.error()));
    if (!is_range) return Canonical{IndicatorType::Address, to_text(*four), {}};
    const Result<unsigned> prefix = parse_prefix(text.substr(slash + 1), 32);
    if (!prefix) return std::unexpected(prefix.error());
    clear_host_bits(*four, *prefix);
    return network(to_text(*four), *prefix);
  }
  Result<Ipv6> six = parse_ipv6(address);
  if (!six) return std::unexpected(std::move(six.error()));
  if (!is_range)
    return Canonical{
        IndicatorType::Address, is_mapped(*six) ? to_text(embedded_ipv4(*six)) : to_text(*six), {}};
  const Result<unsigned> prefix = parse_prefix(text.substr(slash + 1), 128);
  if (!prefix) return std::unexpected(prefix.error());
  clear_host_bits(*six, *prefix);
  // A shorter prefix clears some of the mark of mapped addresses: such a range holds more than
  // IPv4.
  if (is_mapped(*six) && *prefix >= kMappedPrefixBits)
    return network(to_text(embedded_ipv4(*six)), *prefix - kMappedPrefixBits);
  return network(to_text(*six), *prefix);
}

std::string address_spelling(std::string_view canonical) {
  const std::size_t slash = std::min(canonical.find('/'), canonical.size());
  const Result<Ipv6> six = parse_ipv6(canonical.substr(0, slash));
  if (!six) return std::string{canonical};
  return to_uncompressed(*six).append(canonical.substr(slash));
}

}  // namespace cardstock::indicator
