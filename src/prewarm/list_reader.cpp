#include <cardstock/prewarm/list_reader.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <cardstock/util/text.hpp>

namespace cardstock::prewarm {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

/// Takes CSV apart character by character. Where the text of a field goes is the caller's to say.
class CsvRecords {
 public:
  /// Where the text of the field of this index goes; null: nowhere.
  using Sink = std::function<std::string*(std::size_t column)>;

  /// Feeds one character; true when it ended the record.
  bool feed(char c, const Sink& sink) {
    if (++bytes_ > ListReader::kMaxRecordBytes) too_long_ = true;
    blank_ = blank_ && (c == '\r' || c == '\n' || c == ' ');
    const bool quoted = state_ == State::Quoted && !too_long_;
    if (!quoted && c == '\n') return true;
    if (quoted && c == '"') {
      state_ = State::QuoteInQuoted;
    } else if (quoted) {
      put(c, sink);
    } else if (c == ',') {
      ++column_;
      state_ = State::Start;
    } else if (c == '"' && state_ == State::Start) {
      state_ = State::Quoted;
    } else if (c == '"' && state_ == State::QuoteInQuoted) {
      state_ = State::Quoted;
      put(c, sink);
    } else {
      // Text behind a closing quote is kept as it stands: strictness would cost the whole line.
      state_ = State::Plain;
      put(c, sink);
    }
    return false;
  }

  /// Begins the next record.
  void clear() { *this = CsvRecords{}; }

  bool too_long() const noexcept { return too_long_; }
  bool blank() const noexcept { return blank_; }
  bool in_quotes() const noexcept { return state_ == State::Quoted; }

 private:
  enum class State { Start, Plain, Quoted, QuoteInQuoted };

  void put(char c, const Sink& sink) {
    std::string* const text = too_long_ ? nullptr : sink(column_);
    if (text == nullptr) return;
    if (text->size() < ListReader::kMaxLineBytes) {
      text->push_back(c);
    } else {
      too_long_ = true;
    }
  }

  State state_ = State::Start;
  std::size_t column_ = 0;
  std::size_t bytes_ = 0;
  bool too_long_ = false;
  bool blank_ = true;
};

}  // namespace

class ListReader::Impl {
 public:
  Impl(ListOptions options, OnEntry on_entry, OnRefused on_refused)
      : options_{std::move(options)},
        on_entry_{std::move(on_entry)},
        on_refused_{std::move(on_refused)} {}

  Status feed(std::string_view bytes) {
    for (const char c : bytes) {
      if (skip_mark(c)) continue;
      if (auto status = take(c); !status) return status;
    }
    return {};
  }

  Status finish() {
    // A list shorter than a byte order mark that begins like one.
    for (const char c : std::exchange(mark_, {})) {
      if (auto status = take(c); !status) return status;
    }
    if (mode_ == Mode::Csv) {
      if (records_.in_quotes()) {
        on_refused_(record_line_, "a quote is not closed");
      } else {
        end_record();
      }
      return {};
    }
    return line_.empty() && !line_too_long_ ? Status{} : end_line();
  }

 private:
  enum class Mode { Undecided, Lines, Csv };

  /// Whether `c` belongs to a byte order mark at the very start.
  bool skip_mark(char c) {
    if (mark_done_) return false;
    mark_.push_back(c);
    if (mark_ == kByteOrderMark) {
      mark_.clear();
      mark_done_ = true;
      return true;
    }
    if (kByteOrderMark.starts_with(mark_)) return true;
    mark_done_ = true;
    mark_.pop_back();
    for (const char held : std::exchange(mark_, {})) line_.push_back(held);
    return false;
  }

  Status take(char c) {
    if (mode_ == Mode::Csv) {
      const bool ended = records_.feed(c, [this](std::size_t column) -> std::string* {
        if (column == name_column_) return &name_;
        return column == type_column_ ? &type_ : nullptr;
      });
      if (c == '\n') ++line_number_;
      if (ended) end_record();
      return {};
    }
    if (c == '\n') {
      auto status = end_line();
      ++line_number_;
      record_line_ = line_number_;
      return status;
    }
    if (line_.size() < kMaxLineBytes) {
      line_.push_back(c);
    } else {
      line_too_long_ = true;
    }
    return {};
  }

  Status end_line() {
    const std::string line = std::exchange(line_, {});
    if (std::exchange(line_too_long_, false)) {
      on_refused_(line_number_, "it is longer than 64 KiB");
      return {};
    }
    const std::string_view text = trim(line);
    if (text.empty() || text.starts_with('#')) return {};
    if (mode_ == Mode::Undecided) {
      if (read_header(line)) {
        mode_ = Mode::Csv;
        return {};
      }
      if (!options_.column.empty()) {
        return fail(ErrorCode::MalformedRequest,
                    "the list has no column \"" + options_.column + "\"");
      }
      mode_ = Mode::Lines;
    }
    on_entry_(ListEntry{.name = text, .type = {}, .line = line_number_});
    return {};
  }

  /// Whether `line` is a header with the column that is wanted; remembers which columns count.
  bool read_header(std::string_view line) {
    CsvRecords header;
    std::vector<std::string> fields;
    for (const char c : line) {
      header.feed(c, [&](std::size_t column) {
        fields.resize(std::max(fields.size(), column + 1));
        return &fields[column];
      });
    }
    const auto column = [&](std::string_view name) {
      const auto found = std::ranges::find_if(
          fields, [&](const std::string& field) { return equal_ignoring_case(trim(field), name); });
      return found == fields.end() ? kNowhere : static_cast<std::size_t>(found - fields.begin());
    };
    name_column_ = column(options_.column.empty() ? "Name" : trim(options_.column));
    type_column_ = std::min(column("Type"), column("EntityType"));
    if (type_column_ == name_column_) type_column_ = kNowhere;
    return name_column_ != kNowhere;
  }

  void end_record() {
    const std::size_t line = std::exchange(record_line_, line_number_);
    const std::string name = std::exchange(name_, {});
    const std::string type = std::exchange(type_, {});
    if (records_.too_long()) {
      on_refused_(line, "it is longer than 64 KiB in the column that counts, or than 1 MiB in all");
    } else if (!trim(name).empty()) {
      on_entry_(ListEntry{.name = trim(name), .type = trim(type), .line = line});
    } else if (!records_.blank()) {
      on_refused_(line, "its name is empty");
    }
    records_.clear();
  }

  ListOptions options_;
  OnEntry on_entry_;
  OnRefused on_refused_;

  Mode mode_ = Mode::Undecided;
  std::string mark_;  ///< what has been seen of a byte order mark
  bool mark_done_ = false;
  std::size_t line_number_ = 1;
  std::size_t record_line_ = 1;

  std::string line_;
  bool line_too_long_ = false;

  CsvRecords records_;
  std::size_t name_column_ = kNowhere;
  std::size_t type_column_ = kNowhere;
  std::string name_;
  std::string type_;
};

ListReader::ListReader(ListOptions options, OnEntry on_entry, OnRefused on_refused)
    : impl_{
          std::make_unique<Impl>(std::move(options), std::move(on_entry), std::move(on_refused))} {}
ListReader::~ListReader() = default;
ListReader::ListReader(ListReader&&) noexcept = default;
ListReader& ListReader::operator=(ListReader&&) noexcept = default;

Status ListReader::feed(std::string_view bytes) {
  return impl_->feed(bytes);
}
Status ListReader::finish() {
  return impl_->finish();
}

}  // namespace cardstock::prewarm
