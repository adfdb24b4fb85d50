#pragma once
/// \file mutex.hpp
/// \brief std::mutex and a condition that clang's -Wthread-safety can see (libstdc++'s are not
/// annotated).
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include <cardstock/util/clock.hpp>

#if defined(__clang__)
#define CARDSTOCK_TSA(x) __attribute__((x))
#else
#define CARDSTOCK_TSA(x)
#endif
#define CARDSTOCK_GUARDED_BY(m) CARDSTOCK_TSA(guarded_by(m))
#define CARDSTOCK_REQUIRES(...) CARDSTOCK_TSA(requires_capability(__VA_ARGS__))
#define CARDSTOCK_REQUIRES_SHARED(...) CARDSTOCK_TSA(requires_shared_capability(__VA_ARGS__))
#define CARDSTOCK_EXCLUDES(...) CARDSTOCK_TSA(locks_excluded(__VA_ARGS__))

namespace cardstock {

class CARDSTOCK_TSA(capability("mutex")) Mutex {
 public:
  void lock() CARDSTOCK_TSA(acquire_capability()) { m_.lock(); }
  void unlock() CARDSTOCK_TSA(release_capability()) { m_.unlock(); }

 private:
  friend class Condition;
  std::mutex m_;
};

class CARDSTOCK_TSA(scoped_lockable) LockGuard {
 public:
  explicit LockGuard(Mutex& m) CARDSTOCK_TSA(acquire_capability(m)) : m_{m} { m_.lock(); }
  ~LockGuard() CARDSTOCK_TSA(release_capability()) { m_.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Mutex& m_;
};

/// A condition variable for a Mutex that the caller holds. Wake-ups may be spurious: loop on the
/// predicate.
class Condition {
 public:
  void wait(Mutex& m) CARDSTOCK_REQUIRES(m) {
    std::unique_lock<std::mutex> lock{m.m_, std::adopt_lock};
    cv_.wait(lock);
    lock.release();
  }
  /// Returns at `until` at the latest. Real steady time.
  void wait_until(Mutex& m, SteadyTime until) CARDSTOCK_REQUIRES(m) {
    std::unique_lock<std::mutex> lock{m.m_, std::adopt_lock};
    cv_.wait_until(lock, until);
    lock.release();
  }
  void notify_one() noexcept { cv_.notify_one(); }
  void notify_all() noexcept { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

class CARDSTOCK_TSA(capability("shared_mutex")) SharedMutex {
 public:
  void lock() CARDSTOCK_TSA(acquire_capability()) { m_.lock(); }
  void unlock() CARDSTOCK_TSA(release_capability()) { m_.unlock(); }
  void lock_shared() CARDSTOCK_TSA(acquire_shared_capability()) { m_.lock_shared(); }
  void unlock_shared() CARDSTOCK_TSA(release_shared_capability()) { m_.unlock_shared(); }

 private:
  std::shared_mutex m_;
};

class CARDSTOCK_TSA(scoped_lockable) WriteLock {
 public:
  explicit WriteLock(SharedMutex& m) CARDSTOCK_TSA(acquire_capability(m)) : m_{m} { m_.lock(); }
  ~WriteLock() CARDSTOCK_TSA(release_capability()) { m_.unlock(); }
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

 private:
  SharedMutex& m_;
};

class CARDSTOCK_TSA(scoped_lockable) ReadLock {
 public:
  explicit ReadLock(SharedMutex& m) CARDSTOCK_TSA(acquire_shared_capability(m)) : m_{m} {
    m_.lock_shared();
  }
  ~ReadLock() CARDSTOCK_TSA(release_capability()) { m_.unlock_shared(); }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;

 private:
  SharedMutex& m_;
};

}  // namespace cardstock
