#pragma once
/// \file cache.hpp
/// \brief Memory tier over store: what is held of an indicator, and keeping what was fetched.
///
/// Threads: any. Blocking: `held` may read the store. Errors: a store that fails is counted, said
/// in the log when it begins to, and holds no more than memory does.
#include <memory>

#include <cardstock/enrich/enricher.hpp>

#include "counters.hpp"
#include "tenant_ledger.hpp"

namespace cardstock::enrich {

/// Whether a row of this key may be one of those that `filter` means, whatever its owners and age.
bool may_match(const store::PurgeFilter& filter,
               const TenantId& tenant,
               IndicatorType type,
               std::string_view canonical);

class Cache {
 public:
  Cache(const EnrichSettings& settings,
        const EnrichParts& parts,
        TenantLedger& ledger,
        std::shared_ptr<Counters> counters);

  /// Whatever its age; null when nothing is held. What memory holds is compared with the store once
  /// somebody else has written to that. An ask of Lane::Prewarm makes no entry a hot one.
  EntryPtr held(const Tenant& tenant, const Indicator& indicator, Lane lane);
  /// The memory tier alone; null also when its entry has to be compared with the store.
  EntryPtr in_memory(const Tenant& tenant, const Indicator& indicator) const;
  using Committed = store::RecordStore::Committed;
  /// Into the memory tier at once and into the store in time; `committed` as of RecordStore::put.
  EntryPtr keep(const Tenant& tenant,
                const Indicator& indicator,
                store::StoredRecord record,
                Committed committed = {});

  /// The same, kept nowhere: for an answer that a purge has overtaken.
  EntryPtr show(const Tenant& tenant,
                const Indicator& indicator,
                const store::StoredRecord& record) const;
  /// Drops from the memory tier what `filter` matches and, of an owner, what it might match: the
  /// store is the truth, so that too much costs a read. What was read before does not come back.
  void forget(const store::PurgeFilter& filter);
  /// Changes with every forget().
  std::uint64_t generation() const noexcept { return memory_.generation(); }

  /// Whether an absent entry speaks for the spellings of this ask.
  static bool covers(const Entry& absent, const Indicator& indicator);

  const MemoryTier& memory() const noexcept { return memory_; }

 private:
  const FreshnessPolicy& policy_of(EntityType type) const;
  /// Of the key's row when there is one: `entry` itself when it is what the store holds.
  EntryPtr read(const Tenant& tenant, const Indicator& indicator, EntryPtr entry);

  const EnrichSettings& settings_;
  EnrichParts parts_;
  TenantLedger& ledger_;
  std::shared_ptr<Counters> counters_;
  MemoryTier memory_;
};

}  // namespace cardstock::enrich
