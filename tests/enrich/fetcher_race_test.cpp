/// Sixteen threads ask while the clock moves at random: what goes out keeps every limit.
#include <catch2/catch.hpp>

#include <atomic>
#include <random>
#include <thread>

#include "enrich/enrich_fixture.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using test::FakeHttpClient;
using test::page;
using Fixture = test::EnrichFixture;

namespace {

/// Notes when each request was handed over, and how many were open.
class StampingClient final : public fetch::HttpClient {
 public:
  StampingClient(HttpClient& client, const Clock& clock) : client_{client}, clock_{clock} {}
  Ticket send(fetch::HttpRequest request, Done done) override {
    {
      const LockGuard lock{mutex_};
      stamps_.push_back(clock_.steady());
      most_open_ = std::max(most_open_, ++open_);
    }
    return client_.send(std::move(request),
                        [this, done = std::move(done)](Result<fetch::HttpResponse> r) mutable {
                          {
                            const LockGuard lock{mutex_};
                            --open_;
                          }
                          done(std::move(r));
                        });
  }
  void cancel(Ticket ticket) override { client_.cancel(ticket); }
  std::vector<SteadyTime> stamps() const {
    const LockGuard lock{mutex_};
    return stamps_;
  }
  int most_open() const {
    const LockGuard lock{mutex_};
    return most_open_;
  }

 private:
  HttpClient& client_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<SteadyTime> stamps_ CARDSTOCK_GUARDED_BY(mutex_);
  int open_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  int most_open_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
};

constexpr std::size_t kPerMinute = 20;
constexpr std::size_t kBurst = 3;
constexpr int kConcurrent = 2;
constexpr int kThreads = 16;
constexpr int kAsks = 40;

std::size_t most_within(const std::vector<SteadyTime>& stamps, SteadyTime::duration window) {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < stamps.size(); ++last) {
    while (stamps[last] - stamps[first] >= window) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

}  // namespace

TEST_CASE(
    "fetcher: sixteen threads and a clock that jumps never pass a limit nor leave work undone",
    "[enrich]") {
  Fixture f{{.requests_per_minute = kPerMinute,
             .burst = kBurst,
             .concurrent = kConcurrent,
             .max_indicators_per_call = 1}};
  StampingClient client{f.client, f.clock};
  f.client.respond_with([](const fetch::HttpRequest&) { return FakeHttpClient::json(page({})); });
  f.over = &client;
  f.restart();
  std::atomic<int> asked{0};
  std::atomic<int> answered{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < kAsks; ++i) {
          Ask ask = f.ask("t" + std::to_string(t) + "n" + std::to_string(i) + ".test",
                          i % 2 == 0 ? f.one : f.two);
          ask.deadline = SteadyTime::max();
          ask.lane = static_cast<Lane>(i % 3);
          f.enricher->fetch(std::move(ask), {}, [&](const Reply& reply) {
            if (reply.entry) ++answered;
          });
          ++asked;
        }
      });
    std::mt19937_64 random{11};
    constexpr int kMost = 1'000'000;  // steps: a test that hangs is worse than one that fails
    for (int step = 0; step < kMost && answered < kThreads * kAsks; ++step) {
      f.enricher->run_ready();
      f.clock.advance(std::chrono::milliseconds{random() % 200});
      f.clock.step_wall(std::chrono::milliseconds{random() % 20'000} - 10s);
      if (step % 64 == 0) std::this_thread::yield();
    }
  }
  CHECK(asked == kThreads * kAsks);
  CHECK(answered == kThreads * kAsks);
  const std::vector<SteadyTime> stamps = client.stamps();
  CHECK(stamps.size() == kThreads * kAsks);
  CHECK(most_within(stamps, 1min) <= kPerMinute);
  CHECK(most_within(stamps, 1s) <= kBurst);
  CHECK(client.most_open() <= kConcurrent);
  f.enricher.reset();  // before the client it speaks to
}
