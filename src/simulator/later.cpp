#include "later.hpp"

#include <pthread.h>

#include <cardstock/simulator/simulator.hpp>

namespace cardstock::simulator {

Later::Later() : thread_{[this] { run(); }} {}

Later::~Later() {
  {
    const LockGuard lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Later::at(SteadyTime when, http::Deferred deferred, Act act) {
  {
    const LockGuard lock{mutex_};
    if (waiting_.size() + hanging_.size() < kMaxWaiting) {
      waiting_.emplace(when, Item{std::move(deferred), std::move(act)});
      changed_.notify_all();
      return;
    }
  }
  act(deferred);
}

void Later::never(http::Deferred deferred) {
  const LockGuard lock{mutex_};
  if (waiting_.size() + hanging_.size() < kMaxWaiting) hanging_.push_back(std::move(deferred));
}

void Later::run() {
  pthread_setname_np(pthread_self(), "cs-sim-later");
  for (;;) {
    Item due;
    {
      const LockGuard lock{mutex_};
      for (;;) {
        if (stopping_) return;
        if (waiting_.empty()) {
          changed_.wait(mutex_);
        } else if (waiting_.begin()->first <= std::chrono::steady_clock::now()) {
          break;
        } else {
          changed_.wait_until(mutex_, waiting_.begin()->first);
        }
      }
      due = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
    }
    due.act(due.deferred);
  }
}

}  // namespace cardstock::simulator
