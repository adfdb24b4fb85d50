#include "admission.hpp"

#include <catch2/catch.hpp>

#include <vector>

using cardstock::fetch::Admission;
using Multiplexing = Admission::Multiplexing;

namespace {

std::vector<Admission::Ticket> all(Admission& admission) {
  std::vector<Admission::Ticket> started;
  while (const auto ticket = admission.next()) started.push_back(*ticket);
  return started;
}

using Tickets = std::vector<Admission::Ticket>;

}  // namespace

TEST_CASE("admission: a lane starts no more than its share, in order", "[fetch]") {
  Admission admission{10, 2};
  for (Admission::Ticket t = 1; t <= 4; ++t) admission.enqueue(t, "a", Multiplexing::Never);
  CHECK(all(admission) == Tickets{1, 2});
  admission.remove(2, "a");
  CHECK(all(admission) == Tickets{3});
  admission.remove(4, "a");
  admission.remove(1, "a");
  CHECK(all(admission).empty());
}

TEST_CASE("admission: a full lane holds up no other, and lanes take turns", "[fetch]") {
  Admission admission{4, 2};
  for (Admission::Ticket t = 1; t <= 5; ++t) admission.enqueue(t, "a", Multiplexing::Never);
  for (Admission::Ticket t = 6; t <= 9; ++t) admission.enqueue(t, "b", Multiplexing::Never);
  admission.enqueue(10, "c", Multiplexing::Never);
  CHECK(all(admission) == Tickets{1, 6, 10, 2});
  admission.remove(1, "a");
  CHECK(all(admission) == Tickets{7});
}

TEST_CASE("admission: the first call of a lane that may multiplex goes alone until it is connected",
          "[fetch]") {
  Admission admission{10, 3};
  for (Admission::Ticket t = 1; t <= 6; ++t) admission.enqueue(t, "a", Multiplexing::Possible);
  CHECK(all(admission) == Tickets{1});
  admission.remove(1, "a");  // it failed: the next one tries
  CHECK(all(admission) == Tickets{2});
  admission.connected("a");
  CHECK(all(admission) == Tickets{3, 4});
  admission.answered("a", true);
  CHECK(all(admission) == Tickets{5, 6});
}

TEST_CASE("admission: calls that share a connection count once", "[fetch]") {
  Admission admission{2, 2};
  for (Admission::Ticket t = 1; t <= 150; ++t) admission.enqueue(t, "a", Multiplexing::Possible);
  CHECK(all(admission) == Tickets{1});
  admission.connected("a");
  admission.answered("a", true);
  CHECK(all(admission).size() == 99);
  admission.enqueue(200, "b", Multiplexing::Never);
  admission.enqueue(201, "c", Multiplexing::Never);
  CHECK(all(admission) == Tickets{200});
  admission.remove(200, "b");
  CHECK(all(admission) == Tickets{201});
  admission.remove(201, "c");
  for (Admission::Ticket t = 1; t <= 150; ++t) admission.remove(t, "a");
  admission.enqueue(300, "d", Multiplexing::Never);
  admission.enqueue(301, "e", Multiplexing::Never);
  CHECK(all(admission) == Tickets{300, 301});
}
