#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cardstock/cli/config.hpp>

#include "cli/support.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

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
  const cli::Config config = parsed(
      "[threatconnect]\napi_id = \"1\"\napi_secret_file = \"key\"\n"
      "[admin]\ntoken_file = \"both\"\n",
      environment_of({{"CREDENTIALS_DIRECTORY", credentials.path().string()}}),
      folder.file("cardstock.toml"));
  CHECK(config.threatconnect.api_secret.reveal() == "se cret=/+");
  CHECK(config.threatconnect.api_secret_file == folder.file("key"));
  CHECK(config.admin.token.reveal() == "from systemd");
  CHECK(config.threatconnect.has_credentials());
  REQUIRE(config.warnings.size() == 1);
  CHECK_THAT(config.warnings[0], StartsWith("threatconnect.api_secret_file: every user"));
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
  CHECK_THAT(complaint(std::string{"[admin]\ntoken_file = \""} + row.value + "\"\n",
                       environment_of(), folder.file("c.toml")),
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
  const auto complaint_here = [&](const char* toml) {
    return complaint(toml, environment_of(), folder.file("c"));
  };
  CHECK_THAT(complaint_here("[server]\ntls_certificate = \"a.pem\"\n"),
             Contains("server.tls_certificate needs server.tls_key"));
  CHECK_THAT(complaint_here("[server]\ntls_key = \"a.pem\"\n"),
             Contains("server.tls_key needs server.tls_certificate"));
  CHECK(
      parsed("[server]\nlisten = \"0.0.0.0:1\"\ntls_certificate = \"a.pem\"\ntls_key = \"a.pem\"\n",
             environment_of(), folder.file("c"))
          .server.tls_key == folder.file("a.pem"));
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
  const auto two = [](const std::string& name, const std::string& file) {
    return "[[client]]\nname=\"soar\"\ntoken_file=\"a\"\nrights=[\"ask\", \"admin\"]\n"
           "[[client]]\nname=\"" +
           name + "\"\ntoken_file=\"" + file + "\"\n";
  };
  const std::string path = folder.file("c");
  const cli::Config good = parsed(two("siem", "b"), environment_of(), path);
  REQUIRE(good.clients.size() == 2);
  CHECK(good.clients[0].rights == std::vector<std::string>{"ask", "admin"});
  CHECK(good.clients[1].rights == std::vector<std::string>{"ask"});
  CHECK(good.clients[1].token.reveal() == "token b");
  CHECK_THAT(complaint(two("soar", "b"), environment_of(), path),
             Contains(":5: client.name must be unique"));
  CHECK_THAT(
      complaint(two("siem", "a"), environment_of(), path),
      Contains(":5: client.token_file holds the token of another client") && !Contains("token a"));
}
