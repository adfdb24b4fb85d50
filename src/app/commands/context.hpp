#pragma once
/// \file context.hpp
/// \brief What a client command is given from outside.
#include <chrono>
#include <functional>
#include <iosfwd>

#include <cardstock/cli/config.hpp>
#include <cardstock/fetch/http_client.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/random.hpp>

namespace cardstock::app {

/// References outlive the command.
struct CommandContext {
  fetch::HttpClient& http;
  const Clock& clock;
  Random& random;
  cli::Environment environment;
  std::istream& in;
  std::ostream& out;             ///< results, and nothing else
  std::ostream& err;             ///< complaints and progress
  std::size_t columns = 0;       ///< width of the terminal that `out` is; 0: it is none
  bool err_is_terminal = false;  ///< progress is a bar that moves, not lines
  std::size_t err_columns = 80;  ///< width of that terminal, at least 1
  /// Lets the time pass before a retry, or until somebody asks to stop; remembers in tests.
  std::function<void(std::chrono::milliseconds)> pause;
  /// Whether somebody asked to stop (SIGINT, SIGTERM); empty: nobody can.
  std::function<bool()> stop_asked;
};

}  // namespace cardstock::app
