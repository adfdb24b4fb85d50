#include "cache.hpp"

#include <algorithm>

namespace cardstock::enrich {
namespace {

KeyView view(const Tenant& tenant, const Indicator& indicator) {
  return {tenant.id, indicator.type(), indicator.canonical()};
}

}  // namespace

bool may_match(const store::PurgeFilter& filter,
               const TenantId& tenant,
               IndicatorType type,
               std::string_view canonical) {
  return (!filter.tenant || *filter.tenant == tenant) && (!filter.type || *filter.type == type) &&
         (!filter.canonical || *filter.canonical == canonical);
}

Cache::Cache(const EnrichSettings& settings,
             const EnrichParts& parts,
             TenantLedger& ledger,
             std::shared_ptr<Counters> counters)
    : settings_{settings},
      parts_{parts},
      ledger_{ledger},
      counters_{std::move(counters)},
      memory_{settings.memory_bytes, parts.hash_key} {}

EntryPtr Cache::in_memory(const Tenant& tenant, const Indicator& indicator) const {
  EntryPtr entry = memory_.peek(view(tenant, indicator));
  return entry && entry->as_of == parts_.store.foreign_writes() ? entry : nullptr;
}

EntryPtr Cache::held(const Tenant& tenant, const Indicator& indicator, Lane lane) {
  const KeyView key = view(tenant, indicator);
  EntryPtr entry = lane == Lane::Prewarm ? memory_.peek(key) : memory_.find(key);
  if (entry && entry->as_of == parts_.store.foreign_writes()) return entry;
  return read(tenant, indicator, std::move(entry));
}

EntryPtr Cache::read(const Tenant& tenant, const Indicator& indicator, EntryPtr entry) {
  const std::uint64_t generation = memory_.generation();
  // Before the row is read: what is written after this has the entry compared again.
  const std::uint64_t as_of = parts_.store.foreign_writes();
  const auto stored = parts_.store.find({tenant.id, indicator.type(), indicator.canonical()});
  if (!stored) {
    counters_->store_failures.fetch_add(1, std::memory_order_relaxed);
    if (counters_->store_reads.begins())
      parts_.log.warning("store_read_failed", {{"error", std::string{name_of(stored.error().code)}},
                                               {"cause", stored.error().cause}});
    return entry;
  }
  counters_->store_reads.ends();
  const std::optional<store::StoredRecord>& row = *stored;
  if (!row) {
    if (entry) memory_.erase(view(tenant, indicator));
    return nullptr;
  }
  const EntryPtr compared = entry;
  if (!entry || entry->life.fetched_at != row->fetched_at) entry = show(tenant, indicator, *row);
  entry->as_of = as_of;
  memory_.insert_as_of(generation, view(tenant, indicator), entry, compared);
  return entry;
}

EntryPtr Cache::keep(const Tenant& tenant,
                     const Indicator& indicator,
                     store::StoredRecord record,
                     Committed committed) {
  const std::uint64_t as_of = parts_.store.foreign_writes();
  EntryPtr entry = show(tenant, indicator, record);
  entry->as_of = as_of;
  memory_.insert(view(tenant, indicator), entry, parts_.clock.wall());
  parts_.store.put({tenant.id, indicator.type(), indicator.canonical()}, std::move(record),
                   [counters = counters_, &log = parts_.log,
                    committed = std::move(committed)](const Status& status) mutable {
                     if (committed) committed(status);
                     if (status) return counters->store_writes.ends();
                     counters->store_failures.fetch_add(1, std::memory_order_relaxed);
                     if (!counters->store_writes.begins()) return;
                     log.warning("store_write_failed",
                                 {{"error", std::string{name_of(status.error().code)}},
                                  {"cause", status.error().cause}});
                   });
  return entry;
}

bool Cache::covers(const Entry& absent, const Indicator& indicator) {
  return std::ranges::all_of(indicator.spellings(), [&](const std::string& spelling) {
    return std::ranges::find(absent.asked, spelling) != absent.asked.end();
  });
}

void Cache::forget(const store::PurgeFilter& filter) {
  memory_.forget([&filter](const KeyView& key, const Entry& entry) {
    return may_match(filter, key.tenant, key.type, key.canonical) &&
           (!filter.fetched_before || entry.life.fetched_at < *filter.fetched_before);
  });
}

EntryPtr Cache::show(const Tenant& tenant,
                     const Indicator& indicator,
                     const store::StoredRecord& record) const {
  constexpr double kScale = 0x1.0p-53;
  const double spread = static_cast<double>(memory_.hash(view(tenant, indicator)) >> 11U) * kScale;
  auto entry = std::make_shared<Entry>();
  entry->absent = record.record.absent();
  entry->life =
      lifetime(policy_of(indicator.entity()), entry->absent ? Presence::Absent : Presence::Found,
               record.fetched_at, spread);
  entry->asked = record.asked;
  entry->rendered =
      parts_.render(tenant, ledger_.of(tenant.id)->profile(), indicator, record.record);
  return entry;
}

const FreshnessPolicy& Cache::policy_of(EntityType type) const {
  const auto it = settings_.per_type.find(type);
  return it == settings_.per_type.end() ? settings_.policy : it->second;
}

}  // namespace cardstock::enrich
