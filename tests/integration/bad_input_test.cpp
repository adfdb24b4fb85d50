#include <catch2/catch.hpp>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

/// No call, no row: what every refusal has in common.
void nothing_happened(const Stand& stand) {
  CHECK(stand.upstream_calls() == 0);
  REQUIRE(stand.service->store().flush());
  CHECK(stand.stats().number("/store/rows") == 0);
}

}  // namespace

TEST_CASE("bad input: a malformed request is a 400 with a sentence", "[integration]") {
  const Stand stand{kInstance};
  const std::vector<std::string> bodies{
      "{",
      "nonsense",
      "[]",
      "\"text\"",
      "null",
      "{}",
      R"({"entity":5})",
      R"({"entity":{}})",
      R"({"entity":{"name":"1.1.1.1"}})",
      R"({"entity":{"type":"IpAddress"}})",
      R"({"entity":{"name":5,"type":"IpAddress"}})",
      R"({"entity":{"name":["1.1.1.1"],"type":"IpAddress"}})",
      R"({"entity":{"name":null,"type":"IpAddress"}})",
      R"({"entity":{"name":"1.1.1.1","type":5}})",
      R"({"entity":{"name":"1.1.1.1","type":"IpAddress"},"auth":"x"})",
      R"({"entity":{"name":"1.1.1.1","type":"IpAddress"},"auth":{"api_id":5}})",
      R"({"entity":{"name":"1.1.1.1","type":"IpAddress"}} trailing)",
      std::string(5000, '['),
      "{\"entity\":{\"name\":\"\xff\xfe\",\"type\":\"IpAddress\"}}",
  };
  for (const std::string& body : bodies) {
    const HttpAnswer answer = http_call("POST", stand.service->url() + "/v1/card", body);
    INFO(body.substr(0, 80) << " -> " << answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.header("content-type") == "application/problem+json");
    const Json problem{answer.body};
    CHECK(problem.text("/type") == "about:blank");
    CHECK(problem.number("/status") == 400);
    CHECK(problem.text("/outcome") == "error");
    CHECK(problem.text("/message").size() > 10);
  }
  nothing_happened(stand);
}

TEST_CASE("bad input: an unusable name or type is a 422 that echoes it safely", "[integration]") {
  const Stand stand{kInstance};
  struct Case {
    std::string type;
    std::string name;
    std::string outcome;
  };
  const std::vector<Case> cases{
      {"IpAddress", "evil.test", "invalid_indicator"},
      {"IpAddress", "", "invalid_indicator"},
      {"IpAddress", std::string(70'000, '1'), "invalid_indicator"},
      {"InternetDomainName", "a\r\nX-Injected: 1", "invalid_indicator"},
      {"URL", "http://x.test/\x07", "invalid_indicator"},
      {"URL", std::string{"http://x.test/\0y", 16}, "invalid_indicator"},
      {"Hash", "zz", "invalid_indicator"},
      {"Malware", "x", "unsupported_type"},
      {"ipaddress", "1.1.1.1", "unsupported_type"},
      {"", "1.1.1.1", "unsupported_type"},
      {"\r\nIpAddress", "1.1.1.1", "unsupported_type"},
  };
  for (const Case& row : cases) {
    const HttpAnswer answer = stand.post(row.type, row.name, stand.auth());
    INFO(answer.body.substr(0, 300));
    CHECK(answer.status == 422);
    CHECK(answer.header("x-injected").empty());
    const Json envelope{answer.body};
    CHECK(envelope.text("/outcome") == row.outcome);
    CHECK(envelope.text("/message").size() > 10);
    CHECK(envelope.text("/message").find('\n') == std::string::npos);
    CHECK(envelope.text("/message").size() < 300);
    CHECK_FALSE(envelope.has("/card"));
  }
  nothing_happened(stand);
}

TEST_CASE("bad input: blank credentials are missing, not refused", "[integration]") {
  const Stand stand{kInstance, [](cli::Config& config) {
                      config.clients.push_back(
                          {.name = "soar", .token = Secret{"client token"}, .rights = {"ask"}});
                    }};
  for (const char* auth : {"null", "{}", R"({"api_id":"","api_secret":"","base_url":""})",
                           R"({"api_id":"  ","api_secret":" "})", R"({"api_id":"alice"})",
                           R"({"api_id":null,"api_secret":null})"}) {
    const HttpAnswer answer = stand.post("IpAddress", "1.1.1.1", auth);
    INFO(auth << " -> " << answer.body);
    CHECK(answer.status == 400);
    CHECK(Json{answer.body}.text("/outcome") == "missing_credentials");
  }
  nothing_happened(stand);
}

TEST_CASE("bad input: a base URL that is not allowed is not called", "[integration]") {
  const Stand stand{kInstance};
  for (const char* base : {"http://127.0.0.1:1/api", "https://169.254.169.254/",
                           "file:///etc/passwd", "https://evil.test",
                           "https://app.threatconnect.com@evil.test/", "gopher://x", "https://"}) {
    const HttpAnswer answer =
        stand.post("IpAddress", "1.1.1.1",
                   R"({"api_id":"a","api_secret":"b","base_url":)" + json_string(base) + "}");
    INFO(base << " -> " << answer.body);
    CHECK(answer.status == 400);
    CHECK(Json{answer.body}.text("/outcome") == "error");
  }
  nothing_happened(stand);
}

TEST_CASE("bad input: query parameters are read once and strictly", "[integration]") {
  const Stand stand{kInstance};
  const std::string url = stand.service->url() + "/v1/card";
  for (const char* query :
       {"", "?", "?type=IpAddress", "?name=1.1.1.1", "?type=IpAddress&name=1.1.1.1&name=2.2.2.2",
        "?type=IpAddress&name=%zz", "?type=IpAddress&name=1.1.1.1&tenant=x"}) {
    const HttpAnswer answer = http_call("GET", url + query);
    INFO(query << " -> " << answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.header("content-type") == "application/problem+json");
  }
  nothing_happened(stand);
  const HttpAnswer plus = http_call("GET", url + "?type=EmailAddress&name=alix+test%40example.org");
  CHECK(Json{plus.body}.text("/indicator/canonical") == "alix+test@example.org");
  const HttpAnswer twice =
      http_call("GET", url + "?type=URL&name=http%3A%2F%2Fx.test%2F%3Fa%3D%25250D");
  CHECK(Json{twice.body}.text("/indicator/canonical") == "http://x.test/?a=%250D");
}
