#include <catch2/catch.hpp>

#include "app/commands/lookup.hpp"
#include "cli/command_stand.hpp"

using namespace cardstock;
using namespace cardstock::test;
using Catch::Matchers::Contains;
using cli::ExitCode;

namespace {

constexpr std::string_view kEnvelope = R"json({"outcome":"ok",
 "indicator":{"type":"IpAddress","input":"203.0.113[.]7","canonical":"203.0.113.7"},
 "card":{"owner_name":"Org A","threat_assess_score":"873 of 1000 (Critical)","false_positive_count":2,
  "all_owners":[{"owner":"Org A","rating":"4.2 of 5 (High)"},{"owner":"B","status":"Inactive"}],
  "tags":["c2","a\u001b[31mb"],"unheard_of":true},
 "cache":{"status":"hit"},"criteria":[
  {"name":"Block","state":"not_met","owners":[{"owner":"Org A","state":"not_met","failed":["confidence is 60, at least 80 is needed"],"unknown":["b\u001b"]}]},
  {"name":"Share","state":"unknown","owners":[{"owner":"Org A","state":"unknown","unknown":["false positive count is not known"]}],"unread":2},
  {"name":"Watch","state":"met","owners":[{"owner":"Org A","state":"met"}],"more":3}],
 "message":"Held by 2 owners.","request_id":"r"})json";

ExitCode look_up(CommandStand& stand,
                 std::string type = "IpAddress",
                 std::string name = "203.0.113[.]7",
                 bool json = false) {
  return app::run_lookup(
      {.type = std::move(type), .name = std::move(name), .json = json, .service = {}},
      stand.context);
}

}  // namespace

TEST_CASE("lookup: a card is aligned lines with its labels, in the order of the answer", "[app]") {
  CommandStand stand{always(json_response(200, std::string{kEnvelope}))};
  CHECK(look_up(stand) == ExitCode::Ok);
  CHECK(stand.out.str() ==
        "IpAddress 203.0.113.7 (asked as 203.0.113[.]7)\n"
        "Held by 2 owners.\n"
        "\n"
        "Owner Name            Org A\n"
        "Threat Assess Score   873 of 1000 (Critical)\n"
        "False Positive Count  2\n"
        "All Owners (2)\n"
        "  - Owner   Org A\n"
        "    Rating  4.2 of 5 (High)\n"
        "  - Owner   B\n"
        "    Status  Inactive\n"
        "Tags (2)\n"
        "  - c2\n"
        "  - a\\u001b[31mb\n"
        "unheard_of            true\n"
        "\n"
        "Playbook criteria, owner by owner (not part of the card)\n"
        "  Block: not met\n"
        "  - Org A: not met: confidence is 60, at least 80 is needed; b\\u001b\n"
        "  Share: could not be evaluated\n"
        "  - Org A: could not be evaluated: false positive count is not known\n"
        "  - 2 more owners' copies were not read\n"
        "  Watch: met\n"
        "  - Org A: met\n"
        "  - 3 more owners\n");
  CHECK(stand.err.str().empty());
}

TEST_CASE("lookup: a narrow terminal gets its values in lines below one another", "[app]") {
  CommandStand stand{always(json_response(
      200,
      R"({"outcome":"ok","indicator":{"type":"URL","input":"u","canonical":"u"},"card":{"owner_name":"Org A",
          "portal_link":"https://app.threatconnect.com/#/details/indicators/101",
          "attributes":[{"type":"Description","value":"a text that is longer than the terminal"}],
          "notes":["one two three four five six seven eight"]}})"))};
  stand.context.columns = 40;
  CHECK(look_up(stand) == ExitCode::Ok);
  CHECK(stand.out.str() ==
        "URL u\n"
        "\n"
        "Owner Name                    Org A\n"
        "Link to ThreatConnect Portal  "
        "https://app.threatconnect.com/#/details/indicators/101\n"
        "Attributes (1)\n"
        "  - Type   Description\n"
        "    Value  a text that is longer than\n"
        "           the terminal\n"
        "Notes (1)\n"
        "  - one two three four five six seven\n"
        "    eight\n");
}

