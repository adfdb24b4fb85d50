#include <catch2/catch.hpp>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;

TEST_CASE("routes: what is no card is a problem document", "[integration]") {
  const Stand stand{kInstance};
  const std::string url = stand.service->url();
  const auto check = [](const HttpAnswer& answer, int status) {
    INFO(answer.body);
    CHECK(answer.status == status);
    CHECK(answer.header("content-type") == "application/problem+json");
    CHECK(Json{answer.body}.number("/status") == status);
  };
  check(http_call("GET", url + "/"), 404);
  check(http_call("GET", url + "/v1/card/"), 404);
  check(http_call("GET", url + "/v1/admin/stats"), 404);
  check(http_call("DELETE", url + "/v1/card"), 405);
  check(http_call("GET", url + "/v1/cards"), 405);
  check(http_call("POST", url + "/healthz", "{}"), 405);
  CHECK(http_call("DELETE", url + "/v1/card").header("allow") == "GET, HEAD, POST");
  check(http_call("POST", url + "/v1/card", std::string(2U << 20U, ' ')), 413);
  check(http_call("POST", url + "/v1/card", "{}", {"Content-Type: text/plain"}), 415);
  check(http_call("POST", url + "/v1/card", "{}", {"Content-Type:"}), 415);
  check(http_call("POST", url + "/v1/cards", R"({"entities":[]})"), 400);
  std::string many = R"({"entities":[)";
  for (int i = 0; i < 501; ++i)
    many += std::string{i == 0 ? "" : ","} + R"({"type":"IpAddress","name":"1.1.1.1"})";
  check(http_call("POST", url + "/v1/cards", many + "]}"), 400);
}

TEST_CASE("routes: health, readiness and version on both listeners", "[integration]") {
  const Stand stand{kInstance};
  for (const std::string& url : {stand.service->url(), stand.service->admin_url()}) {
    CHECK(Json{http_call("GET", url + "/healthz").body}.text("/status") == "ok");
    CHECK(Json{http_call("GET", url + "/readyz").body}.text("/status") == "ready");
    CHECK(Json{http_call("GET", url + "/readyz").body}.text("/store") == "ok");
    CHECK(Json{http_call("GET", url + "/version").body}.text("/version") == app::version());
    CHECK(http_call("HEAD", url + "/healthz").status == 200);
  }
}

TEST_CASE("routes: with clients configured only their tokens may use the service's credentials",
          "[integration]") {
  const Stand stand{kInstance, [](cli::Config& config) {
                      config.clients.push_back(
                          {.name = "soar", .token = Secret{"soar token"}, .rights = {"ask"}});
                      config.clients.push_back(
                          {.name = "boss", .token = Secret{"boss token"}, .rights = {"admin"}});
                    }};
  const auto status = [&](std::vector<std::string> headers) {
    return stand.get("IpAddress", "1.1.1.1", std::move(headers)).status;
  };
  CHECK(status({}) == 401);
  CHECK(status({"Authorization: Bearer wrong"}) == 401);
  CHECK(status({"Authorization: Bearer soar toke"}) == 401);
  CHECK(status({"Authorization: Basic c29hciB0b2tlbg=="}) == 401);
  CHECK(status({"Authorization: Bearer boss token"}) == 401);
  CHECK(stand.upstream_calls() == 0);
  CHECK(status({"Authorization: Bearer soar token"}) == 200);
  // Whoever brings ThreatConnect credentials needs no token of ours.
  CHECK(stand.post("IpAddress", "1.1.1.1", stand.auth()).status == 200);
}

TEST_CASE("routes: the shared secret keeps strangers from the card endpoint", "[integration]") {
  const Stand stand{kInstance, [](cli::Config& config) {
                      config.server.shared_secret = Secret{"open sesame"};
                      config.clients.push_back(
                          {.name = "soar", .token = Secret{"soar token"}, .rights = {"ask"}});
                    }};
  const std::string body =
      R"({"entity":{"name":"1.1.1.1","type":"IpAddress"},"auth":)" + stand.auth() + "}";
  const std::string url = stand.service->url() + "/v1/card";
  CHECK(http_call("POST", url, body).status == 401);
  CHECK(http_call("POST", url, body, {"X-Cardstock-Secret: open sesam"}).status == 401);
  CHECK(http_call("POST", url, body, {"X-Cardstock-Secret: open sesame"}).status == 200);
  CHECK(http_call("POST", url, body, {"Authorization: Bearer soar token"}).status == 401);
  // A batch is asked for by clients, who have tokens of their own; by others as above.
  const std::string batch = R"({"entities":[{"name":"1.1.1.1","type":"IpAddress"}]})";
  CHECK(http_call("POST", url + "s", batch).status == 401);
  CHECK(http_call("POST", url + "s", batch, {"Authorization: Bearer soar token"}).status == 200);
}

