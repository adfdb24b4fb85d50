#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cardstock/cli/config.hpp>

#include "cli/support.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

cli::Config parsed(std::string_view toml, const cli::Environment& environment = environment_of()) {
  auto config = cli::parse_config(toml, "cardstock.toml", environment);
  INFO((config ? "" : config.error().public_detail));
  REQUIRE(config);
  return *std::move(config);
}

}  // namespace

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

TEST_CASE("config: every kind of value is read", "[cli]") {
  const cli::Config config = parsed(R"(
[server]
listen = ["0.0.0.0:80", "[::1]:8080"]
workers = 3
[threatconnect]
owner_order = ["Org A", " Source, B "]
pass_through = false
pass_through_hosts = ["*.tc.example.com", "tc.example.com", "http://127.0.0.1:9000", "https://[::1]:8443"]
call_timeout = "250ms"
[cache]
jitter = 0
ttl = "7d"
memory = "2GiB"
scope = "instance"
[cache.per_type.URL]
ttl = "30m"
[cache.per_type.Hash]
keep = "0s"
[log]
level = "debug"
[[criteria]]
name = "Block"
types = ["IpAddress", "URL"]
min_rating = 3.5
max_false_positives = 0
[[criteria]]
name = "Watch"
owner = "Org A"
)");
  CHECK(config.server.listen == std::vector<cli::Endpoint>{{"0.0.0.0", 80}, {"::1", 8080}});
  CHECK(config.server.workers == 3);
  CHECK(config.threatconnect.owner_order == std::vector<std::string>{"Org A", "Source, B"});
  CHECK_FALSE(config.threatconnect.pass_through);
  CHECK(config.threatconnect.pass_through_hosts.size() == 4);
  CHECK(config.threatconnect.call_timeout == 250ms);
  CHECK(config.cache.jitter == 0.0);
  CHECK(config.cache.ttl == 168h);
  CHECK(config.cache.memory == std::uint64_t{2} << 30U);
  CHECK(config.cache.scope == "instance");
  REQUIRE(config.cache.per_type.size() == 2);
  CHECK(config.cache.per_type.at("URL").ttl == 30min);
  CHECK_FALSE(config.cache.per_type.at("URL").keep);
  CHECK(config.cache.per_type.at("Hash").keep == 0ms);
  CHECK(config.log.level == LogLevel::Debug);
  REQUIRE(config.criteria.size() == 2);
  CHECK(config.criteria[0].min_rating == 3.5);
  CHECK(config.criteria[0].max_false_positives == 0.0);
  CHECK_FALSE(config.criteria[0].min_confidence);
  CHECK(config.criteria[1].owner == "Org A");
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

TEST_CASE("config: every numeric setting refuses what is out of range or of another type",
          "[cli]") {
  struct Row {
    const char* section;
    const char* key;
    std::vector<const char*> bad;
    std::vector<const char*> good;
  };
  const std::vector<const char*> duration{"-1",
                                          "0",
                                          "1",
                                          "3600",
                                          "1.5",
                                          "\"-1s\"",
                                          "\"\"",
                                          "\"5\"",
                                          "\"m\"",
                                          "\"5 m\"",
                                          "\"1.5h\"",
                                          "\"5M\"",
                                          "\"99999999999999999999s\"",
                                          "\"366d\"",
                                          "\"text\"",
                                          "true",
                                          "[]"};
  std::vector<const char*> positive_duration = duration;
  positive_duration.push_back("\"0s\"");
  const std::vector<const char*> count{
      "-1", "9223372036854775807", "1.0", "\"5\"", "\"text\"", "true", "[1]", "nan", "inf"};
  std::vector<const char*> positive_count = count;
  positive_count.push_back("0");
  const std::vector<const char*> number{"-1",    "-0.001",   "1e30", "9223372036854775807",
                                        "\"5\"", "\"text\"", "nan",  "inf",
                                        "-inf",  "true",     "[1]"};
  const std::vector<Row> rows{
      {"[server]", "workers", count, {"0", "1", "256"}},
      {"[threatconnect]", "connect_timeout", positive_duration, {"\"1ms\"", "\"3s\""}},
      {"[threatconnect]", "call_timeout", positive_duration, {"\"1ms\"", "\"8s\""}},
      {"[threatconnect]", "card_timeout", positive_duration, {"\"1ms\"", "\"20s\""}},
      {"[limits]", "requests_per_minute", count, {"0", "1", "1000000"}},
      {"[limits]", "burst", positive_count, {"1", "10000"}},
      {"[limits]", "concurrent", positive_count, {"1", "1000"}},
      {"[cache]", "ttl", positive_duration, {"\"1s\"", "\"365d\""}},
      {"[cache]", "ttl_absent", positive_duration, {"\"1s\"", "\"365d\""}},
      {"[cache]", "grace", duration, {"\"0s\"", "\"365d\""}},
      {"[cache]", "keep", duration, {"\"0s\"", "\"365d\""}},
      {"[cache]", "jitter", number, {"0", "0.0", "0.5"}},
      {"[cache]", "credential_recheck", positive_duration, {"\"1s\"", "\"7d\""}},
      {"[cache]",
       "memory",
       {"-1", "0", "67108864", "\"-1MiB\"", "\"0MiB\"", "\"1B\"", "\"64MB\"", "\"64\"",
        "\"99999999999999999999GiB\"", "\"18014398509481984GiB\"", "\"2048GiB\"", "\"text\"", "1.5",
        "true"},
       {"\"1MiB\"", "\"1024GiB\"", "\"1048576B\"", "\"2048KiB\""}},
      {"[cache]", "max_rows", positive_count, {"1", "1000000000"}},
      {"[cache.per_type.URL]", "ttl", positive_duration, {"\"1s\""}},
      {"[cache.per_type.URL]", "ttl_absent", positive_duration, {"\"1s\""}},
      {"[cache.per_type.URL]", "grace", duration, {"\"0s\""}},
      {"[cache.per_type.URL]", "keep", duration, {"\"0s\""}},
      {"[[criteria]]\nname = \"a\"", "min_confidence", number, {"0", "80.5", "100"}},
      {"[[criteria]]\nname = \"a\"", "min_rating", number, {"0", "4.2", "5"}},
      {"[[criteria]]\nname = \"a\"", "min_threat_assess", number, {"0", "700", "1000"}},
      {"[[criteria]]\nname = \"a\"", "max_false_positives", number, {"0", "3"}},
  };
  for (const Row& row : rows) {
    const std::string head = std::string{row.section} + "\n" + row.key + " = ";
    const auto line = std::to_string(std::ranges::count(head, '\n') + 1);
    for (const char* bad : row.bad) {
      CAPTURE(row.section, row.key, bad);
      CHECK_THAT(complaint(head + bad + "\n"), StartsWith("cardstock.toml:" + line + ": ") &&
                                                   Contains(row.key) && Contains("must be"));
    }
    for (const char* good : row.good) {
      CAPTURE(row.section, row.key, good);
      CHECK(complaint(head + good + "\n").empty());
    }
  }
}

TEST_CASE("config: texts, lists, endpoints and choices are checked", "[cli]") {
  struct Row {
    const char* toml;
    const char* want;
  };
  const auto row = GENERATE(values<Row>({
      {"[server]\nlisten = \"localhost:8080\"\n", "server.listen must be an address and port"},
      {"[server]\nlisten = \"127.0.0.1\"\n", "server.listen must be an address and port"},
      {"[server]\nlisten = \"::1:8080\"\n", "server.listen must be an address and port"},
      {"[server]\nlisten = \"127.0.0.1:65536\"\n", "server.listen must be an address and port"},
      {"[server]\nlisten = \"127.0.0.1:-1\"\n", "server.listen must be an address and port"},
      {"[server]\nlisten = \"127.0.0.1:+1\"\n", "server.listen must be an address and port"},
      {"[server]\nlisten = \"127.0.0.1:\"\n", "server.listen must be an address and port"},
      {"[server]\nlisten = 8080\n", "or a list of such, found 8080"},
      {"[server]\nlisten = []\n", "found an empty list"},
      {"[server]\nlisten = [\"127.0.0.1:1\", 5]\n", "found 5"},
      {"[server]\nlisten = [\"[::1]:1\", \"[::1]:1\"]\n",
       "server.listen must not hold \"[::1]:1\" twice"},
      {"[admin]\nlisten = [\"127.0.0.1:1\"]\n", "admin.listen must be an address and port"},
      {"[threatconnect]\nbase_url = \"\"\n", "threatconnect.base_url must be a URL"},
      {"[threatconnect]\nbase_url = \"app.threatconnect.com\"\n",
       "threatconnect.base_url must be a URL"},
      {"[threatconnect]\nbase_url = \"ftp://tc.example.com\"\n",
       "threatconnect.base_url must be a URL"},
      {"[threatconnect]\nbase_url = \"https://tc.example.com/api?x=1\"\n",
       "threatconnect.base_url must be a URL"},
      {"[threatconnect]\nportal_url = \"tc\"\n", "threatconnect.portal_url must be empty or a URL"},
      {"[threatconnect]\nproxy = \"proxy:3128\"\n", "threatconnect.proxy must be empty or a URL"},
      {"[threatconnect]\npass_through = \"yes\"\n",
       "threatconnect.pass_through must be true or false, found \"yes\""},
      {"[threatconnect]\npass_through_hosts = [\"*\"]\n", "hold only host patterns"},
      {"[threatconnect]\npass_through_hosts = [\"*.com\"]\n", "hold only host patterns"},
      {"[threatconnect]\npass_through_hosts = [\"http://127.0.0.1:9000/\"]\n",
       "hold only host patterns"},
      {"[threatconnect]\npass_through_hosts = [\"a.test:99\"]\n", "hold only host patterns"},
      {"[threatconnect]\npass_through_hosts = \"a.test\"\n", "must be a list of texts"},
      {"[threatconnect]\nowner_order = [\"\"]\n",
       "threatconnect.owner_order must hold only a text that is not empty"},
      {"[threatconnect]\nowner_order = [\"A\", \" A\"]\n",
       "threatconnect.owner_order must not hold \"A\" twice"},
      {"[threatconnect]\nowner_order = [1]\n", "threatconnect.owner_order must be a list of texts"},
      {"[threatconnect]\ndefault_owner = \"a\\nb\"\n",
       "threatconnect.default_owner must be one line of text"},
      {"[threatconnect]\ndefault_owner = 7\n",
       "threatconnect.default_owner must be one line of text, at most 1 KiB, found 7"},
      {"[threatconnect]\napi_id = \"1\"\n",
       "threatconnect.api_id needs threatconnect.api_secret_file"},
      {"[threatconnect]\nowners_allow=[\"A\"]\nowners_deny=[\"A\"]\n",
       ":3: threatconnect.owners_deny and owners_allow both"},
      {"[cache]\nscope = \"global\"\n",
       "cache.scope must be one of \"credential\" or \"instance\", found \"global\""},
      {"[store]\nbackend = \"postgresql\"\n",
       "store.backend must be \"sqlite\" in this release: PostgreSQL is not available yet"},
      {"[store]\nbackend = \"redis\"\n", "store.backend must be \"sqlite\", found \"redis\""},
      {"[store]\npath = \" \"\n", "store.path must be a text that is not empty"},
      {"[log]\nlevel = \"loud\"\n", "log.level must be one of"},
      {"[admin]\nlisten = \"0.0.0.0:8081\"\n",
       ":2: admin.listen is not on loopback, so admin.token_file must be set"},
      {"[admin]\nlisten = \"127.0.0.1:8080\"\n", "admin.listen and server.listen must differ"},
      {"[[client]]\ntoken_file = \"\"\n", "cardstock.toml:1: client.name is missing"},
      {"[[client]]\nname = \"a\"\n", "cardstock.toml:1: client.token_file is missing"},
      {"[[client]]\nname = \"a\"\nrights = [\"write\"]\n",
       "client.rights must hold only one of \"ask\", \"refresh\" or \"admin\""},
      {"[[criteria]]\nname = \"a\"\n", "cardstock.toml:1: criteria states no condition"},
      {"[[criteria]]\nowner = \"A\"\n", "cardstock.toml:1: criteria.name is missing"},
      {"[[criteria]]\nname=\"a\"\ntag=\"t\"\n[[criteria]]\nname=\"a\"\ntag=\"u\"\n",
       ":4: criteria.name must be unique"},
      {"[[criteria]]\nname = \"a\"\ntypes = [\"Url\"]\n", "criteria.types must hold only one of"},
      {"[server]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"\n",
       "cardstock.toml:3: not TOML: "},
      {"[server\n", "cardstock.toml:1: not TOML: "},
      {"[store]\npath = \"\xff\"\n", "cardstock.toml:2: not TOML: "},
  }));
  CAPTURE(row.toml);
  CHECK_THAT(complaint(row.toml), Contains(row.want));
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

TEST_CASE("config: secrets come from files beside the configuration or from systemd credentials",
          "[cli]") {
  const TemporaryDirectory folder;
  const TemporaryDirectory credentials;
  write_file(folder.file("key"), "se cret=/+\r\n");
  write_file(folder.file("both"), "from the folder\n");
  write_file(credentials.file("both"), "from systemd");
  REQUIRE(chmod(folder.file("key").c_str(), 0644) == 0);
  REQUIRE(chmod(folder.file("both").c_str(), 0600) == 0);
  REQUIRE(chmod(credentials.file("both").c_str(), 0600) == 0);
  const std::string path = folder.file("cardstock.toml");
  const auto config = cli::parse_config(
      "[threatconnect]\napi_id = \"1\"\napi_secret_file = \"key\"\n[admin]\ntoken_file = "
      "\"both\"\n",
      path, environment_of({{"CREDENTIALS_DIRECTORY", credentials.path().string()}}));
  REQUIRE(config);
  CHECK(config->threatconnect.api_secret.reveal() == "se cret=/+");
  CHECK(config->threatconnect.api_secret_file == folder.file("key"));
  CHECK(config->admin.token.reveal() == "from systemd");
  CHECK(config->threatconnect.has_credentials());
  REQUIRE(config->warnings.size() == 1);
  CHECK_THAT(config->warnings[0], StartsWith("threatconnect.api_secret_file: every user"));
}

TEST_CASE("config: a bad secret file is named by its setting, never by what stands in it",
          "[cli]") {
  const TemporaryDirectory folder;
  write_file(folder.file("empty"), "\n");
  write_file(folder.file("long"), std::string(4097, 'x'));
  write_file(folder.file("lines"), "a\nb\n");
  struct Row {
    const char* value;
    const char* why;
  };
  const auto row = GENERATE(values<Row>({{"empty", "it is empty"},
                                         {"long", "it holds more than"},
                                         {"lines", "it holds more than one line"},
                                         {".", "it is a folder"},
                                         {"hunter2-pasted-secret", "no such file"}}));
  const auto config =
      cli::parse_config(std::string{"[admin]\ntoken_file = \""} + row.value + "\"\n",
                        folder.file("c.toml"), environment_of());
  REQUIRE_FALSE(config);
  CHECK_THAT(config.error().public_detail,
             Contains(":2: admin.token_file must be the path of a file that holds the secret: ") &&
                 Contains(row.why) && !Contains("hunter2"));
}

TEST_CASE("config: a secret of 4 KiB is read whole", "[cli]") {
  const TemporaryDirectory folder;
  write_file(folder.file("full"), std::string(4096, 'x') + "\r\n");
  const auto secret = cli::read_secret_file(folder.file("full"));
  REQUIRE(secret);
  CHECK(secret->reveal().size() == 4096);
}

TEST_CASE(
    "config: files that are named must be there, and PEM text in place of a path is told apart",
    "[cli]") {
  CHECK_THAT(complaint("[threatconnect]\nca_file = \"none.pem\"\n"),
             StartsWith("cardstock.toml:2: threatconnect.ca_file must be the path of a readable "
                        "file: no such file"));
  CHECK(
      complaint("[threatconnect]\nca_file = \"\"\"-----BEGIN CERTIFICATE-----\nAA==\n\"\"\"\n") ==
      "cardstock.toml:2: threatconnect.ca_file must be the path of a PEM file, found its content");
  const TemporaryDirectory folder;
  write_file(folder.file("a.pem"), "x");
  const auto one = cli::parse_config("[server]\ntls_certificate = \"a.pem\"\n", folder.file("c"),
                                     environment_of());
  REQUIRE_FALSE(one);
  CHECK_THAT(one.error().public_detail, Contains("server.tls_certificate needs server.tls_key"));
  const auto other =
      cli::parse_config("[server]\ntls_key = \"a.pem\"\n", folder.file("c"), environment_of());
  REQUIRE_FALSE(other);
  CHECK_THAT(other.error().public_detail, Contains("server.tls_key needs server.tls_certificate"));
  const auto both =
      cli::parse_config("[server]\ntls_certificate = \"a.pem\"\ntls_key = \"a.pem\"\n",
                        folder.file("c"), environment_of());
  REQUIRE(both);
  CHECK(both->server.tls_key == folder.file("a.pem"));
}

TEST_CASE("config: the environment wins over the file", "[cli]") {
  const TemporaryDirectory folder;
  write_file(folder.file("key"), "file key");
  const std::string with_pair =
      "[threatconnect]\napi_id = \"file\"\napi_secret_file = \"" + folder.file("key") + "\"\n";
  const std::string with_token = "[threatconnect]\ntoken_file = \"" + folder.file("key") + "\"\n";

  SECTION("pair over pair") {
    const auto config =
        parsed(with_pair, environment_of({{"THREATCONNECT_BASE_URL", "https://tc.example.com"},
                                          {"THREATCONNECT_API_ID", "env"},
                                          {"THREATCONNECT_API_SECRET", "env key\n"}}));
    CHECK(config.threatconnect.base_url == "https://tc.example.com");
    CHECK(config.threatconnect.api_id == "env");
    CHECK(config.threatconnect.api_secret.reveal() == "env key");
    CHECK(config.threatconnect.api_secret_file.empty());
  }
  SECTION("token over pair") {
    const auto config = parsed(with_pair, environment_of({{"THREATCONNECT_TOKEN", "tok"}}));
    CHECK(config.threatconnect.token.reveal() == "tok");
    CHECK(config.threatconnect.api_id.empty());
    CHECK(config.threatconnect.api_secret.empty());
  }
  SECTION("pair over token") {
    const auto config = parsed(with_token, environment_of({{"THREATCONNECT_API_ID", "env"},
                                                           {"THREATCONNECT_API_SECRET", "k"}}));
    CHECK(config.threatconnect.token.empty());
    CHECK(config.threatconnect.api_id == "env");
  }
  SECTION("an empty variable counts as unset") {
    const auto config = parsed(
        with_pair, environment_of({{"THREATCONNECT_API_ID", ""}, {"THREATCONNECT_TOKEN", ""}}));
    CHECK(config.threatconnect.api_id == "file");
    CHECK(config.threatconnect.api_secret.reveal() == "file key");
  }
  SECTION("both kinds in one place are refused") {
    CHECK_THAT(complaint(with_pair + "token_file = \"" + folder.file("key") + "\"\n"),
               Contains("not both"));
    CHECK_THAT(complaint("", environment_of({{"THREATCONNECT_API_ID", "1"},
                                             {"THREATCONNECT_API_SECRET", "2"},
                                             {"THREATCONNECT_TOKEN", "3"}})),
               Contains("not both"));
  }
  SECTION("bad values are named by their variable and not shown") {
    CHECK_THAT(
        complaint("", environment_of({{"THREATCONNECT_BASE_URL", "https://u:hunter2@x"}})),
        StartsWith("cardstock.toml: THREATCONNECT_BASE_URL must be a URL") && !Contains("hunter2"));
    CHECK(complaint("", environment_of({{"THREATCONNECT_TOKEN", "a\nhunter2"}})) ==
          "cardstock.toml: THREATCONNECT_TOKEN is not a secret: it holds more than one line, or "
          "control characters");
    CHECK(complaint("", environment_of({{"THREATCONNECT_API_ID", std::string(4097, 'x')}})) ==
          "cardstock.toml: THREATCONNECT_API_ID holds more than 4096 bytes");
  }
}

TEST_CASE("config: clients are told apart by name and token", "[cli]") {
  const TemporaryDirectory folder;
  write_file(folder.file("a"), "token a");
  write_file(folder.file("b"), "token b");
  const auto two = [&](const char* name, const char* file) {
    return cli::parse_config(
        "[[client]]\nname=\"soar\"\ntoken_file=\"a\"\nrights=[\"ask\", "
        "\"admin\"]\n[[client]]\nname=\"" +
            std::string{name} + "\"\ntoken_file=\"" + file + "\"\n",
        folder.file("c"), environment_of());
  };
  const auto good = two("siem", "b");
  REQUIRE(good);
  REQUIRE(good->clients.size() == 2);
  CHECK(good->clients[0].rights == std::vector<std::string>{"ask", "admin"});
  CHECK(good->clients[1].rights == std::vector<std::string>{"ask"});
  CHECK(good->clients[1].token.reveal() == "token b");
  const auto same_name = two("soar", "b");
  REQUIRE_FALSE(same_name);
  CHECK_THAT(same_name.error().public_detail, Contains(":5: client.name must be unique"));
  const auto same_token = two("siem", "a");
  REQUIRE_FALSE(same_token);
  CHECK_THAT(
      same_token.error().public_detail,
      Contains(":5: client.token_file holds the token of another client") && !Contains("token a"));
}

TEST_CASE("config: what is printed hides secrets and reads back as the same", "[cli]") {
  const TemporaryDirectory folder;
  write_file(folder.file("key \"1\""), "hunter2");
  write_file(folder.file("token"), "hunter3");
  const auto environment =
      environment_of({{"THREATCONNECT_API_ID", "env"}, {"THREATCONNECT_API_SECRET", "hunter4"}});
  const auto config = cli::parse_config(R"(
[server]
listen = ["127.0.0.1:1", "[::]:2"]
shared_secret_file = "key \"1\""
[threatconnect]
default_owner = "Org \"A\" \\ \u007f é"
pass_through_hosts = []
[cache]
ttl = "90s"
jitter = 0.25
memory = "1536KiB"
[cache.per_type.Hash]
grace = "1500ms"
[[client]]
name = "soar"
token_file = "token"
[[criteria]]
name = "c"
min_rating = 4.25
)",
                                        folder.file("c.toml"), environment);
  INFO((config ? "" : config.error().public_detail));
  REQUIRE_FALSE(config);  // DEL is a control character
  CHECK_THAT(config.error().public_detail,
             Contains("threatconnect.default_owner must be one line"));

  const auto good = cli::parse_config(R"(
[server]
listen = ["127.0.0.1:1", "[::]:2"]
shared_secret_file = "key \"1\""
[threatconnect]
default_owner = "Org \"A\" \\ é"
pass_through_hosts = []
[cache]
ttl = "90s"
jitter = 0.25
memory = "1536KiB"
[cache.per_type.Hash]
grace = "1500ms"
[[client]]
name = "soar"
token_file = "token"
[[criteria]]
name = "c"
min_rating = 4.25
)",
                                      folder.file("c.toml"), environment);
  REQUIRE(good);
  const std::string text = cli::print_config(*good);
  INFO(text);
  CHECK_THAT(text, !Contains("hunter") &&
                       Contains("api_secret_file = \"\"  # *** is set, not from a file"));
  const auto again = cli::parse_config(text, "elsewhere/printed.toml", environment);
  INFO((again ? "" : again.error().public_detail));
  REQUIRE(again);
  CHECK(cli::print_config(*again) == text);
  CHECK(again->server.listen == good->server.listen);
  CHECK(again->server.shared_secret.reveal() == "hunter2");
  CHECK(again->threatconnect.default_owner == "Org \"A\" \\ é");
  CHECK(again->threatconnect.api_secret.reveal() == "hunter4");
  CHECK(again->threatconnect.pass_through_hosts.empty());
  CHECK(again->cache.ttl == 90s);
  CHECK(again->cache.jitter == 0.25);
  CHECK(again->cache.memory == 1536U * 1024U);
  CHECK(again->cache.per_type.at("Hash").grace == 1500ms);
  CHECK(again->clients.at(0).token.reveal() == "hunter3");
  CHECK(again->criteria.at(0).min_rating == 4.25);
}

