#pragma once
/// \file indicator.hpp
/// \brief An indicator in canonical form: the look-up key of the whole service.
///
/// Pure: no clock, file, environment, locale. Threads: any. Errors: InvalidIndicator only, with one
/// plain sentence for the analyst in `public_detail`. Limits: a name of at most kMaxNameBytes of
/// valid UTF-8. Stored: the canonical text is a cache key on disk; a change of any rule needs a
/// migration that empties the cache.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/util/result.hpp>

namespace cardstock {

/// Recorded Future's entity types. Stored: the numbers.
enum class EntityType : std::uint8_t {
  IpAddress = 1,
  InternetDomainName = 2,
  Url = 3,
  Hash = 4,
  EmailAddress = 5
};
inline constexpr std::array kAllEntityTypes{EntityType::IpAddress, EntityType::InternetDomainName,
                                            EntityType::Url, EntityType::Hash,
                                            EntityType::EmailAddress};
inline constexpr std::size_t kEntityTypes = kAllEntityTypes.size();

/// ThreatConnect's indicator types (v3 `type` / TQL `typeName`). Stored: the numbers.
enum class IndicatorType : std::uint8_t {
  Address = 1,
  Cidr = 2,
  Host = 3,
  Url = 4,
  File = 5,
  EmailAddress = 6
};
inline constexpr std::array kAllIndicatorTypes{IndicatorType::Address, IndicatorType::Cidr,
                                               IndicatorType::Host,    IndicatorType::Url,
                                               IndicatorType::File,    IndicatorType::EmailAddress};

/// "IpAddress", "InternetDomainName", "URL", "Hash", "EmailAddress"; exact spelling. nullopt:
/// unsupported.
std::optional<EntityType> entity_type(std::string_view name) noexcept;
std::string_view name_of(EntityType type) noexcept;
/// "Address", "CIDR", "Host", "URL", "File", "EmailAddress"; case is ignored when reading.
std::optional<IndicatorType> indicator_type(std::string_view name) noexcept;
std::string_view name_of(IndicatorType type) noexcept;
EntityType entity_of(IndicatorType type) noexcept;

/// Exists only in canonical form: parse() is the one way to make one, so equal indicators have
/// equal keys, and a canonical text parses to itself.
class Indicator {
 public:
  static constexpr std::size_t kMaxNameBytes = 4096;
  static constexpr std::size_t kMaxSpellings = 6;

  static Result<Indicator> parse(EntityType type, std::string_view name);
  /// The entity type that a bare name most likely is (for lists without a type column), and the
  /// indicator.
  static Result<Indicator> recognise(std::string_view name);

  EntityType entity() const noexcept { return entity_of(type_); }
  IndicatorType type() const noexcept { return type_; }
  const std::string& canonical() const noexcept { return canonical_; }

  /// The ways in which ThreatConnect may have stored it, as they are asked (hashes in upper case,
  /// IPv6 uncompressed): 1 to kMaxSpellings distinct texts, the likeliest first. Depends on the
  /// name that was typed, not on the canonical form alone.
  std::vector<std::string> spellings() const;

  bool operator==(const Indicator& other) const noexcept {
    return type_ == other.type_ && canonical_ == other.canonical_;
  }

 private:
  Indicator(IndicatorType type, std::string canonical, std::string typed)
      : type_{type}, canonical_{std::move(canonical)}, typed_{std::move(typed)} {}
  IndicatorType type_;
  std::string canonical_;
  std::string typed_;  ///< refanged and trimmed as typed; empty where it adds no spelling
};

}  // namespace cardstock
