#pragma once
/// \file support.hpp
/// \brief What the tests of this room share: environments, small files, configurations.
#include <fstream>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include <cardstock/cli/config.hpp>

#include "support/read_file.hpp"

namespace cardstock::test {

inline cli::Environment environment_of(std::map<std::string, std::string> variables = {}) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

inline void write_file(const std::string& path, std::string_view content) {
  std::ofstream{path, std::ios::binary} << content;
}

/// A configuration that must be good.
inline cli::Config parsed(std::string_view toml,
                          const cli::Environment& environment = environment_of(),
                          const std::string& path = "cardstock.toml") {
  auto config = cli::parse_config(toml, path, environment);
  INFO((config ? "" : config.error().public_detail));
  REQUIRE(config);
  return *std::move(config);
}

/// The complaint about a configuration; empty when there is none.
inline std::string complaint(std::string_view toml,
                             const cli::Environment& environment = environment_of(),
                             const std::string& path = "cardstock.toml") {
  const auto config = cli::parse_config(toml, path, environment);
  return config ? "" : config.error().public_detail;
}

}  // namespace cardstock::test
