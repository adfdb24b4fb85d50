/// \file wrong_client.cpp
/// \brief The long form of "no answer reaches a client who did not ask for it". Usage: wrong_client
/// [CONNECTIONS [WORKERS]]
#include "wrong_client.hpp"

#include <cinttypes>
#include <cstdio>

int main(int argc, char** argv) {
  using namespace cardstock;
  const auto connections = argc > 1 ? parse_integer(argv[1]) : 100000;
  const auto workers = argc > 2 ? parse_integer(argv[2]) : 1;
  if (!connections || *connections < 1 || !workers || *workers < 1 || *workers > 64) {
    std::fprintf(stderr, "usage: wrong_client [CONNECTIONS [WORKERS]]\n");
    return 2;
  }
  const auto result =
      test::hunt_wrong_client(static_cast<std::uint64_t>(*connections), static_cast<int>(*workers));
  std::printf("connections %" PRIu64 ", right answers %" PRIu64 ", wrong %" PRIu64
              ", unanswered %" PRIu64 "; accepted %" PRIu64 ", refused %" PRIu64
              ", timed out %" PRIu64 "\n",
              result.connections, result.right, result.wrong, result.unanswered,
              result.counters.accepted, result.counters.refused, result.counters.timed_out);
  if (!result.first_fault.empty()) std::printf("%s\n", result.first_fault.c_str());
  return result.wrong == 0 && result.unanswered == 0 && result.counters.refused == 0 &&
                 result.right > 0
             ? 0
             : 1;
}
