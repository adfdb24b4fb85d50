#pragma once
/// \file cache.hpp
/// \brief Memory tier over store: what is held of an indicator, and keeping what was fetched.
///
/// Threads: any. Blocking: `held` may read the store. Errors: a store that fails is counted and
/// treated as empty.
#include <memory>

#include <cardstock/enrich/enricher.hpp>

#include "counters.hpp"

namespace cardstock::enrich {

class Cache {
 public:
  Cache(const EnrichSettings& settings,
        const EnrichParts& parts,
        std::shared_ptr<Counters> counters);

  /// Whatever its age; null when nothing is held.
  EntryPtr held(const Tenant& tenant, const Indicator& indicator);
  /// The memory tier alone.
  EntryPtr in_memory(const Tenant& tenant, const Indicator& indicator) const;
  /// Into the memory tier at once and into the store in time.
  EntryPtr keep(const Tenant& tenant, const Indicator& indicator, store::StoredRecord record);

  /// Whether an absent entry speaks for the spellings of this ask.
  static bool covers(const Entry& absent, const Indicator& indicator);

  const MemoryTier& memory() const noexcept { return memory_; }

 private:
  EntryPtr make_entry(const Tenant& tenant,
                      const Indicator& indicator,
                      const store::StoredRecord& record) const;
  const FreshnessPolicy& policy_of(EntityType type) const;

  const EnrichSettings& settings_;
  EnrichParts parts_;
  std::shared_ptr<Counters> counters_;
  MemoryTier memory_;
};

}  // namespace cardstock::enrich
