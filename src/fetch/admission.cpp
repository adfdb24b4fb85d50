#include "admission.hpp"

#include <algorithm>

namespace cardstock::fetch {

std::size_t Admission::room(const Lane& lane) const noexcept {
  if (lane.alone) return 1;
  return lane.multiplexes ? kStreams : max_per_lane_;
}

std::size_t Admission::connections(const Lane& lane) noexcept {
  return lane.multiplexes ? std::min<std::size_t>(lane.under_way, 1) : lane.under_way;
}

void Admission::enqueue(Ticket ticket, const std::string& lane, Multiplexing multiplexing) {
  const auto [it, created] = lanes_.try_emplace(lane);
  if (created) it->second.alone = multiplexing == Multiplexing::Possible;
  it->second.waiting.insert(ticket);
}

std::optional<Admission::Ticket> Admission::next() {
  auto it = lanes_.upper_bound(turn_);
  for (std::size_t seen = 0; seen < lanes_.size(); ++seen, ++it) {
    if (it == lanes_.end()) it = lanes_.begin();
    Lane& lane = it->second;
    if (lane.waiting.empty() || lane.under_way >= room(lane)) continue;
    const bool needs_connection = !lane.multiplexes || lane.under_way == 0;
    if (needs_connection && connections_ >= max_connections_) continue;
    connections_ += needs_connection ? 1 : 0;
    ++lane.under_way;
    const Ticket ticket = *lane.waiting.begin();
    lane.waiting.erase(lane.waiting.begin());
    turn_ = it->first;
    return ticket;
  }
  return std::nullopt;
}

void Admission::connected(const std::string& lane) {
  const auto it = lanes_.find(lane);
  if (it != lanes_.end()) it->second.alone = false;
}

void Admission::answered(const std::string& lane, bool multiplexed) {
  const auto it = lanes_.find(lane);
  if (it == lanes_.end()) return;
  connections_ -= connections(it->second);
  it->second.multiplexes = multiplexed;
  connections_ += connections(it->second);
}

void Admission::remove(Ticket ticket, const std::string& lane) {
  const auto it = lanes_.find(lane);
  if (it == lanes_.end()) return;
  if (it->second.waiting.erase(ticket) == 0) {
    connections_ -= connections(it->second);
    --it->second.under_way;
    connections_ += connections(it->second);
  }
  if (it->second.under_way == 0 && it->second.waiting.empty()) lanes_.erase(it);
}

}  // namespace cardstock::fetch
