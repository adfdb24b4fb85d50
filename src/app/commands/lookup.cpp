#include "app/commands/lookup.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <simdjson.h>

#include <cardstock/card/card.hpp>
#include <cardstock/util/text.hpp>

#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using simdjson::dom::element;

constexpr std::chrono::minutes kPatience{2};

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

/// Lines of `object`, values aligned behind the longest label. `lead` stands before the first line,
/// as many blanks before the others.
void print_object(std::ostream& out,
                  const element& object,
                  const KeyTable& table,
                  const std::string& lead) {
  std::vector<Row> rows;
  std::size_t columns = 0;
  simdjson::dom::object members;
  if (object.get(members) != simdjson::SUCCESS) {
    out << lead << scalar_text(object) << '\n';
    return;
  }
  for (const auto& [key, value] : members) {
    const card::KeyInfo* const info = find_key(table, key);
    rows.push_back({printable(info == nullptr ? key : info->label), value, info});
    columns = std::max(columns, width(rows.back().label));
  }
  const std::string blanks(width(lead), ' ');
  bool first = true;
  for (const Row& row : rows) {
    out << (std::exchange(first, false) ? lead : blanks);
    simdjson::dom::array entries;
    if (row.value.get(entries) != simdjson::SUCCESS) {
      out << padded(row.label, columns) << "  " << scalar_text(row.value) << '\n';
      continue;
    }
    out << row.label << '\n';
    static const KeyTable kNoEntries;
    for (const element entry : entries) {
      print_object(out, entry, row.info == nullptr ? kNoEntries : row.info->entries,
                   blanks + "  - ");
    }
  }
}

std::string text_at(const element& document, std::string_view pointer) {
  std::string_view text;
  return document.at_pointer(pointer).get(text) == simdjson::SUCCESS ? std::string{text}
                                                                     : std::string{};
}

void print_answer(std::ostream& out, const element& envelope) {
  const std::string canonical = text_at(envelope, "/indicator/canonical");
  const std::string input = text_at(envelope, "/indicator/input");
  out << printable(text_at(envelope, "/indicator/type")) << ' ' << printable(canonical);
  if (input != canonical) out << " (asked as " << printable(input) << ')';
  out << "\n\n";
  element card;
  if (envelope["card"].get(card) == simdjson::SUCCESS) print_object(out, card, card::keys(), "");
}

}  // namespace

cli::ExitCode run_lookup(const cli::LookupCommand& command, CommandContext& context) {
  const auto service = find_service(command.service, context.environment, Listener::Cards);
  if (!service) return report(context, service.error());
  const std::string target =
      "/v1/card?type=" + percent_encode(command.type) + "&name=" + percent_encode(command.name);
  const auto response = ask(context, *service, target, kPatience);
  if (!response) return report(context, response.error());

  simdjson::dom::parser parser;
  element envelope;
  const bool is_json = parser.parse(response->body).get(envelope) == simdjson::SUCCESS;
  const std::string outcome = is_json ? text_at(envelope, "/outcome") : std::string{};
  if (command.json && is_json) {
    context.out << printable_json(response->body) << '\n';
  } else if (outcome == "ok") {
    print_answer(context.out, envelope);
  } else if (!outcome.empty()) {
    const std::string message = text_at(envelope, "/message");
    context.err << "cardstock: " << printable(outcome) << ": " << printable(message) << '\n';
  } else {
    context.err << "cardstock: " << printable(complaint_of(*response)) << '\n';
  }
  if (outcome == "ok") return cli::ExitCode::Ok;
  return outcome == "no_result" ? cli::ExitCode::NotFound : cli::ExitCode::Failed;
}

}  // namespace cardstock::app
