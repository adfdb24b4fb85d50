#pragma once
/// \file entry.hpp
/// \brief One cached answer, ready to be shown: immutable, shared by the memory tier and the
/// requests that serve it.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <cardstock/enrich/freshness.hpp>
#include <cardstock/enrich/tenant.hpp>
#include <cardstock/indicator/indicator.hpp>
#include <cardstock/threatconnect/record.hpp>

namespace cardstock::enrich {

/// What the front makes of a record, kept beside it so that a hit only splices. Immutable.
class Rendered {
 public:
  virtual ~Rendered() = default;
  /// Size in memory, for the tier's bound.
  virtual std::size_t bytes() const noexcept = 0;
};

/// Called once for each fetched or loaded record, on any thread; must not block or throw. Called
/// again when the owners that the tenant sees have been learnt.
using Render = std::function<std::unique_ptr<const Rendered>(
    const Tenant&, const OwnerProfile&, const Indicator&, const threatconnect::Record&)>;

struct Entry {
  Lifetime life;
  bool absent = false;
  std::vector<std::string> asked;  ///< of an absent record: the spellings that were asked
  std::unique_ptr<const Rendered> rendered;
  /// Steady instant (since its epoch) before which no further refresh is started for this entry.
  mutable std::atomic<SteadyTime::rep> refresh_not_before{0};
  /// RecordStore::foreign_writes() when this was last known to be what the store holds.
  mutable std::atomic<std::uint64_t> as_of{0};
  /// Asks that this entry has answered; stops at kHotAsks, so that a hot entry is only read.
  mutable std::atomic<std::uint8_t> asks{0};
  /// The ErrorCode of the last refresh, which failed; kNoFailure: none has.
  static constexpr int kNoFailure = -1;
  mutable std::atomic<int> refresh_failure{kNoFailure};
};

/// An entry that has answered so often is refreshed ahead of its time.
inline constexpr std::uint8_t kHotAsks = 3;

using EntryPtr = std::shared_ptr<const Entry>;

}  // namespace cardstock::enrich
