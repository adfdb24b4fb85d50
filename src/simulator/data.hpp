#pragma once
/// \file data.hpp
/// \brief What a simulated instance holds: owners, credentials, indicators. Read from JSON, then
/// never changed.
///
/// The format is described in config/simulator/README.md. Values stand in the answers as the file
/// writes them, so odd shapes (a `null`, a timestamp with a trailing blank) can be served; what the
/// file leaves out gets a plausible default.
///
/// Pure. Threads: const access from any. Errors: MalformedRequest, naming the entry.
/// Limits: kMaxData bytes, kMaxCopies copies, kMaxItems elements and kMaxRendered bytes after
/// `repeat`.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <cardstock/util/result.hpp>
#include <cardstock/util/secret.hpp>

#include "tql.hpp"

namespace cardstock::simulator {

inline constexpr std::size_t kMaxItems = 2'000'000;
inline constexpr std::size_t kMaxRendered = std::size_t{1024} * 1024 * 1024;

struct Owner {
  std::int64_t id = 0;
  std::string name;
  std::string type;  ///< Organization, Community, Source
};

struct Credential {
  std::string name;    ///< for the log; the access id unless the file says otherwise
  std::string api_id;  ///< empty: `secret` is a token
  Secret secret;
  std::size_t organization = 0;  ///< index of the owner it belongs to
  std::vector<bool> visible;     ///< by index of owner
};

/// What `fields=` adds to a row. Names as documented; those that the simulator holds nothing for
/// are in `Other`.
enum class Part : std::uint8_t {
  ThreatAssess,
  FalsePositives,
  Observations,
  Attributes,
  AssociatedGroups,
  Tags,
  SecurityLabels,
  Sightings,
  UserDetails,
  Other,
};
inline constexpr std::size_t kParts = 10;

/// The part of this name, letter case ignored; of `a.b` the part of `a`. nullopt: no such field.
std::optional<Part> part_named(std::string_view field) noexcept;

struct Datum {
  Parameter parameter;
  Value value;
};

/// One owner's copy of one indicator.
struct Copy {
  std::int64_t id = 0;
  std::size_t owner = 0;  ///< index
  bool active = true;
  std::vector<Datum> data;  ///< what TQL sees; several of one parameter where it is a list
  std::string base;         ///< the members of the row that are always there, without braces
  std::array<std::string, kParts> parts;  ///< members of each part; empty when the copy has none
};

struct Instance {
  std::vector<Owner> owners;
  std::vector<Credential> credentials;
  std::vector<Copy> copies;  ///< in the order of the file
  /// Copies by summary and value1…3 in ASCII lower case; ascending, without repeats.
  std::unordered_map<std::string, std::vector<std::size_t>> by_value;

  std::optional<std::size_t> owner_named(std::string_view name) const noexcept;
};

Result<std::shared_ptr<const Instance>> read_instance(std::string_view json);

}  // namespace cardstock::simulator
