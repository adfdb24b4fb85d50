/// Ten thousand random asks from several clients at once, and the books agree: what the clients
/// were told, what the simulator saw, what the stats, the metrics and the top indicators say.
#include <array>
#include <map>
#include <random>
#include <thread>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

constexpr std::size_t kClients = 4;
constexpr std::size_t kAsks = 10'000;
constexpr int kNames = 700;

/// What the clients were told.
struct Told {
  std::map<std::string, std::int64_t> outcomes;
  std::map<std::string, std::int64_t> caches;  ///< of found and absent ones, by cache.status
  std::map<std::string, std::int64_t> asked;   ///< valid ones, by canonical name
  std::int64_t negative = 0;
  std::int64_t without_type = 0;

  void add(const Json& envelope, const std::string& at) {
    const auto text = [&](const char* key) { return envelope.text((at + key).c_str()); };
    const std::string outcome = text("/outcome");
    ++outcomes[outcome];
    if (outcome == "unsupported_type") ++without_type;
    if (const std::string name = text("/indicator/canonical"); name != "(none)") ++asked[name];
    if (const std::string status = text("/cache/status"); status != "(none)") {
      ++caches[status];
      if (status == "hit" && outcome == "no_result") ++negative;
    }
  }
  void add(const Told& other) {
    for (const auto& [name, count] : other.outcomes) outcomes[name] += count;
    for (const auto& [name, count] : other.caches) caches[name] += count;
    for (const auto& [name, count] : other.asked) asked[name] += count;
    negative += other.negative;
    without_type += other.without_type;
  }
};

std::string data() {
  std::string list;
  for (int i = 0; i < kNames; i += 3)
    list += std::string{list.empty() ? "" : ","} +
            R"({"type":"Host","ownerName":"Org A","summary":"n)" + std::to_string(i) +
            R"(.evil.test"})";
  std::string whole = kInstance;
  const std::string place = "\"indicators\": []";
  whole.replace(whole.find(place), place.size(), "\"indicators\": [" + list + "]");
  return whole;
}

class Client {
 public:
  Client(const Stand& stand, unsigned seed) : stand_{stand}, random_{seed} {}

  Told run(std::size_t asks) {
    Told told;
    while (asks > 0) {
      if (roll(10) == 0) {
        told.add(Json{one()}, "");
        --asks;
        continue;
      }
      const std::size_t size = std::min<std::size_t>(asks, 1 + roll(60));
      const Json answer{many(size)};
      for (std::size_t i = 0; i < size; ++i) told.add(answer, "/results/" + std::to_string(i));
      asks -= size;
    }
    return told;
  }

 private:
  unsigned roll(unsigned sides) {
    return std::uniform_int_distribution<unsigned>{0, sides - 1}(random_);
  }
  std::string name() {
    // Some are asked far more than others.
    const unsigned number = roll(3) == 0 ? roll(10) : roll(kNames);
    return "n" + std::to_string(number) + (roll(2) == 0 ? ".evil.test" : "[.]EVIL.test");
  }
  std::pair<std::string, std::string> entity() {
    const unsigned kind = roll(40);
    if (kind == 0) return {"InternetDomainName", "not a name"};
    if (kind == 1) return {"Planet", "n1.evil.test"};
    if (kind < 8) return {"IpAddress", "198.51.100." + std::to_string(roll(200))};
    return {"InternetDomainName", name()};
  }
  std::string one() {
    const auto [type, name] = entity();
    const unsigned wish = roll(8);
    std::vector<std::string> headers;
    if (wish == 0) headers.emplace_back("Cache-Control: no-cache");
    if (wish == 1) headers.emplace_back("Cache-Control: only-if-cached");
    return stand_.get(type, name, headers).body;
  }
  std::string many(std::size_t size) {
    std::string body = R"({"entities":[)";
    for (std::size_t i = 0; i < size; ++i) {
      const auto [type, name] = entity();
      body +=
          std::string{i == 0 ? "" : ","} + R"({"type":")" + type + R"(","name":")" + name + R"("})";
    }
    return http_call("POST", stand_.service->url() + "/v1/cards", body + "]}").body;
  }

  const Stand& stand_;
  std::mt19937 random_;
};

Told ask_at_random(const Stand& stand) {
  std::array<Told, kClients> told;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < kClients; ++i)
      threads.emplace_back(
          [&stand, &told, i] { told[i] = Client{stand, 4711 + i}.run(kAsks / kClients); });
  }
  Told all;
  for (const Told& part : told) all.add(part);
  return all;
}

