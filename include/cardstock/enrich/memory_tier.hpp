#pragma once
/// \file memory_tier.hpp
/// \brief Ready answers in memory, before the store. The store is the truth; losing an entry here
/// costs a read.
///
/// Threads: any; shards, so that readers rarely meet. Blocking: none. Limits: `limit` bytes in all,
/// entries above a sixteenth of it are not kept. Evicts within a shard, by two queues (S3-FIFO
/// without its ghosts): what is new is on trial, and goes first while trial has more than an eighth
/// of the bytes; what was asked for again meanwhile is protected, and gets a second chance. So a
/// million keys that are asked for once push out none that is asked for twice.
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include <cardstock/enrich/entry.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/siphash.hpp>

namespace cardstock::enrich {

/// A cache key without its own storage.
struct KeyView {
  const TenantId& tenant;
  IndicatorType type;
  std::string_view canonical;
};

class MemoryTier {
 public:
  MemoryTier(std::size_t limit_bytes, SipKey hash_key);
  ~MemoryTier();

  EntryPtr find(const KeyView& key) const;
  /// The same, but no use of the entry: for those who go through very many keys once.
  EntryPtr peek(const KeyView& key) const;
  /// Keeps `entry` unless a younger one is held; one that is younger than `now` (the wall clock
  /// stepped back) has an unknown age and gives way.
  void insert(const KeyView& key, EntryPtr entry, WallTime now = WallTime::max());
  /// The same for what was read when `generation` was as given; nothing when it no longer is.
  /// `in_place_of`, when it is still held, gives way however young it is.
  void insert_as_of(std::uint64_t generation,
                    const KeyView& key,
                    EntryPtr entry,
                    const EntryPtr& in_place_of);
  void erase(const KeyView& key);
  void clear();
  /// A new generation, then every entry goes for which `match` is true. What was read before this
  /// call does not come in behind it. `match` must not call the tier.
  void forget(const std::function<bool(const KeyView&, const Entry&)>& match);
  /// Counts the calls of forget().
  std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }

  struct Size {
    std::size_t rows = 0;
    std::size_t bytes = 0;
  };
  Size size() const;
  std::size_t limit_bytes() const noexcept { return limit_bytes_; }
  /// Uniform value of a key, the same for the life of the installation key: a row's place within
  /// the jitter.
  std::uint64_t hash(const KeyView& key) const noexcept;

 private:
  struct Shard;
  Shard& shard_of(std::uint64_t hash) const noexcept;
  struct Terms {
    WallTime now = WallTime::max();
    const std::uint64_t* as_of = nullptr;
    const Entry* in_place_of = nullptr;
  };
  void insert_on(const Terms& terms, const KeyView& key, EntryPtr entry);

  static constexpr std::size_t kShards = 16;
  std::size_t limit_bytes_;
  SipKey hash_key_;
  std::atomic<std::uint64_t> generation_{0};
  std::array<std::unique_ptr<Shard>, kShards> shards_;
};

}  // namespace cardstock::enrich
