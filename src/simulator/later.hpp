#pragma once
/// \file later.hpp
/// \brief Holds answers back until their time, or for ever, without keeping a worker.
///
/// Threads: any; one of its own. Blocking: the destructor joins; what is still held is dropped.
/// Limits: kMaxWaiting; one more is answered at once.
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::simulator {

class Later {
 public:
  using Act = std::function<void(http::Deferred&)>;

  Later();
  ~Later();
  Later(const Later&) = delete;
  Later& operator=(const Later&) = delete;

  void at(SteadyTime when, http::Deferred deferred, Act act) CARDSTOCK_EXCLUDES(mutex_);
  void never(http::Deferred deferred) CARDSTOCK_EXCLUDES(mutex_);

 private:
  struct Item {
    http::Deferred deferred;
    Act act;
  };
  void run();

  Mutex mutex_;  ///< guards everything below
  Condition changed_;
  std::multimap<SteadyTime, Item> waiting_ CARDSTOCK_GUARDED_BY(mutex_);
  std::vector<http::Deferred> hanging_ CARDSTOCK_GUARDED_BY(mutex_);
  bool stopping_ CARDSTOCK_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace cardstock::simulator
