#pragma once
/// \file row.hpp
/// \brief One indicator of a data file to the row that is served and the facts that TQL sees.
///
/// Pure. Errors: MalformedRequest. Source of keys, their order and the links: ThreatConnect
/// developer documentation, v3 "Indicators", and "Additional fields".
#include <cstdint>
#include <span>
#include <string>

#include "data.hpp"
#include "raw_json.hpp"
#include "repeat.hpp"

namespace cardstock::simulator {

/// What the rows of one file share.
struct RowContext {
  const Instance& instance;  ///< its owners are read already
  std::string portal;        ///< origin of default links
  Budget& budget;
  std::int64_t next_id = 1'000'001;  ///< for whatever the file gives no id
};

/// `index` is added to a given id: the copies of a repeated indicator differ.
Result<Copy> read_copy(std::span<const Member> given, std::int64_t index, RowContext& context);

}  // namespace cardstock::simulator
