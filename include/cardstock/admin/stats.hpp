#pragma once
/// \file stats.hpp
/// \brief What the admin listener tells of the service: counters of the front, and one reading of
/// all figures, which the stats, the metrics and the plots are made of.
///
/// Threads: any; relaxed atomics. Blocking: `read_figures` reads the store's kept counters, no
/// table scan. Errors: none. Stored: the keys of the document are public and stay (docs/admin.md).
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/enrich/enricher.hpp>
#include <cardstock/indicator/indicator.hpp>
#include <cardstock/store/record_store.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/histogram.hpp>

namespace cardstock::admin {

/// Outcomes of a card, as the envelope names them.
enum class Outcome {
  Ok,
  NoResult,
  InvalidIndicator,
  UnsupportedType,
  MissingCredentials,
  AuthFailed,
  Busy,
  Error
};
inline constexpr std::array kAllOutcomes{Outcome::Ok,
                                         Outcome::NoResult,
                                         Outcome::InvalidIndicator,
                                         Outcome::UnsupportedType,
                                         Outcome::MissingCredentials,
                                         Outcome::AuthFailed,
                                         Outcome::Busy,
                                         Outcome::Error};
inline constexpr std::size_t kOutcomes = kAllOutcomes.size();
/// "ok", "no_result", …
std::string_view name_of(Outcome outcome) noexcept;

/// What RequestCounters had counted at one moment.
struct RequestFigures {
  std::array<std::uint64_t, kEntityTypes + 1> by_type{};  ///< 0: no type could be read
  std::array<std::uint64_t, kOutcomes> by_outcome{};
  HistogramCounts latency;
  std::uint64_t total() const noexcept;  ///< of all outcomes
};

class RequestCounters {
 public:
  /// One card asked for; `type` is nullopt where none could be read.
  void count(std::optional<EntityType> type,
             Outcome outcome,
             std::chrono::microseconds duration) noexcept;

  RequestFigures figures() const noexcept;

 private:
  std::array<std::atomic<std::uint64_t>, kEntityTypes + 1> types_{};
  std::array<std::atomic<std::uint64_t>, kOutcomes> outcomes_{};
  Histogram latency_;
};

/// Attempts to log in at the admin page.
struct LoginFigures {
  std::uint64_t done = 0;
  std::uint64_t refused = 0;   ///< a wrong token
  std::uint64_t held_off = 0;  ///< too soon after wrong ones; not looked at
};

struct LoginCounters {
  std::atomic<std::uint64_t> done{0}, refused{0}, held_off{0};
  LoginFigures figures() const noexcept {
    return {done.load(std::memory_order_relaxed), refused.load(std::memory_order_relaxed),
            held_off.load(std::memory_order_relaxed)};
  }
};

/// Of the prewarm jobs since the start.
struct PrewarmFigures {
  std::uint64_t found = 0, absent = 0, fresh = 0, refused = 0, failed = 0;  ///< indicators
  std::uint64_t jobs_done = 0, jobs_failed = 0, jobs_cancelled = 0;
  std::size_t running = 0, waiting = 0;  ///< jobs now
};

struct StatsSources {
  std::string version;
  WallTime started_at;
  const RequestCounters& requests;
  const LoginCounters& logins;
  PrewarmFigures prewarm;
  const enrich::Enricher& enricher;
  store::RecordStore& store;
  const Clock& clock;
};

/// All figures of the service, read once: whatever shows figures shows these.
struct Figures {
  std::string version;
  WallTime started_at;
  WallTime now;
  RequestFigures requests;
  LoginFigures logins;
  PrewarmFigures prewarm;
  enrich::EnrichStats enricher;
  store::StoreStats store;
};
/// Blocking: one read of the store's counters.
Figures read_figures(const StatsSources& sources);

/// The document of `GET /v1/admin/stats`.
std::string stats_json(const Figures& figures);

}  // namespace cardstock::admin
