#include "app/commands/card_text.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <cardstock/card/card.hpp>

#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

using KeyTable = std::vector<card::KeyInfo>;

const card::KeyInfo* find_key(const KeyTable& table, std::string_view key) {
  const auto row = std::ranges::find(table, key, &card::KeyInfo::key);
  return row == table.end() ? nullptr : &*row;
}

/// A text, number or flag in one line; what else there may be, as JSON.
std::string scalar_text(const element& value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return printable(text);
  return printable(simdjson::minify(value));
}

struct Row {
  std::string label;
  element value;
  const card::KeyInfo* info;
};

class CardPrinter {
 public:
  CardPrinter(std::ostream& out, std::size_t columns) : out_{out}, columns_{columns} {}

  /// `text` behind `lead`, its further lines below its beginning.
  void line(const std::string& lead, const std::string& text) {
    const std::string blanks(width(lead), ' ');
    bool first = true;
    // A link in one piece can be followed.
    const bool whole = columns_ < width(lead) + kLeastRoom || text.starts_with("https://");
    const std::size_t room = whole ? 0 : columns_ - width(lead);
    for (const std::string& part : broken(text, room))
      out_ << (std::exchange(first, false) ? lead : blanks) << part << '\n';
  }

  /// Lines of `object`, values aligned behind the longest label. `lead` stands before the first
  /// line, as many blanks before the others.
  void object(const element& object, const KeyTable& table, const std::string& lead) {
    simdjson::dom::object members;
    if (object.get(members) != simdjson::SUCCESS) return line(lead, scalar_text(object));
    std::vector<Row> rows;
    std::size_t label_columns = 0;
    for (const auto& [key, value] : members) {
      const card::KeyInfo* const info = find_key(table, key);
      rows.push_back({printable(info == nullptr ? key : info->label), value, info});
      if (!value.is_array()) label_columns = std::max(label_columns, width(rows.back().label));
    }
    const std::string blanks(width(lead), ' ');
    bool first = true;
    for (const Row& row : rows) {
      const std::string start = std::exchange(first, false) ? lead : blanks;
      array entries;
      if (row.value.get(entries) == simdjson::SUCCESS) {
        list(row, entries, start, blanks);
      } else {
        line(start + padded(row.label, label_columns) + "  ", scalar_text(row.value));
      }
    }
  }

  void criterion(const element& criterion) {
    line("  ", printable(text_at(criterion, "/name")) + ": " +
                   std::string{card::words_of_state(text_at(criterion, "/state"))});
    array owners;
    if (criterion["owners"].get(owners) == simdjson::SUCCESS)
      for (const element owner : owners)
        line("  - " + printable(text_at(owner, "/owner")) + ": ", reasons(owner));
    std::uint64_t unread = 0;
    if (criterion["unread"].get(unread) == simdjson::SUCCESS)
      line("  - ", count_text(unread) + " more owners' copies were not read");
    std::uint64_t more = 0;
    if (criterion["more"].get(more) == simdjson::SUCCESS)
      line("  - ", count_text(more) + " more owners");
  }

 private:
  static constexpr std::size_t kLeastRoom = 20;

  void list(const Row& row,
            const array& entries,
            const std::string& start,
            const std::string& blanks) {
    out_ << start << row.label << " (" << entries.size() << ")\n";
    static const KeyTable kNoEntries;
    for (const element entry : entries)
      object(entry, row.info == nullptr ? kNoEntries : row.info->entries, blanks + "  - ");
  }

  /// "not met: confidence is 60, …", or "met".
  static std::string reasons(const element& owner) {
    std::string text;
    for (const char* const kind : {"failed", "unknown"}) {
      array told;
      if (owner[kind].get(told) != simdjson::SUCCESS) continue;
      for (const element reason : told) text += (text.empty() ? "" : "; ") + scalar_text(reason);
    }
    const std::string state{card::words_of_state(text_at(owner, "/state"))};
    return text.empty() ? state : state + ": " + text;
  }

  std::ostream& out_;
  std::size_t columns_;
};

}  // namespace

void print_card(std::ostream& out, const element& envelope, std::size_t columns) {
  CardPrinter printer{out, columns};
  const std::string_view canonical = text_at(envelope, "/indicator/canonical");
  const std::string_view input = text_at(envelope, "/indicator/input");
  std::string subject =
      printable(text_at(envelope, "/indicator/type")) + " " + printable(canonical);
  if (input != canonical) subject += " (asked as " + printable(input) + ")";
  printer.line("", subject);
  if (const auto message = text_at(envelope, "/message"); !message.empty())
    printer.line("", printable(message));
  out << '\n';
  element card;
  if (envelope["card"].get(card) == simdjson::SUCCESS) printer.object(card, card::keys(), "");
  array criteria;
  if (envelope["criteria"].get(criteria) != simdjson::SUCCESS || criteria.size() == 0) return;
  out << "\nPlaybook criteria, owner by owner (not part of the card)\n";
  for (const element criterion : criteria) printer.criterion(criterion);
}

}  // namespace cardstock::app