void check_requests(const Json& stats, const Told& told) {
  CHECK(stats.number("/requests/total") == kAsks);
  std::int64_t outcomes = 0;
  for (const auto& [name, count] : told.outcomes) {
    CAPTURE(name);
    CHECK(stats.number(("/requests/by_outcome/" + name).c_str()) == count);
    outcomes += count;
  }
  CHECK(outcomes == kAsks);
  CHECK(stats.number("/requests/by_type/IpAddress") +
            stats.number("/requests/by_type/InternetDomainName") + told.without_type ==
        kAsks);
}

void check_cache(const Json& stats, const Told& told) {
  const auto of = [&told](const char* status) {
    const auto found = told.caches.find(status);
    return found == told.caches.end() ? 0 : found->second;
  };
  CHECK(stats.number("/cache/hit") == of("hit") - told.negative);
  CHECK(stats.number("/cache/negative") == told.negative);
  CHECK(stats.number("/cache/miss") == of("miss"));
  CHECK(stats.number("/cache/coalesced") == of("coalesced"));
  CHECK(stats.number("/cache/bypass") == of("bypass"));
  CHECK(stats.number("/cache/stale") == 0);
  CHECK(of("bypass") > 0);
  CHECK(of("hit") > 1000);
}

void check_upstream(const Stand& stand, const Json& stats) {
  std::int64_t values = 0, of_look_ups = 0;
  for (const simulator::LoggedRequest& call : stand.upstream->log()) {
    values += static_cast<std::int64_t>(call.values);
    if (call.target.contains("/v3/indicators?")) ++of_look_ups;
  }
  const std::int64_t calls = stats.number("/upstream/calls");
  CHECK(calls == static_cast<std::int64_t>(stand.upstream->requests()));
  // Each of these indicators has one spelling, so that a value is an indicator.
  CHECK(stats.number("/upstream/indicators") == values);
  // What was asked beside look-ups (whose the credential is) serves none of them.
  const std::int64_t answered = stats.number("/cache/hit") + stats.number("/cache/negative") +
                                stats.number("/cache/miss") + stats.number("/cache/coalesced") +
                                stats.number("/cache/bypass");
  CHECK(stats.number("/upstream/calls_saved") == answered - of_look_ups);
  CHECK(stats.number("/limiter/rejected") == 0);
}

}  // namespace

TEST_CASE("stats: after ten thousand random asks they say what clients and simulator counted",
          "[integration]") {
  const Stand stand{data()};
  const Told told = ask_at_random(stand);
  REQUIRE(stand.service->store().flush());
  const Json stats = stand.stats();
  check_requests(stats, told);
  check_cache(stats, told);
  check_upstream(stand, stats);
  // Every indicator that is neither asked only-if-cached alone nor refused has its row.
  CHECK(stats.number("/store/rows") == stats.number("/memory/rows"));

  const Json top{http_call("GET", stand.service->admin_url() + "/v1/admin/top").body};
  for (const std::size_t i : {0U, 1U, 2U, 3U, 4U}) {
    const std::string at = "/indicators/" + std::to_string(i);
    const std::int64_t truth = told.asked.at(top.text((at + "/name").c_str()));
    CHECK(top.number((at + "/asks").c_str()) >= truth);
    CHECK(top.number((at + "/asks").c_str()) - top.number((at + "/over").c_str()) <= truth);
  }
}

TEST_CASE("stats: calls that fail and are made again are counted as the simulator saw them",
          "[integration]") {
  const Stand stand{data()};
  simulator::Fault fault;
  fault.path = "/v3/indicators";
  fault.times = 7;
  fault.status = 500;
  REQUIRE(stand.upstream->set_fault(fault));
  for (int i = 0; i < 12; ++i)
    stand.get("InternetDomainName", "n" + std::to_string(i) + ".evil.test");
  const Json stats = stand.stats();
  std::int64_t failed = 0;
  for (const simulator::LoggedRequest& call : stand.upstream->log()) failed += call.status == 500;
  CHECK(failed == 7);
  CHECK(stats.number("/upstream/calls") == static_cast<std::int64_t>(stand.upstream->requests()));
  CHECK(stats.number("/upstream/errors/upstream_failed") == failed);
  CHECK(stats.number("/upstream/retries") ==
        stats.number("/upstream/calls") - stats.number("/upstream/indicators"));
}
