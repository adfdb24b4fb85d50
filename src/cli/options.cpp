#include <cardstock/cli/options.hpp>

#include <algorithm>
#include <array>
#include <string>

#include <CLI/CLI.hpp>

#include "values.hpp"

namespace cardstock::cli {
namespace {

constexpr std::array<std::string_view, 9> kCommands{
    "serve", "lookup", "prewarm", "stats", "purge", "export", "import", "doctor", "metadata"};

constexpr std::size_t kMostAsked = 1024;  // as many as the service remembers

constexpr std::string_view kExitCodes =
    "Exit status:\n"
    "  0  done\n"
    "  1  refused by the service or by ThreatConnect, or something broke\n"
    "  2  the command line is wrong\n"
    "  3  a setting, or a file that it names, is wrong\n"
    "  4  lookup: nobody holds the indicator\n"
    "  5  the service does not answer\n"
    "  6  prewarm, import: everything that could be asked was answered, but lines were refused\n"
    "  7  prewarm: stopped by a signal before its end\n";

constexpr std::string_view kEnvironment =
    "Environment:\n"
    "  CARDSTOCK_CONFIG          default of --config\n"
    "  CARDSTOCK_TOKEN           bearer token of lookup, prewarm, stats and purge\n"
    "  THREATCONNECT_BASE_URL, THREATCONNECT_API_ID, THREATCONNECT_API_SECRET, "
    "THREATCONNECT_TOKEN\n"
    "                            over the configuration file's [threatconnect]\n";

constexpr std::string_view kServeNotes =
    "Without a configuration file the defaults and the environment count. SIGTERM and SIGINT let "
    "open requests\n"
    "finish, then end the service; SIGHUP reads the TLS certificate and its key again.\n"
    "config/cardstock.example.toml lists every setting.\n";

constexpr std::string_view kLookupNotes =
    "TYPE is IpAddress, InternetDomainName, URL, Hash or EmailAddress. The indicator may be "
    "defanged.\n"
    "A NAME that begins with a dash stands behind `--`.\n";

constexpr std::string_view kPrewarmNotes =
    "A list is one indicator a line (blank lines and lines that begin with # are skipped), CSV "
    "with a header that has\n"
    "a Name column or the one given, JSON objects with `name` and `type`, one a line, or a STIX "
    "bundle; gzip of each.\n"
    "Types come from --type, else from the list, else they are recognised. Every indicator is "
    "asked once, however it is\n"
    "spelled, and not at all while what the cache holds is fresh.\n"
    "With --most-asked or --tql the service prewarms by itself, and the command shows how far it "
    "is; stopped, it cancels\n"
    "that. URL and token are then the admin listener's. A query is such as 'rating >= 3 and "
    "lastModified > \"2026-11-26\"'.\n";

constexpr std::string_view kPurgeNotes =
    "A row goes when it fits every term that is given. Nothing that was fetched before comes back, "
    "not even\n"
    "an answer that is on its way. A purge is logged with its terms and who asked for it.\n";

constexpr std::string_view kExportNotes =
    "Works on the file of store.path, also while the service runs. Without --all-tenants the "
    "configured credentials\n"
    "say whose rows are meant. Lines hold what ThreatConnect says and when it was fetched, and no "
    "secret.\n";

constexpr std::string_view kImportNotes =
    "Rows keep the time of their fetch and become those of the configured credentials. A row that "
    "the store holds\n"
    "as young or younger stays. A service that runs on the store shows a new row when what it has "
    "in memory is\n"
    "no longer fresh, or when it starts again.\n";

constexpr std::string_view kDoctorNotes =
    "Configuration, store, ThreatConnect (reach, signature, clock, owners) and the running "
    "service; "
    "nothing is changed.\n"
    "Run it as the service's user, in its working directory. Ends with 0 when nothing is wrong "
    "(warnings do not count),\n"
    "1 when something is, 3 when the configuration cannot be read.\n";

/// CLI11's tree of the commands, bound to the structs that they fill.
class Parser {
 public:
  Parser() {
    app_.require_subcommand(0, 1);
    app_.add_flag("--version", version_, "Print the version and exit");
    app_.footer(std::string{kExitCodes} + "\n" + std::string{kEnvironment});

    CLI::App* const serve = add("serve", "Run the service", kServeNotes);
    add_config(serve, serve_.config, "Configuration file (TOML)");
    serve->add_flag("--check-config", serve_.check_config,
                    "Read the configuration, say what is wrong with it, and exit");
    serve->add_flag("--print-config", serve_.print_config,
                    "Print the effective configuration, secrets masked, and exit");

    CLI::App* const lookup = add("lookup", "Show one card in the terminal", kLookupNotes);
    lookup->add_option("TYPE", lookup_.type, "Entity type of Recorded Future")
        ->required()
        ->type_name("");
    lookup->add_option("NAME", lookup_.name, "The indicator")->required()->type_name("");
    lookup->add_flag("--json", lookup_.json, "Print the service's answer as it is");
    add_service(lookup, lookup_.service, "URL of the service");

    CLI::App* const prewarm =
        add("prewarm", "Fill the cache from lists of indicators", kPrewarmNotes);
    prewarm->add_option("FILE", prewarm_.files, "Lists; none, or -: standard input")->type_name("");
    prewarm->add_option("--type", prewarm_.type, "Entity type of every indicator")
        ->type_name("TYPE");
    prewarm
        ->add_option("--column", prewarm_.column,
                     "CSV column, or key, with the indicators (default: Name)")
        ->type_name("COLUMN");
    prewarm->add_flag("--dry-run", prewarm_.dry_run,
                      "Ask nothing of ThreatConnect, foretell calls and time");
    prewarm
        ->add_option("--most-asked", most_asked_,
                     "In place of lists: the N indicators that analysts ask for most")
        ->type_name("N");
    prewarm
        ->add_option("--tql", prewarm_.tql,
                     "In place of lists: what this query finds in ThreatConnect")
        ->type_name("QUERY");
    add_service(prewarm, prewarm_.service, "URL of the service");

    CLI::App* const stats = add("stats", "Show the admin figures in the terminal", "");
    stats->add_flag("--json", stats_.json, "Print the figures as JSON");
    add_service(stats, stats_.service, "URL of the admin listener");

    CLI::App* const purge =
        add("purge", "Delete from the cache of the running service", kPurgeNotes);
    purge->add_option("--type", purge_.type, "Entity type of Recorded Future")->type_name("TYPE");
    purge->add_option("--name", purge_.name, "The indicator; needs --type")->type_name("NAME");
    purge->add_option("--owner", purge_.owner, "Rows in which this owner has a copy")
        ->type_name("OWNER");
    purge->add_option("--tenant", purge_.tenant, "Rows of one credential, by its id in the stats")
        ->type_name("ID");
    purge->add_option("--older-than", older_than_, "Rows fetched longer ago, such as 12h or 7d")
        ->type_name("SPAN");
    purge->add_flag("--all", purge_.all, "Everything");
    add_service(purge, purge_.service, "URL of the admin listener");

    CLI::App* const exporting =
        add("export", "Write the cached rows to standard output, one JSON line each", kExportNotes);
    exporting->add_flag("--all-tenants", export_.all_tenants,
                        "The rows of every credential, not only of the configured one");
    add_config(exporting, export_.config, "Configuration file that names the store");

    CLI::App* const importing =
        add("import", "Read rows into the store from lines that export wrote", kImportNotes);
    importing->add_option("FILE", import_.files, "What to read; none, or -: standard input")
        ->type_name("");
    importing->add_flag("--keep-tenants", import_.keep_tenants,
                        "Leave the rows with the credentials that they had");
    add_config(importing, import_.config, "Configuration file that names the store");

    CLI::App* const doctor =
        add("doctor", "Look for what is wrong, and say how to mend it", kDoctorNotes);
    add_config(doctor, doctor_.service.config, "Configuration file of the service");
    doctor
        ->add_option("--metadata", doctor_.metadata,
                     "metadata.json of the uploaded extension, to be looked at too")
        ->type_name("FILE");
    doctor->add_flag("--json", doctor_.json, "Print the findings as JSON");

    add("metadata", "Print the extension's metadata.json", "");
  }

