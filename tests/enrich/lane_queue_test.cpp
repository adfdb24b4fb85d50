#include <catch2/catch.hpp>

#include "lane_queue.hpp"

using namespace cardstock;
using namespace cardstock::enrich;

namespace {

TenantPtr tenant(std::uint8_t id) {
  auto made = std::make_shared<Tenant>();
  made->id[0] = id;
  return made;
}

FlightPtr flight(const TenantPtr& whose, int i) {
  return std::make_shared<Flight>(Flight{
      .tenant = whose,
      .indicator =
          *Indicator::parse(EntityType::InternetDomainName, "n" + std::to_string(i) + ".test")});
}

const auto kAny = [](const Flight&) { return true; };

std::vector<FlightPtr> take(LaneQueue& queue, std::size_t most) {
  std::vector<FlightPtr> taken;
  const FlightPtr first = queue.first(kAny);
  if (first)
    queue.take(first->tenant->id, [&](const Flight&) { return taken.size() < most; }, taken);
  return taken;
}

}  // namespace

TEST_CASE("lane_queue: tenants take turns and each keeps its order", "[enrich]") {
  const TenantPtr a = tenant(1);
  const TenantPtr b = tenant(2);
  LaneQueue queue;
  for (int i = 0; i < 5; ++i) queue.push(flight(a, i));
  for (int i = 5; i < 7; ++i) queue.push(flight(b, i));
  std::vector<std::string> order;
  while (!queue.empty())
    for (const FlightPtr& taken : take(queue, 2)) order.push_back(taken->indicator.canonical());
  CHECK(order == std::vector<std::string>{"n0.test", "n1.test", "n5.test", "n6.test", "n2.test",
                                          "n3.test", "n4.test"});
  CHECK(queue.first(kAny) == nullptr);
  CHECK(queue.tenants() == 0);
}

TEST_CASE("lane_queue: what is passed over stays in its place", "[enrich]") {
  const TenantPtr a = tenant(1);
  LaneQueue queue;
  std::vector<FlightPtr> all;
  for (int i = 0; i < 4; ++i) queue.push(all.emplace_back(flight(a, i)));
  std::vector<FlightPtr> taken;
  queue.take(
      a->id, [&](const Flight& f) { return &f == all[1].get() || &f == all[3].get(); }, taken);
  CHECK(taken == std::vector<FlightPtr>{all[1], all[3]});
  CHECK(queue.take_all() == std::vector<FlightPtr>{all[0], all[2]});
  CHECK(queue.empty());
}

TEST_CASE("lane_queue: remove and drop", "[enrich]") {
  const TenantPtr a = tenant(1);
  const TenantPtr b = tenant(2);
  LaneQueue queue;
  const FlightPtr lone = flight(b, 9);
  queue.push(lone);
  std::vector<FlightPtr> all;
  for (int i = 0; i < 3; ++i) queue.push(all.emplace_back(flight(a, i)));
  CHECK(queue.drop() == all[0]);  // of who has most, the oldest
  CHECK(queue.remove(lone));
  CHECK_FALSE(queue.remove(lone));
  CHECK(queue.tenants() == 1);
  CHECK(queue.size() == 2);
  CHECK(queue.drop() == all[1]);
  CHECK(queue.drop() == all[2]);
  CHECK(queue.drop() == nullptr);
}

TEST_CASE("lane_queue: calls ahead of the newest count the turns of others", "[enrich]") {
  const TenantPtr a = tenant(1);
  const TenantPtr b = tenant(2);
  LaneQueue queue;
  CHECK(queue.calls_ahead(a->id, 10) == 0);
  for (int i = 0; i < 10; ++i) queue.push(flight(a, i));
  CHECK(queue.calls_ahead(a->id, 10) == 0);
  queue.push(flight(a, 10));
  CHECK(queue.calls_ahead(a->id, 10) == 1);
  for (int i = 20; i < 50; ++i) queue.push(flight(b, i));
  CHECK(queue.calls_ahead(a->id, 10) == 2);  // one of each before its second
  CHECK(queue.calls_ahead(b->id, 10) == 4);
}
