#pragma once
/// \file list_reader.hpp
/// \brief Reads a list of indicators from bytes as they come: plain lines, or CSV with a header.
///
/// The first line that is not blank and not a comment decides. It is CSV's header (RFC 4180) when
/// it has the column that is asked for, or, when none is, a column `Name`; case is ignored. Else
/// every line is an indicator as it stands, commas included; blank lines and lines that begin with
/// `#` are skipped. A byte order mark at the start is skipped; LF, CRLF and CR LF split over two
/// pieces end a line; the last line needs no end. In CSV a column `Type` (or `EntityType`) gives
/// the type.
///
/// Threads: none of its own. Blocking: none. Errors: MalformedRequest from feed() and finish() when
/// the column that was asked for is not in the header; nothing is read after that. A line that
/// cannot be used goes to `refused` and reading goes on. Limits: a line or a field that counts of
/// 64 KiB; a CSV record (quoted fields may hold line ends) of 1 MiB, behind which reading goes on
/// at the next line end. Memory: one line.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <cardstock/util/result.hpp>

namespace cardstock::prewarm {

struct ListEntry {
  std::string_view name;  ///< trimmed, never empty; valid during the call only
  std::string_view type;  ///< trimmed; empty where the list has none
  std::size_t line = 0;   ///< from 1; of a CSV record its first line
};

struct ListOptions {
  std::string column;  ///< empty: `Name`, and plain lines when there is no such header
};

class ListReader {
 public:
  static constexpr std::size_t kMaxLineBytes = std::size_t{64} * 1024;
  static constexpr std::size_t kMaxRecordBytes = std::size_t{1024} * 1024;

  using OnEntry = std::function<void(const ListEntry&)>;
  /// `why` completes "line 7: …".
  using OnRefused = std::function<void(std::size_t line, std::string_view why)>;

  ListReader(ListOptions options, OnEntry on_entry, OnRefused on_refused);
  ~ListReader();
  ListReader(ListReader&&) noexcept;
  ListReader& operator=(ListReader&&) noexcept;

  /// The next bytes, cut anywhere.
  Status feed(std::string_view bytes);
  /// No more bytes. Once, at the end.
  Status finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cardstock::prewarm
