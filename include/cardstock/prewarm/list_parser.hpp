#pragma once
/// \file list_parser.hpp
/// \brief One list, whatever its form, from bytes as they come: gzip or not; lines, CSV, JSON
/// lines, STIX bundles.
///
/// gzip is known by its first bytes. A list whose first line begins with `{` is JSON: objects one a
/// line when that line is one, else objects one after the other, bundles among them, laid out
/// anyhow. Everything else is lines or CSV (prewarm/list_reader.hpp). A JSON object names an
/// indicator by `name` (or the column that is asked for) and perhaps `type`; a STIX indicator by
/// its pattern. Other objects of a bundle are skipped.
///
/// Threads: none of its own. Blocking: none. Errors: MalformedRequest from feed() and finish(), in
/// words that stand behind the list's name; nothing is read after that. What cannot be used of a
/// list goes to `refused` and reading goes on. Limits: those of ListReader, JsonObjects, Gunzip.
/// Memory: one line or object, and the tables of zlib.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/prewarm/gunzip.hpp>
#include <cardstock/prewarm/json_objects.hpp>
#include <cardstock/prewarm/list_reader.hpp>

namespace cardstock::prewarm {

class ListParser {
 public:
  using OnEntry = ListReader::OnEntry;
  using OnRefused = ListReader::OnRefused;

  ListParser(std::string column, OnEntry on_entry, OnRefused on_refused);
  ~ListParser();
  ListParser(const ListParser&) = delete;
  ListParser& operator=(const ListParser&) = delete;

  /// Asked between two pieces of what is unpacked, of at most 64 KiB; false: enough.
  using KeepGoing = std::function<bool()>;

  /// Error: also Cancelled, where it was told to stop.
  Status feed(std::string_view bytes, const KeepGoing& keep_going = {});
  Status finish();

 private:
  Status feed_plain(std::string_view bytes);
  Status decide(bool at_end);
  class Objects;

  std::string column_;
  OnEntry on_entry_;
  OnRefused on_refused_;

  bool begun_ = false;  ///< it is known whether it is gzip
  std::string head_;    ///< of the packed list, then of the plain one, until its form is known
  std::unique_ptr<Gunzip> gunzip_;
  std::unique_ptr<Objects> objects_;  ///< reads objects; keeps its parser's buffers
  std::optional<ListReader> lines_;
  std::optional<JsonObjects> json_;
};

}  // namespace cardstock::prewarm
