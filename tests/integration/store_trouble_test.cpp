/// What becomes of the service's answers while its store is in trouble.
#include <catch2/catch.hpp>

#include <sys/mount.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

/// A file system of a few megabytes that can be filled. Where none may be mounted: a folder, and
/// while it is full no file of this process may grow.
class SmallDisk {
 public:
  SmallDisk()
      : mounted_{::mount("none", folder_.path().c_str(), "tmpfs", 0, "size=6m,mode=0700") == 0} {}
  ~SmallDisk() {
    free();
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  std::string file(const std::string& name) const { return folder_.file(name); }
  void fill() {
    if (!mounted_) return limit_files();
    std::ofstream filler{file("filler"), std::ios::binary};
    const std::string bytes(4096, 'x');
    while (filler.write(bytes.data(), 4096) && filler.flush()) {
    }
  }
  void free() {
    if (mounted_) {
      std::filesystem::remove(file("filler"));
    } else if (limited_) {
      limited_ = false;
      ::setrlimit(RLIMIT_FSIZE, &before_);
      std::signal(SIGXFSZ, handler_);
    }
  }

 private:
  void limit_files() {
    limited_ = true;
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{1, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }

  TemporaryDirectory folder_;
  bool mounted_;
  bool limited_ = false;
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

std::string name(int i) {
  return "n" + std::to_string(i) + ".test";
}

Json ask(const Stand& stand, int i) {
  const HttpAnswer answer = stand.get("InternetDomainName", name(i));
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return Json{answer.body};
}

std::string readiness(const Stand& stand) {
  const HttpAnswer answer = http_call("GET", stand.service->url() + "/readyz");
  CHECK(answer.status == 200);
  return Json{answer.body}.text("/store");
}

}  // namespace

TEST_CASE("store trouble: on a full disk answers go on, it is said once, and it heals",
          "[integration]") {
  SmallDisk disk;
  {
    Stand stand{kInstance,
                [&](cli::Config& config) { config.store.path = disk.file("cardstock.db"); }};
    for (int i = 0; i < 20; ++i) ask(stand, i);
    REQUIRE(stand.service->store().flush());
    disk.fill();
    int asked = 20;
    while (asked < 3000 && stand.service->store().flush()) ask(stand, asked++);
    REQUIRE(readiness(stand) == "degraded");
    for (const int last = asked + 100; asked < last;) ask(stand, asked++);
    CHECK_FALSE(stand.service->store().flush());
    const std::size_t calls = stand.upstream_calls();
    for (int i = 0; i < asked; i += 10) CHECK(ask(stand, i).text("/cache/status") == "hit");
    CHECK(stand.upstream_calls() == calls);
    CHECK(readiness(stand) == "degraded");
    const Json stats = stand.stats();
    CHECK(stats.text("/store/state").starts_with("degraded: "));
    CHECK(stats.number("/store/failures") >= 100);
    CHECK(stand.log.count("store_degraded") == 1);
    CHECK(stand.log.count("store_write_failed") == 1);

    disk.free();
    ask(stand, asked);
    CHECK(stand.service->store().flush());
    CHECK(readiness(stand) == "ok");
    CHECK(stand.stats().number("/store/rows") >= 21);
    CHECK(stand.log.count("store_recovered") == 1);
  }
}

TEST_CASE("store trouble: a file damaged under the running service is set aside and answers go on",
          "[integration]") {
  Stand stand{kInstance, [](cli::Config& config) { config.cache.memory = 0; }};
  const std::string& path = stand.config.store.path;
  for (int i = 0; i < 20; ++i) ask(stand, i);
  REQUIRE(stand.service->store().flush());
  bool rebuilt = true;
  SECTION("truncated to nothing") {
    std::filesystem::resize_file(path, 0);
  }
  SECTION("text in its place") {
    std::filesystem::remove(path);
    std::ofstream{path} << "this is not a database\n";
  }
  SECTION("4 kB overwritten in the middle") {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    const auto middle = std::filesystem::file_size(path) / 2 / 4096 * 4096;
    file.seekp(static_cast<std::streamoff>(middle));
    file << std::string(4096, '\xFF');
    rebuilt = false;  // where it hit what no ask reads, it is found later
  }
  for (int i = 0; i < 40; ++i) CHECK(ask(stand, i).text("/outcome") == "no_result");
  REQUIRE(stand.service->store().flush());
  for (int i = 0; i < 40; ++i) CHECK(ask(stand, i).text("/outcome") == "no_result");
  CHECK(stand.log.count("upstream_error") == 0);
  if (rebuilt) {
    CHECK(readiness(stand) == "rebuilt");
    CHECK(stand.stats().text("/store/state").starts_with("rebuilt: "));
    CHECK(stand.log.count("store_rebuilt") >= 1);  // a text is itself set aside, too
  }
}

TEST_CASE("store trouble: a path that cannot be used ends the start with the setting's name",
          "[integration]") {
  Stand stand{kInstance};
  stand.service.reset();
  for (const char* path : {"/nonexistent/folder/cards.db", "/proc/cards.db"}) {
    stand.config.store.path = path;
    const auto started = app::RunningService::start(stand.config, stand.log);
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::InvalidConfig);
    CHECK(started.error().public_detail.find("store.path") != std::string::npos);
  }
}

TEST_CASE("store trouble: a reader that holds on is told in health, and answers go on",
          "[integration]") {
  const Stand stand{kInstance};
  ask(stand, 0);
  REQUIRE(stand.service->store().flush());
  SQLite::Database shell{stand.config.store.path, SQLite::OPEN_READONLY, 1000};
  shell.exec("BEGIN");
  REQUIRE(shell.execAndGet("SELECT count(*) FROM record").getInt() == 1);
  for (int i = 1; i < 200; ++i) ask(stand, i);
  CHECK(stand.service->store().flush());
  CHECK(readiness(stand) == "ok");  // the log may grow for a while
  CHECK(stand.stats().number("/store/rows") == 200);
  CHECK(stand.stats().number("/store/wal_bytes") > 0);
  CHECK(shell.execAndGet("SELECT count(*) FROM record").getInt() == 1);
}
