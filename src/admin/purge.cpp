#include <cardstock/admin/purge.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <pthread.h>
#include <simdjson.h>

#include <cardstock/indicator/indicator.hpp>

namespace cardstock::admin {
namespace {

using simdjson::dom::element;

constexpr std::int64_t kMaxAgeSeconds = std::int64_t{100} * 366 * 24 * 3600;  // a century

std::unexpected<Error> malformed(std::string detail) {
  return fail(ErrorCode::MalformedRequest, std::move(detail));
}

struct Terms {
  bool all = false;
  std::optional<std::string> type, name, owner;
  std::optional<store::TenantId> tenant;
  std::optional<std::int64_t> older_than_seconds;
};

Status take_term(Terms& terms, std::string_view key, const element& value) {
  std::string_view text;
  const bool is_text = value.get(text) == simdjson::SUCCESS && !text.empty();
  if (key == "all") {
    if (value.get(terms.all) != simdjson::SUCCESS || !terms.all)
      return malformed("all can only be true.");
    return {};
  }
  if (key == "older_than_seconds") {
    std::int64_t seconds = 0;
    if (value.get(seconds) != simdjson::SUCCESS || seconds < 0 || seconds > kMaxAgeSeconds)
      return malformed("older_than_seconds must be a whole number from 0 to a century.");
    terms.older_than_seconds = seconds;
    return {};
  }
  if (key == "tenant") {
    if (is_text) terms.tenant = enrich::tenant_id(text);
    if (!terms.tenant)
      return malformed("tenant must be 32 hexadecimal digits, as the stats show it.");
    return {};
  }
  std::optional<std::string>* const target = key == "type"    ? &terms.type
                                             : key == "name"  ? &terms.name
                                             : key == "owner" ? &terms.owner
                                                              : nullptr;
  if (target == nullptr)
    return malformed("A purge is told by type, name, owner, tenant, older_than_seconds, or all.");
  if (!is_text) return malformed("type, name and owner must be text.");
  *target = std::string{text};
  return {};
}

Result<Terms> read_terms(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object top;
  if (parser.parse(json.data(), json.size()).get(top) != simdjson::SUCCESS)
    return malformed(
        R"(The request must be a JSON object such as {"type":"URL"} or {"all":true}.)");
  Terms terms;
  std::vector<std::string_view> seen;
  for (const auto& [key, value] : top) {
    if (std::ranges::find(seen, key) != seen.end()) return malformed("A term stands twice.");
    seen.push_back(key);
    if (const Status taken = take_term(terms, key, value); !taken)
      return std::unexpected(taken.error());
  }
  if (seen.empty()) return malformed(R"(Say what to purge; {"all":true} means everything.)");
  if (terms.all && seen.size() > 1) return malformed("all stands alone.");
  if (terms.name && !terms.type) return malformed("A name needs its type.");
  return terms;
}

/// The filters for the types that are meant: a bare IpAddress is two of ThreatConnect's.
Result<std::vector<store::PurgeFilter>> filters_of(const Terms& terms,
                                                   const store::PurgeFilter& base) {
  if (!terms.type) return std::vector{base};
  const std::optional<EntityType> entity = entity_type(*terms.type);
  if (!entity)
    return fail(ErrorCode::UnsupportedType,
                "The types are IpAddress, InternetDomainName, URL, Hash and EmailAddress.");
  std::vector<store::PurgeFilter> filters;
  if (terms.name) {
    const Result<Indicator> indicator = Indicator::parse(*entity, *terms.name);
    if (!indicator) return std::unexpected(indicator.error());
    filters.push_back(base);
    filters.back().type = indicator->type();
    filters.back().canonical = indicator->canonical();
    return filters;
  }
  for (const IndicatorType type : kAllIndicatorTypes) {
    if (entity_of(type) != *entity) continue;
    filters.push_back(base);
    filters.back().type = type;
  }
  return filters;
}

std::string words_of(const Terms& terms) {
  if (terms.all) return "all";
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view value) {
    if (!out.empty()) out += ", ";
    out.append(name).append(value);
  };
  if (terms.name) add("one indicator", "");
  if (terms.type) add("type ", *terms.type);
  if (terms.owner) add("owner ", *terms.owner);
  if (terms.tenant) add("tenant ", enrich::to_text(*terms.tenant));
  if (terms.older_than_seconds)
    add("older than ", std::to_string(*terms.older_than_seconds) + " s");
  return out;
}

}  // namespace

Result<PurgeOrder> read_purge_order(std::string_view json, WallTime now) {
  const Result<Terms> read = read_terms(json);
  if (!read) return std::unexpected(read.error());
  const Terms& terms = *read;
  store::PurgeFilter base{.tenant = terms.tenant, .owner = terms.owner};
  if (terms.older_than_seconds)
    base.fetched_before = now - std::chrono::seconds{*terms.older_than_seconds};
  Result<std::vector<store::PurgeFilter>> filters = filters_of(terms, base);
  if (!filters) return std::unexpected(filters.error());
  return PurgeOrder{*std::move(filters), words_of(terms)};
}

Purges::Purges(enrich::Enricher& enricher, Audit& audit)
    : enricher_{enricher}, audit_{audit}, thread_{[this] { run(); }} {}

void Purges::stop() {
  stop_.request_stop();
  {
    const LockGuard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
}

Purges::~Purges() {
  stop();
  thread_.join();
  const LockGuard lock{mutex_};
  for (Job& job : jobs_)
    job.done(
        fail(ErrorCode::Cancelled, "The service is stopping; nothing was purged.", "shutdown"));
}

Status Purges::start(PurgeOrder order, PurgeAsker asker, Done&& done) {
  {
    const LockGuard lock{mutex_};
    if (stopping_ || jobs_.size() >= kWaiting)
      return fail(ErrorCode::Busy, "Other purges are waiting already; order it again in a moment.",
                  "purges at their limit");
    jobs_.push_back({std::move(order), std::move(asker), std::move(done)});
  }
  changed_.notify_all();
  return {};
}

void Purges::run() {
  pthread_setname_np(pthread_self(), "cs-purge");
  for (;;) {
    std::optional<Job> job;
    {
      const LockGuard lock{mutex_};
      while (jobs_.empty() && !stopping_) changed_.wait(mutex_);
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job->done(carry_out(*job));
  }
}

Result<std::int64_t> Purges::carry_out(const Job& job) {
  std::int64_t purged = 0;
  std::optional<Error> error;
  for (store::PurgeFilter filter : job.order.filters) {
    if (stop_.stop_requested()) break;
    filter.stop = stop_.get_token();
    const Result<std::int64_t> part = enricher_.purge(filter);
    if (part) {
      purged += *part;
    } else {
      error = part.error();
    }
  }
  const bool interrupted = stop_.stop_requested();
  if (interrupted)
    error = Error{ErrorCode::Cancelled,
                  "The service is stopping; " + std::to_string(purged) +
                      " rows were purged before it, and there may be more. Order it again.",
                  "shutdown"};
  audit_.record({.action = "purge",
                 .who = job.asker.caller,
                 .address = job.asker.address,
                 .what = job.order.what + ": " + std::to_string(purged) + " rows",
                 .outcome = interrupted ? "interrupted"
                            : error     ? std::string{name_of(error->code)}
                                        : "done",
                 .request_id = job.asker.request_id});
  if (error) return std::unexpected(*std::move(error));
  return purged;
}

}  // namespace cardstock::admin
