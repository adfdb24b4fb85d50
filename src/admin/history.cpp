#include <cardstock/admin/history.hpp>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <simdjson.h>

#include <cardstock/util/file.hpp>
#include <cardstock/util/json_writer.hpp>

namespace cardstock::admin {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using Found = simdjson::simdjson_result<element>;

// Above anything that save() writes.
constexpr std::size_t kMaxFile = std::size_t{1} << 20U;

/// What a sample holds of a figure.
enum class Kind {
  Count,    ///< what was added within the step
  Peak,     ///< the greatest seen within the step
  Last,     ///< as it stands at the end
  Latency,  ///< a quantile of what ended within the step, in seconds
};
struct Series {
  std::string_view name;
  Kind kind;
};
/// Public, and stored: the names.
constexpr std::array<Series, History::kSeries> kAll{{{"requests", Kind::Count},
                                                     {"hit", Kind::Count},
                                                     {"negative", Kind::Count},
                                                     {"stale", Kind::Count},
                                                     {"miss", Kind::Count},
                                                     {"coalesced", Kind::Count},
                                                     {"bypass", Kind::Count},
                                                     {"busy", Kind::Count},
                                                     {"failed", Kind::Count},
                                                     {"calls", Kind::Count},
                                                     {"calls_saved", Kind::Count},
                                                     {"upstream_errors", Kind::Count},
                                                     {"waiting_analyst", Kind::Peak},
                                                     {"waiting_refresh", Kind::Peak},
                                                     {"waiting_prewarm", Kind::Peak},
                                                     {"limiter_used", Kind::Peak},
                                                     {"breaker_open", Kind::Peak},
                                                     {"limiter_allowed", Kind::Last},
                                                     {"rows", Kind::Last},
                                                     {"memory_bytes", Kind::Last},
                                                     {"latency_p50", Kind::Latency},
                                                     {"latency_p99", Kind::Latency},
                                                     {"upstream_p50", Kind::Latency},
                                                     {"upstream_p99", Kind::Latency}}};

double sum_of(const std::map<std::string, std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0, [](double sum, const auto& entry) {
    return sum + static_cast<double>(entry.second);
  });
}

/// The quantiles of two histograms, in the order of the series' names.
std::array<double, 4> quantiles(const HistogramCounts& requests, const HistogramCounts& upstream) {
  return {requests.quantile(0.5), requests.quantile(0.99), upstream.quantile(0.5),
          upstream.quantile(0.99)};
}

/// The numbers of an array; empty for anything else.
std::vector<double> column(const Found& from) {
  std::vector<double> numbers;
  array values;
  if (from.get(values) != simdjson::SUCCESS) return numbers;
  for (const element value : values) {
    double number = 0;
    if (value.get(number) != simdjson::SUCCESS) number = 0;
    numbers.push_back(number);
  }
  return numbers;
}

History::Saved saved_in(const Found& track) {
  History::Saved saved{.at = column(track["at"]), .columns = {}};
  for (std::size_t i = 0; i < History::kSeries; ++i)
    saved.columns[i] = column(track["series"][kAll[i].name]);
  return saved;
}

/// Seconds since the epoch.
std::int64_t label_of(WallTime at) {
  return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
}

}  // namespace

History::Reading History::read(const Figures& f) {
  const auto of = [&f](Outcome outcome) {
    return static_cast<double>(f.requests.by_outcome[static_cast<std::size_t>(outcome)]);
  };
  const enrich::EnrichStats& e = f.enricher;
  const auto n = [](auto value) { return static_cast<double>(value); };
  return {.counts = {n(f.requests.total()),
                     n(e.hit),
                     n(e.negative),
                     n(e.stale),
                     n(e.miss),
                     n(e.coalesced),
                     n(e.bypass),
                     of(Outcome::Busy),
                     of(Outcome::Error) + of(Outcome::AuthFailed),
                     n(e.calls),
                     n(e.calls_saved),
                     sum_of(e.errors),
                     n(e.waiting[0]),
                     n(e.waiting[1]),
                     n(e.waiting[2]),
                     n(e.limiter_used),
                     e.breaker == "closed" ? 0.0 : 1.0,
                     n(e.limiter_allowed),
                     n(f.store.rows),
                     n(e.memory_bytes)},
          .requests = f.requests.latency,
          .upstream = e.latency};
}

