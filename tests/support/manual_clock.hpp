#pragma once
/// \file manual_clock.hpp
/// \brief A clock that moves when it is told.
#include <functional>
#include <utility>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime wall = WallTime{std::chrono::hours{24 * 365 * 50}}) : wall_{wall} {}
  WallTime wall() const override {
    std::function<void()> behind;
    WallTime now;
    {
      const LockGuard lock{mutex_};
      now = wall_;
      behind = std::exchange(behind_wall_, nullptr);
    }
    if (behind) behind();
    return now;
  }
  /// Is run once, behind the next reading of the wall clock: what another thread may do meanwhile.
  void behind_next_wall(std::function<void()> act) {
    const LockGuard lock{mutex_};
    behind_wall_ = std::move(act);
  }
  SteadyTime steady() const override {
    const LockGuard lock{mutex_};
    return steady_;
  }
  void advance(std::chrono::milliseconds by) {
    const LockGuard lock{mutex_};
    wall_ += by;
    steady_ += by;
  }
  void step_wall(std::chrono::milliseconds by) {
    const LockGuard lock{mutex_};
    wall_ += by;
  }

 private:
  mutable Mutex mutex_;
  mutable std::function<void()> behind_wall_ CARDSTOCK_GUARDED_BY(mutex_);
  WallTime wall_ CARDSTOCK_GUARDED_BY(mutex_);
  SteadyTime steady_ CARDSTOCK_GUARDED_BY(mutex_){std::chrono::hours{1}};
};

}  // namespace cardstock::test
