#pragma once
/// \file options.hpp
/// \brief The command line as a plain struct, and the help texts.
///
/// Pure: nothing is printed, opened or run; the environment is asked for CARDSTOCK_CONFIG, the
/// default of `--config`, only. No secret is ever taken from the command line: other users of the
/// machine can read it. Threads: any. Blocking: none. Errors: MalformedRequest, `public_detail`
/// says what is wrong with the command line. Stored: commands, flags and exit codes are public;
/// scripts and schedulers depend on them.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cardstock/cli/config.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::cli {

/// What every command ends with.
enum class ExitCode : int {
  Ok = 0,
  Failed = 1,         ///< refused by the service or by ThreatConnect, or something broke
  Usage = 2,          ///< the command line is wrong
  Configuration = 3,  ///< a setting, or a file that it names, is wrong
  NotFound = 4,       ///< lookup: nobody holds the indicator
  Unreachable = 5,    ///< the service does not answer
  Partly = 6,   ///< prewarm, import: all that could be asked was answered, but lines were refused
  Stopped = 7,  ///< prewarm: by a signal, before its end
};

struct ServeCommand {
  std::string config;  ///< path; empty: defaults and environment
  bool check_config = false;
  bool print_config = false;
};

/// Where a client command finds the service. Its bearer token comes from a file or from
/// CARDSTOCK_TOKEN.
struct ServiceOptions {
  std::string url;     ///< empty: from the configuration, else the default listener
  std::string config;  ///< path; empty: none
  std::string token_file;
  std::string ca_file;  ///< PEM file for https; empty: the system's
};

struct LookupCommand {
  std::string type;
  std::string name;
  bool json = false;
  ServiceOptions service;
};

struct PrewarmCommand {
  std::vector<std::string> files;  ///< empty or "-": standard input
  std::string type;                ///< empty: from a column, else recognised
  std::string column;              ///< empty: "Name"
  bool dry_run = false;
  std::size_t most_asked = 0;  ///< in place of lists: so many of those asked most; 0: no
  std::string tql;             ///< in place of lists: what this query finds; empty: no
  ServiceOptions service;      ///< with one of the last two, the admin listener
};

struct StatsCommand {
  bool json = false;
  ServiceOptions service;
};

/// Every term that is stated must match; `all` stands alone.
struct PurgeCommand {
  std::string type;  ///< entity type; empty: any, as for every text here
  std::string name;  ///< an indicator of that type
  std::string owner;
  std::string tenant;                      ///< 32 hexadecimal digits, as `stats` shows it
  std::optional<milliseconds> older_than;  ///< whole seconds
  bool all = false;
  ServiceOptions service;
};

struct ExportCommand {
  std::string config;
  bool all_tenants = false;  ///< not only those of the configured credentials
};

struct ImportCommand {
  std::vector<std::string> files;  ///< empty or "-": standard input
  std::string config;
  bool keep_tenants = false;  ///< rows stay whose they were, not the configured credentials'
};

struct DoctorCommand {
  std::string metadata;  ///< path of an uploaded metadata.json; empty: not looked at
  bool json = false;
  ServiceOptions service;  ///< its `config` only
};

struct MetadataCommand {};
struct VersionCommand {};
struct HelpCommand {
  std::string text;
};

using Command = std::variant<ServeCommand,
                             LookupCommand,
                             PrewarmCommand,
                             StatsCommand,
                             PurgeCommand,
                             ExportCommand,
                             ImportCommand,
                             DoctorCommand,
                             MetadataCommand,
                             VersionCommand,
                             HelpCommand>;

/// `arguments` without the program's name.
Result<Command> parse_command_line(std::span<const std::string> arguments,
                                   const Environment& environment);

/// What `cardstock COMMAND --help` prints; of the program itself for an empty or unknown command.
std::string help_text(std::string_view command = {});
/// The commands that help_text() knows, in the order in which they are shown.
std::span<const std::string_view> command_names();

}  // namespace cardstock::cli
