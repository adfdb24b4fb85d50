#pragma once
/// \file test_resolver.hpp
/// \brief Names that the test program resolves itself, in place of the C library's getaddrinfo.
///
/// `inside.test` is 127.0.0.1. `held.test` is not resolved before release_held_lookups(). Any other
/// name below `.test` does not exist. Everything else goes to the C library.
#include <cstddef>

namespace cardstock::test {

/// Waits until `count` look-ups of held.test are under way.
void wait_for_held_lookups(std::size_t count);
/// Lets the held look-ups fail, and waits until none is left.
void release_held_lookups();

}  // namespace cardstock::test
