#include <cardstock/util/random.hpp>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>

#include <sys/random.h>

namespace cardstock {

double Random::unit() {
  std::array<std::byte, 8> bytes{};
  fill(bytes);
  constexpr double kScale = 0x1.0p-53;  // the 53 bits of a double's significand
  return static_cast<double>(std::bit_cast<std::uint64_t>(bytes) >> 11U) * kScale;
}

void SystemRandom::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();  // no entropy: nothing that follows would be safe
    }
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace cardstock
