#pragma once
/// \file lane_queue.hpp
/// \brief The flights of one lane that wait for a call: a queue a tenant, whose turns rotate, so
/// that no tenant's thousand asks stand before another's one.
///
/// Threads: none of its own (the enricher's thread owns it). Limits: the caller's.
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <vector>

#include "flight.hpp"

namespace cardstock::enrich {

class LaneQueue {
 public:
  using Queue = std::deque<FlightPtr>;

  /// Behind the others of its tenant.
  void push(FlightPtr flight);
  /// Whether it was there.
  bool remove(const FlightPtr& flight);
  /// The flight whose tenant's turn it is, among those that pass; null when none does. Looks at
  /// one flight a tenant.
  FlightPtr first(const std::function<bool(const Flight&)>& passes) const;
  /// Takes flights of `tenant` in their order, as many as `wants` says yes to; then it is the
  /// others' turn.
  void take(const TenantId& tenant,
            const std::function<bool(const Flight&)>& wants,
            std::vector<FlightPtr>& into);
  /// Takes the oldest flight of the tenant that has most; null when there is none.
  FlightPtr drop();
  std::vector<FlightPtr> take_all();

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t tenants() const noexcept { return turns_.size(); }
  std::size_t size_of(const TenantId& tenant) const noexcept;
  /// Calls of `per_call` flights each that go out before the newest flight of `tenant`, at the
  /// least.
  std::size_t calls_ahead(const TenantId& tenant, std::size_t per_call) const noexcept;

 private:
  struct Turn {
    TenantId tenant{};
    Queue flights;
  };
  using Turns = std::list<Turn>;

  Turns turns_;  ///< none is empty; the first is next
  std::map<TenantId, Turns::iterator> index_;
  std::size_t size_ = 0;
};

}  // namespace cardstock::enrich
