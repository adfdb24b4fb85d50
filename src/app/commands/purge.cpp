#include "app/commands/purge.hpp"

#include <cstdint>
#include <ostream>
#include <string>

#include <simdjson.h>

#include <cardstock/util/json_writer.hpp>

#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

constexpr std::chrono::minutes kPatience{15};

std::string order_of(const cli::PurgeCommand& command) {
  std::string out;
  JsonWriter json{out};
  json.begin_object();
  const auto text = [&json](std::string_view key, const std::string& value) {
    if (!value.empty()) json.field(key, value);
  };
  if (command.all) json.field("all", true);
  text("type", command.type);
  text("name", command.name);
  text("owner", command.owner);
  text("tenant", command.tenant);
  if (command.older_than) {
    json.field("older_than_seconds",
               std::int64_t{std::chrono::floor<std::chrono::seconds>(*command.older_than).count()});
  }
  json.end_object();
  return out;
}

}  // namespace

cli::ExitCode run_purge(const cli::PurgeCommand& command, CommandContext& context) {
  const auto service = find_service(command.service, context.environment, Listener::Admin);
  if (!service) return report(context, service.error());
  const auto response =
      ask(context, request_for(*service, "POST", "/v1/admin/purge", order_of(command)), kPatience);
  if (!response) return report(context, response.error());

  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::uint64_t rows = 0;
  if (response->status != 200 || parser.parse(response->body).get(document) != simdjson::SUCCESS ||
      document["purged"].get(rows) != simdjson::SUCCESS) {
    context.err << "cardstock: " << printable(complaint_of(*response)) << '\n';
    return cli::ExitCode::Failed;
  }
  context.out << count_text(rows) << (rows == 1 ? " row" : " rows") << " purged\n";
  return cli::ExitCode::Ok;
}

}  // namespace cardstock::app
