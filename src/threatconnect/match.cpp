#include <algorithm>
#include <optional>

#include <cardstock/threatconnect/answer.hpp>

namespace cardstock::threatconnect {

std::vector<std::size_t> match(const Row& row, const std::vector<Indicator>& wanted) {
  std::vector<std::size_t> found;
  if (!row.type) return found;
  std::vector<Indicator> own;
  for (const std::string& value : row.values) {
    if (auto indicator = Indicator::parse(entity_of(*row.type), value))
      own.push_back(*std::move(indicator));
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].type() == *row.type && std::ranges::find(own, wanted[i]) != own.end())
      found.push_back(i);
  }
  return found;
}

}  // namespace cardstock::threatconnect
