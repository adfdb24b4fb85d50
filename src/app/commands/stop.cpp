#include "app/commands/stop.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <thread>

#include <poll.h>
#include <unistd.h>

namespace cardstock::app {
namespace {

using namespace std::chrono_literals;

/// A signal may come to any thread; nobody is woken, so everybody looks this often.
constexpr std::chrono::milliseconds kLookEvery = 100ms;

// What a signal handler may write to.
volatile std::sig_atomic_t asked = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace

void stop_on_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { asked = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_asked() {
  return asked != 0;
}

void sleep_until_stopped(std::chrono::milliseconds span) {
  const auto until = std::chrono::steady_clock::now() + span;
  for (auto now = std::chrono::steady_clock::now(); now < until && !stop_asked();
       now = std::chrono::steady_clock::now()) {
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kLookEvery, until - now));
  }
}

StoppableInput::int_type StoppableInput::underflow() {
  for (;;) {
    if (stop_asked()) return traits_type::eof();
    pollfd waited{.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (poll(&waited, 1, static_cast<int>(kLookEvery.count())) <= 0) continue;
    const ssize_t got = read(descriptor_, piece_.data(), piece_.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) throw std::runtime_error{"standard input cannot be read"};  // the stream is bad
    if (got == 0) return traits_type::eof();
    setg(piece_.data(), piece_.data(), piece_.data() + got);
    return traits_type::to_int_type(*gptr());
  }
}

}  // namespace cardstock::app