  std::string help(std::string_view command) const {
    const auto subcommands =
        app_.get_subcommands([&](const CLI::App* app) { return app->get_name() == command; });
    return subcommands.empty() ? app_.help() : subcommands.front()->help("cardstock");
  }

  Result<Command> parse(std::span<const std::string> arguments, const Environment& environment) {
    // CLI11 takes the arguments from the back.
    std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
    try {
      app_.parse(reversed);
    } catch (const CLI::CallForHelp&) {
      return HelpCommand{help(chosen())};
    } catch (const CLI::ParseError& e) {
      return usage_error(e.what());
    }
    return command(environment);
  }

 private:
  CLI::App* add(std::string name, std::string description, std::string_view notes) {
    CLI::App* const command = app_.add_subcommand(std::move(name), std::move(description));
    command->footer(std::string{notes});
    return command;
  }

  static void add_config(CLI::App* command, std::string& path, const std::string& description) {
    command->add_option("--config", path, description + "; default: $CARDSTOCK_CONFIG")
        ->type_name("FILE");
  }

  static void add_service(CLI::App* command,
                          ServiceOptions& service,
                          const std::string& url_description) {
    command
        ->add_option("--url", service.url,
                     url_description + "; default: its listener in the configuration")
        ->type_name("URL");
    add_config(command, service.config, "Configuration file that names the listener");
    command
        ->add_option("--token-file", service.token_file,
                     "File with the bearer token; default: $CARDSTOCK_TOKEN")
        ->type_name("FILE");
    command
        ->add_option("--ca-file", service.ca_file,
                     "PEM file to trust for https, in place of the system's")
        ->type_name("FILE");
  }

