#include "app/commands/prewarm_job.hpp"

#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include <simdjson.h>

#include <cardstock/util/json_writer.hpp>

#include "app/commands/prewarm_summary.hpp"
#include "app/commands/progress.hpp"
#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using namespace std::chrono_literals;
using simdjson::dom::element;

constexpr std::string_view kPlace = "/v1/admin/prewarm";
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kLookEvery = 1s;
/// Looks in a row without an answer, before the service is taken to have gone.
constexpr std::size_t kMaxUnanswered = 20;

/// What the service last said of the job.
struct JobView {
  std::string id;
  std::string state;
  std::string error;
  PrewarmSummary summary;
  std::optional<std::size_t> total;
  std::vector<prewarm::RefusedLine> refused, failed;
  bool has_ended() const { return state == "done" || state == "failed" || state == "cancelled"; }
};

std::size_t count_at(const element& object, const char* key) {
  std::uint64_t count = 0;
  return object[key].get(count) == simdjson::SUCCESS ? count : 0;
}

std::vector<prewarm::RefusedLine> lines_at(const element& object, const char* key) {
  std::vector<prewarm::RefusedLine> lines;
  simdjson::dom::array all;
  if (object[key].get(all) != simdjson::SUCCESS) return lines;
  for (const element each : all)
    lines.push_back({"list", count_at(each, "line"), std::string{text_at(each, "/why")}});
  return lines;
}

std::optional<JobView> view_of(const fetch::HttpResponse& response) {
  simdjson::dom::parser parser;
  element job;
  if (response.status / 100 != 2 || parser.parse(response.body).get(job) != simdjson::SUCCESS)
    return std::nullopt;
  JobView view{.id = std::string{text_at(job, "/id")},
               .state = std::string{text_at(job, "/state")},
               .error = std::string{text_at(job, "/error")},
               .summary = {.entries = count_at(job, "entries"),
                           .duplicates = count_at(job, "duplicates"),
                           .indicators = count_at(job, "indicators"),
                           .counts = {.found = count_at(job, "found"),
                                      .absent = count_at(job, "absent"),
                                      .fresh = count_at(job, "fresh"),
                                      .failed = count_at(job, "failed"),
                                      .refused = count_at(job, "refused")}},
               .total = {},
               .refused = lines_at(job, "refused_lines"),
               .failed = lines_at(job, "failed_lines")};
  if (const std::size_t total = count_at(job, "total"); total > 0) view.total = total;
  if (view.id.empty() || view.state.empty()) return std::nullopt;
  return view;
}

std::string order_of(const cli::PrewarmCommand& command) {
  std::string body;
  JsonWriter json{body};
  json.begin_object();
  if (command.most_asked > 0) {
    json.field("most_asked", std::uint64_t{command.most_asked});
  } else {
    json.field("tql", std::string_view{command.tql});
  }
  json.end_object();
  return body;
}

cli::ExitCode complain(CommandContext& context, std::string_view what) {
  context.err << "cardstock: " << printable(what) << '\n';
  return cli::ExitCode::Failed;
}

class Watch {
 public:
  Watch(CommandContext& context, const Service& service, JobView view)
      : context_{context}, service_{service}, view_{std::move(view)}, progress_{context} {}

  /// Until the job has ended, or the context says stop; then it is cancelled. False: the service
  /// has gone, or has forgotten the job; `complaint` says which.
  bool watch(std::string& complaint) {
    const std::string target = std::string{kPlace} + "/" + view_.id;
    std::size_t unanswered = 0;
    while (!view_.has_ended() && !stopped_) {
      context_.pause(kLookEvery);
      stopped_ = context_.stop_asked && context_.stop_asked();
      const auto response =
          ask(context_, request_for(service_, stopped_ ? "DELETE" : "GET", target, {}), kPatience);
      std::optional<JobView> next = response ? view_of(*response) : std::nullopt;
      if (next) {
        unanswered = 0;
        view_ = *std::move(next);
        progress_.show(view_.summary.counts, view_.total);
        continue;
      }
      complaint = response ? complaint_of(*response) : response.error().public_detail;
      const bool for_good = response && response->status < 500;
      if (stopped_ || for_good || ++unanswered > kMaxUnanswered) return false;
    }
    return true;
  }
  void end() { progress_.end(); }
  const JobView& view() const noexcept { return view_; }
  bool stopped() const noexcept { return stopped_; }

 private:
  CommandContext& context_;
  const Service& service_;
  JobView view_;
  Progress progress_;
  bool stopped_ = false;
};

}  // namespace

cli::ExitCode run_prewarm_job(const cli::PrewarmCommand& command, CommandContext& context) {
  const auto service = find_service(command.service, context.environment, Listener::Admin);
  if (!service) return report(context, service.error());
  const auto ordered =
      ask(context, request_for(*service, "POST", kPlace, order_of(command)), kPatience);
  if (!ordered) return report(context, ordered.error());
  std::optional<JobView> made = view_of(*ordered);
  if (!made) return complain(context, complaint_of(*ordered));

  Watch watch{context, *service, *std::move(made)};
  std::string complaint;
  const bool watched = watch.watch(complaint);
  watch.end();
  const JobView& view = watch.view();
  print_lines(context.err, "refused", view.refused, view.summary.counts.refused);
  print_lines(context.err, "failed", view.failed, view.summary.counts.failed);
  print_summary(context.out, view.summary);
  if (!watched) return complain(context, "the job is no longer seen: " + complaint);
  if (watch.stopped() || view.state == "cancelled") {
    context.err << "cardstock: the job is cancelled; what is fresh by now is not asked for again\n";
    return cli::ExitCode::Stopped;
  }
  if (view.state == "failed") return complain(context, view.error);
  return end_of(view.summary);
}

}  // namespace cardstock::app
