/// \file store_bench.cpp
/// \brief The SQLite store beside bare SQLite: bytes a row, puts, point reads, opening, memory.
///
/// The bare side has the same bodies in one table with an INTEGER key, in a file of its own, and is
/// measured in the same run: compare the ratios, not the rates.
///   scripts/bench store [ROWS [THREADS]]     100000 rows and 2 reading threads, when not said
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

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

double put_all(SqliteRecordStore& store, int rows, const char* what) {
  const SteadyTime start = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  for (int i = 0; i < rows; ++i) {
    store.put(key_of(i), record_of(i));
    if (i % 4000 == 3999) static_cast<void>(store.flush());
  }
  static_cast<void>(store.flush());
  const double rate = rows / seconds_since(start);
  std::printf("%-34s %10.0f rows/s  %6.1f us of processor time a row\n", what, rate,
              (cpu_seconds() - cpu) / rows * 1e6);
  return rate;
}

/// Lets every thread read for some seconds; returns reads a second.
template <class MakeRead>
double read_all(int threads, MakeRead make_read, const char* what) {
  constexpr std::chrono::seconds kSpan{3};
  std::atomic<std::int64_t> reads = 0;
  const double cpu = cpu_seconds();
  const SteadyTime start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> readers;
    for (int t = 0; t < threads; ++t) {
      readers.emplace_back([&, t] {
        Chance chance{static_cast<unsigned>(t) + 1};
        auto read = make_read();
        std::int64_t done = 0;
        for (; std::chrono::steady_clock::now() < start + kSpan; ++done) read(chance);
        reads += done;
      });
    }
  }
  const auto done = static_cast<double>(reads);
  const double rate = done / seconds_since(start);
  std::printf("%-34s %10.0f /s      %6.1f us of processor time each, %d thread(s)\n", what, rate,
              (cpu_seconds() - cpu) / done * 1e6, threads);
  return rate;
}

Key any_key(Chance& chance, int rows) {
  return key_of(static_cast<int>(chance() % static_cast<unsigned>(rows)));
}

double find_all(SqliteRecordStore& store, int rows, int threads) {
  const auto make = [&] {
    return [&store, rows](Chance& chance) {
      const auto row = store.find(any_key(chance, rows));
      if (!row || !*row) std::abort();
    };
  };
  return read_all(threads, make, "finds by key");
}

