#include <cardstock/enrich/freshness.hpp>

namespace cardstock::enrich {

Lifetime lifetime(const FreshnessPolicy& policy,
                  Presence presence,
                  WallTime fetched_at,
                  double spread) noexcept {
  const bool found = presence == Presence::Found;
  const milliseconds full = found ? policy.ttl : policy.ttl_absent;
  const milliseconds cut{
      static_cast<std::int64_t>(static_cast<double>(full.count()) * policy.jitter * spread)};
  const WallTime fresh_until = fetched_at + full - cut;
  const WallTime grace_until = found ? fresh_until + policy.grace : fresh_until;
  const WallTime keep_until = found ? grace_until + policy.keep : grace_until;
  return {fetched_at, fresh_until, grace_until, keep_until};
}

Freshness freshness(const Lifetime& life, WallTime now) noexcept {
  if (now < life.fetched_at)
    return life.keep_until > life.fresh_until ? Freshness::Keep : Freshness::Expired;
  if (now < life.fresh_until) return Freshness::Fresh;
  if (now < life.grace_until) return Freshness::Grace;
  if (now < life.keep_until) return Freshness::Keep;
  return Freshness::Expired;
}

bool nearly_stale(const Lifetime& life, WallTime now) noexcept {
  return now >= life.fresh_until - (life.fresh_until - life.fetched_at) / 10;
}

}  // namespace cardstock::enrich
