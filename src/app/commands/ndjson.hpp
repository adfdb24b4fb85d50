#pragma once
/// \file ndjson.hpp
/// \brief The rows of a store as lines of JSON, and back: what `cardstock export` and `import` do.
///
/// One line a row:
/// `{"tenant":"…","type":"URL","name":"http://…","fetched_at_ms":…,"asked":[…],"record":{…}}`, the
/// record as threatconnect::encode writes it. The time is that of the fetch, and it is kept: an
/// imported row is exactly as old as it was.
///
/// Threads: none. Blocking: disk. Errors: those of the store; StoreFailed when the stream cannot be
/// written; a line that cannot be read is counted, told, and reading goes on. Limits: a line of
/// kMaxLineBytes; one row in memory at a time (import: as many as the store's queue takes).
/// Stored: the lines are public; keys may join, none may change meaning.
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/store/record_store.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::app {

inline constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20U;

/// One row as a line, without its end.
std::string row_line(const store::Key& key, const store::StoredRecord& row);

struct StoredRow {
  store::Key key;
  store::StoredRecord row;
};
/// The inverse. Errors: MalformedRequest (says what is wrong with the line), InvalidIndicator.
/// Refused too: a name that is not in canonical form, an absent row without the spellings asked, a
/// time before 1970.
Result<StoredRow> read_row(std::string_view line);

/// Writes all rows, or those of one tenant; returns how many.
Result<std::uint64_t> export_rows(store::RecordStore& from,
                                  const std::optional<store::TenantId>& tenant,
                                  std::ostream& out);

struct Imported {
  std::uint64_t stored = 0;   ///< committed
  std::uint64_t skipped = 0;  ///< the store had a row as young or younger
  std::uint64_t refused = 0;  ///< lines that could not be read
  std::uint64_t failed = 0;   ///< not committed
};
/// Every row that is younger than what the store holds of its key. `tenant`: whose the rows become;
/// nullopt: whose they were. `refused` hears of each line that could not be read, from 1.
Result<Imported> import_rows(store::RecordStore& to,
                             const std::optional<store::TenantId>& tenant,
                             std::istream& in,
                             const std::function<void(std::uint64_t, const Error&)>& refused);

}  // namespace cardstock::app
