#pragma once
/// \file top_indicators.hpp
/// \brief The indicators that are asked for most, in bounded memory.
///
/// Space-Saving (Metwally, Agrawal and El Abbadi 2005, "Efficient computation of frequent and top-k
/// elements in data streams"): who is not among the counted takes the place of the least asked and
/// inherits its count. A count is never too low, and too high by at most `over`; whoever is asked
/// more often than one in kSlots of the asks of his shard is there.
///
/// Threads: any; a shard's mutex is held for some dozen nanoseconds. Blocking: none, but for load()
/// and save(). Errors: none, but for those. Limits: kShards * kSlots indicators. Stored: the file
/// that save() writes, so that what is asked for most is known after a restart.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/result.hpp>
#include <cardstock/util/siphash.hpp>

namespace cardstock::admin {

class TopIndicators {
 public:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kSlots = 64;

  struct Row {
    EntityType type{};
    std::string canonical;
    std::uint64_t asks = 0;
    std::uint64_t over = 0;  ///< `asks` may be too high by so much
  };

  /// `key`: unpredictable, or a stranger chooses who shares a shard.
  explicit TopIndicators(SipKey key) noexcept : key_{key} {}
  void count(const Indicator& indicator);
  /// Most asked first; equals in the order of their text.
  std::vector<Row> top(std::size_t most) const;
  /// What a run before this one has saved; what is not understood is left out. Errors: those of
  /// util/file.hpp. Blocking: a small file, as save().
  Status load(const std::string& path);
  Status save(const std::string& path) const;
  /// Yesterday counts half.
  void halve();

 private:
  struct Shard {
    mutable Mutex mutex;  ///< guards both
    std::array<std::uint64_t, kSlots> hashes CARDSTOCK_GUARDED_BY(mutex) = {};
    std::array<Row, kSlots> rows CARDSTOCK_GUARDED_BY(mutex);
  };

  /// In the place of the least asked of its shard, if it was asked more.
  void place(Row row);
  SipKey key_;
  std::array<Shard, kShards> shards_;
};

/// `{"indicators":[{"type":…,"name":…,"asks":…,"over":…},…]}`
std::string top_json(const std::vector<TopIndicators::Row>& rows);
/// The file of what was asked most beside a store's.
std::string top_file_of(const std::string& store_path);

}  // namespace cardstock::admin
