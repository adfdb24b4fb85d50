#include <cardstock/admin/metrics.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace cardstock::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

constexpr std::array<std::string_view, enrich::kLanes> kLaneNames{"analyst", "refresh", "prewarm"};
// From 64 µs to 33 s: the edges that the histogram counts exactly.
constexpr int kLeastPower = 6;
constexpr int kGreatestPower = 25;

double number(std::uint64_t value) noexcept {
  return static_cast<double>(value);
}
double number(std::int64_t value) noexcept {
  return static_cast<double>(value);
}
double seconds(WallTime time) noexcept {
  return static_cast<double>(time.time_since_epoch().count()) / 1000;
}

/// One family, filled value by value.
class Family {
 public:
  Family(MetricType type, std::string name, std::string help)
      : family_{std::move(name), std::move(help), type, {}} {}

  Family&& value(double value) && {
    add({}, {}, value);
    return std::move(*this);
  }
  Family& with(std::string_view label, std::string_view text, double value) {
    add(label, text, value);
    return *this;
  }
  Family& histogram(const HistogramCounts& counts) {
    ClientMetric& metric = family_.metric.emplace_back();
    for (int power = kLeastPower; power <= kGreatestPower; ++power)
      metric.histogram.bucket.push_back(
          {counts.below_power_of_two(power), std::ldexp(1e-6, power)});
    metric.histogram.sample_count = counts.count();
    metric.histogram.bucket.push_back({metric.histogram.sample_count, HUGE_VAL});
    metric.histogram.sample_sum = counts.sum_seconds();
    return *this;
  }
  prometheus::MetricFamily take() && { return std::move(family_); }

 private:
  void add(std::string_view label, std::string_view text, double value) {
    ClientMetric& metric = family_.metric.emplace_back();
    if (!label.empty()) metric.label.push_back({std::string{label}, std::string{text}});
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }
  prometheus::MetricFamily family_;
};

class Families {
 public:
  void counter(std::string name, std::string help, std::uint64_t value) {
    add(Family{MetricType::Counter, std::move(name), std::move(help)}.value(number(value)));
  }
  void gauge(std::string name, std::string help, double value) {
    add(Family{MetricType::Gauge, std::move(name), std::move(help)}.value(value));
  }
  void add(Family&& family) { all_.push_back(std::move(family).take()); }
  std::string text() const { return prometheus::TextSerializer{}.Serialize(all_); }

 private:
  std::vector<prometheus::MetricFamily> all_;
};

Family counters(std::string name, std::string help) {
  return {MetricType::Counter, std::move(name), std::move(help)};
}
Family gauges(std::string name, std::string help) {
  return {MetricType::Gauge, std::move(name), std::move(help)};
}
Family durations(std::string name, std::string help, const HistogramCounts& counts) {
  Family family{MetricType::Histogram, std::move(name), std::move(help)};
  family.histogram(counts);
  return family;
}

void add_process(Families& to, const Figures& f) {
  Family build = gauges("cardstock_build_info", "The version that runs; always 1.");
  build.with("version", f.version, 1);
  to.add(std::move(build));
  to.gauge("cardstock_start_time_seconds", "When the service started, since the epoch.",
           seconds(f.started_at));
}

void add_requests(Families& to, const RequestFigures& f) {
  Family outcomes = counters("cardstock_requests_total", "Cards asked for, by outcome.");
  for (const Outcome outcome : kAllOutcomes)
    outcomes.with("outcome", name_of(outcome),
                  number(f.by_outcome[static_cast<std::size_t>(outcome)]));
  to.add(std::move(outcomes));
  Family types = counters("cardstock_requests_by_type_total",
                          "Cards asked for, by type; none: no type could be read.");
  types.with("type", "none", number(f.by_type[0]));
  for (const EntityType type : kAllEntityTypes)
    types.with("type", cardstock::name_of(type), number(f.by_type[static_cast<std::size_t>(type)]));
  to.add(std::move(types));
  to.add(durations("cardstock_request_duration_seconds",
                   "From reading a request to its card, by card.", f.latency));
}

