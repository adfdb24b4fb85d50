#pragma once
/// \file list.hpp
/// \brief The indicators of some lists, each once, read as they are wanted.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/prewarm/list_parser.hpp>
#include <cardstock/prewarm/seen.hpp>

namespace cardstock::prewarm {

struct Item {
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

/// Reads lists one after the other. An indicator that came before, in whatever spelling, is a
/// duplicate (prewarm/seen.hpp). Threads: none. Blocking: the streams. Errors: InvalidConfig
/// for a file that cannot be opened, told before anything is read; MalformedRequest for a list that
/// is damaged, whose column is not there, or that cannot be read to its end. Memory: what a piece
/// of 16 KiB of a list names, unpacked, and the table of what came before; the first kMaxKept
/// refused lines are kept, all are counted.
class List {
 public:
  static constexpr std::size_t kMaxKept = 20;

  struct Settings {
    std::optional<EntityType>
        type;  ///< of every indicator; nullopt: the list's own, else recognised
    std::string column;
    std::vector<std::string> files;  ///< "-" or none at all: the stream that is given
    std::string stream_name = "standard input";
    std::optional<std::uint64_t> stream_bytes;  ///< where it is known how long it is
  };

  /// `in` outlives this.
  List(Settings settings, std::istream& in, Random& random);

  /// Whether all files are there.
  Status check() const;
  /// The next indicators, `most` of them unless the lists end before. After an error: what there
  /// was of the list before it, and nothing more. `keep_going` is asked between pieces, for a list
  /// of duplicates is long before it names anything; when it says false nothing more is read.
  Result<std::vector<Item>> next(std::size_t most, const ListParser::KeepGoing& keep_going = {});
  bool at_end() const noexcept { return ended_ && waiting_.empty() && !error_; }
  /// The share of the lists' bytes that has been read, 0 to 1; nullopt where their size is unknown.
  std::optional<double> share() const;

  /// A line that turned out to be no indicator after all.
  void refuse(std::size_t list, std::size_t line, std::string_view why);

  const std::string& list_name(std::size_t list) const { return names_.at(list); }
  std::size_t entries() const noexcept { return entries_; }  ///< lines that name something
  std::size_t duplicates() const noexcept { return duplicates_; }
  std::size_t indicators() const noexcept { return indicators_; }
  std::size_t refused() const noexcept { return refused_; }
  const std::vector<RefusedLine>& kept_refusals() const noexcept { return kept_; }

 private:
  Status read_piece(const ListParser::KeepGoing& keep_going);
  Status open_next();
  void take(const ListEntry& entry);
  Result<Indicator> indicator_of(std::string_view name, std::string_view type) const;

  Settings settings_;
  std::istream& given_;
  Seen seen_;
  std::vector<std::string> names_;  ///< of the lists, for people

  std::size_t list_ = 0;  ///< that is read, or is read next
  std::ifstream file_;
  std::istream* stream_ = nullptr;  ///< of the list that is read; null: none is open
  std::unique_ptr<ListParser> parser_;
  bool ended_ = false;
  std::optional<Error> error_;

  std::uint64_t bytes_ = 0;
  std::optional<std::uint64_t> all_bytes_;

  std::deque<Item> waiting_;
  std::size_t entries_ = 0;
  std::size_t duplicates_ = 0;
  std::size_t indicators_ = 0;
  std::size_t refused_ = 0;
  std::vector<RefusedLine> kept_;
};

}  // namespace cardstock::prewarm
