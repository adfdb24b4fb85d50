#pragma once
/// \file progress.hpp
/// \brief How far a prewarm run is, for people who wait: a bar on a terminal, lines elsewhere.
#include <optional>
#include <string>

#include "app/commands/context.hpp"

namespace cardstock::app {

struct PrewarmCounts {
  std::size_t found = 0;
  std::size_t absent = 0;
  std::size_t fresh = 0;    ///< was in the cache already
  std::size_t missing = 0;  ///< of a dry run: would be asked
  std::size_t failed = 0;
  std::size_t refused = 0;
  std::size_t settled() const noexcept { return found + absent + fresh + missing + failed; }
};

class Progress {
 public:
  explicit Progress(const CommandContext& context);

  /// At most five times a second on a terminal, every ten seconds elsewhere. `total`: how many
  /// there will be, about; nullopt: nobody knows.
  void show(const PrewarmCounts& counts, std::optional<std::size_t> total);
  /// Leaves the line of the bar.
  void end();

 private:
  std::string line(const PrewarmCounts& counts,
                   std::optional<std::size_t> total,
                   SteadyTime now) const;

  const CommandContext& context_;
  SteadyTime began_;
  SteadyTime shown_;
  bool drawn_ = false;
};

}  // namespace cardstock::app
