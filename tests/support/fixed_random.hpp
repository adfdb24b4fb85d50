#pragma once
/// \file fixed_random.hpp
/// \brief Chance that is always the same: every byte zero, so that unit() is 0.
#include <algorithm>

#include <cardstock/util/random.hpp>

namespace cardstock::test {

class FixedRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override { std::ranges::fill(out, std::byte{0}); }
};

}  // namespace cardstock::test
