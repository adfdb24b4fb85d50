#pragma once
/// \file toml_value.hpp
/// \brief One TOML value into the place that its row of the table of settings names.
///
/// Threads: none. Blocking: disk, for settings that name a file. Errors: a complaint that completes
/// "KEY must …"; it shows no text that could be a credential.
#include <optional>
#include <string>

#include <toml++/toml.h>

#include "settings.hpp"

namespace cardstock::cli {

/// The most that a file named in the configuration, or the configuration itself, may hold.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20U;
/// The most entries of any list.
inline constexpr std::size_t kMaxEntries = 100;

/// What relative paths start from; each may be empty.
struct Folders {
  std::string base;         ///< the configuration file's own
  std::string credentials;  ///< systemd's; comes first for secrets
};

/// Where a value stands and where it goes.
struct Place {
  const toml::node& node;
  const Target& target;
  const std::string& name;  ///< `section.key`, for warnings
  const Folders& folders;
};

/// nullopt: the value is good and has been stored.
std::optional<std::string> read_value(const Kind& kind, const Place& place);

}  // namespace cardstock::cli
