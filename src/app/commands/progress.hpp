#pragma once
/// \file progress.hpp
/// \brief How far a prewarm run is, for people who wait: a bar on a terminal, lines elsewhere.
#include <optional>
#include <string>

#include <cardstock/prewarm/run.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

class Progress {
 public:
  explicit Progress(const CommandContext& context);

  /// At most five times a second on a terminal, every ten seconds elsewhere. `total`: how many
  /// there will be, about; nullopt: nobody knows.
  void show(const prewarm::Counts& counts, std::optional<std::size_t> total);
  /// Leaves the line of the bar.
  void end();

 private:
  std::string line(const prewarm::Counts& counts,
                   std::optional<std::size_t> total,
                   SteadyTime now) const;

  const CommandContext& context_;
  SteadyTime began_;
  SteadyTime shown_;
  bool drawn_ = false;
};

}  // namespace cardstock::app
