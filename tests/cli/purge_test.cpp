#include <catch2/catch.hpp>

#include "app/commands/purge.hpp"
#include "cli/command_stand.hpp"

using namespace cardstock;
using namespace cardstock::test;
using cli::ExitCode;

TEST_CASE("purge: the terms go to the admin listener, and the count comes back", "[app]") {
  CommandStand stand{always(json_response(200, R"({"purged":1234,"request_id":"x"})")),
                     {{"CARDSTOCK_TOKEN", "secret"}}};
  CHECK(app::run_purge({.type = "URL",
                        .name = "http://x.test/\"",
                        .owner = "Org \"A\"",
                        .tenant = "00ff",
                        .older_than = std::chrono::hours{2}},
                       stand.context) == ExitCode::Ok);
  CHECK(stand.out.str() == "1,234 rows purged\n");
  const auto request = stand.http.request(0);
  CHECK(request.method == "POST");
  CHECK(request.origin == "http://127.0.0.1:8081");
  CHECK(request.target == "/v1/admin/purge");
  CHECK(request.body ==
        R"({"type":"URL","name":"http://x.test/\"","owner":"Org \"A\"","tenant":"00ff",)"
        R"("older_than_seconds":7200})");
}

TEST_CASE("purge: all, and one row", "[app]") {
  CommandStand stand{always(json_response(200, R"({"purged":1})"))};
  CHECK(app::run_purge({.all = true}, stand.context) == ExitCode::Ok);
  CHECK(stand.http.request(0).body == R"({"all":true})");
  CHECK(stand.out.str() == "1 row purged\n");
}

TEST_CASE("purge: refusals and silence are told", "[app]") {
  CommandStand refused{always(json_response(401, R"({"title":"Unauthorized"})"))};
  CHECK(app::run_purge({.all = true}, refused.context) == ExitCode::Failed);
  CHECK(refused.err.str() == "cardstock: Unauthorized\n");
  CHECK(refused.out.str().empty());
  CommandStand foreign{always(json_response(200, R"({"purged":-1})"))};
  CHECK(app::run_purge({.all = true}, foreign.context) == ExitCode::Failed);
  CommandStand away{always(ErrorCode::ConnectFailed, "refused")};
  CHECK(app::run_purge({.all = true}, away.context) == ExitCode::Unreachable);
}
