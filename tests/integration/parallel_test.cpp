#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;

TEST_CASE("parallel: requests that differ in all that they may say do not mix",
          "[integration][threads]") {
  std::string data = kInstance;
  data.replace(data.find("\"indicators\": []"), 16, R"("indicators": [
    {"type":"Host","ownerName":"Org A","summary":"held.test","rating":1},
    {"type":"Host","ownerName":"Org B","summary":"held.test","rating":5}])");
  const Stand stand{data};
  std::atomic<int> wrong{0};
  std::atomic<int> answers{0};
  const auto check = [&](bool right) {
    ++answers;
    if (!right) ++wrong;
  };
  const auto post = [&](const char* host, const std::string& auth,
                        const std::vector<std::string>& headers) {
    return http_call("POST", stand.service->url() + "/v1/cards",
                     std::string{R"({"entities":[{"type":"InternetDomainName","name":")"} + host +
                         R"("}],"auth":)" + auth + "}",
                     headers);
  };
  constexpr int kThreads = 16;
  constexpr int kRounds = 20;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        const bool alice = (t & 1) != 0;
        const bool minimal = (t & 2) != 0;
        const bool cached_only = (t & 4) != 0;
        const bool prewarm = (t & 8) != 0;
        std::vector<std::string> headers;
        if (minimal) headers.emplace_back("Prefer: return=minimal");
        if (prewarm) headers.emplace_back("X-Cardstock-Lane: prewarm");
        const std::string auth = alice ? stand.auth() : stand.auth("bob", "bob-secret");
        for (int i = 0; i < kRounds; ++i) {
          const Json held{post("held.test", auth, headers).body};
          check(
              held.text("/results/0/outcome") == "ok" && held.has("/results/0/card") != minimal &&
              (minimal || held.text("/results/0/card/owner_name") == (alice ? "Org A" : "Org B")));
          if (!cached_only) continue;
          std::vector<std::string> more = headers;
          more.emplace_back("Cache-Control: only-if-cached");
          const std::string never = "never" + std::to_string(t) + "-" + std::to_string(i) + ".test";
          check(Json{post(never.c_str(), auth, more).body}.text("/results/0/outcome") == "error");
        }
      });
  }
  CHECK(answers == kThreads * kRounds * 3 / 2);
  CHECK(wrong == 0);
  CHECK(stand.stats().number("/store/rows") == 2);
}