TEST_CASE("lookup: the question is encoded, and the token goes along", "[app]") {
  CommandStand stand{always(json_response(200, std::string{kEnvelope})),
                     {{"CARDSTOCK_TOKEN", "tok"}}};
  CHECK(look_up(stand, "URL", "http://x.test/?a=1&b=é#c +") == ExitCode::Ok);
  const auto request = stand.http.request(0);
  CHECK(request.method == "GET");
  CHECK(request.origin == "http://127.0.0.1:8080");
  CHECK(
      request.target ==
      "/v1/"
      "card?type=URL&name=http%3A%2F%2Fx.test%2F%3Fa%3D1%26b%3D%C3%A9%23c%20%2B&explain=criteria");
  CHECK(std::ranges::count_if(request.headers, [](const fetch::Header& h) {
          return h.name == "Authorization" && h.value == "Bearer tok";
        }) == 1);
}

TEST_CASE("lookup: --json prints the answer as it came, and ends with the same codes", "[app]") {
  CommandStand stand{always(json_response(200, R"({"outcome":"no_result","message":")"
                                               "\xc2\x9b"
                                               R"("})"))};
  CHECK(look_up(stand, "IpAddress", "1.1.1.1", true) == ExitCode::NotFound);
  CHECK(stand.out.str() == "{\"outcome\":\"no_result\",\"message\":\"\\u009b\"}\n");
}

TEST_CASE("lookup: every outcome has its exit code, and what is no card goes to err", "[app]") {
  struct Row {
    int status;
    const char* body;
    ExitCode code;
    const char* err;
  };
  const auto row = GENERATE(values<Row>({
      {200, R"({"outcome":"no_result","message":"Nobody holds it."})", ExitCode::NotFound,
       "cardstock: no_result: Nobody holds it.\n"},
      {200, R"({"outcome":"no_result","message":"Nobody.","link":"https://x.test/\u009b"})",
       ExitCode::NotFound, "cardstock: no_result: Nobody.\ncardstock: https://x.test/\\u009b\n"},
      {422, R"({"outcome":"invalid_indicator","message":"It is no address."})", ExitCode::Failed,
       "cardstock: invalid_indicator: It is no address.\n"},
      {503, R"({"outcome":"busy","message":"Later\r\n\u001b."})", ExitCode::Failed,
       "cardstock: busy: Later\\u000d\\u000a\\u001b.\n"},
      {401, R"({"title":"Unauthorized","detail":"a bearer token is needed"})", ExitCode::Failed,
       "cardstock: a bearer token is needed\n"},
      {404, "<html>\x1b</html>", ExitCode::Failed,
       "cardstock: the service answered with status 404 and no explanation; is --url right?\n"},
      {200, "[]", ExitCode::Failed,
       "cardstock: the service answered with status 200 and no explanation; is --url right?\n"},
      {200, "", ExitCode::Failed,
       "cardstock: the service answered with status 200 and no explanation; is --url right?\n"},
  }));
  CAPTURE(row.body);
  CommandStand stand{always(json_response(row.status, row.body))};
  CHECK(look_up(stand) == row.code);
  CHECK(stand.err.str() == row.err);
  CHECK(stand.out.str().empty());
}

TEST_CASE("lookup: a service that cannot be reached is told apart", "[app]") {
  CommandStand refused{always(ErrorCode::ConnectFailed, "connection refused")};
  CHECK(look_up(refused) == ExitCode::Unreachable);
  CHECK_THAT(refused.err.str(),
             Contains("cardstock: connection refused\n") && Contains("is the service running?"));
  CommandStand large{always(ErrorCode::AnswerTooLarge, "too large")};
  CHECK(look_up(large) == ExitCode::Failed);
}

TEST_CASE("lookup: a bad configuration ends it before anything is sent, one line a fault",
          "[app]") {
  CommandStand stand{always(json_response(200, std::string{kEnvelope}))};
  CHECK(
      app::run_lookup(
          {.type = "URL", .name = "x", .json = false, .service = {.config = "/nonexistent/c.toml"}},
          stand.context) == ExitCode::Configuration);
  CHECK(stand.err.str() == "cardstock: /nonexistent/c.toml: no such file or directory\n");
  CHECK(app::run_lookup({.type = "URL", .name = "x", .json = false, .service = {.url = "nope"}},
                        stand.context) == ExitCode::Usage);
  CHECK(stand.http.request_count() == 0);
}