TEST_CASE("routes: the admin token is needed where it is set", "[integration]") {
  const Stand stand{kInstance,
                    [](cli::Config& config) { config.admin.token = Secret{"admin token"}; }};
  const std::string url = stand.service->admin_url() + "/v1/admin/stats";
  CHECK(http_call("GET", url).status == 401);
  CHECK(http_call("GET", url, {}, {"Authorization: Bearer nope"}).status == 401);
  CHECK(http_call("GET", url, {}, {"Authorization: Bearer admin token"}).status == 200);
}

TEST_CASE("routes: no-cache forces a refresh six times a minute, only-if-cached none",
          "[integration]") {
  const Stand stand{kInstance};
  const HttpAnswer cold = stand.get("IpAddress", "1.1.1.1", {"Cache-Control: only-if-cached"});
  CHECK(cold.status == 504);
  CHECK(Json{cold.body}.text("/outcome") == "error");
  CHECK(stand.upstream_calls() == 0);
  for (int i = 0; i < 10; ++i)
    CHECK(stand.get("IpAddress", "1.1.1.1", {"Cache-Control: max-age=5, no-cache"}).status == 200);
  CHECK(stand.upstream_calls() ==
        6);  // the seventh and later are ordinary asks, which the cache answers
}

TEST_CASE("routes: a batch forces no more refreshes than single cards do", "[integration]") {
  const Stand stand{kInstance};
  std::string entities;
  for (int i = 1; i <= 20; ++i) {
    if (!entities.empty()) entities += ',';
    entities += R"({"type":"IpAddress","name":"9.9.9.)" + std::to_string(i) + "\"}";
  }
  const std::string body = R"({"entities":[)" + entities + "]}";
  const std::string url = stand.service->url() + "/v1/cards";
  CHECK(http_call("POST", url, body).status == 200);
  CHECK(http_call("POST", url, body, {"Cache-Control: no-cache"}).status == 200);
  CHECK(http_call("POST", url, body, {"Cache-Control: no-cache"}).status == 200);
  CHECK(stand.stats().number("/cache/bypass") == 6);
}

TEST_CASE("routes: a page of another site in a browser here is not this machine's operator",
          "[integration]") {
  const Stand stand{kInstance};
  for (const char* header : {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
                             "Origin: http://evil.example", "Origin: null"}) {
    CAPTURE(header);
    CHECK(stand.get("IpAddress", "1.1.1.1", {header}).status == 401);
    const std::string preview =
        stand.service->admin_url() + "/v1/preview?type=IpAddress&name=1.1.1.1";
    CHECK(http_call("GET", preview, {}, {header}).status == 401);
  }
  CHECK(stand.upstream_calls() == 0);
  CHECK(stand.get("IpAddress", "1.1.1.1", {"Sec-Fetch-Site: none"}).status == 200);
}

TEST_CASE("routes: the stats have the documented keys and agree with what happened",
          "[integration]") {
  const Stand stand{kInstance};
  stand.get("IpAddress", "1.1.1.1");
  stand.get("IpAddress", "1.1.1.1");
  stand.get("IpAddress", "nonsense");
  REQUIRE(stand.service->store().flush());
  const Json stats = stand.stats();
  for (const char* key : {"/version",
                          "/started_at",
                          "/uptime_seconds",
                          "/requests/latency_seconds/p50",
                          "/requests/latency_seconds/p90",
                          "/requests/latency_seconds/p99",
                          "/cache/hit",
                          "/cache/stale",
                          "/cache/coalesced",
                          "/cache/bypass",
                          "/upstream/errors",
                          "/upstream/latency_seconds/p50",
                          "/upstream/latency_seconds/p99",
                          "/upstream/breaker",
                          "/limiter/per_minute",
                          "/limiter/used",
                          "/limiter/remaining",
                          "/limiter/window_ends_at",
                          "/limiter/waiting/analyst",
                          "/limiter/waiting/refresh",
                          "/limiter/waiting/prewarm",
                          "/limiter/rejected",
                          "/store/backend",
                          "/store/file_bytes",
                          "/store/wal_bytes",
                          "/store/oldest_fetched_at",
                          "/store/state",
                          "/memory/rows",
                          "/memory/bytes",
                          "/memory/limit_bytes",
                          "/tenants/0/id",
                          "/tenants/0/base_url",
                          "/tenants/0/rows",
                          "/tenants/0/last_accepted_at",
                          "/recent_errors"}) {
    CAPTURE(key);
    CHECK(stats.has(key));
  }
  CHECK(stats.number("/requests/total") == 3);
  CHECK(stats.number("/requests/by_type/IpAddress") == 3);
  CHECK(stats.number("/requests/by_outcome/no_result") == 2);
  CHECK(stats.number("/requests/by_outcome/invalid_indicator") == 1);
  CHECK(stats.number("/cache/miss") == 1);
  CHECK(stats.number("/cache/negative") == 1);
  CHECK(stats.number("/upstream/calls") == 1);
  CHECK(stats.number("/upstream/calls_saved") == 1);
  CHECK(stats.number("/store/rows_absent") == 1);
}
