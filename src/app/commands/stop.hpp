#pragma once
/// \file stop.hpp
/// \brief Stopping a command in good order: SIGINT and SIGTERM are remembered, and what waits ends.
///
/// Threads: any; the handlers of a process, set once. The first signal is remembered, the second
/// ends the process as if nobody had asked.
#include <array>
#include <chrono>
#include <streambuf>

namespace cardstock::app {

/// From now on SIGINT and SIGTERM are remembered.
void stop_on_signals();
bool stop_asked();
/// Blocking: for `span`, or until somebody asks to stop.
void sleep_until_stopped(std::chrono::milliseconds span);

/// Reads a descriptor; its end comes early when somebody asks to stop. Blocking: until there is
/// something, or that.
class StoppableInput final : public std::streambuf {
 public:
  explicit StoppableInput(int descriptor) : descriptor_{descriptor} {}

 protected:
  int_type underflow() override;

 private:
  int descriptor_;
  std::array<char, std::size_t{16} * 1024> piece_{};
};

}  // namespace cardstock::app
