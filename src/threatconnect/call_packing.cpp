#include <cardstock/threatconnect/call_packing.hpp>

#include <cardstock/threatconnect/query.hpp>
#include <cardstock/util/text.hpp>

namespace cardstock::threatconnect {
namespace {

/// What stands around the values in a request target.
constexpr std::size_t kAroundValues = 512;
constexpr std::size_t kTargetBudget = kMaxTarget - kAroundValues;
/// Quotes and comma around one.
constexpr std::size_t kAroundValue = 8;

}  // namespace

std::size_t target_cost(IndicatorType type, std::span<const std::string> spellings) {
  std::size_t cost = 0;
  for (const std::string& spelling : spellings)
    cost += percent_encode(tql_string(spelling)).size() + kAroundValue;
  // A hash is asked for twice: by summary and by its own field.
  return type == IndicatorType::File ? 2 * cost : cost;
}

bool CallRoom::take(std::size_t cost) noexcept {
  if (count_ >= most_ || (count_ > 0 && bytes_ + cost > kTargetBudget)) return false;
  ++count_;
  bytes_ += cost;
  return true;
}

void CallForecast::add(std::size_t cost) {
  waiting_.push_back(cost);
  if (waiting_.size() < kWindow) return;
  make_call(waiting_);
  ++calls_;
}

std::size_t CallForecast::calls() const {
  std::vector<std::size_t> waiting = waiting_;
  std::size_t calls = calls_;
  for (; !waiting.empty(); ++calls) make_call(waiting);
  return calls;
}

void CallForecast::make_call(std::vector<std::size_t>& waiting) {
  CallRoom room;
  std::erase_if(waiting, [&room](std::size_t cost) { return room.take(cost); });
}

}  // namespace cardstock::threatconnect