  std::string chosen() const {
    const auto parsed = app_.get_subcommands();
    return parsed.empty() ? std::string{} : parsed.front()->get_name();
  }

  Result<Command> usage_error(std::string text) const {
    const std::string command = chosen();
    std::ranges::replace(text, '\n', ' ');
    return fail(ErrorCode::MalformedRequest, std::move(text) + "; see cardstock " +
                                                 (command.empty() ? "" : command + " ") + "--help");
  }

  Result<Command> command(const Environment& environment) {
    const auto with_default = [&](std::string& path) {
      if (path.empty()) path = environment("CARDSTOCK_CONFIG").value_or("");
    };
    const std::string name = chosen();
    if (version_) return VersionCommand{};
    if (name == "metadata") return MetadataCommand{};
    if (name == "serve") {
      with_default(serve_.config);
      return serve_;
    }
    if (name == "lookup") {
      with_default(lookup_.service.config);
      return lookup_;
    }
    if (name == "prewarm") {
      with_default(prewarm_.service.config);
      return prewarm();
    }
    if (name == "stats") {
      with_default(stats_.service.config);
      return stats_;
    }
    if (name == "export") {
      with_default(export_.config);
      return export_;
    }
    if (name == "import") {
      with_default(import_.config);
      return import_;
    }
    if (name == "doctor") {
      with_default(doctor_.service.config);
      return doctor_;
    }
    if (name == "purge") return purge(with_default);
    return usage_error("a command is required");
  }

  Result<Command> prewarm() {
    const std::optional<std::size_t>& asked = most_asked_;
    const bool most = asked.has_value();
    if (asked) prewarm_.most_asked = *asked;
    if (most && (prewarm_.most_asked == 0 || prewarm_.most_asked > kMostAsked))
      return usage_error("--most-asked must be a number from 1 to " + std::to_string(kMostAsked));
    const bool query = !prewarm_.tql.empty();
    const bool list = !prewarm_.files.empty() || !prewarm_.type.empty() ||
                      !prewarm_.column.empty() || prewarm_.dry_run;
    if ((most && query) || ((most || query) && list)) {
      return usage_error(
          "--most-asked and --tql stand alone, without files, --type, --column and --dry-run");
    }
    return prewarm_;
  }

  template <class WithDefault>
  Result<Command> purge(WithDefault with_default) {
    with_default(purge_.service.config);
    if (!older_than_.empty()) {
      purge_.older_than = parse_duration(older_than_);
      if (!purge_.older_than || *purge_.older_than % std::chrono::seconds{1} != milliseconds{0})
        return usage_error("--older-than must be a span of whole seconds such as 12h or 7d");
    }
    const bool any_term = !purge_.type.empty() || !purge_.owner.empty() || !purge_.tenant.empty() ||
                          purge_.older_than || !purge_.name.empty();
    if (!purge_.name.empty() && purge_.type.empty()) return usage_error("--name needs --type");
    if (purge_.all && any_term) return usage_error("--all stands alone");
    if (!purge_.all && !any_term) return usage_error("say what to purge, or --all");
    return purge_;
  }

  CLI::App app_{
      "Cardstock: a caching ThreatConnect enrichment proxy for Recorded Future Intelligence Cards",
      "cardstock"};
  bool version_ = false;
  ServeCommand serve_;
  LookupCommand lookup_;
  PrewarmCommand prewarm_;
  StatsCommand stats_;
  PurgeCommand purge_;
  ExportCommand export_;
  ImportCommand import_;
  DoctorCommand doctor_;
  std::string older_than_;
  std::optional<std::size_t> most_asked_;
};

}  // namespace

Result<Command> parse_command_line(std::span<const std::string> arguments,
                                   const Environment& environment) {
  return Parser{}.parse(arguments, environment);
}

std::string help_text(std::string_view command) {
  return Parser{}.help(command);
}

std::span<const std::string_view> command_names() {
  return kCommands;
}

}  // namespace cardstock::cli
