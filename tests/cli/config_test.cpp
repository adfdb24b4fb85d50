#include <catch2/catch.hpp>

#include <cardstock/cli/config.hpp>

#include "cli/support.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("config: an empty file is the defaults", "[cli]") {
  const cli::Config config = parsed("");
  CHECK(config.server.listen == std::vector<cli::Endpoint>{{"127.0.0.1", 8080}});
  CHECK(config.admin.listen == cli::Endpoint{"127.0.0.1", 8081});
  CHECK(config.threatconnect.base_url == "https://app.threatconnect.com/api");
  CHECK_FALSE(config.threatconnect.has_credentials());
  CHECK(config.limits.requests_per_minute == 60);
  CHECK(config.cache.ttl == 1h);
  CHECK(config.cache.memory == 64U << 20U);
  CHECK(config.clients.empty());
  CHECK(config.warnings.empty());
}

TEST_CASE("config: unknown names are refused with their line and the likely one", "[cli]") {
  struct Row {
    const char* toml;
    const char* want;
  };
  const auto row = GENERATE(values<Row>({
      {"[server]\nlisen = \"127.0.0.1:1\"\n",
       "cardstock.toml:2: unknown key \"server.lisen\"; did you mean \"listen\"?"},
      {"\n\n[limits]\nttl = \"1h\"\n",
       "cardstock.toml:4: unknown key \"limits.ttl\"; it belongs in [cache]"},
      {"listen = \"127.0.0.1:1\"\n",
       "cardstock.toml:1: unknown key \"listen\"; it belongs in [server]"},
      {"[cahce]\n", "cardstock.toml:1: unknown section \"cahce\"; did you mean [cache]?"},
      {"[telemetry]\nx = 1\n", "cardstock.toml:1: unknown section \"telemetry\""},
      {"[server.tls]\nx = 1\n", "cardstock.toml:1: unknown section \"server.tls\""},
      {"[store]\ndsn_file = \"x\"\n", "cardstock.toml:2: unknown key \"store.dsn_file\""},
      {"[cache.per_type.Url]\nttl = \"1m\"\n",
       "cardstock.toml:1: unknown type \"Url\" in cache.per_type; it must be one of "
       "\"IpAddress\", \"InternetDomainName\", \"URL\", \"Hash\" or \"EmailAddress\""},
      {"[cache.per_type.URL]\ntll = \"1m\"\n",
       "cardstock.toml:2: unknown key \"cache.per_type.tll\"; did you mean \"ttl\"?"},
      {"[[client]]\nname=\"a\"\nrigths=[]\n",
       "cardstock.toml:3: unknown key \"client.rigths\"; did you mean \"rights\"?"},
      {"server = 5\n", "cardstock.toml:1: \"server\" is a section: write [server]"},
      {"[[server]]\n", "cardstock.toml:1: \"server\" is a section: write [server]"},
      {"[client]\nname=\"a\"\n",
       "cardstock.toml:1: \"client\" stands once for every entry: write [[client]]"},
      {"[cache]\nper_type = 1\n",
       "cardstock.toml:2: cache.per_type is a section: write [cache.per_type.URL]"},
  }));
  CHECK(complaint(row.toml) == row.want);
}

TEST_CASE("config: all faults are told at once, in the order of the file", "[cli]") {
  CHECK(complaint("[cache]\njitter = 2\nttl = \"x\"\n[server]\nworkers = -1\nnope = 1\n") ==
        "cardstock.toml:2: cache.jitter must be a number from 0 to 0.5, found 2\n"
        "cardstock.toml:3: cache.ttl must be a duration such as \"5m\" (ms, s, m, h, d), from 1ms "
        "to 365d, found \"x\"\n"
        "cardstock.toml:5: server.workers must be a whole number from 0 to 256, found -1\n"
        "cardstock.toml:6: unknown key \"server.nope\"");
  std::string many = "[server]\n";
  for (int i = 0; i < 60; ++i) many += "key" + std::to_string(i) + " = 1\n";
  CHECK_THAT(complaint(many), Catch::Matchers::EndsWith("\nand 10 more"));
}

TEST_CASE("config: files are read up to 1 MiB, and a missing one is named", "[cli]") {
  const TemporaryDirectory folder;
  write_file(folder.file("big"), "#" + std::string(1U << 20U, 'x'));
  const auto big = cli::load_config(folder.file("big"), environment_of());
  REQUIRE_FALSE(big);
  CHECK(big.error().public_detail == folder.file("big") + ": it holds more than 1048576 bytes");
  const auto none = cli::load_config(folder.file("none"), environment_of());
  REQUIRE_FALSE(none);
  CHECK(none.error().public_detail == folder.file("none") + ": no such file or directory");
  CHECK(none.error().code == ErrorCode::InvalidConfig);
  CHECK(cli::load_config("", environment_of()));
}

TEST_CASE("config: nesting without end is refused and not followed", "[cli]") {
  CHECK_THAT(complaint("x = " + std::string(100000, '[')), Contains("not TOML"));
  CHECK_FALSE(complaint("[server]\nlisten = [[[[\"127.0.0.1:1\"]]]]\n").empty());
}
