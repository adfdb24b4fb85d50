#pragma once
/// \file clock.hpp
/// \brief The only place the program may learn the time.
#include <chrono>

namespace cardstock {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

/// Wall time is for what is stored or shown (expiry stamps, Date headers); steady
/// time is for intervals (deadlines, token buckets, breaker cool-down).
/// Thread-safe. Never fails.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  WallTime wall() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace cardstock
