#include <sys/resource.h>

#include <csignal>
#include <future>
#include <thread>

#include "store/store_fixture.hpp"

using namespace cardstock;
using namespace cardstock::store;
using namespace cardstock::test;

namespace {

/// Another program in the middle of a write.
class ForeignWrite {
 public:
  explicit ForeignWrite(const std::string& path) : db_{path, SQLite::OPEN_READWRITE, 5000} {
    db_.exec("BEGIN IMMEDIATE");
  }
  void end() { db_.exec("ROLLBACK"); }

 private:
  SQLite::Database db_;
};

/// No file of this process may grow beyond so many bytes: a full disk, for root too.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_{std::signal(SIGXFSZ, SIG_IGN)} {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

StoredRecord large(std::size_t bytes, SystemRandom& random) {
  std::string noise(bytes / 2, '\0');
  random.fill(std::as_writable_bytes(std::span{noise}));
  StoredRecord row = found(at_hour(1));
  row.record.copies[0].attributes[0].value.clear();
  for (const char c : noise) {
    row.record.copies[0].attributes[0].value += static_cast<char>('a' + (c & 15));
    row.record.copies[0].attributes[0].value += static_cast<char>('a' + ((c >> 4) & 15));
  }
  return row;
}

}  // namespace

TEST_CASE("sqlite store: a full queue refuses at once, counts it, and takes puts again later",
          "[store]") {
  StoreFixture fixture;
  fixture.settings.queue_entries = 4;
  const auto store = fixture.open();
  ForeignWrite foreign{fixture.settings.path};
  std::vector<std::optional<ErrorCode>> refused;
  std::atomic<int> committed = 0;
  for (int i = 0; i < 6; ++i) {
    store->put(StoreFixture::host(i), found(at_hour(i)), [&](const Status& status) {
      if (status) {
        ++committed;
      } else {
        refused.push_back(status.error().code);
      }
    });
  }
  CHECK(refused ==
        std::vector<std::optional<ErrorCode>>{ErrorCode::StoreBusy, ErrorCode::StoreBusy});
  CHECK(store->find(StoreFixture::host(3)).value());
  CHECK_FALSE(store->find(StoreFixture::host(4)).value());
  CHECK(store->stats().puts_refused == 2);
  foreign.end();
  REQUIRE(store->flush());
  CHECK(committed == 4);
  CHECK(put_and_wait(*store, StoreFixture::host(5), found(at_hour(5))));
  CHECK(store->stats().rows == 5);
}

