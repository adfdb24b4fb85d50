#include <catch2/catch.hpp>

#include <thread>

#include <cardstock/enrich/memory_tier.hpp>

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;

namespace {

class Bulk final : public Rendered {
 public:
  explicit Bulk(std::size_t bytes) : bytes_{bytes} {}
  std::size_t bytes() const noexcept override { return bytes_; }

 private:
  std::size_t bytes_;
};

EntryPtr entry(WallTime fetched_at, std::size_t bytes = 100) {
  auto e = std::make_shared<Entry>();
  e->life = lifetime({}, Presence::Found, fetched_at, 0);
  e->rendered = std::make_unique<Bulk>(bytes);
  return e;
}

const TenantId kOne{1};
const TenantId kTwo{2};
const WallTime kNow{1000h};

}  // namespace

TEST_CASE("memory_tier: tenant, type and text all belong to the key", "[enrich]") {
  MemoryTier tier{1U << 20U, {1, 2}};
  const EntryPtr kept = entry(kNow);
  tier.insert({kOne, IndicatorType::Host, "evil.test"}, kept);
  CHECK(tier.find({kOne, IndicatorType::Host, "evil.test"}) == kept);
  CHECK(tier.find({kTwo, IndicatorType::Host, "evil.test"}) == nullptr);
  CHECK(tier.find({kOne, IndicatorType::Url, "evil.test"}) == nullptr);
  CHECK(tier.find({kOne, IndicatorType::Host, "evil.tes"}) == nullptr);
  tier.erase({kOne, IndicatorType::Host, "evil.test"});
  CHECK(tier.find({kOne, IndicatorType::Host, "evil.test"}) == nullptr);
  CHECK(tier.size().bytes == 0);
}

TEST_CASE("memory_tier: an older entry does not replace a younger one", "[enrich]") {
  MemoryTier tier{1U << 20U, {1, 2}};
  const EntryPtr young = entry(kNow);
  tier.insert({kOne, IndicatorType::Host, "a.test"}, young);
  tier.insert({kOne, IndicatorType::Host, "a.test"}, entry(kNow - 1ms));
  CHECK(tier.find({kOne, IndicatorType::Host, "a.test"}) == young);
  const EntryPtr same_age = entry(kNow);
  tier.insert({kOne, IndicatorType::Host, "a.test"}, same_age);
  CHECK(tier.find({kOne, IndicatorType::Host, "a.test"}) == same_age);
  CHECK(tier.size().rows == 1);
}

TEST_CASE("memory_tier: bytes stay below the limit and what is used stays longest", "[enrich]") {
  constexpr std::size_t kLimit = 256 * 1024;
  MemoryTier tier{kLimit, {1, 2}};
  tier.insert({kOne, IndicatorType::Host, "hot.test"}, entry(kNow, 500));
  for (int i = 0; i < 5000; ++i) {
    tier.insert({kOne, IndicatorType::Host, "cold" + std::to_string(i) + ".test"},
                entry(kNow, 500));
    REQUIRE(tier.size().bytes <= kLimit);
    REQUIRE(tier.find({kOne, IndicatorType::Host, "hot.test"}) != nullptr);
  }
  CHECK(tier.size().rows > 100);
  CHECK(tier.find({kOne, IndicatorType::Host, "cold0.test"}) == nullptr);
}

TEST_CASE("memory_tier: a scan of very many keys does not push out the hot hundred", "[enrich]") {
  MemoryTier tier{1U << 20U, {1, 2}};
  const auto hot = [](int i) { return "hot" + std::to_string(i) + ".test"; };
  const auto hot_ones_held = [&] {
    int held = 0;
    for (int i = 0; i < 100; ++i) held += tier.peek({kOne, IndicatorType::Host, hot(i)}) ? 1 : 0;
    return held;
  };
  for (int i = 0; i < 100; ++i) tier.insert({kOne, IndicatorType::Host, hot(i)}, entry(kNow));
  for (int i = 0; i < 100; ++i) REQUIRE(tier.find({kOne, IndicatorType::Host, hot(i)}));
  const bool refreshed = GENERATE(false, true);
  const bool looked_at = GENERATE(false, true);
  int missing = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string name = "scan" + std::to_string(i) + ".test";
    tier.insert({kOne, IndicatorType::Host, name}, entry(kNow));
    if (looked_at && !tier.peek({kOne, IndicatorType::Host, name})) ++missing;
    if (refreshed && i == 50'000)
      for (int h = 0; h < 100; ++h)
        tier.insert({kOne, IndicatorType::Host, hot(h)}, entry(kNow + 1ms));
  }
  CHECK(hot_ones_held() == 100);
  // What becomes hot later finds its place all the same, and what is not any more makes it.
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "later" + std::to_string(i) + ".test";
    tier.insert({kOne, IndicatorType::Host, name}, entry(kNow));
    if (!tier.find({kOne, IndicatorType::Host, name})) ++missing;
  }
  CHECK(hot_ones_held() == 0);
  CHECK(missing == 0);
  CHECK(tier.size().bytes <= tier.limit_bytes());
}

TEST_CASE("memory_tier: an entry that grows in its place makes others go", "[enrich]") {
  MemoryTier tier{160 * 1024, {1, 2}};
  for (int i = 0; i < 300; ++i)
    tier.insert({kOne, IndicatorType::Host, "n" + std::to_string(i)}, entry(kNow, 10));
  for (int i = 0; i < 300; ++i) {
    const std::string name = "n" + std::to_string(i);
    tier.insert({kOne, IndicatorType::Host, name}, entry(kNow, 9000));
    REQUIRE(tier.peek({kOne, IndicatorType::Host, name}));
    REQUIRE(tier.size().bytes <= tier.limit_bytes());
  }
  tier.insert({kOne, IndicatorType::Host, "n299"}, entry(kNow, 20'000));
  CHECK_FALSE(tier.peek({kOne, IndicatorType::Host, "n299"}));
}

TEST_CASE("memory_tier: what is too large for a shard is not kept", "[enrich]") {
  MemoryTier tier{16 * 1024, {1, 2}};
  tier.insert({kOne, IndicatorType::Host, "big.test"}, entry(kNow, 2000));
  CHECK(tier.find({kOne, IndicatorType::Host, "big.test"}) == nullptr);
  CHECK(tier.size().rows == 0);
}

TEST_CASE("memory_tier: readers and writers may meet", "[enrich][threads]") {
  MemoryTier tier{64 * 1024, {3, 4}};
  std::vector<std::jthread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&tier, &wrong, t] {
      for (int i = 0; i < 3000; ++i) {
        const std::string name = "n" + std::to_string((i * (t + 1)) % 300) + ".test";
        const KeyView key{kOne, IndicatorType::Host, name};
        if (i % 3 == 0) tier.insert(key, entry(kNow + std::chrono::milliseconds{i}, name.size()));
        if (i % 50 == 0) tier.erase(key);
        if (const EntryPtr found = tier.find(key); found && found->rendered->bytes() != name.size())
          ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}
