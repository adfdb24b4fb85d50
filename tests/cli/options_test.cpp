#include <catch2/catch.hpp>

#include <cardstock/cli/options.hpp>

#include "cli/support.hpp"

using namespace cardstock;
using namespace cardstock::test;
using Catch::Matchers::Contains;

namespace {

Result<cli::Command> parse(std::vector<std::string> arguments,
                           const cli::Environment& environment = environment_of()) {
  return cli::parse_command_line(arguments, environment);
}

template <class T>
T parse_as(std::vector<std::string> arguments,
           const cli::Environment& environment = environment_of()) {
  const auto command = parse(std::move(arguments), environment);
  INFO((command ? "" : command.error().public_detail));
  REQUIRE(command);
  REQUIRE(std::holds_alternative<T>(*command));
  return std::get<T>(*command);
}

}  // namespace

TEST_CASE("options: serve", "[cli]") {
  const auto plain = parse_as<cli::ServeCommand>({"serve"});
  CHECK(plain.config.empty());
  CHECK_FALSE(plain.check_config);
  const auto full = parse_as<cli::ServeCommand>(
      {"serve", "--config", "a.toml", "--check-config", "--print-config"});
  CHECK(full.config == "a.toml");
  CHECK(full.check_config);
  CHECK(full.print_config);
}

TEST_CASE("options: CARDSTOCK_CONFIG is the default of --config in every command that has it",
          "[cli]") {
  const auto environment = environment_of({{"CARDSTOCK_CONFIG", "env.toml"}});
  CHECK(parse_as<cli::ServeCommand>({"serve"}, environment).config == "env.toml");
  CHECK(parse_as<cli::ServeCommand>({"serve", "--config=flag.toml"}, environment).config ==
        "flag.toml");
  CHECK(parse_as<cli::LookupCommand>({"lookup", "URL", "http://x.test/"}, environment)
            .service.config == "env.toml");
  CHECK(parse_as<cli::PrewarmCommand>({"prewarm"}, environment).service.config == "env.toml");
  CHECK(parse_as<cli::StatsCommand>({"stats"}, environment).service.config == "env.toml");
}

TEST_CASE("options: lookup takes a type and a name, whatever the name holds", "[cli]") {
  const auto command =
      parse_as<cli::LookupCommand>({"lookup", "URL", "http://x.test/?a=[b],c --json \"é", "--json",
                                    "--url", "http://h:1", "--token-file", "t", "--ca-file", "c"});
  CHECK(command.type == "URL");
  CHECK(command.name == "http://x.test/?a=[b],c --json \"é");
  CHECK(command.json);
  CHECK(command.service.url == "http://h:1");
  CHECK(command.service.token_file == "t");
  CHECK(command.service.ca_file == "c");
  CHECK(parse_as<cli::LookupCommand>({"lookup", "EmailAddress", "--", "-a@x.test"}).name ==
        "-a@x.test");
}

TEST_CASE("options: prewarm of what is asked most or what a query finds stands alone", "[cli]") {
  CHECK(parse_as<cli::PrewarmCommand>({"prewarm", "--most-asked", "100"}).most_asked == 100);
  CHECK(parse_as<cli::PrewarmCommand>({"prewarm", "--tql", "rating >= 3"}).tql == "rating >= 3");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"prewarm", "--most-asked", "0"},
        {"prewarm", "--most-asked", "1025"},
        {"prewarm", "--most-asked", "1", "--tql", "x"},
        {"prewarm", "--most-asked", "1", "a.csv"},
        {"prewarm", "--tql", "x", "--dry-run"},
        {"prewarm", "--tql", "x", "--type", "URL"}}) {
    CAPTURE(arguments.back());
    CHECK_FALSE(parse(arguments));
  }
}

TEST_CASE("options: prewarm takes any number of lists", "[cli]") {
  const auto command = parse_as<cli::PrewarmCommand>(
      {"prewarm", "a.csv", "-", "--type", "Hash", "--column", "Indicator", "--dry-run"});
  CHECK(command.files == std::vector<std::string>{"a.csv", "-"});
  CHECK(command.type == "Hash");
  CHECK(command.column == "Indicator");
  CHECK(command.dry_run);
  CHECK(parse_as<cli::PrewarmCommand>({"prewarm"}).files.empty());
}

TEST_CASE("options: stats, metadata and version", "[cli]") {
  CHECK(parse_as<cli::StatsCommand>({"stats", "--json"}).json);
  parse_as<cli::MetadataCommand>({"metadata"});
  const auto doctor =
      parse_as<cli::DoctorCommand>({"doctor", "--config", "c.toml", "--metadata", "m", "--json"});
  CHECK(doctor.service.config == "c.toml");
  CHECK(doctor.metadata == "m");
  CHECK(doctor.json);
  parse_as<cli::VersionCommand>({"--version"});
}

