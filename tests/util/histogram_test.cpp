#include <catch2/catch.hpp>

#include <cardstock/util/histogram.hpp>

using cardstock::Histogram;
using namespace std::chrono_literals;

TEST_CASE("histogram: a quantile lies within an eighth above the true one", "[util]") {
  Histogram h;
  CHECK(h.quantile(0.5) == 0);
  for (int i = 1; i <= 1000; ++i) h.record(std::chrono::microseconds{i * 100});
  CHECK(h.count() == 1000);
  CHECK(h.quantile(0.5) >= 0.05);
  CHECK(h.quantile(0.5) <= 0.05 * 1.126);
  CHECK(h.quantile(0.99) >= 0.099);
  CHECK(h.quantile(0.99) <= 0.099 * 1.126);
}

TEST_CASE("histogram: extremes stay inside", "[util]") {
  Histogram h;
  h.record(-5us);
  h.record(0us);
  CHECK(h.quantile(1) <= 3e-6);
  h.record(std::chrono::hours{1000});
  CHECK(h.quantile(1) > 4000);
}
