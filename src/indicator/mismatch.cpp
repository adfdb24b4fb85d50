#include "mismatch.hpp"

#include <cardstock/util/text.hpp>

#include "address.hpp"
#include "email.hpp"
#include "hash.hpp"
#include "host.hpp"
#include "text_rules.hpp"

namespace cardstock::indicator {
namespace {

std::string_view with_article(IndicatorType type) noexcept {
  switch (type) {
    case IndicatorType::Address:
      return "an IP address";
    case IndicatorType::Cidr:
      return "a range of IP addresses";
    case IndicatorType::Host:
      return "a domain";
    case IndicatorType::Url:
      return "a URL";
    case IndicatorType::File:
      return "a hash";
    case IndicatorType::EmailAddress:
      return "an e-mail address";
  }
  return {};
}

std::string_view with_article(EntityType type) noexcept {
  switch (type) {
    case EntityType::IpAddress:
      return "an IpAddress";
    case EntityType::InternetDomainName:
      return "a domain name";
    case EntityType::Url:
      return "a URL";
    case EntityType::Hash:
      return "a hash";
    case EntityType::EmailAddress:
      return "an e-mail address";
  }
  return {};
}

}  // namespace

std::optional<IndicatorType> look_of(std::string_view text) {
  if (has_scheme(text)) return IndicatorType::Url;
  if (text.contains('@'))
    return is_email(text) ? std::optional{IndicatorType::EmailAddress} : std::nullopt;
  if (is_hash(text)) return IndicatorType::File;
  if (const Result<Canonical> address = parse_address(text)) return address->type;
  const Result<std::string> host = map_host(text);
  if (!host) return std::nullopt;
  if (parse_ipv4(*host)) return IndicatorType::Address;
  return canonical_domain(*host) ? std::optional{IndicatorType::Host} : std::nullopt;
}

std::optional<std::string> mismatch(EntityType asked, std::string_view text) {
  for (const EntityType other : kAllEntityTypes) {
    if (other == asked || without_id_prefix(text, other).size() == text.size()) continue;
    return "The name has the id prefix of another type (" + std::string{name_of(other)} + ").";
  }
  const std::optional<IndicatorType> look = look_of(text);
  if (!look || entity_of(*look) == asked) return std::nullopt;
  const std::string found{with_article(*look)};
  return "The name is " + found + ", and " + found + " is not " + std::string{with_article(asked)} +
         ".";
}

}  // namespace cardstock::indicator
