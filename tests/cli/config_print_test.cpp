#include <catch2/catch.hpp>

#include <cardstock/cli/config.hpp>

#include "cli/support.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("config: what is printed hides secrets and reads back as the same", "[cli]") {
  const TemporaryDirectory folder;
  write_file(folder.file("key \"1\""), "hunter2");
  write_file(folder.file("token"), "hunter3");
  const auto environment =
      environment_of({{"THREATCONNECT_API_ID", "env"}, {"THREATCONNECT_API_SECRET", "hunter4"}});
  const cli::Config good = parsed(R"(
[server]
listen = ["127.0.0.1:1", "[::]:2"]
plain_http = true
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
                                  environment, folder.file("c.toml"));
  const std::string text = cli::print_config(good);
  INFO(text);
  CHECK_THAT(text, !Contains("hunter") &&
                       Contains("api_secret_file = \"\"  # *** is set, not from a file"));
  const cli::Config again = parsed(text, environment, "elsewhere/printed.toml");
  CHECK(cli::print_config(again) == text);
  CHECK(again.server.listen == good.server.listen);
  CHECK(again.server.shared_secret.reveal() == "hunter2");
  CHECK(again.threatconnect.default_owner == "Org \"A\" \\ é");
  CHECK(again.threatconnect.api_secret.reveal() == "hunter4");
  CHECK(again.threatconnect.pass_through_hosts.empty());
  CHECK(again.cache.ttl == 90s);
  CHECK(again.cache.jitter == 0.25);
  CHECK(again.cache.memory == 1536U * 1024U);
  CHECK(again.cache.per_type.at("Hash").grace == 1500ms);
  CHECK(again.clients.at(0).token.reveal() == "hunter3");
  CHECK(again.criteria.at(0).min_rating == 4.25);
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
  const cli::Config config = parsed(text, environment_of(), folder.file("c.toml"));
  CHECK(config.cache.per_type.at("URL").ttl == 30min);
  CHECK(config.clients.at(0).name == "soar");
  CHECK(config.criteria.at(0).min_confidence == 80);
}
