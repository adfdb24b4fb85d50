#pragma once
/// \file seen.hpp
/// \brief Which indicators of a list have come before: exact for twelve million, in bounded memory.
///
/// Keeps keyed 64-bit hashes in an open table that doubles up to kMostSlots (128 MiB; while it
/// doubles for the last time, half as much again). What does not fit any more begins a new table:
/// a duplicate of something that long ago is asked again, and the cache answers it without a call.
/// A collision in 2^64 loses one indicator: one chance in a hundred thousand for a list of ten
/// million. Threads: none of its own.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <cardstock/util/random.hpp>
#include <cardstock/util/siphash.hpp>

namespace cardstock::prewarm {

class Seen {
 public:
  static constexpr std::size_t kMostSlots = std::size_t{1} << 24U;
  static constexpr std::size_t kFirstSlots = 1024;

  explicit Seen(Random& random, std::size_t most_slots = kMostSlots);

  /// Whether this is the first time.
  bool insert(std::string_view identity);
  std::size_t bytes() const noexcept { return slots_.capacity() * sizeof(std::uint64_t); }

 private:
  bool place(std::uint64_t hash) noexcept;
  void make_room();

  SipKey key_{};
  std::size_t most_slots_;
  std::vector<std::uint64_t> slots_;  ///< 0: free
  std::size_t used_ = 0;
};

}  // namespace cardstock::prewarm
