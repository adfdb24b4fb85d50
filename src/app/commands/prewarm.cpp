#include "app/commands/prewarm.hpp"

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>

#include <cardstock/util/time_text.hpp>

#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"
#include "app/prewarm/prewarm_list.hpp"
#include "app/prewarm/run.hpp"

namespace cardstock::app {
namespace {

constexpr std::size_t kCallIndicators = 50;  // the most that the service merges into one call

void print_lines(std::ostream& err,
                 std::string_view what,
                 const std::vector<RefusedLine>& kept,
                 std::size_t all) {
  for (const RefusedLine& line : kept) {
    err << what << ' ' << printable(line.list) << ':' << line.line << ": " << printable(line.why)
        << '\n';
  }
  if (all > kept.size()) err << what << ' ' << count_text(all - kept.size()) << " more\n";
}

/// Calls, and how long they take: a tenth of the minute is left to analysts (enrich/instance.hpp).
void print_forecast(std::ostream& out, const PrewarmRun& run, const Service* service) {
  const std::size_t calls = (run.counts().missing + kCallIndicators - 1) / kCallIndicators;
  out << "calls       " << count_text(calls)
      << (run.looked() ? "\n" : " at most, when nothing is fresh\n");
  const std::int64_t limit = service == nullptr ? 0 : service->requests_per_minute;
  if (limit <= 0) return;
  const std::int64_t share = std::max<std::int64_t>(1, limit - (limit + 9) / 10);
  constexpr std::int64_t kMinute = 60'000;
  out << "time        about "
      << to_words(std::chrono::milliseconds{static_cast<std::int64_t>(calls) * kMinute / share})
      << ", at " << count_text(static_cast<std::uint64_t>(share)) << " calls a minute\n";
}

void print_summary(std::ostream& out,
                   const PrewarmList& list,
                   const PrewarmRun& run,
                   const Service* service,
                   bool dry_run) {
  const PrewarmCounts& counts = run.counts();
  out << "entries     " << count_text(list.entries()) << '\n';
  out << "duplicates  " << count_text(list.duplicates()) << '\n';
  out << "indicators  " << count_text(list.indicators()) << '\n';
  out << "fresh       " << count_text(counts.fresh) << '\n';
  if (dry_run) {
    out << "to ask      " << count_text(counts.missing) << '\n';
    print_forecast(out, run, service);
  } else {
    out << "found       " << count_text(counts.found) << "\nabsent      "
        << count_text(counts.absent) << '\n';
  }
  out << "refused     " << count_text(list.refused()) << '\n';
  if (!dry_run) out << "failed      " << count_text(counts.failed) << '\n';
  if (run.not_asked() > 0) out << "not asked   " << count_text(run.not_asked()) << '\n';
  out << std::flush;
}

cli::ExitCode end_of(const PrewarmList& list, const PrewarmRun& run) {
  if (run.stopped()) return cli::ExitCode::Stopped;
  if (run.counts().failed > 0) return cli::ExitCode::Failed;
  if (list.refused() == 0) return cli::ExitCode::Ok;
  return run.counts().settled() == 0 ? cli::ExitCode::Failed : cli::ExitCode::Partly;
}

}  // namespace

cli::ExitCode run_prewarm(const cli::PrewarmCommand& command, CommandContext& context) {
  const auto type = entity_type(command.type);
  if (!command.type.empty() && !type) {
    return report(
        context,
        {.code = ErrorCode::MalformedRequest,
         .public_detail = "--type must be IpAddress, InternetDomainName, URL, Hash or EmailAddress",
         .cause = {}});
  }
  const auto service = find_service(command.service, context.environment, Listener::Cards);
  if (!service) return report(context, service.error());

  PrewarmList list{
      {.type = type, .column = command.column, .files = command.files}, context.in, context.random};
  if (const auto status = list.check(); !status) return report(context, status.error());

  PrewarmRun run{context, &*service, list,
                 command.dry_run ? PrewarmRun::Purpose::Foresee : PrewarmRun::Purpose::Fill};
  const std::optional<Error> fatal = run.go();

  print_lines(context.err, "refused", list.kept_refusals(), list.refused());
  print_lines(context.err, "failed", run.kept_failures(), run.counts().failed);
  print_summary(context.out, list, run, &*service, command.dry_run);
  if (fatal) return report(context, *fatal);
  if (run.stopped()) {
    context.err << "cardstock: stopped before the end; the same command goes on where this one "
                   "ended\n";
  }
  return end_of(list, run);
}

}  // namespace cardstock::app
