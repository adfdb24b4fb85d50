#pragma once
/// \file flight.hpp
/// \brief A look-up that is under way, those who wait for it, and the upstream call that carries
/// it.
///
/// Threads: the enricher's own only.
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <cardstock/enrich/enricher.hpp>
#include <cardstock/threatconnect/answer.hpp>
#include <cardstock/threatconnect/query.hpp>

#include "breaker.hpp"
#include "tenant_ledger.hpp"

namespace cardstock::enrich {

struct Flight;
using FlightPtr = std::shared_ptr<Flight>;

/// When each waiter gives up: its flight, and its id there.
using Deadlines = std::multimap<SteadyTime, std::pair<FlightPtr, std::uint64_t>>;

struct Waiter {
  std::uint64_t id = 0;
  Deadlines::iterator deadline;
  CacheStatus status = CacheStatus::Miss;  ///< what the waiter is told on success
  bool until_stored = false;               ///< and not before the row is committed
  Enricher::Done done;
};

struct Flight {
  TenantPtr tenant;
  Indicator indicator;
  StandingPtr standing = nullptr;
  std::vector<std::string> spellings;
  EntryPtr fallback;  ///< served, marked stale, when the call fails
  std::vector<Waiter> waiters;
  Lane lane = Lane::Analyst;  ///< the highest of those who asked
  SteadyTime created_at;
  enum class State {
    Waiting,   ///< in its lane
    Sent,      ///< in a call that is open, or is made again in a moment
    HeldBack,  ///< in a call that ThreatConnect has put off: the limiter holds
  };
  State state = State::Waiting;
  bool overtaken = false;  ///< by a purge, after it was sent: shown to its waiters, kept nowhere
};

/// One TQL query for one tenant, page by page.
struct Call {
  TenantPtr tenant;
  std::vector<FlightPtr> flights;
  threatconnect::BaseUrl base;  ///< in the form that is tried
  threatconnect::RequestLine line;
  std::vector<threatconnect::Row> rows;
  int pages = 0;
  std::int64_t total = 0;     ///< rows of all pages, as the first page counts them
  std::int64_t skipped = 0;   ///< rows that could not be read
  std::int64_t rows_cut = 0;  ///< rows that are there and were not read, at least
  bool other_form_tried = false;
  WallTime sent_at;
  fetch::HttpClient::Ticket ticket = 0;
  int attempts = 0;  ///< of this page
  bool clock_retried =
      false;              ///< a refusal that named the timestamp has been answered with another
  bool lower = false;     ///< no analyst waited for it when it started
  bool stranger = false;  ///< its credential had never been accepted then
  SteadyTime started_at;
  SteadyTime counted_at;  ///< as the limiter counts it
  Breaker::Role role = Breaker::Role::Ordinary;
};

using CallPtr = std::shared_ptr<Call>;

inline bool of_stranger(const Flight& flight) noexcept {
  return flight.standing && is_stranger(*flight.tenant, *flight.standing);
}
/// The highest of its flights.
Lane lane_of(const Call& call) noexcept;
/// A query for `flights`, all of one tenant.
CallPtr make_call(std::vector<FlightPtr> flights,
                  const threatconnect::BaseUrl& base,
                  const threatconnect::OwnerFilter& owners);
fetch::HttpRequest signed_request(const Tenant& tenant,
                                  const threatconnect::BaseUrl& base,
                                  const threatconnect::RequestLine& line,
                                  WallTime now);
/// Deals the rows of a finished call out: one record a flight, in the order of call.flights.
/// `unmatched` counts the rows that nobody asked for.
std::vector<threatconnect::Record> records_of(const Call& call, std::uint64_t& unmatched);

}  // namespace cardstock::enrich
