#include <catch2/catch.hpp>

#include <cardstock/cli/config.hpp>

#include "cli/support.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("config: every kind of value is read", "[cli]") {
  const cli::Config config = parsed(R"(
[server]
listen = ["0.0.0.0:80", "[::1]:8080"]
plain_http = true
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
cache_only = true
[cache.per_type.URL]
ttl = "30m"
[cache.per_type.Hash]
keep = "0s"
[log]
level = "debug"
[card]
max_groups = 10
no_result_link = "https://tc.example.com:8443/#/search?q={name}&t={type}"
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
  CHECK(config.server.plain_http);
  CHECK(config.server.workers == 3);
  CHECK(config.threatconnect.owner_order == std::vector<std::string>{"Org A", "Source, B"});
  CHECK_FALSE(config.threatconnect.pass_through);
  CHECK(config.threatconnect.pass_through_hosts.size() == 4);
  CHECK(config.threatconnect.call_timeout == 250ms);
  CHECK(config.cache.jitter == 0.0);
  CHECK(config.cache.ttl == 168h);
  CHECK(config.cache.memory == std::uint64_t{2} << 30U);
  CHECK(config.cache.scope == "instance");
  CHECK(config.cache.cache_only);
  REQUIRE(config.cache.per_type.size() == 2);
  CHECK(config.cache.per_type.at("URL").ttl == 30min);
  CHECK_FALSE(config.cache.per_type.at("URL").keep);
  CHECK(config.cache.per_type.at("Hash").keep == 0ms);
  CHECK(config.log.level == LogLevel::Debug);
  CHECK(config.card.max_groups == 10);
  CHECK(config.card.no_result_link == "https://tc.example.com:8443/#/search?q={name}&t={type}");
  REQUIRE(config.criteria.size() == 2);
  CHECK(config.criteria[0].min_rating == 3.5);
  CHECK(config.criteria[0].max_false_positives == 0.0);
  CHECK_FALSE(config.criteria[0].min_confidence);
  CHECK(config.criteria[1].owner == "Org A");
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
      {"[threatconnect]\ndefault_owner = \"a\\u007fb\"\n",
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
      {"[card]\nmax_text = 19\n",
       "card.max_text must be a whole number from 20 to 65536, found 19"},
      {"[card]\nno_result_link = \"https://{name}/\"\n",
       "card.no_result_link must be empty, a path"},
      {"[card]\nno_result_link = \"/#/{nam}\"\n", "card.no_result_link must be empty, a path"},
      {"[card]\nno_result_link = \"http://x.test/{name}\"\n",
       "card.no_result_link must be empty, a path"},
      {"[card]\nno_result_link = \"/a b\"\n", "card.no_result_link must be empty, a path"},
      {"[store]\nbackend = \"redis\"\n", "store.backend must be \"sqlite\", found \"redis\""},
      {"[store]\npath = \" \"\n", "store.path must be a text that is not empty"},
      {"[log]\nlevel = \"loud\"\n", "log.level must be one of"},
      {"[admin]\nlisten = \"0.0.0.0:8081\"\n",
       ":2: admin.listen is not on loopback, so admin.token_file must be set"},
      {"[server]\nlisten = [\"127.0.0.1:8080\", \"0.0.0.0:8080\"]\n",
       ":2: server.listen is not on loopback, so server.tls_certificate must be set, or "
       "server.plain_http when something in front speaks TLS: 0.0.0.0:8080"},
      {"[admin]\nlisten = \"127.0.0.1:8080\"\n", "admin.listen and server.listen must differ"},
      {"[[client]]\ntoken_file = \"\"\n", "cardstock.toml:1: client.name is missing"},
      {"[[client]]\nname = \"a\"\n", "cardstock.toml:1: client.token_file is missing"},
      {"[[client]]\nname = \"a\"\nrights = [\"write\"]\n",
       "client.rights must hold only one of \"ask\", \"refresh\" or \"admin\""},
      {"[[criteria]]\nname = \"a\"\n", "cardstock.toml:1: criteria \"a\" states no condition"},
      {"[[criteria]]\nname = \"a\"\nmin_rating = 1\ntag = \" \"\n",
       "cardstock.toml:4: criteria.tag must be a text that is not empty, found \" \", in \"a\""},
      {"[[criteria]]\nname = \"a\"\nmin_rating = 1\nowner = \"\"\n",
       "cardstock.toml:4: criteria.owner must be a text that is not empty, found \"\", in \"a\""},
      {"[[criteria]]\nname = \"a\"\nmin_rating = 1\n[[criteria]]\nname = \" a \"\ntag = \"x\"\n",
       "cardstock.toml:4: criteria.name must be unique: \" a \" stands twice"},
      {"[[criteria]]\nname = \"a\\u202Eb\"\nmin_rating = 6\n", "in \"a\\u202Eb\""},
      {"[[criteria]]\nname = \"a\"\nmin_rating = 6\n",
       "cardstock.toml:3: criteria.min_rating must be a number from 0 to 5, found 6, in \"a\""},
      {"[[criteria]]\nname = \"a\"\nmin_raiting = 5\n",
       "cardstock.toml:3: unknown key \"criteria.min_raiting\"; did you mean \"min_rating\"?"},
      {"[threatconnect]\nowners_deny = [\"X\"]\n[[criteria]]\nname = \"a\"\nowner = \" X \"\n",
       "cardstock.toml:5: criteria \"a\" can never be met: threatconnect.owners_allow or "
       "owners_deny hides \"X\""},
      {"[threatconnect]\nowners_allow = [\"Y\"]\n[[criteria]]\nname = \"a\"\nowner = \"X\"\n",
       "cardstock.toml:5: criteria \"a\" can never be met"},
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

TEST_CASE("config: endpoints know what loopback is", "[cli]") {
  CHECK(cli::Endpoint{"127.0.0.1", 1}.is_loopback());
  CHECK(cli::Endpoint{"127.9.9.9", 1}.is_loopback());
  CHECK(cli::Endpoint{"::1", 1}.is_loopback());
  CHECK_FALSE(cli::Endpoint{"0.0.0.0", 1}.is_loopback());
  CHECK_FALSE(cli::Endpoint{"::", 1}.is_loopback());
  CHECK_FALSE(cli::Endpoint{"::ffff:127.0.0.1", 1}.is_loopback());
  CHECK(cli::Endpoint{"::1", 8}.text() == "[::1]:8");
}
