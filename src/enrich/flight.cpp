#include "flight.hpp"

#include <algorithm>

namespace cardstock::enrich {

Lane lane_of(const Call& call) noexcept {
  Lane highest = Lane::Prewarm;
  for (const FlightPtr& flight : call.flights) highest = std::min(highest, flight->lane);
  return highest;
}

CallPtr make_call(std::vector<FlightPtr> flights,
                  const threatconnect::BaseUrl& base,
                  const threatconnect::OwnerFilter& owners) {
  auto call = std::make_shared<Call>();
  call->tenant = flights.front()->tenant;
  call->base = base;
  std::vector<threatconnect::Wanted> wanted;
  wanted.reserve(flights.size());
  for (const FlightPtr& flight : flights)
    wanted.push_back({flight->indicator.type(), flight->spellings});
  call->line = threatconnect::indicators_request(base, threatconnect::lookup_tql(wanted, owners));
  call->flights = std::move(flights);
  return call;
}

fetch::HttpRequest signed_request(const Tenant& tenant,
                                  const threatconnect::BaseUrl& base,
                                  const threatconnect::RequestLine& line,
                                  WallTime now) {
  fetch::HttpRequest request;
  request.origin = base.origin();
  request.target = line.target;
  request.body = line.body;
  request.headers.push_back({"Accept", "application/json"});
  for (auto& field :
       threatconnect::authorization(tenant.credentials, line.target, request.method, now))
    request.headers.push_back({std::move(field.name), std::move(field.value)});
  request.addresses =
      tenant.reach == Reach::Any ? fetch::AddressPolicy::Any : fetch::AddressPolicy::PublicOnly;
  return request;
}

std::vector<threatconnect::Record> records_of(const Call& call, std::uint64_t& unmatched) {
  std::vector<Indicator> wanted;
  wanted.reserve(call.flights.size());
  for (const FlightPtr& flight : call.flights) wanted.push_back(flight->indicator);
  std::vector<threatconnect::Record> records(call.flights.size());
  for (const threatconnect::Row& row : call.rows) {
    const std::vector<std::size_t> whose = threatconnect::match(row, wanted);
    if (whose.empty()) ++unmatched;
    for (const std::size_t i : whose) records[i].copies.push_back(row.copy);
  }
  for (threatconnect::Record& record : records)
    if (!record.absent()) record.copies_cut = call.rows_cut;
  return records;
}

}  // namespace cardstock::enrich