bool History::take(const Figures& figures, SteadyTime now) {
  const Reading reading = read(figures);
  const LockGuard lock{mutex_};
  take(hour_, figures, reading, now);
  return take(day_, figures, reading, now);
}

bool History::take(Track& track, const Figures& figures, const Reading& reading, SteadyTime now) {
  const auto begin_step = [&] {
    track.last = reading;
    track.due = now + track.step;
    track.peaks = {};
  };
  if (!track.last) {
    begin_step();
    return false;
  }
  std::ranges::transform(track.peaks, reading.counts, track.peaks.begin(),
                         [](double a, double b) { return std::max(a, b); });
  if (now < track.due) return false;
  Sample sample{.at = figures.now, .values = reading.counts};
  std::size_t latency = 0;
  const std::array<double, 4> times = quantiles(reading.requests.since(track.last->requests),
                                                reading.upstream.since(track.last->upstream));
  for (std::size_t i = 0; i < kSeries; ++i) {
    switch (kAll[i].kind) {
      case Kind::Count:
        sample.values[i] -= track.last->counts[i];
        break;
      case Kind::Peak:
        sample.values[i] = track.peaks[i];
        break;
      case Kind::Last:
        break;
      case Kind::Latency:
        sample.values[i] = times[latency++];
        break;
    }
  }
  push(track, sample);
  begin_step();
  return true;
}

void History::push(Track& track, const Sample& sample) {
  while (!track.samples.empty() && track.samples.back().at >= sample.at) track.samples.pop_back();
  const WallTime begin = sample.at - track.step * static_cast<std::int64_t>(track.most);
  while (!track.samples.empty() &&
         (track.samples.front().at < begin || track.samples.size() >= track.most))
    track.samples.pop_front();
  track.samples.push_back(sample);
}

void History::write(std::string& out, const Track& track) {
  JsonWriter json{out};
  json.begin_object().field("step_seconds", std::int64_t{track.step.count()});
  json.key("at").begin_array();
  for (const Sample& sample : track.samples) json.value(label_of(sample.at));
  json.end_array().key("series").begin_object();
  for (std::size_t i = 0; i < kSeries; ++i) {
    json.key(kAll[i].name).begin_array();
    for (const Sample& sample : track.samples) json.value(sample.values[i]);
    json.end_array();
  }
  json.end_object().end_object();
}

std::string History::json(Span span) const {
  std::string out;
  const LockGuard lock{mutex_};
  write(out, span == Span::Hour ? hour_ : day_);
  return out;
}

Status History::save(const std::string& path) const {
  std::string out = R"({"hour":)";
  {
    const LockGuard lock{mutex_};
    write(out, hour_);
    out += R"(,"day":)";
    write(out, day_);
  }
  return replace_file(path, out + "}");
}

void History::restore(Track& track, const Saved& saved, WallTime now) {
  const auto& [at, columns] = saved;
  const WallTime begin = now - track.step * static_cast<std::int64_t>(track.most);
  for (std::size_t row = 0; row < at.size(); ++row) {
    if (at[row] <= static_cast<double>(label_of(begin)) ||
        at[row] > static_cast<double>(label_of(now)))
      continue;
    Sample sample{.at = WallTime{std::chrono::seconds{static_cast<std::int64_t>(at[row])}},
                  .values = {}};
    for (std::size_t i = 0; i < kSeries; ++i)
      if (row < columns[i].size()) sample.values[i] = columns[i][row];
    push(track, sample);
  }
}

Status History::load(const std::string& path, WallTime now) {
  const Result<std::optional<std::string>> text = read_file_end(path, kMaxFile);
  if (!text) return std::unexpected(text.error());
  const std::optional<std::string>& saved = *text;
  simdjson::dom::parser parser;
  element root;
  if (!saved || parser.parse(*saved).get(root) != simdjson::SUCCESS) return {};
  const LockGuard lock{mutex_};
  restore(hour_, saved_in(root["hour"]), now);
  restore(day_, saved_in(root["day"]), now);
  return {};
}

std::string history_file_of(const std::string& store_path) {
  return store_path + ".history";
}

}  // namespace cardstock::admin
