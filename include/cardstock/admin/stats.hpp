#pragma once
/// \file stats.hpp
/// \brief What the admin listener tells of the service: counters of the front, and the one document
/// that joins all of them.
///
/// Threads: any; relaxed atomics. Blocking: `stats_json` reads the store's kept counters, no table
/// scan. Errors: none. Stored: the keys of the document are public and stay (docs/admin.md).
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
inline constexpr std::size_t kOutcomes = 8;
/// "ok", "no_result", …
std::string_view name_of(Outcome outcome) noexcept;

class RequestCounters {
 public:
  /// One card asked for; `type` is nullopt where none could be read.
  void count(std::optional<EntityType> type,
             Outcome outcome,
             std::chrono::microseconds duration) noexcept;

  std::uint64_t by_type(EntityType type) const noexcept;
  std::uint64_t by_outcome(Outcome outcome) const noexcept;
  std::uint64_t total() const noexcept;
  const Histogram& latency() const noexcept { return latency_; }

 private:
  std::array<std::atomic<std::uint64_t>, kEntityTypes + 1> types_{};
  std::array<std::atomic<std::uint64_t>, kOutcomes> outcomes_{};
  Histogram latency_;
};

struct StatsSources {
  std::string version;
  WallTime started_at;
  const RequestCounters& requests;
  const enrich::Enricher& enricher;
  store::RecordStore& store;
  const Clock& clock;
};

/// The document of `GET /v1/admin/stats`.
std::string stats_json(const StatsSources& sources);

}  // namespace cardstock::admin
