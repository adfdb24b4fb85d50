#pragma once
/// \file test_resolver.hpp
/// \brief Names that the test program resolves itself, in place of the C library's getaddrinfo.
///
/// `inside.test` is 127.0.0.1. `moves.test` is what it was last moved to. `held.test` is not
/// resolved before release_held_lookups(). Any other name below `.test` does not exist. Everything
/// else goes to the C library.
///
/// Connections to the addresses of documentation (RFC 5737, RFC 3849) do not leave the machine:
/// those to kDeafAddress are refused, the others reach this machine's servers at the same port.
#include <cstddef>
#include <string>
#include <vector>

namespace cardstock::test {

/// Waits until `count` look-ups of held.test are under way.
void wait_for_held_lookups(std::size_t count);
/// Lets the held look-ups fail, and waits until none is left.
void release_held_lookups();

inline constexpr const char* kDeafAddress = "192.0.2.9";

/// What `moves.test` is from now on, in the order in which the addresses are tried.
void move_name(std::vector<std::string> addresses);
/// How often `moves.test` has been looked up since it was last moved.
std::size_t lookups_since_move();

}  // namespace cardstock::test
