#pragma once
/// \file store_state.hpp
/// \brief How the SQLite store is doing: written by readers and by the committer, read by `stats`.
///
/// Threads: all methods from any thread. Blocking: no.
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <cardstock/util/mutex.hpp>

namespace cardstock::store {

class StoreState {
 public:
  struct Damage {
    std::uint64_t generation;  ///< of the file it was seen in
    std::string text;
  };

  /// A reader has seen that the file is damaged. The first report is kept until it is taken.
  void report(Damage damage) CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    if (!damage_) damage_ = std::move(damage);
  }
  std::optional<Damage> take_damage() CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    return std::exchange(damage_, std::nullopt);
  }

  void set_rebuilt(std::string why) CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    rebuilt_ = std::move(why);
  }
  /// Why commits fail; empty: they do not. Returns what was said before.
  std::string set_degraded(std::string why) CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    return std::exchange(degraded_, std::move(why));
  }
  std::string degraded() CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    return degraded_;
  }
  /// As StoreStats::state.
  std::string text() CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    if (!degraded_.empty()) return "degraded: " + degraded_;
    return rebuilt_.empty() ? "ok" : "rebuilt: " + rebuilt_;
  }

  void count_refused_put() CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    ++puts_refused_;
  }
  std::uint64_t puts_refused() CARDSTOCK_EXCLUDES(mutex_) {
    const LockGuard lock{mutex_};
    return puts_refused_;
  }
  void count_foreign_write() noexcept { foreign_writes_.fetch_add(1, std::memory_order_acq_rel); }
  std::uint64_t foreign_writes() const noexcept {
    return foreign_writes_.load(std::memory_order_acquire);
  }

 private:
  std::atomic<std::uint64_t> foreign_writes_{0};
  Mutex mutex_;  ///< guards everything below
  std::string rebuilt_ CARDSTOCK_GUARDED_BY(mutex_);
  std::string degraded_ CARDSTOCK_GUARDED_BY(mutex_);
  std::optional<Damage> damage_ CARDSTOCK_GUARDED_BY(mutex_);
  std::uint64_t puts_refused_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
};

}  // namespace cardstock::store
