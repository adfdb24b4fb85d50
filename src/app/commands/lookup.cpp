#include "app/commands/lookup.hpp"

#include <ostream>
#include <string>

#include <simdjson.h>

#include <cardstock/util/text.hpp>

#include "app/commands/card_text.hpp"
#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using simdjson::dom::element;

constexpr std::chrono::minutes kPatience{2};

}  // namespace

cli::ExitCode run_lookup(const cli::LookupCommand& command, CommandContext& context) {
  const auto service = find_service(command.service, context.environment, Listener::Cards);
  if (!service) return report(context, service.error());
  const std::string target = "/v1/card?type=" + percent_encode(command.type) +
                             "&name=" + percent_encode(command.name) + "&explain=criteria";
  const auto response = ask(context, *service, target, kPatience);
  if (!response) return report(context, response.error());

  simdjson::dom::parser parser;
  element envelope;
  const bool is_json = parser.parse(response->body).get(envelope) == simdjson::SUCCESS;
  const std::string outcome = is_json ? std::string{text_at(envelope, "/outcome")} : std::string{};
  if (command.json && is_json) {
    context.out << printable_json(response->body) << '\n';
  } else if (outcome == "ok") {
    print_card(context.out, envelope, context.columns);
  } else if (!outcome.empty()) {
    context.err << "cardstock: " << printable(outcome) << ": "
                << printable(text_at(envelope, "/message")) << '\n';
    if (const auto link = text_at(envelope, "/link"); !link.empty())
      context.err << "cardstock: " << printable(link) << '\n';
  } else {
    context.err << "cardstock: " << printable(complaint_of(*response)) << '\n';
  }
  if (outcome == "ok") return cli::ExitCode::Ok;
  return outcome == "no_result" ? cli::ExitCode::NotFound : cli::ExitCode::Failed;
}

}  // namespace cardstock::app
