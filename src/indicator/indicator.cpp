#include <cardstock/indicator/indicator.hpp>

#include <algorithm>
#include <utility>

#include <cardstock/util/text.hpp>

#include "address.hpp"
#include "canonical_form.hpp"
#include "email.hpp"
#include "hash.hpp"
#include "host.hpp"
#include "mismatch.hpp"
#include "text_rules.hpp"
#include "url.hpp"

namespace cardstock {
namespace {

using indicator::Canonical;

Result<Canonical> parse_ip_address(std::string_view text) {
  Result<Canonical> address = indicator::parse_address(text);
  if (address) return address;
  if (std::optional<std::string> other = indicator::mismatch(EntityType::IpAddress, text))
    return indicator::refuse(*std::move(other));
  return address;
}

/// `name` is clean, its signs still as they were typed.
Result<Canonical> parse_clean(EntityType type, const std::string& name) {
  if (type == EntityType::Url) return indicator::parse_url(name);
  const std::string refanged = indicator::refang(name).text;
  const std::string_view text = indicator::without_id_prefix(refanged, type);
  if (text.empty()) return indicator::refuse("The name is empty but for its prefix.");
  switch (type) {
    case EntityType::IpAddress:
      return parse_ip_address(text);
    case EntityType::InternetDomainName:
      return indicator::parse_domain(text);
    case EntityType::Url:
      break;
    case EntityType::Hash:
      return indicator::parse_hash(text);
    case EntityType::EmailAddress:
      return indicator::parse_email(text);
  }
  return indicator::refuse("The name has no type.");
}

/// Whether a text without a type is meant as an address, so that its refusal should speak of one.
bool is_address_like(std::string_view text) noexcept {
  return std::ranges::count(text, ':') > 1 || std::ranges::none_of(text, [](char c) {
           return !is_digit(c) && !std::string_view{".:/[]"}.contains(c);
         });
}

bool is_hash_like(std::string_view text) noexcept {
  const std::string_view digits = indicator::without_hash_prefixes(text);
  return digits.size() != text.size() || indicator::is_hash(digits) ||
         ((digits.size() == 56 || digits.size() == 96 || digits.size() == 128) &&
          std::ranges::all_of(digits, is_hex));
}

/// `name` is clean. An id or `mailto:` prefix names the type; else the order of the rule page.
EntityType likeliest_type(const std::string& name) {
  for (const EntityType type : kAllEntityTypes)
    if (indicator::without_id_prefix(name, type).size() != name.size()) return type;
  if (indicator::has_scheme(name)) return EntityType::Url;
  const std::string text = indicator::refang(name).text;
  if (text.contains('@')) return EntityType::EmailAddress;
  if (is_hash_like(text)) return EntityType::Hash;
  if (is_address_like(text) || indicator::parse_address(text)) return EntityType::IpAddress;
  return EntityType::InternetDomainName;
}

}  // namespace

std::optional<EntityType> entity_type(std::string_view name) noexcept {
  for (const EntityType type : kAllEntityTypes)
    if (name == name_of(type)) return type;
  return std::nullopt;
}

std::string_view name_of(EntityType type) noexcept {
  switch (type) {
    case EntityType::IpAddress:
      return "IpAddress";
    case EntityType::InternetDomainName:
      return "InternetDomainName";
    case EntityType::Url:
      return "URL";
    case EntityType::Hash:
      return "Hash";
    case EntityType::EmailAddress:
      return "EmailAddress";
  }
  return {};
}

std::optional<IndicatorType> indicator_type(std::string_view name) noexcept {
  for (const IndicatorType type : kAllIndicatorTypes)
    if (equal_ignoring_case(name, name_of(type))) return type;
  return std::nullopt;
}

std::string_view name_of(IndicatorType type) noexcept {
  switch (type) {
    case IndicatorType::Address:
      return "Address";
    case IndicatorType::Cidr:
      return "CIDR";
    case IndicatorType::Host:
      return "Host";
    case IndicatorType::Url:
      return "URL";
    case IndicatorType::File:
      return "File";
    case IndicatorType::EmailAddress:
      return "EmailAddress";
  }
  return {};
}

EntityType entity_of(IndicatorType type) noexcept {
  switch (type) {
    case IndicatorType::Address:
    case IndicatorType::Cidr:
      return EntityType::IpAddress;
    case IndicatorType::Host:
      return EntityType::InternetDomainName;
    case IndicatorType::Url:
      return EntityType::Url;
    case IndicatorType::File:
      return EntityType::Hash;
    case IndicatorType::EmailAddress:
      return EntityType::EmailAddress;
  }
  return EntityType::IpAddress;
}

Result<Indicator> Indicator::parse(EntityType type, std::string_view name) {
  if (const auto found = indicator::canonical_type(type, name))
    return Indicator{*found, std::string{name}, {}};
  const Result<std::string> cleaned = indicator::clean(name);
  if (!cleaned) return std::unexpected(cleaned.error());
  Result<Canonical> form = parse_clean(type, *cleaned);
  if (!form) return std::unexpected(std::move(form.error()));
  return Indicator{form->type, std::move(form->text), std::move(form->typed)};
}

Result<Indicator> Indicator::recognise(std::string_view name) {
  const Result<std::string> cleaned = indicator::clean(name);
  if (!cleaned) return std::unexpected(cleaned.error());
  return parse(likeliest_type(*cleaned), *cleaned);
}

std::vector<std::string> Indicator::spellings() const {
  switch (type_) {
    case IndicatorType::Address:
    case IndicatorType::Cidr:
      return {indicator::address_spelling(canonical_)};
    case IndicatorType::Host:
      break;
    case IndicatorType::Url:
      return indicator::url_spellings(canonical_, typed_);
    case IndicatorType::File:
      return {to_upper(canonical_)};
    case IndicatorType::EmailAddress:
      if (!typed_.empty()) return {typed_, canonical_};
      break;
  }
  return {canonical_};
}

}  // namespace cardstock
