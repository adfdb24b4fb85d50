#pragma once
/// \file random.hpp
/// \brief The only place the program may learn chance.
#include <cstddef>
#include <cstdint>
#include <span>

namespace cardstock {

/// Threads: all methods from any thread. Never fails (a kernel that gives no entropy ends the
/// program).
class Random {
 public:
  virtual ~Random() = default;
  /// Unpredictable bytes, fit for keys.
  virtual void fill(std::span<std::byte> out) = 0;
  /// Uniform in [0, 1).
  double unit();
};

/// getrandom(2).
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

}  // namespace cardstock
