#include <cardstock/enrich/sweeper.hpp>

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace cardstock::enrich {
namespace {

// Rows of one purge: the end of the service does not wait for more.
constexpr std::int64_t kSlice = 10'000;

}  // namespace

std::vector<store::PurgeFilter> dead_rows(const EnrichSettings& settings, WallTime now) {
  std::vector<store::PurgeFilter> filters;
  if (settings.cache_only) return filters;
  for (const IndicatorType type : kAllIndicatorTypes) {
    const auto own = settings.per_type.find(entity_of(type));
    const FreshnessPolicy& policy = own == settings.per_type.end() ? settings.policy : own->second;
    const milliseconds found = policy.ttl + policy.grace + policy.keep;
    filters.push_back({.type = type, .fetched_before = now - std::max(found, policy.ttl_absent)});
  }
  return filters;
}

Sweeper::Sweeper(const EnrichSettings& settings,
                 store::RecordStore& store,
                 const Clock& clock,
                 Log& log)
    : settings_{settings}, store_{store}, clock_{clock}, log_{log} {}

Sweeper::~Sweeper() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  {
    const LockGuard lock{mutex_};
    stopped_.notify_all();
  }
  thread_.join();
}

void Sweeper::start() {
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

bool Sweeper::clock_believed() {
  const Look now{clock_.wall(), clock_.steady()};
  const std::optional<Look> before = std::exchange(last_, now);
  if (!before) return false;
  const auto apart = (now.wall - before->wall) -
                     std::chrono::duration_cast<milliseconds>(now.steady - before->steady);
  return apart <= kMaxStep && apart >= -kMaxStep;
}

std::int64_t Sweeper::sweep(const std::stop_token& stop) {
  if (!clock_believed()) return 0;
  std::int64_t gone = 0;
  for (store::PurgeFilter& filter : dead_rows(settings_, clock_.wall())) {
    filter.at_most = kSlice;
    Result<std::int64_t> part = kSlice;
    while (part && *part == kSlice && !stop.stop_requested()) {
      part = store_.purge(filter);
      if (part) gone += *part;
    }
    if (!part)
      log_.warning("sweep_failed", {{"error", std::string{name_of(part.error().code)}},
                                    {"cause", part.error().cause}});
  }
  if (gone > 0) log_.debug("swept", {{"rows", std::to_string(gone)}});
  return gone;
}

void Sweeper::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "cs-sweep");
  while (!stop.stop_requested()) {
    sweep(stop);
    const SteadyTime until = std::chrono::steady_clock::now() + kEvery;
    const LockGuard lock{mutex_};
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < until)
      stopped_.wait_until(mutex_, until);
  }
}

}  // namespace cardstock::enrich
