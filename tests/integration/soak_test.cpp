/// A ThreatConnect that misbehaves at random. Seconds in the suite; `CARDSTOCK_SOAK_SECONDS=600
/// integration_tests "soak*"` by hand.
#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;

namespace {

std::chrono::seconds soak_time() {
  const char* given = std::getenv("CARDSTOCK_SOAK_SECONDS");
  return std::chrono::seconds{given == nullptr ? 3 : std::atoi(given)};
}

std::string data() {
  std::string list;
  for (int i = 0; i < 100; ++i)
    for (const char* owner : {"Org A", "Org B"})
      list += std::string{list.empty() ? "" : ","} + R"({"type":"Host","ownerName":")" + owner +
              R"(","summary":"n)" + std::to_string(i) + R"(.evil.test","rating":3})";
  std::string whole = kInstance;
  whole.replace(whole.find("\"indicators\": []"), 16, "\"indicators\": [" + list + "]");
  return whole;
}

simulator::Fault fault_of(unsigned chance) {
  using Close = simulator::Fault::Close;
  switch (chance % 12) {
    case 0:
      return {.times = 1, .status = 500};
    case 1:
      return {.times = 1, .status = 429, .headers = {{"Retry-After", "1"}}};
    case 2:
      return {.times = 1, .status = 503, .headers = {{"Retry-After", "abc"}}};
    case 3:
      return {.times = 1, .hang = true};
    case 4:
      return {.times = 1, .close = Close::Before};
    case 5:
      return {.times = 1, .close = Close::Middle};
    case 6:
      return {.times = 1, .body = "<html>Log in</html>"};
    case 7:
      return {.times = 1, .body = R"({"status":"Success","data":[)"};
    case 8:
      return {.times = 1, .next = "http://elsewhere.test/api/v3/indicators"};
    case 9:
      return {.times = 1, .clock_offset = 900s};
    case 10:
      return {.times = 1, .status = 400};
    default:
      return {.times = 1, .delay = 100ms};
  }
}

std::size_t descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE(
    "soak: whatever ThreatConnect does every caller has a right answer in time and no secret shows",
    "[integration][soak]") {
  EventLog log;
  Stand stand{data(), [](cli::Config& config) {
                config.threatconnect.call_timeout = 300ms;
                config.threatconnect.card_timeout = 2s;
                config.threatconnect.default_owner = "";  // its name may be said to everybody
                config.cache.ttl = 20ms;
                config.cache.ttl_absent = 20ms;
                config.cache.grace = 0ms;
              }};
  stand.service.reset();
  auto started = app::RunningService::start(stand.config, log);
  REQUIRE(started);
  stand.service = *std::move(started);
  const std::set<std::string> outcomes{"ok", "no_result", "busy", "error"};
  const SteadyTime until = std::chrono::steady_clock::now() + soak_time();
  std::atomic<int> asked{0}, wrong{0}, crossed{0}, late{0};
  const std::size_t before = descriptors();
  {
    std::vector<std::jthread> callers;
    for (unsigned caller = 0; caller < 4; ++caller)
      callers.emplace_back([&, caller] {
        std::minstd_rand chance{caller + 1};
        const bool alice = caller % 2 == 0;
        const std::string auth = alice ? stand.auth() : stand.auth("bob", "bob-secret");
        while (std::chrono::steady_clock::now() < until) {
          const auto number = chance() % 120;
          const std::string name = "n" + std::to_string(number) + ".evil.test";
          const auto begun = std::chrono::steady_clock::now();
          const HttpAnswer answer = stand.post("InternetDomainName", name, auth);
          if (std::chrono::steady_clock::now() - begun > 10s) ++late;
          ++asked;
          const Json envelope{answer.body};
          // The first hundred are held, by both; never is "could not be asked" said as "nobody".
          const std::string outcome = envelope.text("/outcome");
          if (!outcomes.contains(outcome) || outcome == (number < 100 ? "no_result" : "ok"))
            ++wrong;
          // Nobody sees the other's organization.
          if (answer.body.find(alice ? "Org B" : "Org A") != std::string::npos) ++crossed;
        }
      });
    std::minstd_rand chance{99};
    while (std::chrono::steady_clock::now() < until) {
      static_cast<void>(stand.upstream->set_fault(fault_of(static_cast<unsigned>(chance() >> 8U))));
      http_call("GET", stand.service->admin_url() + "/v1/admin/stats");
    }
  }
  CHECK(asked > 50);
  CHECK(wrong == 0);
  CHECK(crossed == 0);
  CHECK(late == 0);
  stand.upstream->clear_faults();
  const std::string stats = http_call("GET", stand.service->admin_url() + "/v1/admin/stats").body;
  CHECK(descriptors() <= before + 64);
  for (const std::string& text : {log.text(), stats})
    for (const char* secret :
         {"alice's secret/+=", "bob-secret", "Authorization", "TC alice:", "TC bob:"})
      CHECK(text.find(secret) == std::string::npos);
}
