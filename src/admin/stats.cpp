#include <cardstock/admin/stats.hpp>

#include <algorithm>
#include <numeric>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::admin {
namespace {

void write_requests(JsonWriter& json, const RequestFigures& requests) {
  json.key("requests")
      .begin_object()
      .field("total", requests.total())
      .key("by_type")
      .begin_object();
  for (const EntityType type : kAllEntityTypes)
    json.field(cardstock::name_of(type), requests.by_type[static_cast<std::size_t>(type)]);
  json.end_object().key("by_outcome").begin_object();
  for (const Outcome outcome : kAllOutcomes)
    json.field(name_of(outcome), requests.by_outcome[static_cast<std::size_t>(outcome)]);
  json.end_object().key("latency_seconds").begin_object();
  json.field("p50", requests.latency.quantile(0.5))
      .field("p90", requests.latency.quantile(0.9))
      .field("p99", requests.latency.quantile(0.99));
  json.end_object().end_object();
}

void write_enricher(JsonWriter& json, const enrich::EnrichStats& s) {
  json.key("cache").begin_object();
  json.field("hit", s.hit)
      .field("miss", s.miss)
      .field("stale", s.stale)
      .field("negative", s.negative);
  json.field("coalesced", s.coalesced).field("bypass", s.bypass).end_object();
  json.key("upstream").begin_object();
  json.field("calls", s.calls)
      .field("indicators", s.indicators)
      .field("calls_saved", s.calls_saved);
  json.field("unmatched_rows", s.unmatched_rows).key("errors").begin_object();
  for (const auto& [kind, count] : s.errors) json.field(kind, count);
  json.end_object().key("latency_seconds").begin_object();
  json.field("p50", s.latency.quantile(0.5)).field("p99", s.latency.quantile(0.99)).end_object();
  json.field("retries", s.retries).field("breaker", s.breaker).end_object();
}

void write_lanes(JsonWriter& json, const std::array<std::uint64_t, enrich::kLanes>& lanes) {
  json.begin_object()
      .field("analyst", lanes[0])
      .field("refresh", lanes[1])
      .field("prewarm", lanes[2])
      .end_object();
}

void write_limiter(JsonWriter& json, const enrich::EnrichStats& s) {
  json.key("limiter").begin_object();
  json.field("per_minute", s.limiter_per_minute).field("allowed_per_minute", s.limiter_allowed);
  json.field("used", s.limiter_used);
  json.field("remaining", std::max<std::int64_t>(0, s.limiter_allowed - s.limiter_used));
  json.field("window_ends_at", to_rfc3339(s.limiter_window_ends_at));
  if (s.limiter_held_until) json.field("held_until", to_rfc3339(*s.limiter_held_until));
  json.field("retry_after_capped", s.retry_after_capped)
      .field("retry_after_unusable", s.retry_after_unusable);
  json.key("waiting");
  write_lanes(json, s.waiting);
  json.key("dropped");
  write_lanes(json, s.dropped);
  json.field("rejected", s.rejected).end_object();
}

void write_store(JsonWriter& json, const store::StoreStats& s, const enrich::EnrichStats& e) {
  json.key("store").begin_object();
  json.field("backend", s.backend).field("rows", s.rows).field("rows_absent", s.rows_absent);
  json.key("rows_by_type").begin_object();
  for (const auto& [type, rows] : s.rows_by_type) json.field(type, rows);
  json.end_object().key("absent_by_type").begin_object();
  for (const auto& [type, rows] : s.absent_by_type) json.field(type, rows);
  json.end_object().field("file_bytes", s.file_bytes).field("wal_bytes", s.wal_bytes);
  if (s.oldest_fetched_at) json.field("oldest_fetched_at", to_rfc3339(*s.oldest_fetched_at));
  json.field("failures", e.store_failures).field("state", s.state).end_object();
  json.key("memory").begin_object();
  json.field("rows", std::uint64_t{e.memory_rows}).field("bytes", std::uint64_t{e.memory_bytes});
  json.field("limit_bytes", std::uint64_t{e.memory_limit_bytes}).end_object();
  json.key("tenants").begin_array();
  for (const store::TenantCount& tenant : s.tenants) {
    json.begin_object()
        .field("id", enrich::to_text(tenant.id))
        .field("base_url", tenant.state.base_url);
    json.field("rows", tenant.rows);
    const std::optional<WallTime>& accepted = tenant.state.last_accepted_at;
    // The beginning of time stands for a credential that was refused.
    if (accepted && *accepted > WallTime{}) json.field("last_accepted_at", to_rfc3339(*accepted));
    json.end_object();
  }
  json.end_array();
}

void write_prewarm(JsonWriter& json, const PrewarmFigures& s) {
  json.key("prewarm").begin_object();
  json.field("running", std::uint64_t{s.running}).field("waiting", std::uint64_t{s.waiting});
  json.key("jobs").begin_object();
  json.field("done", s.jobs_done)
      .field("failed", s.jobs_failed)
      .field("cancelled", s.jobs_cancelled)
      .end_object();
  json.key("indicators").begin_object();
  json.field("found", s.found)
      .field("absent", s.absent)
      .field("fresh", s.fresh)
      .field("refused", s.refused)
      .field("failed", s.failed)
      .end_object()
      .end_object();
}

}  // namespace

