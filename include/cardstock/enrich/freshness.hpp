#pragma once
/// \file freshness.hpp
/// \brief Pure: until when a row is fresh, servable while it is refreshed, servable when the
/// upstream fails, gone.
///
/// Time: wall, as stored; the caller reads the clock once for a decision.
#include <chrono>
#include <cstdint>

#include <cardstock/util/clock.hpp>

namespace cardstock::enrich {

using std::chrono::milliseconds;

/// Additive, in this order: fresh for `ttl`, then served while a refresh runs for `grace`, then
/// served only when the upstream fails for `keep`, then gone. Absent rows know `ttl_absent` only:
/// "nobody holds it" is never said of an old answer.
struct FreshnessPolicy {
  milliseconds ttl{std::chrono::hours{1}};
  milliseconds ttl_absent{std::chrono::minutes{10}};
  milliseconds grace{std::chrono::minutes{5}};
  milliseconds keep{std::chrono::hours{24}};
  double jitter =
      0.1;  ///< a ttl is shortened by up to this fraction, so that what came together expires apart
};

enum class Freshness { Fresh, Grace, Keep, Expired };

enum class Presence { Found, Absent };

/// The instants at which a row changes state; each belongs to the later state.
struct Lifetime {
  WallTime fetched_at;
  WallTime fresh_until;
  WallTime grace_until;
  WallTime keep_until;
};

/// `spread` in [0, 1) is the row's own place within the jitter; it must be the same each time the
/// row is looked at.
Lifetime lifetime(const FreshnessPolicy& policy,
                  Presence presence,
                  WallTime fetched_at,
                  double spread) noexcept;

/// Whether a fresh row is in the last tenth of its ttl, where a row that is asked often is
/// refreshed ahead, so that it is never a miss.
bool nearly_stale(const Lifetime& life, WallTime now) noexcept;

/// A row from the future (the wall clock stepped back) has an unknown age: it is asked again, and
/// served only when the upstream fails, an absent one not at all.
Freshness freshness(const Lifetime& life, WallTime now) noexcept;

}  // namespace cardstock::enrich
