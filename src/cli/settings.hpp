#pragma once
/// \file settings.hpp
/// \brief The one table of settings: what is read, checked, printed and documented.
///
/// Order matters: it is the order of config/cardstock.example.toml and of print_config. Threads:
/// any; immutable.
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cardstock/cli/config.hpp>

#include "values.hpp"

namespace cardstock::cli {

/// Where a row's value lives. `config` is always set; the others in the sections of that kind only.
struct Target {
  Config* config = nullptr;
  CacheTimes* times = nullptr;
  ClientEntry* client = nullptr;
  Criterion* criterion = nullptr;
};

template <class T>
using At = T& (*)(const Target&);

struct TextKind {
  At<std::string> at;
  Check check = check_any;
};
/// A file that is named here and read elsewhere; empty: none. Checked to be readable.
struct PathKind {
  At<std::string> at;
};
/// A file that holds a secret; empty: none.
struct SecretKind {
  At<Secret> at;
  At<std::string> path;
};
struct FlagKind {
  At<bool> at;
};
struct IntegerKind {
  At<std::int64_t> at;
  std::int64_t least;
  std::int64_t most;
};
struct RealKind {
  At<double> at;
  double least;
  double most;
};
struct OptionalRealKind {
  At<std::optional<double>> at;
  double least;
  double most;
};
struct DurationKind {
  At<milliseconds> at;
  milliseconds least;
  milliseconds most;
};
struct OptionalDurationKind {
  At<std::optional<milliseconds>> at;
  milliseconds least;
  milliseconds most;
};
struct SizeKind {
  At<std::uint64_t> at;
  std::uint64_t least;
  std::uint64_t most;
};
struct TextListKind {
  At<std::vector<std::string>> at;
  Check check = check_filled;
};
struct EndpointKind {
  At<Endpoint> at;
};
struct EndpointListKind {
  At<std::vector<Endpoint>> at;
};
struct LevelKind {
  At<LogLevel> at;
};

using Kind = std::variant<TextKind,
                          PathKind,
                          SecretKind,
                          FlagKind,
                          IntegerKind,
                          RealKind,
                          OptionalRealKind,
                          DurationKind,
                          OptionalDurationKind,
                          SizeKind,
                          TextListKind,
                          EndpointKind,
                          EndpointListKind,
                          LevelKind>;

struct Setting {
  std::string_view section;
  std::string_view key;
  Kind kind;
  std::string_view help;     ///< one line
  std::string_view example;  ///< TOML value for the example file where the default says
                             ///< nothing; only optional sections
};

/// Sections that stand once, and those that may stand any number of times (0 included).
enum class Repeat { Once, PerType, List };
struct Section {
  std::string_view name;
  Repeat repeat;
  std::string_view help;
};

std::span<const Section> sections();
std::span<const Setting> settings();

std::string_view name_of(LogLevel level) noexcept;
std::optional<LogLevel> log_level(std::string_view name) noexcept;

inline constexpr std::string_view kPerType = "cache.per_type";
inline constexpr std::string_view kClient = "client";
inline constexpr std::string_view kCriteria = "criteria";

}  // namespace cardstock::cli
