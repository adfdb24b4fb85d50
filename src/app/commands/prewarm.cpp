#include "app/commands/prewarm.hpp"

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>

#include <cardstock/prewarm/list.hpp>
#include <cardstock/prewarm/run.hpp>
#include <cardstock/util/time_text.hpp>

#include "app/commands/http_asker.hpp"
#include "app/commands/prewarm_job.hpp"
#include "app/commands/prewarm_summary.hpp"
#include "app/commands/progress.hpp"
#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

/// Calls, and how long they take: a tenth of the minute is left to analysts (enrich/instance.hpp).
void print_forecast(std::ostream& out, const prewarm::Run& run, const Service& service) {
  const std::size_t calls = run.foreseen_calls();
  out << "calls       " << count_text(calls)
      << (run.looked() ? "\n" : " at most, when nothing is fresh\n");
  const std::int64_t limit = service.requests_per_minute;
  if (limit <= 0) return;
  const std::int64_t share = std::max<std::int64_t>(1, limit - (limit + 9) / 10);
  constexpr std::int64_t kMinute = 60'000;
  out << "time        about "
      << to_words(std::chrono::milliseconds{static_cast<std::int64_t>(calls) * kMinute / share})
      << ", at " << count_text(static_cast<std::uint64_t>(share)) << " calls a minute\n";
}

PrewarmSummary summary_of(const prewarm::List& list, const prewarm::Run& run) {
  PrewarmSummary summary{.entries = list.entries(),
                         .duplicates = list.duplicates(),
                         .indicators = list.indicators(),
                         .counts = run.counts(),
                         .not_asked = run.not_asked()};
  summary.counts.refused = list.refused();
  return summary;
}

/// What a dry run says in place of what was found.
void print_foreseen(std::ostream& out,
                    const PrewarmSummary& summary,
                    const prewarm::Run& run,
                    const Service& service) {
  print_figure(out, "entries", summary.entries);
  print_figure(out, "duplicates", summary.duplicates);
  print_figure(out, "indicators", summary.indicators);
  print_figure(out, "fresh", summary.counts.fresh);
  print_figure(out, "to ask", summary.counts.missing);
  print_forecast(out, run, service);
  print_figure(out, "refused", summary.counts.refused);
  if (summary.not_asked > 0) print_figure(out, "not asked", summary.not_asked);
  out << std::flush;
}

}  // namespace

cli::ExitCode run_prewarm(const cli::PrewarmCommand& command, CommandContext& context) {
  if (command.most_asked > 0 || !command.tql.empty()) return run_prewarm_job(command, context);
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

  prewarm::List list{
      {.type = type, .column = command.column, .files = command.files}, context.in, context.random};
  if (const auto status = list.check(); !status) return report(context, status.error());

  HttpAsker asker{context, *service};
  Progress progress{context};
  prewarm::Run run{
      {.pause = context.pause,
       .stop_asked = context.stop_asked,
       .progress = [&progress](const prewarm::Counts& counts,
                               std::optional<std::size_t> total) { progress.show(counts, total); }},
      asker,
      list,
      command.dry_run ? prewarm::Run::Purpose::Foresee : prewarm::Run::Purpose::Fill};
  const std::optional<Error> fatal = run.go();
  progress.end();

  const PrewarmSummary summary = summary_of(list, run);
  print_lines(context.err, "refused", list.kept_refusals(), summary.counts.refused);
  print_lines(context.err, "failed", run.kept_failures(), summary.counts.failed);
  if (command.dry_run) {
    print_foreseen(context.out, summary, run, *service);
  } else {
    print_summary(context.out, summary);
  }
  if (fatal) return report(context, *fatal);
  if (run.stopped()) {
    context.err << "cardstock: stopped before the end; the same command goes on where this one "
                   "ended\n";
    return cli::ExitCode::Stopped;
  }
  return end_of(summary);
}

}  // namespace cardstock::app
