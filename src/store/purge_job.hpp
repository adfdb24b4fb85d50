#pragma once
/// \file purge_job.hpp
/// \brief A purge in small steps, so that puts are committed between them.
///
/// Threads: the writer's. Blocking: disk. Errors: SQLite::Exception passes through.
/// Limits: `keep` remembers 8 bytes and some for every row put while the purge runs.
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

#include <cardstock/store/record_store.hpp>

#include "sqlite_writer.hpp"

namespace cardstock::store {

class PurgeJob {
 public:
  explicit PurgeJob(PurgeFilter filter) : filter_{std::move(filter)} {}

  /// Deletes up to `kStepRows` rows, within a transaction of the caller's; none when the purge has
  /// been told to stop. True: there are more to look at.
  bool step(Writer& writer);
  /// A row put after the purge was asked for is not the purge's.
  void keep(std::int64_t id) { kept_.insert(id); }
  std::int64_t deleted() const noexcept { return deleted_; }

  static constexpr int kStepRows = 256;

 private:
  struct Range {
    std::int64_t tenant;
    int type;
  };

  void plan(Writer& writer);
  /// Ids that may match, each once; empty when there are no more.
  std::vector<std::int64_t> candidates(Writer& writer);
  std::vector<std::int64_t> next_of_owner(Writer& writer);
  std::vector<std::int64_t> next_by_age(Writer& writer);
  bool matches(const RowHead& head) const;

  PurgeFilter filter_;
  bool planned_ = false;
  std::int64_t tenant_ = 0;  ///< when one is stated
  std::int64_t owner_ = 0;   ///< when one is stated
  bool more_of_owner_ = false;
  std::vector<Range>
      ranges_;  ///< when neither owner nor canonical text is stated; the last is next
  std::vector<std::int64_t> ids_;  ///< of the canonical text, when it is stated; the last is next
  std::int64_t next_id_ = std::numeric_limits<std::int64_t>::min();
  AgeCursor cursor_;
  std::unordered_set<std::int64_t> kept_;
  std::int64_t deleted_ = 0;
};

}  // namespace cardstock::store
