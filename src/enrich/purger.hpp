#pragma once
/// \file purger.hpp
/// \brief Runs purges that nobody waits for, one after another, on a thread of its own (`cs-purge`,
/// started with the first).
///
/// Threads: post() from any; stop() from one. Blocking: post() no; stop() until the purge that runs
/// has left off, after the step that it is in. Limits: kMost waiting; one more is not taken.
#include <cstddef>
#include <deque>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>

#include <pthread.h>

#include <cardstock/store/record_store.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::enrich {

class Purger {
 public:
  using Run = std::function<void(const store::PurgeFilter&)>;
  explicit Purger(Run run) : run_{std::move(run)} {}
  ~Purger() { stop(); }
  Purger(const Purger&) = delete;
  Purger& operator=(const Purger&) = delete;

  /// False when it is not taken: too many wait, or it has been stopped.
  bool post(store::PurgeFilter filter) CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    if (stopped_ || waiting_.size() >= kMost) return false;
    waiting_.push_back(std::move(filter));
    if (!thread_.joinable())
      thread_ = std::jthread{[this](std::stop_token stop) { work(std::move(stop)); }};
    changed_.notify_one();
    return true;
  }
  void stop() CARDSTOCK_EXCLUDES(mutex_) {
    std::jthread ending;
    {
      const LockGuard lock{mutex_};
      stopped_ = true;
      ending = std::move(thread_);
    }
    changed_.notify_one();
  }

 private:
  static constexpr std::size_t kMost = 1000;

  void work(std::stop_token stop) CARDSTOCK_EXCLUDES(mutex_) {
    pthread_setname_np(pthread_self(), "cs-purge");
    for (;;) {
      store::PurgeFilter filter;
      {
        const LockGuard lock{mutex_};
        while (waiting_.empty() && !stopped_) changed_.wait(mutex_);
        if (stopped_) return;
        filter = std::move(waiting_.front());
        waiting_.pop_front();
      }
      filter.stop = stop;
      run_(filter);
    }
  }

  const Run run_;
  Mutex mutex_;  ///< guards everything below
  Condition changed_;
  std::deque<store::PurgeFilter> waiting_ CARDSTOCK_GUARDED_BY(mutex_);
  bool stopped_ CARDSTOCK_GUARDED_BY(mutex_) = false;
  std::jthread thread_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::enrich