void add_cache(Families& to, const enrich::EnrichStats& s) {
  Family lookups = counters("cardstock_cache_lookups_total", "Look-ups, by what the cache did.");
  lookups.with("result", "hit", number(s.hit))
      .with("result", "negative", number(s.negative))
      .with("result", "stale", number(s.stale))
      .with("result", "miss", number(s.miss))
      .with("result", "coalesced", number(s.coalesced))
      .with("result", "bypass", number(s.bypass));
  to.add(std::move(lookups));
  to.gauge("cardstock_memory_entries", "Ready answers in memory.", number(s.memory_rows));
  to.gauge("cardstock_memory_bytes", "What they take.", number(s.memory_bytes));
  to.gauge("cardstock_memory_limit_bytes", "What they may take.", number(s.memory_limit_bytes));
}

/// Kinds of errors that ThreatConnect and the network cause are there from the start, so that the
/// first one is seen as an increase; the others when they happen.
Family upstream_errors(const enrich::EnrichStats& s) {
  Family errors = counters("cardstock_upstream_errors_total", "Calls that failed, by kind.");
  for (int i = 0; i <= static_cast<int>(ErrorCode::Internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const auto found = s.errors.find(std::string{cardstock::name_of(code)});
    const bool usual = code >= ErrorCode::AuthFailed && code <= ErrorCode::AnswerUnreadable;
    if (usual || found != s.errors.end())
      errors.with("kind", cardstock::name_of(code),
                  found == s.errors.end() ? 0 : number(found->second));
  }
  return errors;
}

void add_upstream(Families& to, const enrich::EnrichStats& s) {
  to.counter("cardstock_upstream_calls_total", "Requests sent to ThreatConnect, pages included.",
             s.calls);
  to.counter("cardstock_upstream_indicators_total", "Indicators asked in them.", s.indicators);
  to.counter("cardstock_upstream_calls_saved_total", "Look-ups that needed no call of their own.",
             s.calls_saved);
  to.counter("cardstock_upstream_retries_total", "Calls that were made again.", s.retries);
  to.counter("cardstock_upstream_unmatched_rows_total", "Rows that nobody had asked for.",
             s.unmatched_rows);
  to.add(upstream_errors(s));
  to.add(durations("cardstock_upstream_call_duration_seconds", "Of calls to ThreatConnect.",
                   s.latency));
  Family breaker = gauges("cardstock_upstream_breaker_state",
                          "1 for the state of the instance that is worst off.");
  for (const std::string_view state : {"closed", "half_open", "open"})
    breaker.with("state", state, s.breaker == state ? 1 : 0);
  to.add(std::move(breaker));
}

void add_limiter(Families& to, const enrich::EnrichStats& s, WallTime now) {
  to.gauge("cardstock_limiter_limit_calls", "Calls that a minute may see; 0: no limit.",
           number(s.limiter_per_minute));
  to.gauge("cardstock_limiter_allowed_calls",
           "Calls a minute as refusals have left it; 0: no limit.", number(s.limiter_allowed));
  to.gauge("cardstock_limiter_used_calls", "Calls within the last minute.", number(s.limiter_used));
  const auto held = s.limiter_held_until ? *s.limiter_held_until - now : WallTime::duration{0};
  to.gauge("cardstock_limiter_held_seconds", "For how long ThreatConnect has asked for no calls.",
           static_cast<double>(std::max(held, WallTime::duration{0}).count()) / 1000);
  Family waiting = gauges("cardstock_lookups_waiting", "Look-ups that wait for a call, by lane.");
  Family dropped =
      counters("cardstock_lookups_dropped_total",
               "Look-ups refused or given up because their lane was full or nobody waited.");
  for (std::size_t i = 0; i < kLaneNames.size(); ++i) {
    waiting.with("lane", kLaneNames[i], number(s.waiting[i]));
    dropped.with("lane", kLaneNames[i], number(s.dropped[i]));
  }
  to.add(std::move(waiting));
  to.add(std::move(dropped));
  to.counter("cardstock_lookups_rejected_total", "Look-ups told busy.", s.rejected);
  Family unfit = counters("cardstock_retry_after_total",
                          "Retry-After headers that could not be kept to, by what was wrong.");
  unfit.with("fault", "capped", number(s.retry_after_capped))
      .with("fault", "unusable", number(s.retry_after_unusable));
  to.add(std::move(unfit));
}

std::string_view state_name(std::string_view state) noexcept {
  return state.substr(0, state.find(':'));
}

void add_store(Families& to, const store::StoreStats& s, std::uint64_t failures) {
  Family rows = gauges("cardstock_store_rows", "Committed rows that are found, by type.");
  Family absent = gauges("cardstock_store_absent_rows",
                         "Committed rows that say nobody holds the indicator, by type.");
  const auto count_of = [](const std::map<std::string, std::int64_t>& counts,
                           std::string_view type) {
    const auto found = counts.find(std::string{type});
    return found == counts.end() ? 0 : found->second;
  };
  for (const IndicatorType type : kAllIndicatorTypes) {
    const std::string_view name = cardstock::name_of(type);
    const std::int64_t without = count_of(s.absent_by_type, name);
    rows.with("type", name, number(count_of(s.rows_by_type, name) - without));
    absent.with("type", name, number(without));
  }
  to.add(std::move(rows));
  to.add(std::move(absent));
  to.gauge("cardstock_store_file_bytes", "Of the store's file.", number(s.file_bytes));
  to.gauge("cardstock_store_wal_bytes", "Of its write-ahead log.", number(s.wal_bytes));
  to.gauge("cardstock_store_oldest_row_timestamp_seconds",
           "When the oldest row was fetched, since the epoch; 0: there is none.",
           s.oldest_fetched_at ? seconds(*s.oldest_fetched_at) : 0);
  Family state = gauges("cardstock_store_state", "1 for the state that the store is in.");
  for (const std::string_view name : {"ok", "degraded", "rebuilt"})
    state.with("state", name, state_name(s.state) == name ? 1 : 0);
  to.add(std::move(state));
  to.counter("cardstock_store_failures_total", "Rows that could not be read or written.", failures);
  to.counter("cardstock_store_refused_rows_total", "Rows not kept because too many waited.",
             s.puts_refused);
  to.gauge("cardstock_tenants", "Credentials that the store knows.", number(s.tenants.size()));
}

void add_logins(Families& to, const LoginFigures& f) {
  Family logins = counters("cardstock_admin_logins_total",
                           "Attempts to log in at the admin page, by what came of them.");
  logins.with("outcome", "done", number(f.done))
      .with("outcome", "refused", number(f.refused))
      .with("outcome", "held_off", number(f.held_off));
  to.add(std::move(logins));
}

void add_prewarm(Families& to, const PrewarmFigures& f) {
  Family indicators = counters("cardstock_prewarm_indicators_total",
                               "Indicators of prewarm jobs, by what came of them.");
  indicators.with("outcome", "found", number(f.found))
      .with("outcome", "absent", number(f.absent))
      .with("outcome", "fresh", number(f.fresh))
      .with("outcome", "refused", number(f.refused))
      .with("outcome", "failed", number(f.failed));
  to.add(std::move(indicators));
  Family ended = counters("cardstock_prewarm_jobs_total", "Prewarm jobs that have ended, by how.");
  ended.with("outcome", "done", number(f.jobs_done))
      .with("outcome", "failed", number(f.jobs_failed))
      .with("outcome", "cancelled", number(f.jobs_cancelled));
  to.add(std::move(ended));
  Family jobs = gauges("cardstock_prewarm_jobs", "Prewarm jobs now, by state.");
  jobs.with("state", "running", number(f.running)).with("state", "waiting", number(f.waiting));
  to.add(std::move(jobs));
}

}  // namespace

std::string metrics_text(const Figures& figures) {
  Families all;
  add_process(all, figures);
  add_requests(all, figures.requests);
  add_cache(all, figures.enricher);
  add_upstream(all, figures.enricher);
  add_limiter(all, figures.enricher, figures.now);
  add_store(all, figures.store, figures.enricher.store_failures);
  add_logins(all, figures.logins);
  add_prewarm(all, figures.prewarm);
  return all.text();
}

}  // namespace cardstock::admin
