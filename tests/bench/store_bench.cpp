/// \file store_bench.cpp
/// \brief Puts, point reads, opening and bytes of the SQLite store.
///   scripts/bench store [ROWS [THREADS]]     100000 rows and 2 reading threads, when not said
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <cardstock/store/sqlite_record_store.hpp>
#include <cardstock/util/text.hpp>

#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::store;

namespace {

using Chance = std::minstd_rand;

double seconds_since(SteadyTime start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Of all threads: holds on a busy machine too, where rates do not.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

std::string words(Chance& chance, std::size_t bytes) {
  static constexpr const char* kWords[]{"beacon",  "campaign", "observed", "phishing", "loader",
                                        "against", "sector",   "energy",   "since",    "confirmed",
                                        "by",      "the",      "analyst",  "host"};
  std::string out;
  while (out.size() < bytes) {
    out += kWords[chance() % std::size(kWords)];
    out += chance() % 4 == 0 ? std::to_string(chance()) + " " : " ";
  }
  return out;
}

/// About 2 kB of JSON in two owners' copies.
StoredRecord record_of(int number) {
  Chance chance{static_cast<unsigned>(number) + 1};
  StoredRecord row;
  row.fetched_at = WallTime{std::chrono::seconds{1'700'000'000 + number}};
  for (int c = 0; c < 2; ++c) {
    threatconnect::OwnerCopy copy;
    copy.id = static_cast<std::int64_t>(chance()) * 1000;
    copy.owner_id = c;
    copy.owner = c == 0 ? "Example Organization" : "Source " + std::to_string(chance() % 40);
    copy.summary = "host" + std::to_string(number) + ".example.test";
    copy.rating = 3.0;
    copy.confidence = static_cast<std::int64_t>(chance() % 101);
    copy.last_modified = row.fetched_at;
    copy.web_link = "https://tc.example.test/#/details/indicators/" + std::to_string(copy.id);
    copy.threat_assess_score = static_cast<std::int64_t>(chance() % 1001);
    copy.attributes = {{"Description", words(chance, 350), true, false},
                       {"Source", words(chance, 80), false, false}};
    for (int g = 0; g < 2; ++g) {
      const auto id = static_cast<std::int64_t>(chance());
      copy.groups.push_back({id, "Adversary", words(chance, 20), copy.owner,
                             "https://tc.example.test/#/details/groups/" + std::to_string(id)});
    }
    copy.tags = {"block", words(chance, 8)};
    row.record.copies.push_back(std::move(copy));
  }
  return row;
}

Key key_of(int number) {
  return {TenantId{}, IndicatorType::Host, "host" + std::to_string(number) + ".example.test"};
}

void put_all(SqliteRecordStore& store, int rows, const char* what) {
  const SteadyTime start = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  for (int i = 0; i < rows; ++i) {
    store.put(key_of(i), record_of(i));
    if (i % 4000 == 3999) static_cast<void>(store.flush());
  }
  static_cast<void>(store.flush());
  std::printf("%-28s %10.0f rows/s  %6.1f us of processor time a row\n", what,
              rows / seconds_since(start), (cpu_seconds() - cpu) / rows * 1e6);
}

void find_all(SqliteRecordStore& store, int rows, int threads) {
  constexpr std::chrono::seconds kSpan{3};
  std::atomic<std::int64_t> reads = 0;
  std::atomic<std::int64_t> missing = 0;
  const double cpu = cpu_seconds();
  const SteadyTime start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> readers;
    for (int t = 0; t < threads; ++t) {
      readers.emplace_back([&, t] {
        Chance chance{static_cast<unsigned>(t) + 1};
        std::int64_t done = 0;
        for (; std::chrono::steady_clock::now() < start + kSpan; ++done) {
          const auto row =
              store.find(key_of(static_cast<int>(chance() % static_cast<unsigned>(rows))));
          if (!row || !*row) ++missing;
        }
        reads += done;
      });
    }
  }
  const auto done = static_cast<double>(reads);
  std::printf(
      "finds, %d thread(s)           %10.0f /s      %6.1f us of processor time each (%lld "
      "missing)\n",
      threads, done / seconds_since(start), (cpu_seconds() - cpu) / done * 1e6,
      static_cast<long long>(missing));
}

/// 0 for what is no number from 1 to `most`.
int number(std::string_view text, int most) {
  const auto value = parse_integer(text);
  return value && *value >= 1 && *value <= most ? static_cast<int>(*value) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int rows = argc > 1 ? number(argv[1], 10'000'000) : 100'000;
  const int threads = argc > 2 ? number(argv[2], 64) : 2;
  if (rows < 1 || threads < 1) {
    std::fputs("usage: store_bench [ROWS [THREADS]]\n", stderr);
    return 2;
  }
  const test::TemporaryDirectory folder;
  const SystemClock clock;
  SystemRandom random;
  NullLog log;
  const SqliteSettings settings{.path = folder.file("bench.db"), .max_rows = 50'000'000};
  const SteadyTime made = std::chrono::steady_clock::now();
  for (int i = 0; i < 2000; ++i) static_cast<void>(record_of(i));
  std::printf("%-28s %10.1f us a record (part of every put below)\n", "making the records",
              seconds_since(made) * 500);
  std::printf("%-28s %10zu bytes\n", "JSON of one",
              threatconnect::encode(record_of(1).record).size());
  {
    auto store = SqliteRecordStore::open(settings, clock, random, log);
    if (!store) return 1;
    put_all(**store, rows, "puts of new rows");
    put_all(**store, rows, "puts over old rows");
    const StoreStats stats = (*store)->stats();
    std::printf("%-28s %10.0f\n", "file bytes/row (log folded later)",
                static_cast<double>(stats.file_bytes) / static_cast<double>(stats.rows));
  }
  const SteadyTime start = std::chrono::steady_clock::now();
  auto store = SqliteRecordStore::open(settings, clock, random, log);
  if (!store) return 1;
  std::printf("%-28s %10.1f ms\n", "open", seconds_since(start) * 1000);
  find_all(**store, rows, 1);
  find_all(**store, rows, threads);
  const SteadyTime asked = std::chrono::steady_clock::now();
  const StoreStats stats = (*store)->stats();
  std::printf("%-28s %10.2f ms\n", "stats", seconds_since(asked) * 1000);
  std::printf("%-28s %10.0f bytes a row\n", "file",
              static_cast<double>(stats.file_bytes) / static_cast<double>(stats.rows));
  const SteadyTime purging = std::chrono::steady_clock::now();
  const Result<std::int64_t> gone = (*store)->purge({.owner = "Source 7"});
  std::printf("%-28s %10lld rows in %.0f ms\n", "purge of one owner of 40",
              static_cast<long long>(gone.value_or(-1)), seconds_since(purging) * 1000);
  return 0;
}