TEST_CASE("config: the password of a proxy is not printed", "[cli]") {
  const auto config =
      parsed("[threatconnect]\nproxy = \"http://user:hun:ter2@proxy.example:3128\"\n");
  CHECK(config.threatconnect.proxy == "http://user:hun:ter2@proxy.example:3128");
  CHECK_THAT(cli::print_config(config),
             Contains("proxy = \"http://user:***@proxy.example:3128\"") && !Contains("ter2"));
}

TEST_CASE("config: the committed example is the generated one and means the defaults", "[cli]") {
  const std::string committed = read_file(CARDSTOCK_SOURCE_DIR "/config/cardstock.example.toml");
  CHECK(committed == cli::example_config());
  CHECK(cli::print_config(parsed(committed)) == cli::print_config(cli::Config{}));
}

TEST_CASE("config: the commented parts of the example are good settings", "[cli]") {
  const TemporaryDirectory folder;
  write_file(folder.file("soar.token"), "token");
  std::string text;
  std::istringstream lines{cli::example_config()};
  for (std::string line; std::getline(lines, line);) {
    const bool commented_setting = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    text += (commented_setting ? line.substr(1) : line) + "\n";
  }
  const auto config = cli::parse_config(text, folder.file("c.toml"), environment_of());
  INFO((config ? "" : config.error().public_detail));
  REQUIRE(config);
  CHECK(config->cache.per_type.at("URL").ttl == 30min);
  CHECK(config->clients.at(0).name == "soar");
  CHECK(config->criteria.at(0).min_confidence == 80);
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

TEST_CASE("config: endpoints know what loopback is", "[cli]") {
  CHECK(cli::Endpoint{"127.0.0.1", 1}.is_loopback());
  CHECK(cli::Endpoint{"127.9.9.9", 1}.is_loopback());
  CHECK(cli::Endpoint{"::1", 1}.is_loopback());
  CHECK_FALSE(cli::Endpoint{"0.0.0.0", 1}.is_loopback());
  CHECK_FALSE(cli::Endpoint{"::", 1}.is_loopback());
  CHECK_FALSE(cli::Endpoint{"::ffff:127.0.0.1", 1}.is_loopback());
  CHECK(cli::Endpoint{"::1", 8}.text() == "[::1]:8");
}