TEST_CASE("sqlite store: the queue is bounded in bytes too", "[store]") {
  StoreFixture fixture;
  fixture.settings.queue_bytes = 100'000;
  const auto store = fixture.open();
  ForeignWrite foreign{fixture.settings.path};
  std::atomic<int> refused = 0;
  for (int i = 0; i < 4; ++i)
    store->put(StoreFixture::host(i), large(40'000, fixture.random),
               [&](const Status& s) { refused += s ? 0 : 1; });
  CHECK(refused == 2);
  foreign.end();
  REQUIRE(store->flush());
  CHECK(refused == 2);
}

TEST_CASE("sqlite store: a lock that is held for too long is busy, not a failure of others",
          "[store]") {
  StoreFixture fixture;
  fixture.settings.busy_timeout = std::chrono::milliseconds{20};
  const auto store = fixture.open();
  StoreFixture::fill(*store, 3);
  ForeignWrite foreign{fixture.settings.path};
  const Status locked = put_and_wait(*store, StoreFixture::host(9), found(at_hour(9)));
  REQUIRE_FALSE(locked);
  CHECK(locked.error().code == ErrorCode::StoreBusy);
  CHECK_FALSE(store->flush());
  CHECK(store->stats().state.starts_with("degraded: "));
  CHECK(store->find(StoreFixture::host(1)).value() == found(at_hour(1)));
  CHECK_FALSE(store->find(StoreFixture::host(9)).value());
  foreign.end();
  CHECK(put_and_wait(*store, StoreFixture::host(9), found(at_hour(9))));
  CHECK(store->stats().state == "ok");
  CHECK(store->flush());
}

TEST_CASE("sqlite store: a full disk refuses puts, finds go on, and it heals", "[store]") {
  StoreFixture fixture;
  const auto store = fixture.open();
  StoreFixture::fill(*store, 50);
  {
    const FullDisk full{store->stats().wal_bytes + store->stats().file_bytes};
    Status outcome;
    for (int i = 0; i < 100 && outcome; ++i)
      outcome = put_and_wait(*store, key_of("big" + std::to_string(i) + ".test"),
                             large(20'000, fixture.random));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ErrorCode::StoreFailed);
    CHECK(store->stats().state.starts_with("degraded: "));
    CHECK(fixture.log.has("store_degraded"));
    CHECK(store->find(StoreFixture::host(7)).value() == found(at_hour(7)));
  }
  CHECK(put_and_wait(*store, key_of("after.test"), found(at_hour(1))));
  CHECK(store->stats().state == "ok");
  CHECK(fixture.log.has("store_recovered"));
  CHECK(store->find(StoreFixture::host(7)).value() == found(at_hour(7)));
}

TEST_CASE("sqlite store: a foreign read transaction cannot make the log grow for ever", "[store]") {
  StoreFixture fixture;
  fixture.settings.max_wal_bytes = 400'000;
  const auto store = fixture.open();
  StoreFixture::fill(*store, 5);
  {
    SQLite::Database shell{fixture.settings.path, SQLite::OPEN_READONLY, 1000};
    shell.exec("BEGIN");
    REQUIRE(shell.execAndGet("SELECT count(*) FROM record").getInt() == 5);
    Status outcome;
    int puts = 0;
    for (; puts < 200 && outcome; ++puts)
      outcome = put_and_wait(*store, key_of("big" + std::to_string(puts) + ".test"),
                             large(20'000, fixture.random));
    CHECK(puts > 5);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ErrorCode::StoreFailed);
    CHECK(store->stats().wal_bytes < 600'000);
    CHECK(store->stats().state.find("a reader keeps") != std::string::npos);
    CHECK(store->find(key_of("big1.test")).value());
  }
  CHECK(put_and_wait(*store, key_of("after.test"), found(at_hour(1))));
  CHECK(store->stats().state == "ok");
}

TEST_CASE("sqlite store: a record above the limit is refused and its neighbours are not",
          "[store]") {
  StoreFixture fixture;
  fixture.settings.max_record_bytes = 10'000;
  const auto store = fixture.open();
  std::optional<ErrorCode> refused;
  std::atomic<int> committed = 0;
  store->put(StoreFixture::host(1), found(at_hour(1)),
             [&](const Status& s) { committed += s ? 1 : 0; });
  store->put(StoreFixture::host(2), large(20'000, fixture.random), [&](const Status& s) {
    if (!s) refused = s.error().code;
  });
  store->put(StoreFixture::host(3), found(at_hour(3)),
             [&](const Status& s) { committed += s ? 1 : 0; });
  REQUIRE(store->flush());
  CHECK(refused == ErrorCode::StoreFailed);
  CHECK(committed == 2);
  CHECK_FALSE(store->find(StoreFixture::host(2)).value());
  CHECK(store->stats().state == "ok");
}

TEST_CASE("sqlite store: the bytes on disk are bounded", "[store]") {
  StoreFixture fixture;
  fixture.settings.max_bytes = 1'000'000;
  const auto store = fixture.open();
  for (int i = 0; i < 300; ++i) {
    store->put(StoreFixture::host(i), large(20'000, fixture.random));
    if (i % 20 == 19) REQUIRE(store->flush());
  }
  CHECK(store->stats().file_bytes + store->stats().wal_bytes < 12'000'000);
  CHECK(store->stats().rows > 0);
  CHECK(store->stats().rows < 120);
  CHECK(store->find(StoreFixture::host(299)).value());
}

TEST_CASE("sqlite store: a limit lowered between two starts is reached by later commits",
          "[store]") {
  StoreFixture fixture;
  StoreFixture::fill(*fixture.open(), 100);
  fixture.settings.max_rows = 30;
  const auto store = fixture.open();
  CHECK(put_and_wait(*store, StoreFixture::host(100), found(at_hour(100))));
  CHECK(store->stats().rows == 30);
  CHECK_FALSE(store->find(StoreFixture::host(70)).value());
  CHECK(store->find(StoreFixture::host(71)).value());
}

TEST_CASE("sqlite store: a put is committed without anyone asking, and one commit takes several",
          "[store]") {
  StoreFixture fixture;
  fixture.settings.batch_window = std::chrono::milliseconds{30};
  const auto store = fixture.open();
  std::promise<std::thread::id> first;
  std::promise<std::thread::id> second;
  store->put(StoreFixture::host(1), found(at_hour(1)),
             [&](const Status&) { first.set_value(std::this_thread::get_id()); });
  store->put(StoreFixture::host(2), found(at_hour(2)),
             [&](const Status&) { second.set_value(std::this_thread::get_id()); });
  CHECK(first.get_future().get() == second.get_future().get());
  CHECK(store->stats().rows == 2);
}

TEST_CASE("sqlite store: what is queued is committed when the store goes", "[store]") {
  StoreFixture fixture;
  fixture.settings.batch_window = std::chrono::hours{1};
  std::atomic<int> committed = 0;
  {
    const auto store = fixture.open();
    for (int i = 0; i < 600; ++i)
      store->put(StoreFixture::host(i), found(at_hour(i)),
                 [&](const Status& s) { committed += s ? 1 : 0; });
  }
  CHECK(committed == 600);
  CHECK(fixture.open()->stats().rows == 600);
}

TEST_CASE("sqlite store: a long purge lets puts through and spares what is put after it",
          "[store]") {
  StoreFixture fixture;
  const auto store = fixture.open();
  StoreFixture::fill(*store, 3000);
  std::atomic<bool> stop = false;
  std::atomic<int> put_meanwhile = 0;
  std::jthread writer{[&] {
    while (!stop) {
      if (put_and_wait(*store, key_of("new" + std::to_string(put_meanwhile) + ".test"),
                       found(at_hour(1))))
        ++put_meanwhile;
    }
  }};
  const Result<std::int64_t> gone = store->purge({});
  stop = true;
  writer.join();
  REQUIRE(gone);
  CHECK(*gone >= 3000);
  CHECK(store->stats().rows == 3000 + put_meanwhile - *gone);
  for (int i = 0; i < 3000; i += 100) CHECK_FALSE(store->find(StoreFixture::host(i)).value());
}
