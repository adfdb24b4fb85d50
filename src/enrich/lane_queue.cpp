#include "lane_queue.hpp"

#include <algorithm>
#include <utility>

namespace cardstock::enrich {
namespace {

/// Turns that calls_ahead looks at: it gives a lower bound, and is asked for every look-up.
constexpr std::size_t kTurnsLookedAt = 64;

}  // namespace

void LaneQueue::push(FlightPtr flight) {
  const TenantId tenant = flight->tenant->id;
  auto it = index_.find(tenant);
  if (it == index_.end()) {
    turns_.push_back({tenant, {}});
    it = index_.emplace(tenant, std::prev(turns_.end())).first;
  }
  it->second->flights.push_back(std::move(flight));
  ++size_;
}

bool LaneQueue::remove(const FlightPtr& flight) {
  const auto it = index_.find(flight->tenant->id);
  if (it == index_.end() || std::erase(it->second->flights, flight) == 0) return false;
  --size_;
  if (it->second->flights.empty()) {
    turns_.erase(it->second);
    index_.erase(it);
  }
  return true;
}

FlightPtr LaneQueue::first(const std::function<bool(const Flight&)>& passes) const {
  for (const Turn& turn : turns_)
    if (passes(*turn.flights.front())) return turn.flights.front();
  return nullptr;
}

void LaneQueue::take(const TenantId& tenant,
                     const std::function<bool(const Flight&)>& wants,
                     std::vector<FlightPtr>& into) {
  const auto it = index_.find(tenant);
  if (it == index_.end()) return;
  Queue left;
  for (FlightPtr& flight : it->second->flights) {
    if (wants(*flight)) {
      into.push_back(std::move(flight));
      --size_;
    } else {
      left.push_back(std::move(flight));
    }
  }
  if (left.empty()) {
    turns_.erase(it->second);
    index_.erase(it);
    return;
  }
  it->second->flights = std::move(left);
  turns_.splice(turns_.end(), turns_, it->second);
}

FlightPtr LaneQueue::drop() {
  if (turns_.empty()) return nullptr;
  const auto largest =
      std::ranges::max_element(turns_, {}, [](const Turn& turn) { return turn.flights.size(); });
  FlightPtr flight = largest->flights.front();
  remove(flight);
  return flight;
}

std::vector<FlightPtr> LaneQueue::take_all() {
  std::vector<FlightPtr> all;
  all.reserve(size_);
  for (Turn& turn : turns_) std::ranges::move(turn.flights, std::back_inserter(all));
  turns_.clear();
  index_.clear();
  size_ = 0;
  return all;
}

std::size_t LaneQueue::size_of(const TenantId& tenant) const noexcept {
  const auto it = index_.find(tenant);
  return it == index_.end() ? 0 : it->second->flights.size();
}

std::size_t LaneQueue::calls_ahead(const TenantId& tenant, std::size_t per_call) const noexcept {
  const std::size_t own = size_of(tenant);
  if (own == 0) return 0;
  const std::size_t before = (own - 1) / per_call;
  std::size_t calls = before;
  std::size_t seen = 0;
  for (const Turn& turn : turns_) {
    if (++seen > kTurnsLookedAt) break;
    // Until its own last call, every other tenant has had as many turns, if it wants them.
    if (turn.tenant != tenant)
      calls += std::min(before, (turn.flights.size() + per_call - 1) / per_call);
  }
  return calls;
}

}  // namespace cardstock::enrich
