#include <catch2/catch.hpp>

#include <simdjson.h>

#include <cardstock/simulator/simulator.hpp>
#include <cardstock/threatconnect/credentials.hpp>
#include <cardstock/util/text.hpp>

#include "support/http_call.hpp"
#include "support/manual_clock.hpp"

using namespace cardstock;
using namespace std::chrono_literals;
using simulator::Simulator;
using test::http_call;
using test::HttpAnswer;

namespace {

constexpr const char* kData = R"json({
  "owners": [{"id": 1, "name": "Org A", "type": "Organization"}, {"id": 2, "name": "Source B", "type": "Source"}],
  "credentials": [{"api_id": "alice", "secret": "s3cret", "organization": "Org A"},
                  {"name": "robot", "token": "APIV2:1:x:=", "organization": "Org A", "owners": "*"}],
  "indicators": [
    {"repeat": 5, "type": "Host", "summary": "n{n}.test", "ownerName": "Org A", "rating": 3.00, "tags": [], "threatAssessScore": 5},
    {"type": "Host", "summary": "n1.test", "ownerName": "Source B", "id": 11111797252348111,
     "associatedGroups": [{"repeat": 3, "id": 700, "name": "G{m}", "type": "Report"}]}
  ]})json";

struct Fixture {
  Fixture() {
    auto started = Simulator::start({}, kData, clock);
    REQUIRE(started);
    simulator = *std::move(started);
    url = "http://127.0.0.1:" + std::to_string(simulator->port());
  }
  HttpAnswer signed_get(const std::string& target,
                        std::chrono::seconds clock_off = 0s,
                        const std::string& signed_target = {}) {
    std::vector<std::string> headers;
    const threatconnect::Credentials alice{"alice", Secret{"s3cret"}};
    for (const auto& field :
         threatconnect::authorization(alice, signed_target.empty() ? target : signed_target, "GET",
                                      clock.wall() + clock_off))
      headers.push_back(field.name + ": " + field.value);
    return http_call("GET", url + target, {}, headers);
  }
  HttpAnswer token_get(const std::string& target) {
    return http_call("GET", url + target, {}, {"Authorization: TC-Token APIV2:1:x:="});
  }
  static std::size_t rows(const HttpAnswer& answer) {
    simdjson::dom::parser parser;
    INFO(answer.body);
    return parser.parse(answer.body)["data"].get_array().size();
  }
  test::ManualClock clock;
  std::unique_ptr<Simulator> simulator;
  std::string url;
};

const std::string kAll = "/api/v3/indicators?tql=" + percent_encode(R"(typeName = "Host")");

}  // namespace

TEST_CASE("simulator: a signature counts for its very target and within five minutes",
          "[simulator]") {
  Fixture f;
  CHECK(f.signed_get(kAll).status == 200);
  CHECK(f.signed_get(kAll, 300s).status == 200);
  CHECK(f.signed_get(kAll, -300s).status == 200);
  for (const auto off : {301s, -301s}) {
    const HttpAnswer answer = f.signed_get(kAll, off);
    CHECK(answer.status == 401);
    CHECK(answer.body.find("Timestamp out of acceptable time range") != std::string::npos);
  }
  CHECK(f.signed_get(kAll, 0s, kAll + "x").status == 401);
  CHECK(http_call("GET", f.url + kAll).status == 401);
  CHECK(f.token_get(kAll).status == 200);
  CHECK(http_call("GET", f.url + kAll, {}, {"Authorization: TC-Token APIV2:1:x:"}).status == 401);
}

TEST_CASE("simulator: a credential sees its own owners and no others", "[simulator]") {
  Fixture f;
  CHECK(Fixture::rows(f.signed_get(kAll)) == 5);
  CHECK(Fixture::rows(f.token_get(kAll)) == 6);
  CHECK(f.signed_get(kAll + "&owner=Source%20B").status == 403);
  CHECK(Fixture::rows(f.token_get(kAll + "&owner=Source%20B")) == 1);
}

TEST_CASE("simulator: pages, their links and the count", "[simulator]") {
  Fixture f;
  const HttpAnswer first = f.token_get(kAll + "&resultStart=0&resultLimit=4&count=true");
  CHECK(Fixture::rows(first) == 4);
  simdjson::dom::parser parser;
  const simdjson::dom::element page = parser.parse(first.body);
  CHECK(std::int64_t{page["count"]} == 6);
  const std::string next{std::string_view{page["next"]}};
  REQUIRE(next.starts_with(f.url + "/api/v3/indicators?"));
  const HttpAnswer second = f.token_get(next.substr(f.url.size()));
  CHECK(Fixture::rows(second) == 2);
  CHECK(second.body.find("\"next\"") == std::string::npos);
  CHECK(second.body.find("11111797252348111") != std::string::npos);
}

