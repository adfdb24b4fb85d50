/// Many threads and two processes' worth of stores on one file. Seconds in the suite;
/// `CARDSTOCK_CROWD_ASKS=10000 enrich_tests "crowd*"` by hand.
#include <atomic>
#include <cstdlib>
#include <future>
#include <thread>

#include <cardstock/enrich/sweeper.hpp>
#include <cardstock/store/sqlite_record_store.hpp>

#include "enrich/enrich_fixture.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;

namespace {

int asks_of_each() {
  const char* given = std::getenv("CARDSTOCK_CROWD_ASKS");
  return given == nullptr ? 40 : std::atoi(given);
}

/// What a process is made of, on the file that it shares.
struct Process {
  Process(test::EnrichFixture& f, const std::string& path)
      : store{*store::SqliteRecordStore::open({.path = path}, clock, random, f.log)},
        enricher{f.settings,
                 {clock,
                  f.client,
                  *store,
                  f.log,
                  [](const Tenant&,
                     const OwnerProfile& profile,
                     const Indicator&,
                     const threatconnect::Record& record) {
                    return std::make_unique<test::Owners>(record, profile);
                  },
                  {1, 2},
                  random}} {}
  Reply get(const Ask& ask) {
    Enricher::Looked looked = enricher.look(ask);
    if (looked.reply) return *std::move(looked.reply);
    std::promise<Reply> reply;
    enricher.fetch(ask, std::move(looked.held), [&](Reply r) { reply.set_value(std::move(r)); });
    return reply.get_future().get();
  }

  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<store::SqliteRecordStore> store;
  Enricher enricher;
};

}  // namespace

TEST_CASE("crowd: a hundred threads, sweeps and two processes on one file - nobody meets a lock",
          "[enrich][threads]") {
  test::EnrichFixture f;
  f.client.respond_with(
      [](const fetch::HttpRequest&) { return test::FakeHttpClient::json(test::page({})); });
  // A row lives for a moment: nearly every ask reads, fetches and writes, and sweeps find
  // something.
  f.settings.policy = {.ttl = 5ms, .ttl_absent = 5ms, .grace = 0ms, .keep = 0ms, .jitter = 0};
  const test::TemporaryDirectory folder;
  Process service{f, folder.file("one.db")};
  Process command{f, folder.file("one.db")};
  constexpr int kThreads = 100;
  std::atomic<int> without_answer{0};
  std::atomic<std::int64_t> swept{0};
  {
    const std::jthread sweeps{[&](const std::stop_token& stop) {
      Sweeper sweeper{f.settings, *service.store, service.clock, f.log};
      while (!stop.stop_requested()) swept += sweeper.sweep(stop);
    }};
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        Process& process = t % 4 == 0 ? command : service;
        for (int i = 0; i < asks_of_each(); ++i) {
          Ask ask = f.ask("n" + std::to_string((t * 7 + i) % 60) + ".test", t % 2 ? f.one : f.two);
          ask.deadline = SteadyTime::max();
          if (!process.get(ask).entry) ++without_answer;
        }
      });
  }
  CHECK(without_answer == 0);
  for (Process* process : {&service, &command}) {
    CHECK(process->store->flush());
    CHECK(process->store->state() == "ok");
    CHECK(process->enricher.stats().store_failures == 0);
  }
  CHECK(swept > 0);
  CHECK(f.log.text().find("store_") == std::string::npos);
}