std::string_view name_of(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::Ok:
      return "ok";
    case Outcome::NoResult:
      return "no_result";
    case Outcome::InvalidIndicator:
      return "invalid_indicator";
    case Outcome::UnsupportedType:
      return "unsupported_type";
    case Outcome::MissingCredentials:
      return "missing_credentials";
    case Outcome::AuthFailed:
      return "auth_failed";
    case Outcome::Busy:
      return "busy";
    case Outcome::Error:
      return "error";
  }
  return "error";
}

void RequestCounters::count(std::optional<EntityType> type,
                            Outcome outcome,
                            std::chrono::microseconds duration) noexcept {
  types_[type ? static_cast<std::size_t>(*type) : 0].fetch_add(1, std::memory_order_relaxed);
  outcomes_[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  latency_.record(duration);
}

RequestFigures RequestCounters::figures() const noexcept {
  RequestFigures figures;
  const auto read = [](const std::atomic<std::uint64_t>& count) {
    return count.load(std::memory_order_relaxed);
  };
  std::ranges::transform(types_, figures.by_type.begin(), read);
  std::ranges::transform(outcomes_, figures.by_outcome.begin(), read);
  figures.latency = latency_.counts();
  return figures;
}

std::uint64_t RequestFigures::total() const noexcept {
  return std::accumulate(by_outcome.begin(), by_outcome.end(), std::uint64_t{0});
}

Figures read_figures(const StatsSources& sources) {
  return {.version = sources.version,
          .started_at = sources.started_at,
          .now = sources.clock.wall(),
          .requests = sources.requests.figures(),
          .logins = sources.logins.figures(),
          .prewarm = sources.prewarm,
          .enricher = sources.enricher.stats(),
          .store = sources.store.stats()};
}

std::string stats_json(const Figures& figures) {
  const enrich::EnrichStats& enricher = figures.enricher;
  std::string out;
  JsonWriter json{out};
  json.begin_object();
  json.field("version", figures.version).field("started_at", to_rfc3339(figures.started_at));
  json.field(
      "uptime_seconds",
      std::int64_t{
          std::chrono::floor<std::chrono::seconds>(figures.now - figures.started_at).count()});
  write_requests(json, figures.requests);
  write_enricher(json, enricher);
  write_limiter(json, enricher);
  write_store(json, figures.store, enricher);
  json.key("logins").begin_object();
  json.field("done", figures.logins.done)
      .field("refused", figures.logins.refused)
      .field("held_off", figures.logins.held_off)
      .end_object();
  write_prewarm(json, figures.prewarm);
  json.key("recent_errors").begin_array();
  for (const enrich::RecentError& error : enricher.recent_errors) {
    json.begin_object()
        .field("at", to_rfc3339(error.at))
        .field("kind", cardstock::name_of(error.kind));
    json.field("message", error.message).field("count", error.count).end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace cardstock::admin
