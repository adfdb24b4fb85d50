#include "tenant_ledger.hpp"

#include <limits>

namespace cardstock::enrich {
namespace {

constexpr WallTime::rep kNever = std::numeric_limits<WallTime::rep>::min();

SteadyTime::rep count_of(SteadyTime time) {
  return time.time_since_epoch().count();
}

}  // namespace

Standing::Standing(std::optional<WallTime> accepted_at)
    : accepted_at_{accepted_at ? accepted_at->time_since_epoch().count() : kNever} {}

std::optional<WallTime> Standing::accepted_at() const noexcept {
  const WallTime::rep at = accepted_at_.load(std::memory_order_relaxed);
  if (at == kNever) return std::nullopt;
  return WallTime{WallTime::duration{at}};
}

bool Standing::refused(SteadyTime now) const noexcept {
  return count_of(now) < refused_until_.load(std::memory_order_relaxed);
}

bool Standing::vouched(WallTime now, std::chrono::milliseconds longest) const noexcept {
  const auto accepted = accepted_at();
  return !blocked() && !(accepted && now - *accepted >= longest);
}

void Standing::accept(WallTime now) noexcept {
  accepted_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  refused_until_.store(0, std::memory_order_relaxed);
  blocked_.store(false, std::memory_order_relaxed);
}

bool Standing::refuse(SteadyTime now) noexcept {
  refused_until_.store(count_of(now + kRefusalKept), std::memory_order_relaxed);
  return !blocked_.exchange(true, std::memory_order_relaxed);
}

bool Standing::take_check(SteadyTime now) noexcept {
  SteadyTime::rep due = check_not_before_.load(std::memory_order_relaxed);
  return count_of(now) >= due && check_not_before_.compare_exchange_strong(
                                     due, count_of(now + kCheckPause), std::memory_order_relaxed);
}

OwnerProfile Standing::profile() const {
  const LockGuard lock{mutex_};
  return profile_;
}

bool Standing::profile_fresh(SteadyTime now) const {
  const LockGuard lock{mutex_};
  return learnt_at_ && now - *learnt_at_ < kProfileKept;
}

bool Standing::learn(OwnerProfile profile, SteadyTime now) {
  const LockGuard lock{mutex_};
  learnt_at_ = now;
  if (profile == profile_) return false;
  profile_ = std::move(profile);
  return true;
}

bool Standing::take_learning(SteadyTime now) {
  const LockGuard lock{mutex_};
  if (learning_at_ && now - *learning_at_ < kLearningPause) return false;
  learning_at_ = now;
  return true;
}

StandingPtr TenantLedger::of(const TenantId& tenant) {
  {
    const ReadLock lock{mutex_};
    if (const auto it = standings_.find(tenant); it != standings_.end()) return it->second;
  }
  // A store that fails knows nothing: the credential is then a stranger until it is accepted.
  const std::optional<store::TenantState> stored = store_.tenant(tenant).value_or(std::nullopt);
  auto standing = std::make_shared<Standing>(stored ? stored->last_accepted_at : std::nullopt);
  const WriteLock lock{mutex_};
  if (standings_.size() >= kMaxTenants) standings_.clear();
  return standings_.emplace(tenant, std::move(standing)).first->second;
}

}  // namespace cardstock::enrich
