#pragma once
/// \file faults.hpp
/// \brief Everything that is wrong with a configuration, told in one go and in the order of the
/// file. Threads: none.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <cardstock/cli/config.hpp>

namespace cardstock::cli {

class Faults {
 public:
  /// `source` stands before the line: the path of the file, or "configuration".
  explicit Faults(std::string source) : source_{std::move(source)} {}
  /// `line` 0: none (the default of a setting, or the environment).
  void add(std::uint32_t line, std::string text);
  bool empty() const noexcept { return by_line_.empty(); }
  /// The first 50 and how many more there are.
  Error error() const;

 private:
  std::string source_;
  std::multimap<std::uint32_t, std::string> by_line_;
};

/// Where settings stand in the file, by `section.key`; entries of lists by `client.0`,
/// `client.0.name`.
using Lines = std::map<std::string, std::uint32_t, std::less<>>;

/// The environment over the file.
void apply_environment(Config& config, const Environment& environment, Faults& faults);
/// What no single setting can be blamed for. Expects values that are good one by one.
void check_together(const Config& config, const Lines& lines, Faults& faults);

/// `path` as the configuration file means it: absolute, or below `folder`.
std::string resolved(const std::string& folder, const std::string& path);

/// Reads at most `limit` bytes of a file. Errors: InvalidConfig, "no such file" and the like,
/// without the path.
Result<std::string> read_small_file(const std::string& path, std::size_t limit);
/// A secret as a file or a variable holds it: the trailing line end cut. Errors: InvalidConfig.
Result<Secret> clean_secret(std::string_view raw);
bool others_may_read(const std::string& path) noexcept;

}  // namespace cardstock::cli
