#include "purge_job.hpp"

#include <algorithm>

#include "row_codec.hpp"

namespace cardstock::store {
namespace {

constexpr std::int64_t kLastId = std::numeric_limits<std::int64_t>::max();

/// The last millisecond before `time`.
std::int64_t ms_before(WallTime time) {
  const std::int64_t ms = time.time_since_epoch().count();
  return ms == std::numeric_limits<std::int64_t>::min() ? ms : ms - 1;
}

}  // namespace

void PurgeJob::plan(Writer& writer) {
  planned_ = true;
  const std::vector<std::pair<std::int64_t, TenantId>> tenants = writer.tenants(filter_.tenant);
  if (tenants.empty()) return;
  tenant_ = tenants.front().first;
  if (filter_.owner) {
    const std::optional<std::int64_t> owner = writer.owner(*filter_.owner);
    if (!owner) return;
    owner_ = *owner;
    more_of_owner_ = !filter_.canonical;
  }
  if (more_of_owner_) return;
  for (const auto& [number, id] : tenants) {
    for (int type = 1; type <= kIndicatorTypes; ++type) {
      const auto as_type = static_cast<IndicatorType>(type);
      if (filter_.type && *filter_.type != as_type) continue;
      if (filter_.canonical) {
        ids_.push_back(row_id(writer.hash_key(), Key{id, as_type, *filter_.canonical}));
      } else {
        ranges_.push_back({number, type});
      }
    }
  }
}

std::vector<std::int64_t> PurgeJob::candidates(Writer& writer) {
  if (more_of_owner_) return next_of_owner(writer);
  if (!ids_.empty()) {
    const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(ids_.size(), kStepRows));
    const std::vector<std::int64_t> out(ids_.end() - count, ids_.end());
    ids_.resize(ids_.size() - out.size());
    return out;
  }
  return next_by_age(writer);
}

std::vector<std::int64_t> PurgeJob::next_of_owner(Writer& writer) {
  std::vector<std::int64_t> out = writer.rows_of_owner(owner_, next_id_, kStepRows);
  more_of_owner_ = !out.empty() && out.back() != kLastId;
  if (more_of_owner_) next_id_ = out.back() + 1;
  return out;
}

std::vector<std::int64_t> PurgeJob::next_by_age(Writer& writer) {
  const std::int64_t last_ms =
      filter_.fetched_before ? ms_before(*filter_.fetched_before) : kLastId;
  while (!ranges_.empty()) {
    const auto [tenant, type] = ranges_.back();
    const std::vector<AgeCursor> rows =
        writer.rows_by_age(tenant, type, cursor_, last_ms, kStepRows);
    if (rows.empty()) {
      ranges_.pop_back();
      cursor_ = AgeCursor{};
      continue;
    }
    const AgeCursor& last = rows.back();
    cursor_ = last.id == kLastId ? AgeCursor{.fetched_at_ms = last.fetched_at_ms + 1}
                                 : AgeCursor{last.fetched_at_ms, last.id + 1};
    std::vector<std::int64_t> out;
    out.reserve(rows.size());
    for (const AgeCursor& row : rows) out.push_back(row.id);
    return out;
  }
  return {};
}

bool PurgeJob::matches(const RowHead& head) const {
  if (filter_.tenant && head.tenant != tenant_) return false;
  if (filter_.type && static_cast<int>(*filter_.type) != head.type) return false;
  if (filter_.canonical && *filter_.canonical != head.canonical) return false;
  if (filter_.fetched_before && head.fetched_at_ms > ms_before(*filter_.fetched_before))
    return false;
  return !filter_.owner || std::ranges::find(head.owners, owner_) != head.owners.end();
}

bool PurgeJob::step(Writer& writer) {
  if (filter_.stop.stop_requested()) return false;
  if (!planned_) plan(writer);
  const std::vector<std::int64_t> ids = candidates(writer);
  for (const std::int64_t id : ids) {
    if (deleted_ >= filter_.at_most) return false;
    if (kept_.contains(id)) continue;
    const std::optional<RowHead> head = writer.head(id);
    if (!head || !matches(*head)) continue;
    writer.erase(id, *head);
    ++deleted_;
  }
  return !ids.empty();
}

}  // namespace cardstock::store
