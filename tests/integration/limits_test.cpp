/// The limit of calls, as callers see it. (Its arithmetic: rate_limiter_test.cpp; what goes out
/// when: fetcher_test.cpp.)
#include <atomic>
#include <thread>

#include <cardstock/util/text.hpp>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBatch = 500;
constexpr std::size_t kPerCall = 50;
/// Seconds: a minute, which begins at the latest half a second after a call was sent.
constexpr std::int64_t kLongestWait = 61;

std::string name(std::size_t i) {
  return "n" + std::to_string(i) + ".test";
}

/// Asks for so many names at once, each from a thread of its own.
std::vector<HttpAnswer> ask_at_once(const Stand& stand, std::size_t count) {
  std::vector<HttpAnswer> answers(count);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] { answers[i] = stand.get("InternetDomainName", name(i)); });
  threads.clear();
  return answers;
}

/// What `count` callers were told under a limit that most of them cannot wait for.
struct Told {
  std::size_t no_result = 0, busy = 0, with_time = 0;
};

Told told(const std::vector<HttpAnswer>& answers) {
  Told told;
  for (const HttpAnswer& answer : answers) {
    const std::string outcome = Json{answer.body}.text("/outcome");
    told.no_result += outcome == "no_result" ? 1U : 0U;
    told.busy += outcome == "busy" && answer.status == 503 ? 1U : 0U;
    const auto wait = parse_integer(answer.header("retry-after"));
    told.with_time += wait && *wait >= 1 && *wait <= kLongestWait ? 1U : 0U;
  }
  return told;
}

/// One batch, as `cardstock prewarm` sends it.
HttpAnswer prewarm(const Stand& stand, std::size_t first) {
  std::string entities;
  for (std::size_t i = first; i < first + kBatch; ++i)
    entities += std::string{entities.empty() ? "" : ","} +
                R"({"type":"InternetDomainName","name":")" + name(i) + R"("})";
  return http_call("POST", stand.service->url() + "/v1/cards", R"({"entities":[)" + entities + "]}",
                   {"X-Cardstock-Lane: prewarm", "Prefer: return=minimal"});
}

/// Two batches at a time, until all are asked for; how many single answers were no result.
std::size_t prewarm_all(const Stand& stand, std::size_t count) {
  std::atomic<std::size_t> next{0}, absent{0};
  const auto work = [&] {
    for (std::size_t first = next.fetch_add(kBatch); first < count;
         first = next.fetch_add(kBatch)) {
      const Json answer{prewarm(stand, first).body};
      for (std::size_t i = 0; i < kBatch; ++i)
        if (answer.text(("/results/" + std::to_string(i) + "/outcome").c_str()) == "no_result")
          ++absent;
    }
  };
  {
    const std::jthread one{work};
    work();
  }
  return absent;
}

}  // namespace

TEST_CASE("limits: of eight at once under four a minute the rest are busy with a time",
          "[integration]") {
  const Stand stand{kInstance, [](cli::Config& config) { config.limits.requests_per_minute = 4; }};
  const std::vector<HttpAnswer> answers = ask_at_once(stand, 8);
  CHECK(stand.upstream_calls() <= 4);
  const Told all = told(answers);
  CHECK(all.no_result + all.busy == 8);
  CHECK(all.no_result >= 4);
  CHECK(all.with_time == all.busy);
  CHECK(stand.stats().number("/limiter/rejected") == static_cast<std::int64_t>(all.busy));
  CHECK(stand.stats().number("/limiter/used") == static_cast<std::int64_t>(stand.upstream_calls()));
}

TEST_CASE("limits: of fifty at once under one a minute one is asked for and the rest are busy",
          "[integration]") {
  const Stand stand{kInstance, [](cli::Config& config) { config.limits.requests_per_minute = 1; }};
  const Told all = told(ask_at_once(stand, 50));
  CHECK(stand.upstream_calls() == 1);
  CHECK(all.no_result >= 1);
  CHECK(all.no_result + all.busy == 50);
  CHECK(all.with_time == all.busy);
}

TEST_CASE("limits: ten thousand unknown indicators in prewarm are each asked once and kept absent",
          "[integration]") {
  constexpr std::size_t kMany = 10'000;
  const Stand stand{kInstance};
  CHECK(prewarm_all(stand, kMany) == kMany);
  CHECK(stand.stats().number("/store/rows_absent") == std::int64_t{kMany});
  std::size_t values = 0;
  for (const simulator::LoggedRequest& call : stand.upstream->log()) values += call.values;
  CHECK(values == kMany);
  const std::size_t calls = stand.upstream_calls();
  CHECK(prewarm_all(stand, kMany) == kMany);
  CHECK(stand.upstream_calls() == calls);
}

TEST_CASE("limits: an analyst overtakes a prewarm of five thousand", "[integration]") {
  constexpr std::size_t kMany = 5'000;
  const Stand stand{kInstance};
  REQUIRE(stand.upstream->set_fault({.path = "/v3/indicators", .delay = 50ms}));
  std::thread filling{[&] { prewarm_all(stand, kMany); }};
  while (stand.upstream->requests() < 5) std::this_thread::yield();
  const HttpAnswer answer = stand.get("InternetDomainName", "analyst.test");
  const std::size_t then = stand.upstream->requests();
  filling.join();
  CHECK(Json{answer.body}.text("/outcome") == "no_result");
  CHECK(Json{answer.body}.text("/cache/status") == "miss");
  CHECK(then < kMany / kPerCall / 2);  // most of the hundred calls came later
}
