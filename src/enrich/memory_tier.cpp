#include <cardstock/enrich/memory_tier.hpp>

#include <algorithm>
#include <atomic>
#include <string>

namespace cardstock::enrich {
namespace {

/// Book-keeping of one entry: list node, map node, control block, entry itself.
constexpr std::size_t kOverhead = 256;
/// Of a shard's bytes, the part that is left to what is on trial.
constexpr std::size_t kTrialShare = 8;

std::size_t bytes_of(const KeyView& key, const Entry& entry) {
  std::size_t bytes =
      kOverhead + key.canonical.size() + (entry.rendered ? entry.rendered->bytes() : 0);
  for (const std::string& spelling : entry.asked)
    bytes += sizeof(std::string) + spelling.capacity();
  return bytes;
}

}  // namespace

struct MemoryTier::Shard {
  struct Queue;
  struct Node {
    TenantId tenant{};
    IndicatorType type{};
    std::string canonical;
    EntryPtr entry;
    std::size_t bytes = 0;
    Queue* queue = nullptr;         ///< where it stands
    std::atomic<bool> used{false};  ///< since it was let in, or since its last chance
    bool is(const KeyView& key) const noexcept {
      return type == key.type && canonical == key.canonical && tenant == key.tenant;
    }
  };
  using Nodes = std::list<Node>;
  struct Queue {
    Nodes nodes;  ///< oldest first
    std::size_t bytes = 0;
  };
  using Index = std::unordered_map<std::uint64_t, Nodes::iterator>;

  mutable SharedMutex mutex;
  /// Guards everything below. Keyed by the 64-bit hash; equal hashes of different keys: the
  /// newcomer takes the place.
  Index index CARDSTOCK_GUARDED_BY(mutex);
  Queue trial CARDSTOCK_GUARDED_BY(mutex);
  Queue kept CARDSTOCK_GUARDED_BY(mutex);

  std::size_t bytes() const CARDSTOCK_REQUIRES_SHARED(mutex) { return trial.bytes + kept.bytes; }
  Index::iterator remove(Index::iterator at) CARDSTOCK_REQUIRES(mutex) {
    const Nodes::iterator node = at->second;
    Queue& queue = *node->queue;
    queue.bytes -= node->bytes;
    queue.nodes.erase(node);
    return index.erase(at);
  }
  void set(Node& node, EntryPtr entry, std::size_t size) CARDSTOCK_REQUIRES(mutex) {
    node.queue->bytes = node.queue->bytes - node.bytes + size;
    node.bytes = size;
    node.entry = std::move(entry);
  }
  /// The newest of its queue again: a hot entry that is refreshed stays a hot one.
  void replace(Nodes::iterator node, EntryPtr entry, std::size_t size) CARDSTOCK_REQUIRES(mutex) {
    Nodes& nodes = node->queue->nodes;
    nodes.splice(nodes.end(), nodes, node);
    set(*node, std::move(entry), size);
  }
  void add(std::uint64_t hash, const KeyView& key, EntryPtr entry, std::size_t size)
      CARDSTOCK_REQUIRES(mutex) {
    Node& node = trial.nodes.emplace_back();
    node.tenant = key.tenant;
    node.type = key.type;
    node.canonical = key.canonical;
    node.queue = &trial;
    set(node, std::move(entry), size);
    index.emplace(hash, std::prev(trial.nodes.end()));
  }
  /// The next to go, but not the newcomer while there are others. One that was used is spared, and
  /// goes to the end of those to be kept.
  const Node& victim(std::size_t limit) CARDSTOCK_REQUIRES(mutex) {
    for (;;) {
      const bool from_trial =
          kept.nodes.empty() || (trial.bytes > limit / kTrialShare && trial.nodes.size() > 1);
      Queue& queue = from_trial ? trial : kept;
      Node& oldest = queue.nodes.front();
      if (!oldest.used.exchange(false, std::memory_order_relaxed)) return oldest;
      queue.bytes -= oldest.bytes;
      kept.bytes += oldest.bytes;
      oldest.queue = &kept;
      kept.nodes.splice(kept.nodes.end(), queue.nodes, queue.nodes.begin());
    }
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

EntryPtr MemoryTier::peek(const KeyView& key) const {
  const std::uint64_t h = hash(key);
  const Shard& shard = shard_of(h);
  const ReadLock lock{shard.mutex};
  const auto it = shard.index.find(h);
  return it != shard.index.end() && it->second->is(key) ? it->second->entry : nullptr;
}

void MemoryTier::insert(const KeyView& key, EntryPtr entry, WallTime now) {
  insert_on({.now = now}, key, std::move(entry));
}

void MemoryTier::insert_as_of(std::uint64_t generation,
                              const KeyView& key,
                              EntryPtr entry,
                              const EntryPtr& in_place_of) {
  insert_on({.as_of = &generation, .in_place_of = in_place_of.get()}, key, std::move(entry));
}

void MemoryTier::insert_on(const Terms& terms, const KeyView& key, EntryPtr entry) {
  const std::size_t bytes = bytes_of(key, *entry);
  const std::size_t limit = limit_bytes_ / kShards;
  const std::uint64_t h = hash(key);
  Shard& shard = shard_of(h);
  const WriteLock lock{shard.mutex};
  // Under the lock: a generation that begins after this look finds the entry when it comes here.
  if (terms.as_of != nullptr && *terms.as_of != generation()) return;
  const auto it = shard.index.find(h);
  const bool held = it != shard.index.end() && it->second->is(key);
  if (held && it->second->entry.get() != terms.in_place_of) {
    const WallTime held_since = it->second->entry->life.fetched_at;
    if (held_since > entry->life.fetched_at && held_since <= terms.now) return;
  }
  if (held && bytes <= limit) {
    shard.replace(it->second, std::move(entry), bytes);
  } else {
    if (it != shard.index.end()) shard.remove(it);
    if (bytes > limit) return;
    shard.add(h, key, std::move(entry), bytes);
  }
  while (shard.bytes() > limit) {
    const Shard::Node& node = shard.victim(limit);
    shard.remove(shard.index.find(hash({node.tenant, node.type, node.canonical})));
  }
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
    shard->trial = {};
    shard->kept = {};
  }
}

void MemoryTier::forget(const std::function<bool(const KeyView&, const Entry&)>& match) {
  generation_.fetch_add(1, std::memory_order_acq_rel);
  for (const auto& shard : shards_) {
    const WriteLock lock{shard->mutex};
    for (auto it = shard->index.begin(); it != shard->index.end();) {
      const Shard::Node& node = *it->second;
      const bool goes = match({node.tenant, node.type, node.canonical}, *node.entry);
      it = goes ? shard->remove(it) : std::next(it);
    }
  }
}

MemoryTier::Size MemoryTier::size() const {
  Size size;
  for (const auto& shard : shards_) {
    const ReadLock lock{shard->mutex};
    size.rows += shard->index.size();
    size.bytes += shard->bytes();
  }
  return size;
}

}  // namespace cardstock::enrich
