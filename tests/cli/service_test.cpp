#include <catch2/catch.hpp>

#include "app/commands/service.hpp"
#include "cli/support.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using app::Listener;
using Catch::Matchers::Contains;

namespace {

app::Service found(const cli::ServiceOptions& options,
                   Listener listener = Listener::Cards,
                   const cli::Environment& environment = environment_of()) {
  const auto service = app::find_service(options, environment, listener);
  INFO((service ? "" : service.error().public_detail));
  REQUIRE(service);
  return *service;
}

}  // namespace

TEST_CASE("service: without any word it is the default listener", "[app]") {
  CHECK(found({}).origin == "http://127.0.0.1:8080");
  CHECK(found({}, Listener::Admin).origin == "http://127.0.0.1:8081");
  CHECK(found({}).token.empty());
}

TEST_CASE("service: a URL may carry the path of a reverse proxy and nothing else", "[app]") {
  const auto service = found({.url = "https://cards.example/cardstock/"});
  CHECK(service.origin == "https://cards.example");
  CHECK(service.prefix == "/cardstock");
  CHECK(found({.url = "http://127.0.0.1:1/"}).prefix.empty());
  for (const char* bad :
       {"cards.example", "ftp://x", "http://", "http:///x", "http://u:p@x", "http://x?a",
        "http://x#a", "http://x y", "http://x\r\nHost:y", "http://x/\x80"}) {
    CAPTURE(bad);
    const auto refused = app::find_service({.url = bad}, environment_of(), Listener::Cards);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::MalformedRequest);
  }
}

TEST_CASE("service: listeners and tokens come from the configuration", "[app]") {
  const TemporaryDirectory folder;
  write_file(folder.file("admin"), "admin token");
  write_file(folder.file("purge"), "purge token");
  write_file(folder.file("soar"), "soar-token");
  write_file(folder.file("c.toml"),
             "[server]\nplain_http = true\nlisten = [\"0.0.0.0:9080\", "
             "\"127.0.0.1:9082\"]\n[admin]\nlisten = "
             "\"[::]:9081\"\ntoken_file = \"admin\"\n"
             "[[client]]\nname = \"purger\"\ntoken_file = \"purge\"\nrights = [\"admin\"]\n"
             "[[client]]\nname = \"soar\"\ntoken_file = \"soar\"\n");
  const cli::ServiceOptions options{.config = folder.file("c.toml")};
  CHECK(found(options).origin == "http://127.0.0.1:9080");
  CHECK(found(options).token.reveal() == "soar-token");
  CHECK(found(options, Listener::Admin).origin == "http://[::1]:9081");
  CHECK(found(options, Listener::Admin).token.reveal() == "admin token");

  write_file(folder.file("mine"), "mine\n");
  const cli::ServiceOptions mine{.config = folder.file("c.toml"),
                                 .token_file = folder.file("mine")};
  CHECK(found(mine, Listener::Cards, environment_of({{"CARDSTOCK_TOKEN", "env"}})).token.reveal() ==
        "mine");
  CHECK(found(options, Listener::Cards, environment_of({{"CARDSTOCK_TOKEN", "env"}}))
            .token.reveal() == "env");
  // Tokens of the configuration go to its own listeners only.
  CHECK(found({.url = "http://other.example", .config = folder.file("c.toml")}).token.empty());
}

TEST_CASE("service: bad tokens and ports are refused without being shown", "[app]") {
  const auto variable = app::find_service(
      {}, environment_of({{"CARDSTOCK_TOKEN", "hunter2\r\nX: y"}}), Listener::Cards);
  REQUIRE_FALSE(variable);
  CHECK(variable.error().code == ErrorCode::InvalidConfig);
  CHECK_THAT(variable.error().public_detail, Contains("CARDSTOCK_TOKEN") && !Contains("hunter2"));
  const auto file =
      app::find_service({.token_file = "/nonexistent/hunter2"}, environment_of(), Listener::Cards);
  REQUIRE_FALSE(file);
  CHECK_THAT(file.error().public_detail, Contains("--token-file") && !Contains("hunter2"));

  const TemporaryDirectory folder;
  write_file(folder.file("spaced"), "two words");
  const auto spaced =
      app::find_service({.token_file = folder.file("spaced")}, environment_of(), Listener::Cards);
  REQUIRE_FALSE(spaced);
  CHECK(spaced.error().public_detail == "--token-file must hold one word of visible characters");
  write_file(folder.file("c.toml"), "[server]\nlisten = \"127.0.0.1:0\"\n");
  const auto port =
      app::find_service({.config = folder.file("c.toml")}, environment_of(), Listener::Cards);
  REQUIRE_FALSE(port);
  CHECK_THAT(port.error().public_detail, Contains("--url"));
}
