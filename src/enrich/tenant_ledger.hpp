#pragma once
/// \file tenant_ledger.hpp
/// \brief What is known of each credential: when ThreatConnect last accepted it, and whether it has
/// refused it since.
///
/// Threads: any. Blocking: `of` reads the store once for a tenant that is not known. Time: wall for
/// acceptance (it is stored), steady for pauses. Limits: kMaxTenants; beyond, all are forgotten and
/// read again.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>

#include <cardstock/enrich/tenant.hpp>
#include <cardstock/store/record_store.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::enrich {

/// Shared by all who ask with one credential. Relaxed atomics: each says one thing.
class Standing {
 public:
  explicit Standing(std::optional<WallTime> accepted_at);

  /// nullopt: never, as far as is known.
  std::optional<WallTime> accepted_at() const noexcept;
  /// Refused since it was last accepted: nothing that it has fetched is shown.
  bool blocked() const noexcept { return blocked_.load(std::memory_order_relaxed); }
  /// Refused a moment ago: asking again is of no use.
  bool refused(SteadyTime now) const noexcept;

  /// Not refused, and not unasked for `longest` or more since it was last accepted.
  bool vouched(WallTime now, std::chrono::milliseconds longest) const noexcept;

  void accept(WallTime now) noexcept;
  /// True when it was not blocked before.
  bool refuse(SteadyTime now) noexcept;
  /// Whether the caller is the one to check this credential now; true at most once a pause.
  bool take_check(SteadyTime now) noexcept;

  /// What was learnt last, however old; empty when nothing was.
  OwnerProfile profile() const CARDSTOCK_EXCLUDES(mutex_);
  bool profile_fresh(SteadyTime now) const CARDSTOCK_EXCLUDES(mutex_);
  /// True when it says something new.
  bool learn(OwnerProfile profile, SteadyTime now) CARDSTOCK_EXCLUDES(mutex_);
  /// Whether the caller is the one to learn it now; true at most once in kLearningPause.
  bool take_learning(SteadyTime now) CARDSTOCK_EXCLUDES(mutex_);

  static constexpr std::chrono::hours kProfileKept{24};
  static constexpr std::chrono::minutes kLearningPause{10};
  static constexpr std::chrono::seconds kRefusalKept{30};
  static constexpr std::chrono::seconds kCheckPause{10};

 private:
  std::atomic<WallTime::rep> accepted_at_;
  std::atomic<bool> blocked_{false};
  std::atomic<SteadyTime::rep> refused_until_{0};
  std::atomic<SteadyTime::rep> check_not_before_{0};
  mutable Mutex mutex_;
  // The profile, and when it was and may be learnt.
  OwnerProfile profile_ CARDSTOCK_GUARDED_BY(mutex_);
  std::optional<SteadyTime> learnt_at_ CARDSTOCK_GUARDED_BY(mutex_);
  std::optional<SteadyTime> learning_at_ CARDSTOCK_GUARDED_BY(mutex_);
};

using StandingPtr = std::shared_ptr<Standing>;

/// A credential that ThreatConnect has never accepted and the operator has not configured.
inline bool is_stranger(const Tenant& tenant, const Standing& standing) noexcept {
  return !tenant.configured && !standing.accepted_at();
}

class TenantLedger {
 public:
  explicit TenantLedger(store::RecordStore& store) : store_{store} {}
  StandingPtr of(const TenantId& tenant) CARDSTOCK_EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kMaxTenants = 100'000;
  store::RecordStore& store_;
  SharedMutex mutex_;
  std::map<TenantId, StandingPtr> standings_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::enrich
