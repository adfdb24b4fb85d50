/// What prewarm jobs look like from outside: the order that comes in, the job as it is told.
#include <string>

#include <simdjson.h>

#include <cardstock/admin/prewarm_jobs.hpp>
#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::admin {
namespace {

constexpr std::size_t kMostAsked = TopIndicators::kShards * TopIndicators::kSlots;
constexpr std::size_t kMaxTql = std::size_t{4} * 1024;

std::unexpected<Error> malformed(std::string detail) {
  return fail(ErrorCode::MalformedRequest, std::move(detail));
}

Result<PrewarmOrder> read_most_asked(const simdjson::dom::element& value) {
  std::uint64_t most = 0;
  if (value.get(most) != simdjson::SUCCESS || most == 0 || most > kMostAsked)
    return malformed("most_asked must be a whole number from 1 to " + std::to_string(kMostAsked) +
                     ".");
  return MostAskedOrder{most};
}

Result<PrewarmOrder> read_query(const simdjson::dom::element& value) {
  std::string_view tql;
  if (value.get(tql) != simdjson::SUCCESS || tql.empty() || tql.size() > kMaxTql)
    return malformed("tql must be a query of at most " + std::to_string(kMaxTql) + " bytes.");
  return QueryOrder{std::string{tql}};
}

void write_source(JsonWriter& json, const PrewarmJob& job) {
  if (const auto* const list = std::get_if<ListOrder>(&job.order)) {
    json.field("source", "list").field("bytes", job.bytes);
    if (!list->name.empty()) json.field("name", std::string_view{list->name});
  } else if (const auto* const most = std::get_if<MostAskedOrder>(&job.order)) {
    json.field("source", "most_asked").field("most_asked", std::uint64_t{most->most});
  } else {
    json.field("source", "tql")
        .field("tql", std::string_view{std::get<QueryOrder>(job.order).tql})
        .field("named", std::uint64_t{job.named});
  }
}

void write_lines(JsonWriter& json,
                 std::string_view key,
                 const std::vector<prewarm::RefusedLine>& lines) {
  json.key(key).begin_array();
  for (const prewarm::RefusedLine& line : lines) {
    json.begin_object()
        .field("line", std::uint64_t{line.line})
        .field("why", std::string_view{line.why})
        .end_object();
  }
  json.end_array();
}

void write_times(JsonWriter& json, const PrewarmJob& job) {
  json.field("created_at", to_rfc3339(job.created_at));
  if (job.started_at) json.field("started_at", to_rfc3339(*job.started_at));
  if (job.ended_at) json.field("ended_at", to_rfc3339(*job.ended_at));
  if (job.state != JobState::Running) return;
  json.field("per_minute", job.pace.per_minute);
  if (job.pace.left) json.field("seconds_left", std::int64_t{job.pace.left->count()});
}

}  // namespace

std::string_view name_of(JobState state) noexcept {
  switch (state) {
    case JobState::Receiving:
      return "receiving";
    case JobState::Waiting:
      return "waiting";
    case JobState::Running:
      return "running";
    case JobState::Done:
      return "done";
    case JobState::Failed:
      return "failed";
    case JobState::Cancelled:
      return "cancelled";
  }
  return "failed";
}

Result<PrewarmOrder> read_prewarm_order(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object top;
  if (parser.parse(json.data(), json.size()).get(top) == simdjson::SUCCESS && top.size() == 1) {
    const auto [key, value] = *top.begin();
    if (key == "most_asked") return read_most_asked(value);
    if (key == "tql") return read_query(value);
  }
  return malformed(R"(The request must be {"most_asked":100} or {"tql":"…"}; a list is sent as )"
                   "another media type, such as application/octet-stream.");
}

std::string prewarm_job_json(const PrewarmJob& job) {
  std::string out;
  JsonWriter json{out};
  json.begin_object()
      .field("id", std::string_view{job.id})
      .field("state", name_of(job.state))
      .field("cancelling", job.cancelling)
      .field("asked_by", std::string_view{job.asked_by});
  write_source(json, job);
  write_times(json, job);
  json.field("entries", std::uint64_t{job.entries})
      .field("duplicates", std::uint64_t{job.duplicates})
      .field("indicators", std::uint64_t{job.indicators});
  if (job.total) json.field("total", std::uint64_t{*job.total});
  const prewarm::Counts& counts = job.counts;
  json.field("fresh", std::uint64_t{counts.fresh})
      .field("found", std::uint64_t{counts.found})
      .field("absent", std::uint64_t{counts.absent})
      .field("refused", std::uint64_t{counts.refused})
      .field("failed", std::uint64_t{counts.failed});
  write_lines(json, "refused_lines", job.refused);
  write_lines(json, "failed_lines", job.failed);
  if (!job.error.empty()) json.field("error", std::string_view{job.error});
  json.end_object();
  return out;
}

}  // namespace cardstock::admin