/// Median microseconds of a find, one thread.
double latency_us(SqliteRecordStore& store, int rows) {
  Chance chance{7};
  std::vector<double> spans(20'000);
  for (double& span : spans) {
    const Key key = any_key(chance, rows);
    const SteadyTime start = std::chrono::steady_clock::now();
    if (!store.find(key)) std::abort();
    span = seconds_since(start) * 1e6;
  }
  std::ranges::sort(spans);
  const std::string what = "find among " + std::to_string(rows);
  std::printf("%-34s p50 %.1f us, p99 %.1f us\n", what.c_str(), spans[spans.size() / 2],
              spans[spans.size() * 99 / 100]);
  return spans[spans.size() / 2];
}

/// Copies the bodies in one transaction, in the order in which they were put; returns rows a
/// second.
double fill_bare(const std::string& path, const std::string& from) {
  SQLite::Database source{from, SQLite::OPEN_READONLY};
  SQLite::Database bare{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  bare.exec(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768; "
      "CREATE TABLE bare(id INTEGER PRIMARY KEY, body BLOB) STRICT");
  SQLite::Statement rows{source, "SELECT id, body FROM record ORDER BY fetched_at_ms"};
  SQLite::Statement insert{bare, "INSERT INTO bare VALUES(?, ?)"};
  std::int64_t count = 0;
  double spent = 0;
  bare.exec("BEGIN");
  while (rows.executeStep()) {
    const SQLite::Column body = rows.getColumn(1);
    insert.bind(1, rows.getColumn(0).getInt64());
    insert.bindNoCopy(2, body.getBlob(), body.getBytes());
    const SteadyTime start = std::chrono::steady_clock::now();
    insert.exec();
    insert.reset();
    spent += seconds_since(start);
    ++count;
  }
  const SteadyTime start = std::chrono::steady_clock::now();
  bare.exec("COMMIT");
  const double rate = static_cast<double>(count) / (spent + seconds_since(start));
  std::printf("%-34s %10.0f rows/s\n", "bare: one transaction", rate);
  return rate;
}

std::vector<std::int64_t> some_ids(const std::string& path) {
  SQLite::Database db{path, SQLite::OPEN_READONLY};
  SQLite::Statement step{db, "SELECT id FROM bare WHERE id >= ? ORDER BY id LIMIT 1"};
  std::vector<std::int64_t> ids;
  std::mt19937_64 chance{3};
  while (ids.size() < 100'000) {
    step.bind(1, static_cast<std::int64_t>(chance()));
    if (step.executeStep()) ids.push_back(step.getColumn(0).getInt64());
    step.reset();
  }
  return ids;
}

/// A connection and its statement.
struct BareReader {
  explicit BareReader(const std::string& path) : db{path, SQLite::OPEN_READONLY} {}
  void read(std::int64_t id) {
    select.bind(1, id);
    if (!select.executeStep()) std::abort();
    if (select.getColumn(0).getString().empty()) std::abort();
    select.reset();
  }
  SQLite::Database db;
  SQLite::Statement select{db, "SELECT body FROM bare WHERE id = ?"};
};

double read_bare(const std::string& path, const std::vector<std::int64_t>& ids, int threads) {
  const auto make = [&] {
    return [reader = std::make_shared<BareReader>(path), &ids](Chance& chance) {
      reader->read(ids[chance() % ids.size()]);
    };
  };
  return read_all(threads, make, "bare: SELECT by INTEGER key");
}

double resident_mib() {
  std::ifstream file{"/proc/self/statm"};
  double pages = 0;
  double resident = 0;
  file >> pages >> resident;
  return resident * 4096 / (1 << 20);
}

std::unique_ptr<SqliteRecordStore> opened(const SqliteSettings& settings,
                                          const Clock& clock,
                                          Random& random,
                                          Log& log) {
  auto store = SqliteRecordStore::open(settings, clock, random, log);
  if (!store) std::abort();
  return *std::move(store);
}

void row_of_table(const char* what, double here, const char* aim) {
  std::printf("%-46s %8.2f  %s\n", what, here, aim);
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
  const std::string bare = folder.file("bare.db");
  const SteadyTime made = std::chrono::steady_clock::now();
  for (int i = 0; i < 2000; ++i) static_cast<void>(record_of(i));
  std::printf("%-34s %10.1f us a record (part of every put)\n", "making the records",
              seconds_since(made) * 500);
  std::printf("%-34s %10zu bytes\n", "JSON of one",
              threatconnect::encode(record_of(1).record).size());
  double puts = 0;
  {
    const auto store = opened(settings, clock, random, log);
    puts = put_all(*store, rows, "puts of new rows");
  }
  const double bare_puts = fill_bare(bare, settings.path);
  const SteadyTime start = std::chrono::steady_clock::now();
  const auto store = opened(settings, clock, random, log);
  if (!store->find(key_of(rows / 2))) std::abort();
  const double first_hit = seconds_since(start);
  const double one = find_all(*store, rows, 1);
  const double many = find_all(*store, rows, threads);
  const double resident = resident_mib();
  const std::vector<std::int64_t> ids = some_ids(bare);
  const double bare_one = read_bare(bare, ids, 1);
  const double bare_many = read_bare(bare, ids, threads);
  const double here = latency_us(*store, rows);
  const int few = std::min(rows, 10'000);
  SqliteSettings small = settings;
  small.path = folder.file("small.db");
  const auto little = opened(small, clock, random, log);
  put_all(*little, few, "puts into a small store");
  const double there = latency_us(*little, few);
  const StoreStats stats = store->stats();
  const SteadyTime purging = std::chrono::steady_clock::now();
  const Result<std::int64_t> gone = store->purge({.owner = "Source 7"});
  std::printf("%-34s %10lld rows in %.0f ms\n\n", "purge of one owner of 40",
              static_cast<long long>(gone.value_or(-1)), seconds_since(purging) * 1000);

  row_of_table("bytes a row on disk, indexes and owners in",
               static_cast<double>(stats.file_bytes) / static_cast<double>(stats.rows),
               "at most 600");
  row_of_table("finds to bare SELECTs, one thread", one / bare_one, "at least 0.8");
  row_of_table("finds to bare SELECTs, all threads", many / bare_many, "at least 0.8");
  row_of_table("median find to that among 10,000 rows", here / there, "at most 1.5");
  row_of_table("puts to one bare transaction", puts / bare_puts, "at least 0.5");
  row_of_table("resident memory in MiB", resident, "at most 200, with 64 for answers");
  row_of_table("seconds from start to the first hit", first_hit, "at most 0.5");
  return 0;
}
