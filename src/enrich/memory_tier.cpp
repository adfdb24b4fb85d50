#include <cardstock/enrich/memory_tier.hpp>

#include <algorithm>
#include <atomic>
#include <string>

namespace cardstock::enrich {
namespace {

/// Book-keeping of one entry: list node, map node, control block, entry itself.
constexpr std::size_t kOverhead = 256;

}  // namespace

struct MemoryTier::Shard {
  struct Node {
    TenantId tenant{};
    IndicatorType type{};
    std::string canonical;
    EntryPtr entry;
    std::size_t bytes = 0;
    std::atomic<bool> used{false};
    bool is(const KeyView& key) const noexcept {
      return type == key.type && canonical == key.canonical && tenant == key.tenant;
    }
  };
  using Ring = std::list<Node>;

  mutable SharedMutex mutex;
  /// Guards everything below. Keyed by the 64-bit hash; equal hashes of different keys: the
  /// newcomer takes the place.
  std::unordered_map<std::uint64_t, Ring::iterator> index CARDSTOCK_GUARDED_BY(mutex);
  Ring ring CARDSTOCK_GUARDED_BY(mutex);
  Ring::iterator hand CARDSTOCK_GUARDED_BY(mutex) = ring.end();
  std::size_t bytes CARDSTOCK_GUARDED_BY(mutex) = 0;

  void remove(std::unordered_map<std::uint64_t, Ring::iterator>::iterator at)
      CARDSTOCK_REQUIRES(mutex) {
    const Ring::iterator node = at->second;
    if (hand == node) ++hand;
    bytes -= node->bytes;
    ring.erase(node);
    index.erase(at);
  }
};

MemoryTier::MemoryTier(std::size_t limit_bytes, SipKey hash_key)
    : limit_bytes_{limit_bytes}, hash_key_{hash_key} {
  for (auto& shard : shards_) shard = std::make_unique<Shard>();
}

MemoryTier::~MemoryTier() = default;

std::uint64_t MemoryTier::hash(const KeyView& key) const noexcept {
  SipKey salted = hash_key_;
  std::uint64_t half = 0;
  for (std::size_t i = 0; i < 8; ++i) half = (half << 8U) | key.tenant[i];
  salted[0] ^= half;
  half = static_cast<std::uint64_t>(key.type);
  for (std::size_t i = 8; i < 15; ++i) half = (half << 8U) | key.tenant[i];
  salted[1] ^= half;
  return siphash(salted, key.canonical);
}

MemoryTier::Shard& MemoryTier::shard_of(std::uint64_t hash) const noexcept {
  return *shards_[hash >> 60U];
}

EntryPtr MemoryTier::find(const KeyView& key) const {
  const std::uint64_t h = hash(key);
  Shard& shard = shard_of(h);
  const ReadLock lock{shard.mutex};
  const auto it = shard.index.find(h);
  if (it == shard.index.end() || !it->second->is(key)) return nullptr;
  if (!it->second->used.load(std::memory_order_relaxed))
    it->second->used.store(true, std::memory_order_relaxed);
  return it->second->entry;
}

void MemoryTier::insert(const KeyView& key, EntryPtr entry, WallTime now) {
  insert(key, std::move(entry), now, nullptr);
}

void MemoryTier::insert_as_of(std::uint64_t generation, const KeyView& key, EntryPtr entry) {
  insert(key, std::move(entry), WallTime::max(), &generation);
}

void MemoryTier::insert(const KeyView& key,
                        EntryPtr entry,
                        WallTime now,
                        const std::uint64_t* as_of) {
  std::size_t bytes =
      kOverhead + key.canonical.size() + (entry->rendered ? entry->rendered->bytes() : 0);
  for (const std::string& spelling : entry->asked)
    bytes += sizeof(std::string) + spelling.capacity();
  const std::size_t shard_limit = limit_bytes_ / kShards;
  const std::uint64_t h = hash(key);
  Shard& shard = shard_of(h);
  const WriteLock lock{shard.mutex};
  // Under the lock: a generation that begins after this look finds the entry when it comes here.
  if (as_of != nullptr && *as_of != generation()) return;
  if (const auto it = shard.index.find(h); it != shard.index.end()) {
    const WallTime held_since = it->second->entry->life.fetched_at;
    if (it->second->is(key) && held_since > entry->life.fetched_at && held_since <= now) return;
    shard.remove(it);
  }
  if (bytes > shard_limit) return;
  while (shard.bytes + bytes > shard_limit && !shard.ring.empty()) {
    if (shard.hand == shard.ring.end()) shard.hand = shard.ring.begin();
    if (shard.hand->used.exchange(false, std::memory_order_relaxed)) {
      ++shard.hand;
      continue;
    }
    shard.remove(
        shard.index.find(hash({shard.hand->tenant, shard.hand->type, shard.hand->canonical})));
  }
  shard.ring.emplace(shard.hand);
  const auto node = std::prev(shard.hand);
  node->tenant = key.tenant;
  node->type = key.type;
  node->canonical = key.canonical;
  node->entry = std::move(entry);
  node->bytes = bytes;
  shard.index.emplace(h, node);
  shard.bytes += bytes;
}

void MemoryTier::erase(const KeyView& key) {
  const std::uint64_t h = hash(key);
  Shard& shard = shard_of(h);
  const WriteLock lock{shard.mutex};
  if (const auto it = shard.index.find(h); it != shard.index.end() && it->second->is(key))
    shard.remove(it);
}

void MemoryTier::clear() {
  for (const auto& shard : shards_) {
    const WriteLock lock{shard->mutex};
    shard->index.clear();
    shard->ring.clear();
    shard->hand = shard->ring.end();
    shard->bytes = 0;
  }
}

void MemoryTier::forget(const std::function<bool(const KeyView&, const Entry&)>& match) {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  for (const auto& shard : shards_) {
    const WriteLock lock{shard->mutex};
    for (auto it = shard->index.begin(); it != shard->index.end();) {
      const Shard::Node& node = *it->second;
      const auto next = std::next(it);
      if (match({node.tenant, node.type, node.canonical}, *node.entry)) shard->remove(it);
      it = next;
    }
  }
}

MemoryTier::Size MemoryTier::size() const {
  Size size;
  for (const auto& shard : shards_) {
    const ReadLock lock{shard->mutex};
    size.rows += shard->index.size();
    size.bytes += shard->bytes;
  }
  return size;
}

}  // namespace cardstock::enrich
