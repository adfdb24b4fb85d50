#pragma once
/// \file sample.hpp
/// \brief Keys and records for store tests.
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <cardstock/store/record_store.hpp>

namespace cardstock::test {

inline store::TenantId tenant_id(std::uint8_t number) {
  store::TenantId id{};
  id.fill(number);
  return id;
}

inline store::Key key_of(std::string canonical,
                         IndicatorType type = IndicatorType::Host,
                         std::uint8_t tenant = 1) {
  return {tenant_id(tenant), type, std::move(canonical)};
}

inline WallTime at_hour(std::int64_t hour) {
  return WallTime{std::chrono::hours{hour}};
}

inline threatconnect::OwnerCopy copy_of(const std::string& owner) {
  threatconnect::OwnerCopy copy;
  copy.id = 11'111'797'252'348'111;
  copy.owner_id = 7;
  copy.owner = owner;
  copy.summary = "evil.test";
  copy.rating = 3.5;
  copy.confidence = 0;
  copy.last_modified = at_hour(400'000);
  copy.threat_assess_score = 873;
  copy.attributes = {{"Description", "C2 of \"Sparrow\" \xE2\x80\x94 seen in spring", true, false}};
  copy.groups = {{42, "Adversary", "Sparrow", owner, "https://tc.test/#/details/groups/42"}};
  copy.tags = {"block", "sinkhole"};
  return copy;
}

inline store::StoredRecord found(WallTime fetched_at,
                                 const std::vector<std::string>& owners = {"Org A"}) {
  store::StoredRecord row;
  for (const std::string& owner : owners) row.record.copies.push_back(copy_of(owner));
  row.fetched_at = fetched_at;
  return row;
}

inline store::StoredRecord absent(WallTime fetched_at,
                                  std::vector<std::string> asked = {"evil.test"}) {
  store::StoredRecord row;
  row.fetched_at = fetched_at;
  row.asked = std::move(asked);
  return row;
}

}  // namespace cardstock::test
