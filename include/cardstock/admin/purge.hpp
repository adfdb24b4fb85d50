#pragma once
/// \file purge.hpp
/// \brief Deleting from the cache on an operator's word, one order after the other, audited.
///
/// Threads: all methods from any thread; `Done` is called on the one thread of its own
/// (`cs-purge`), or on the destructor's. Blocking: only the destructor, for the step that is being
/// carried out. Errors: MalformedRequest, UnsupportedType, InvalidIndicator (what was ordered);
/// Busy (kWaiting orders wait already); those of Enricher::purge; Cancelled (the service stops).
/// Time: wall, for ages. Owns: nothing that it is given. Limits: kWaiting orders.
#include <cstdint>
#include <deque>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <cardstock/admin/audit.hpp>
#include <cardstock/enrich/enricher.hpp>
#include <cardstock/store/record_store.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::admin {

struct PurgeOrder {
  std::vector<store::PurgeFilter> filters;  ///< rows that match any of them
  std::string what;                         ///< for the audit: its terms, but not the indicator
};

/// Reads `{"type":…,"name":…,"owner":…,"tenant":…,"older_than_seconds":…}`: every term that is
/// stated must match. A `name` needs its `type`. All rows only for `{"all":true}`. A key that is
/// not known is refused: left out, it would make the purge a wider one.
Result<PurgeOrder> read_purge_order(std::string_view json, WallTime now);

/// Who ordered a purge, for the audit.
struct PurgeAsker {
  std::string caller;
  std::string address;
  std::string request_id;
};

class Purges {
 public:
  using Done = std::move_only_function<void(Result<std::int64_t>)>;
  static constexpr std::size_t kWaiting = 8;

  Purges(enrich::Enricher& enricher, Audit& audit);
  ~Purges();
  Purges(const Purges&) = delete;
  Purges& operator=(const Purges&) = delete;

  /// `done` gets the number of rows deleted; it is left alone when the order is not taken.
  Status start(PurgeOrder order, PurgeAsker asker, Done&& done) CARDSTOCK_EXCLUDES(mutex_);

  /// Takes no more orders and interrupts the one that is being carried out: what it has purged
  /// stays purged, and its `done` gets Cancelled.
  void stop() CARDSTOCK_EXCLUDES(mutex_);

 private:
  struct Job {
    PurgeOrder order;
    PurgeAsker asker;
    Done done;
  };
  void run() CARDSTOCK_EXCLUDES(mutex_);
  Result<std::int64_t> carry_out(const Job& job);

  enrich::Enricher& enricher_;
  Audit& audit_;
  std::stop_source stop_;
  Mutex mutex_;  ///< guards everything below but the thread
  Condition changed_;
  std::deque<Job> jobs_ CARDSTOCK_GUARDED_BY(mutex_);
  bool stopping_ CARDSTOCK_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace cardstock::admin
