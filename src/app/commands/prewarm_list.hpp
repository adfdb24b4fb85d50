#pragma once
/// \file prewarm_list.hpp
/// \brief The indicators of some lists, each once.
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/util/random.hpp>
#include <cardstock/util/siphash.hpp>

namespace cardstock::app {

struct PrewarmItem {
  EntityType type;
  std::string name;  ///< as it stands in the list: its spelling may matter to ThreatConnect
  std::size_t list;  ///< index of the list that it came from
  std::size_t line;
};

struct RefusedLine {
  std::string list;
  std::size_t line = 0;
  std::string why;
};

/// Reads lists one after the other and keeps what is to be asked. An indicator that came before, in
/// whatever spelling, is a duplicate. Threads: none. Blocking: the streams. Errors:
/// MalformedRequest (a column that is not there, gzip, too many). Limits: kMaxItems indicators,
/// about 150 bytes each; the first kMaxKept refused lines are kept, all are counted.
class PrewarmList {
 public:
  static constexpr std::size_t kMaxItems = 5'000'000;
  static constexpr std::size_t kMaxKept = 20;

  /// `type`: of every indicator; nullopt: the list's own, else recognised.
  PrewarmList(std::optional<EntityType> type, std::string column, Random& random);

  Status read(std::istream& in, std::string list);
  /// A line that turned out to be no indicator after all.
  void refuse(std::size_t list, std::size_t line, std::string_view why);

  std::vector<PrewarmItem>& items() noexcept { return items_; }
  const std::string& list_name(std::size_t list) const { return lists_.at(list); }
  std::size_t entries() const noexcept { return entries_; }  ///< lines that name something
  std::size_t duplicates() const noexcept { return duplicates_; }
  std::size_t refused() const noexcept { return refused_; }
  const std::vector<RefusedLine>& kept_refusals() const noexcept { return kept_; }

 private:
  void take(std::string_view name, std::string_view type, std::size_t line);
  Result<Indicator> indicator_of(std::string_view name, std::string_view type) const;

  std::optional<EntityType> type_;
  std::string column_;
  SipKey key_{};
  std::unordered_set<std::uint64_t>
      seen_;  ///< keyed hashes of what is in items_; a collision in 2^64 loses one indicator
  std::vector<std::string> lists_;
  std::vector<PrewarmItem> items_;
  std::size_t entries_ = 0;
  std::size_t duplicates_ = 0;
  std::size_t refused_ = 0;
  std::vector<RefusedLine> kept_;
  bool full_ = false;
};

}  // namespace cardstock::app