TEST_CASE("options: what is wrong is said in one line", "[cli]") {
  struct Row {
    std::vector<std::string> arguments;
    const char* want;
  };
  const auto row = GENERATE(values<Row>({
      {{}, "a command is required; see cardstock --help"},
      {{"sreve"}, "see cardstock --help"},
      {{"serve", "--nope"}, "--nope; see cardstock serve --help"},
      {{"serve", "extra"}, "extra; see cardstock serve --help"},
      {{"serve", "--config"}, "see cardstock serve --help"},
      {{"lookup", "URL"}, "NAME is required; see cardstock lookup --help"},
      {{"lookup"}, "see cardstock lookup --help"},
      {{"lookup", "URL", "a", "b"}, "see cardstock lookup --help"},
      {{"stats", "serve"}, "see cardstock stats --help"},
      {{"serve", "--secret", "x"}, "see cardstock serve --help"},
  }));
  CAPTURE(row.arguments);
  const auto command = parse(row.arguments);
  REQUIRE_FALSE(command);
  CHECK(command.error().code == ErrorCode::MalformedRequest);
  CHECK_THAT(command.error().public_detail, Contains(row.want) && !Contains("\n"));
}

TEST_CASE("options: help is the text of help_text, of the program and of each command", "[cli]") {
  CHECK(parse_as<cli::HelpCommand>({"--help"}).text == cli::help_text());
  CHECK(parse_as<cli::HelpCommand>({"-h"}).text == cli::help_text());
  for (const std::string_view name : cli::command_names()) {
    CAPTURE(name);
    CHECK(parse_as<cli::HelpCommand>({std::string{name}, "--help"}).text == cli::help_text(name));
    CHECK(cli::help_text(name) != cli::help_text());
    CHECK_THAT(cli::help_text(), Contains("\n  " + std::string{name} + " "));
    CHECK_THAT(cli::help_text(name), Contains("cardstock " + std::string{name}));
  }
  CHECK_THAT(cli::help_text(), Contains("Exit status:") && Contains("CARDSTOCK_CONFIG"));
  CHECK_THAT(cli::help_text("lookup"),
             Contains("--json") && Contains("TYPE") && Contains("--token-file"));
}

TEST_CASE("options: docs/commands.md shows the help as it is", "[cli]") {
  const std::string page = read_file(CARDSTOCK_SOURCE_DIR "/docs/commands.md");
  std::vector<std::string> names{""};
  names.insert(names.end(), cli::command_names().begin(), cli::command_names().end());
  for (const std::string& name : names) {
    CAPTURE(name);
    std::string help = cli::help_text(name);
    while (help.ends_with('\n')) help.pop_back();
    CHECK_THAT(page, Contains("```text\n$ cardstock " + name + (name.empty() ? "" : " ") +
                              "--help\n" + help + "\n```\n"));
  }
}

TEST_CASE("options: purge needs to be told what, and --all stands alone", "[cli]") {
  const auto full =
      parse_as<cli::PurgeCommand>({"purge", "--type", "URL", "--name", "http://x.test/", "--owner",
                                   "Org A", "--tenant", "ab", "--older-than", "2h"});
  CHECK(full.type == "URL");
  CHECK(full.name == "http://x.test/");
  CHECK(full.owner == "Org A");
  CHECK(full.tenant == "ab");
  CHECK(full.older_than == std::chrono::hours{2});
  CHECK_FALSE(full.all);
  CHECK(parse_as<cli::PurgeCommand>({"purge", "--all"}).all);
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"purge"},
                                                {"purge", "--all", "--type", "URL"},
                                                {"purge", "--name", "x.test"},
                                                {"purge", "--older-than", "soon"},
                                                {"purge", "--older-than", "1500ms"}}) {
    const auto refused = parse(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::MalformedRequest);
  }
}

TEST_CASE("options: export and import", "[cli]") {
  const auto environment = environment_of({{"CARDSTOCK_CONFIG", "env.toml"}});
  const auto exported = parse_as<cli::ExportCommand>({"export", "--all-tenants"}, environment);
  CHECK(exported.all_tenants);
  CHECK(exported.config == "env.toml");
  const auto imported =
      parse_as<cli::ImportCommand>({"import", "a", "-", "--keep-tenants", "--config", "c.toml"});
  CHECK(imported.files == std::vector<std::string>{"a", "-"});
  CHECK(imported.keep_tenants);
  CHECK(imported.config == "c.toml");
  CHECK_FALSE(parse_as<cli::ImportCommand>({"import"}).keep_tenants);
}
