#include <cardstock/prewarm/seen.hpp>

#include <algorithm>
#include <span>

namespace cardstock::prewarm {

Seen::Seen(Random& random, std::size_t most_slots)
    : most_slots_{most_slots}, slots_(std::min(kFirstSlots, most_slots)) {
  random.fill(std::as_writable_bytes(std::span{key_}));
}

bool Seen::insert(std::string_view identity) {
  if (used_ + 1 > slots_.size() / 4 * 3) make_room();
  const std::uint64_t hash = siphash(key_, identity);
  if (!place(hash == 0 ? 1 : hash)) return false;
  ++used_;
  return true;
}

bool Seen::place(std::uint64_t hash) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) {
    if (slots_[at] == hash) return false;
    at = (at + 1) & mask;
  }
  slots_[at] = hash;
  return true;
}

void Seen::make_room() {
  if (slots_.size() >= most_slots_) {
    std::ranges::fill(slots_, 0);
    used_ = 0;
    return;
  }
  std::vector<std::uint64_t> old(slots_.size() * 2);
  old.swap(slots_);
  for (const std::uint64_t hash : old)
    if (hash != 0) place(hash);
}

}  // namespace cardstock::prewarm
