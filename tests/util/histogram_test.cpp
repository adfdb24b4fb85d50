#include <catch2/catch.hpp>

#include <cardstock/util/histogram.hpp>

using cardstock::Histogram;
using namespace std::chrono_literals;

TEST_CASE("histogram: a quantile lies within an eighth above the true one", "[util]") {
  Histogram h;
  CHECK(h.counts().quantile(0.5) == 0);
  for (int i = 1; i <= 1000; ++i) h.record(std::chrono::microseconds{i * 100});
  CHECK(h.counts().count() == 1000);
  CHECK(h.counts().quantile(0.5) >= 0.05);
  CHECK(h.counts().quantile(0.5) <= 0.05 * 1.126);
  CHECK(h.counts().quantile(0.99) >= 0.099);
  CHECK(h.counts().quantile(0.99) <= 0.099 * 1.126);
}

TEST_CASE("histogram: extremes stay inside", "[util]") {
  Histogram h;
  h.record(-5us);
  h.record(0us);
  CHECK(h.counts().quantile(1) <= 3e-6);
  h.record(std::chrono::hours{1000});
  CHECK(h.counts().quantile(1) > 4000);
}

TEST_CASE("histogram: sums and powers of two are exact", "[util]") {
  Histogram h;
  for (const auto duration : {0us, 1us, 63us, 64us, 127us, 128us, 1'000'000us}) h.record(duration);
  const cardstock::HistogramCounts counts = h.counts();
  CHECK(counts.sum_seconds() == Approx(1.000383));
  CHECK(counts.below_power_of_two(0) == 0);
  CHECK(counts.below_power_of_two(6) == 3);
  CHECK(counts.below_power_of_two(7) == 5);
  CHECK(counts.below_power_of_two(20) == 7);
  CHECK(counts.below_power_of_two(99) == 7);
}

TEST_CASE("histogram: what was counted between two readings", "[util]") {
  Histogram h;
  h.record(5s);
  const cardstock::HistogramCounts before = h.counts();
  for (int i = 0; i < 10; ++i) h.record(1ms);
  const cardstock::HistogramCounts between = h.counts().since(before);
  CHECK(between.count() == 10);
  CHECK(between.sum_seconds() == Approx(0.01));
  CHECK(between.quantile(1) < 0.002);
}
