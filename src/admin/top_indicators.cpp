#include <cardstock/admin/top_indicators.hpp>

#include <algorithm>

namespace cardstock::admin {

void TopIndicators::count(const Indicator& indicator) {
  const std::uint64_t hash = siphash(key_, indicator.canonical());
  const auto is_this = [&indicator](const Row& row) {
    return row.asks != 0 && row.type == indicator.entity() &&
           row.canonical == indicator.canonical();
  };
  Shard& shard = shards_[hash % kShards];
  const LockGuard lock{shard.mutex};
  for (std::size_t i = 0; i < kSlots; ++i) {
    if (shard.hashes[i] != hash || !is_this(shard.rows[i])) continue;
    ++shard.rows[i].asks;
    return;
  }
  const auto least = std::ranges::min_element(shard.rows, {}, &Row::asks);
  shard.hashes[static_cast<std::size_t>(least - shard.rows.begin())] = hash;
  *least = {indicator.entity(), indicator.canonical(), least->asks + 1, least->asks};
}

std::vector<TopIndicators::Row> TopIndicators::top(std::size_t most) const {
  std::vector<Row> all;
  for (const Shard& shard : shards_) {
    const LockGuard lock{shard.mutex};
    std::ranges::copy_if(shard.rows, std::back_inserter(all),
                         [](const Row& row) { return row.asks != 0; });
  }
  const auto before = [](const Row& a, const Row& b) {
    return a.asks != b.asks ? a.asks > b.asks : a.canonical < b.canonical;
  };
  const std::size_t shown = std::min(most, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(shown), before);
  all.resize(shown);
  return all;
}

void TopIndicators::halve() {
  for (Shard& shard : shards_) {
    const LockGuard lock{shard.mutex};
    for (Row& row : shard.rows) {
      row.asks /= 2;
      row.over /= 2;
    }
  }
}

}  // namespace cardstock::admin
