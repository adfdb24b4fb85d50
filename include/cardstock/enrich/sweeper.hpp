#pragma once
/// \file sweeper.hpp
/// \brief Deletes rows that no policy serves any more.
///
/// Threads: one of its own (`cs-sweep`) between start() and the destructor; sweep() by one at a
/// time. Blocking: sweep() until the store has deleted, in small steps, between which others
/// write. Errors: a store that fails is logged, and tried again at the next round. Time: wall for
/// ages, steady for the rounds. A wall clock that has moved unlike the steady one since the last
/// look is not believed for one round: a step forward would make everything look dead.
/// Lifetime: store, clock and log outlive it.
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <cardstock/enrich/enricher.hpp>
#include <cardstock/store/record_store.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::enrich {

/// For each type, the rows that are not even served when the upstream fails. Absent rows, which are
/// dead earlier, go with them. None in cache-only mode: a longer `keep` may yet want them.
std::vector<store::PurgeFilter> dead_rows(const EnrichSettings& settings, WallTime now);

class Sweeper {
 public:
  static constexpr std::chrono::minutes kEvery{10};
  static constexpr std::chrono::minutes kMaxStep{1};

  Sweeper(const EnrichSettings& settings, store::RecordStore& store, const Clock& clock, Log& log);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  void start();
  /// One round, or less when `stop` is asked for; returns how many rows went. The first only looks
  /// at the clocks.
  std::int64_t sweep(const std::stop_token& stop = {});

 private:
  struct Look {
    WallTime wall;
    SteadyTime steady;
  };
  bool clock_believed();
  void run(const std::stop_token& stop) CARDSTOCK_EXCLUDES(mutex_);

  const EnrichSettings settings_;
  store::RecordStore& store_;
  const Clock& clock_;
  Log& log_;
  std::optional<Look> last_;
  Mutex mutex_;  ///< guards nothing; the condition wants it
  Condition stopped_;
  std::jthread thread_;
};

}  // namespace cardstock::enrich
