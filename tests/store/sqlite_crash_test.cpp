#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "store/store_fixture.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

namespace {

/// Puts rows from `first` on and writes each number to `out` when it is committed, until it is
/// killed.
[[noreturn]] void put_until_killed(StoreFixture& fixture, int first, int out) {
  auto opened = fixture.try_open();
  if (!opened) ::_exit(3);
  RecordStore& store = **opened;
  for (int i = first;; ++i) {
    // Every third overwrites an older row, so that replacing is in the middle of it too.
    const int number = i % 3 == 0 && i > 10 ? i - 10 : i;
    store.put(StoreFixture::host(number), found(at_hour(i)),
              [out, number, i](const Status& status) {
                const std::int32_t line[2]{number, i};
                if (status && ::write(out, line, sizeof line) != sizeof line) ::_exit(4);
              });
    if (i % 200 == 0) static_cast<void>(store.flush());
  }
}

}  // namespace

TEST_CASE(
    "sqlite store: killed in the middle of writes, it opens clean and holds every row it reported",
    "[store][crash]") {
  constexpr int kRounds = 50;
  StoreFixture fixture;
  fixture.settings.batch_window = std::chrono::milliseconds{1};
  // The simulation of chance must be the same in every run; the moment of the kill is the
  // machine's.
  std::minstd_rand chance{7};
  std::map<std::int32_t, std::int32_t> reported;
  int next = 0;
  for (int round = 0; round < kRounds; ++round) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      put_until_killed(fixture, next, pipe_ends[1]);
    }
    ::close(pipe_ends[1]);
    const unsigned wanted = 1 + static_cast<unsigned>(chance() % 500);
    std::int32_t line[2];
    for (unsigned lines = 0; ::read(pipe_ends[0], line, sizeof line) == sizeof line; ++lines) {
      auto& hour = reported[line[0]];
      hour = std::max(hour, line[1]);
      next = std::max(next, line[1] + 1);
      if (lines == wanted) ::kill(child, SIGKILL);
    }
    ::close(pipe_ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    const auto store = fixture.open();
    CHECK(store->stats().state == "ok");
    int wrong = 0;
    for (const auto& [number, hour] : reported) {
      const auto got = store->find(StoreFixture::host(number));
      // A later put of the same row may have been committed without its report having come through.
      if (!got || !*got || (*got)->fetched_at < at_hour(hour)) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(store->stats().rows >= static_cast<std::int64_t>(reported.size()));
  }
  CHECK(reported.size() > 100);
  CHECK(fixture.set_aside().empty());
  SQLite::Database db{fixture.settings.path, SQLite::OPEN_READONLY};
  CHECK(db.execAndGet("PRAGMA integrity_check").getString() == "ok");
  CHECK(db.execAndGet("SELECT sum(rows) FROM counter").getInt() ==
        db.execAndGet("SELECT count(*) FROM record").getInt());
}
