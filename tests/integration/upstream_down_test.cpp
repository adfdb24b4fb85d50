#include <catch2/catch.hpp>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;

namespace {

std::string hosts(int count) {
  std::string list;
  for (int i = 0; i < count; ++i)
    list += (i == 0 ? "" : ",") +
            std::string{R"({"type":"Host","ownerName":"Org A","summary":"n)"} + std::to_string(i) +
            R"(.evil.test","id":)" + std::to_string(100 + i) +
            R"(,"rating":3,"lastModified":"2026-01-02T03:04:05Z"})";
  std::string data = kInstance;
  data.replace(data.find("\"indicators\": []"), 16, "\"indicators\": [" + list + "]");
  return data;
}

void short_lived(cli::Config& config) {
  config.cache.ttl = 0ms;
  config.cache.grace = 0ms;
  config.cache.jitter = 0;
}

std::string name(int i) {
  return "n" + std::to_string(i) + ".evil.test";
}

}  // namespace

TEST_CASE("upstream down: a hundred old cards are a hundred stale answers and no error",
          "[integration]") {
  Stand stand{hosts(100), short_lived};
  for (int i = 0; i < 100; ++i) REQUIRE(stand.get("InternetDomainName", name(i)).status == 200);
  stand.upstream.reset();
  for (int i = 0; i < 100; ++i) {
    const HttpAnswer answer = stand.get("InternetDomainName", name(i));
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    const Json card{answer.body};
    CHECK(card.text("/outcome") == "ok");
    CHECK(card.text("/cache/status") == "stale");
    CHECK(card.text("/cache/stale_reason") == "connect_failed");
    CHECK(answer.header("cache-status").find("detail=connect_failed") != std::string::npos);
  }
  CHECK(stand.stats().number("/cache/stale") == 100);
}

TEST_CASE("upstream down: what is not held is an error, never not found", "[integration]") {
  Stand stand{hosts(1)};
  struct Case {
    simulator::Fault fault;
    int status;
    const char* says;
  };
  const std::vector<Case> cases{
      {{.status = 500}, 502, ""},
      {{.status = 502, .body = "<html>bad gateway</html>"}, 502, ""},
      {{.status = 403}, 502, ""},
      {{.status = 200, .body = ""}, 502, "base URL"},
      {{.status = 200, .headers = {{"Content-Type", "text/html"}}, .body = "<html>Log in</html>"},
       502,
       "base URL"},
      {{.status = 200, .body = R"({"hello":1})"}, 502, "base URL"},
      {{.status = 200, .body = R"({"status":"Failure","message":"It is Tuesday"})"},
       502,
       "Tuesday"},
      {{.status = 302, .headers = {{"Location", "http://elsewhere.test/"}}, .body = ""}, 502, ""},
      {{.clock_offset = 900s}, 502, "clock"},
      {{.close = simulator::Fault::Close::Before}, 502, ""},
      {{.close = simulator::Fault::Close::Middle}, 502, ""},
  };
  int i = 0;
  for (const Case& row : cases) {
    stand.upstream->clear_faults();
    REQUIRE(stand.upstream->set_fault(row.fault));
    const HttpAnswer answer =
        stand.get("InternetDomainName", "unknown" + std::to_string(++i) + ".test");
    INFO(i << " " << answer.body);
    CHECK(answer.status == row.status);
    const Json envelope{answer.body};
    CHECK(envelope.text("/outcome") == "error");
    CHECK(envelope.text("/message").find(row.says) != std::string::npos);
    CHECK_FALSE(envelope.has("/card"));
  }
  stand.upstream->clear_faults();
  CHECK(Json{stand.get("InternetDomainName", "unknown1.test").body}.text("/outcome") ==
        "no_result");
  REQUIRE(stand.service->store().flush());
  CHECK(stand.stats().number("/store/rows") == 1);
}

TEST_CASE("upstream down: a rate limit answer is busy with a time, and is not stored",
          "[integration]") {
  Stand stand{hosts(1)};
  REQUIRE(
      stand.upstream->set_fault({.times = 1, .status = 429, .headers = {{"Retry-After", "30"}}}));
  const HttpAnswer first = stand.get("InternetDomainName", name(0));
  CHECK(first.status == 503);
  CHECK(Json{first.body}.text("/outcome") == "busy");
  CHECK(std::stoi(first.header("retry-after")) >= 29);
  CHECK(std::stoi(first.header("retry-after")) <= 30);
  CHECK(stand.upstream_calls() == 1);
  REQUIRE(stand.service->store().flush());
  CHECK(stand.stats().number("/store/rows") == 0);
  CHECK(stand.stats().has("/limiter/held_until"));
}

TEST_CASE(
    "upstream down: a limit that passes within the caller's time costs a moment and no answer",
    "[integration]") {
  Stand stand{hosts(1)};
  REQUIRE(
      stand.upstream->set_fault({.times = 1, .status = 429, .headers = {{"Retry-After", "1"}}}));
  CHECK(Json{stand.get("InternetDomainName", name(0)).body}.text("/outcome") == "ok");
  CHECK(stand.upstream_calls() == 2);
  CHECK(stand.stats().number("/upstream/errors/rate_limited") == 1);
  CHECK(stand.stats().number("/upstream/retries") == 1);
}

TEST_CASE("upstream down: an upstream that never answers costs the configured time and no worker",
          "[integration]") {
  Stand stand{hosts(2), [](cli::Config& config) {
                config.threatconnect.call_timeout = 400ms;
                config.server.workers = 1;
              }};
  REQUIRE(stand.get("InternetDomainName", name(0)).status == 200);
  REQUIRE(stand.upstream->set_fault({.hang = true}));
  HttpAnswer answer;  // asserted on by this thread alone
  std::jthread waiting{[&] { answer = stand.get("InternetDomainName", "hangs.test"); }};
  for (int i = 0; i < 50; ++i)
    CHECK(Json{stand.get("InternetDomainName", name(0)).body}.text("/cache/status") == "hit");
  waiting.join();
  CHECK(answer.status == 504);
  CHECK(Json{answer.body}.text("/outcome") == "error");
}

TEST_CASE("upstream down: the service's own refused credentials are its own fault",
          "[integration]") {
  Stand stand{hosts(1),
              [](cli::Config& config) { config.threatconnect.api_secret = Secret{"wrong"}; }};
  const HttpAnswer own = stand.get("InternetDomainName", name(0));
  CHECK(own.status == 502);
  CHECK(Json{own.body}.text("/outcome") == "error");
  const HttpAnswer callers =
      stand.post("InternetDomainName", name(0), stand.auth("alice", "wrong too"));
  CHECK(callers.status == 401);
  CHECK(Json{callers.body}.text("/outcome") == "auth_failed");
}

TEST_CASE("upstream: a site in cache-only mode answers from the cache and never calls",
          "[integration]") {
  Stand stand{kInstance};
  REQUIRE(stand.get("IpAddress", "1.1.1.1").status == 200);
  REQUIRE(stand.upstream_calls() == 1);
  stand.config.cache.cache_only = true;
  stand.restart();
  CHECK(Json{stand.get("IpAddress", "1.1.1.1", {"Cache-Control: no-cache"}).body}.text(
            "/cache/status") == "hit");
  const HttpAnswer unknown = stand.get("IpAddress", "2.2.2.2");
  CHECK(unknown.status == 504);
  CHECK(Json{unknown.body}.text("/outcome") == "error");
  CHECK(Json{unknown.body}.text("/message") ==
        "This indicator is not in the cache, and this service runs without ThreatConnect.");
  CHECK(stand.upstream_calls() == 1);
}