TEST_CASE("simulator: parts of a row come when they are asked for, empty ones as an empty object",
          "[simulator]") {
  Fixture f;
  CHECK(f.token_get(kAll).body.find("threatAssessScore") == std::string::npos);
  const HttpAnswer answer = f.token_get(kAll + "&fields=threatAssess&fields=tags");
  CHECK(answer.body.find("\"threatAssessScore\":5") != std::string::npos);
  CHECK(answer.body.find("\"tags\":{}") != std::string::npos);
  CHECK(answer.body.find("\"rating\":3.00") != std::string::npos);
  CHECK(f.token_get(kAll + "&fields=nonsense").status == 400);
}

TEST_CASE("simulator: bad queries and wrong places are refused as documented", "[simulator]") {
  Fixture f;
  const HttpAnswer syntax = f.token_get("/api/v3/indicators?tql=summary");
  CHECK(syntax.status == 400);
  CHECK(syntax.body.find("0x2001") != std::string::npos);
  CHECK(f.token_get("/elsewhere/v3/indicators").header("content-type") == "text/html");
  CHECK(f.token_get("/api/v2/owners/mine").body.find("\"name\":\"Org A\"") != std::string::npos);
  CHECK(Fixture::rows(f.token_get("/api/v3/security/owners")) == 2);
}

TEST_CASE("simulator: owners come in pages too", "[simulator]") {
  Fixture f;
  const std::string owners = "/api/v3/security/owners";
  const HttpAnswer first = f.token_get(owners + "?resultLimit=1&count=true");
  CHECK(Fixture::rows(first) == 1);
  CHECK(first.body.find("\"count\":2") != std::string::npos);
  CHECK(first.body.find(owners + "?resultStart=1&resultLimit=1\"") != std::string::npos);
  const HttpAnswer second = f.token_get(owners + "?resultStart=1&resultLimit=1");
  CHECK(Fixture::rows(second) == 1);
  CHECK(second.body.find("\"next\"") == std::string::npos);
  CHECK(second.body.find(owners + "?resultStart=0&resultLimit=1\"") != std::string::npos);
  CHECK(Fixture::rows(f.token_get(owners + "?resultStart=2")) == 0);
  CHECK(Fixture::rows(f.token_get(owners + "?resultLimit=10000")) == 2);
  CHECK(f.token_get(owners + "?resultLimit=10001").status == 400);
  CHECK(f.token_get(owners + "?resultLimit=0").status == 400);
  CHECK(f.token_get(owners + "?resultStart=-1").status == 400);
}

TEST_CASE("simulator: a fault is good for its number of requests", "[simulator]") {
  Fixture f;
  REQUIRE(
      http_call(
          "POST", f.url + "/_simulator/faults",
          R"({"match":{"path":"/v3/indicators","contains":"Host"},"times":2,"status":429,"headers":{"Retry-After":"7"}})")
          .status == 200);
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer answer = f.token_get(kAll);
    CHECK(answer.status == 429);
    CHECK(answer.header("retry-after") == "7");
  }
  CHECK(f.token_get(kAll).status == 200);
  CHECK(http_call("POST", f.url + "/_simulator/faults", R"({"no such":1})").status == 400);
  REQUIRE(f.simulator->set_fault({.close = simulator::Fault::Close::Before}));
  CHECK_THROWS(f.token_get(kAll));
  f.simulator->clear_faults();
  REQUIRE(f.simulator->set_fault({.close = simulator::Fault::Close::Middle}));
  CHECK_THROWS(f.token_get(kAll));
  f.simulator->clear_faults();
  CHECK(f.token_get(kAll).status == 200);
}

TEST_CASE("simulator: the log counts every request and shows no secret", "[simulator]") {
  Fixture f;
  f.signed_get("/api/v3/indicators?tql=" +
               percent_encode(R"(summary in ("a.test","b.test","a.test"))"));
  f.token_get(kAll);
  const auto log = f.simulator->log();
  REQUIRE(log.size() == 2);
  CHECK(log[0].credential == "alice");
  CHECK(log[0].values == 2);
  CHECK(log[0].status == 200);
  CHECK(log[1].credential == "robot");
  const std::string shown = http_call("GET", f.url + "/_simulator/log").body;
  CHECK(shown.find("s3cret") == std::string::npos);
  CHECK(shown.find("APIV2") == std::string::npos);
  CHECK(f.simulator->requests() == 2);
}

TEST_CASE("simulator: the ids of repeated elements count up as those of rows do", "[simulator]") {
  Fixture f;
  const std::string target = "/api/v3/indicators?fields=associatedGroups&tql=" +
                             percent_encode(R"(typeName = "Host" and ownerName = "Source B")");
  simdjson::dom::parser parser;
  const HttpAnswer answer = f.token_get(target);
  INFO(answer.body);
  std::vector<std::int64_t> ids;
  for (const auto row : parser.parse(answer.body)["data"].get_array())
    for (const auto group : row["associatedGroups"]["data"].get_array())
      ids.push_back(group["id"].get_int64());
  CHECK(ids == std::vector<std::int64_t>{700, 701, 702});
}
