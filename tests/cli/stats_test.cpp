#include <catch2/catch.hpp>

#include "app/commands/stats.hpp"
#include "cli/command_stand.hpp"

using namespace cardstock;
using namespace cardstock::test;
using Catch::Matchers::Contains;
using cli::ExitCode;

TEST_CASE("stats: the figures a person wants, aligned", "[app]") {
  CommandStand stand{always(json_response(
      200, R"({"version":"0.1.0","started_at":"2026-11-25T02:00:00Z","uptime_seconds":7200,
"requests":{"total":1234,"by_type":{"IpAddress":1200,"URL":34,"Hash":0},"by_outcome":{"ok":1000,"no_result":234},
 "latency_seconds":{"p50":0.0002,"p90":0.1,"p99":1.5}},
"cache":{"hit":700,"miss":200,"stale":50,"negative":40,"coalesced":10,"bypass":0},
"upstream":{"calls":120,"indicators":210,"calls_saved":90,"errors":{"timeout":3},"latency_seconds":{"p50":0.08,"p99":0.3},"breaker":"closed"},
"limiter":{"per_minute":60,"used":12,"remaining":48,"window_ends_at":"2026-11-25T04:00:10Z",
 "waiting":{"analyst":1,"refresh":2,"prewarm":3},"rejected":4},
"store":{"backend":"sqlite","rows":1000,"rows_absent":200,"file_bytes":1048576,"wal_bytes":0,"oldest_fetched_at":"2026-11-24T02:00:00Z","state":"ok"},
"memory":{"rows":400,"bytes":1048576,"limit_bytes":67108864},
"tenants":[{"id":"t1","base_url":"https://tc.example/api","rows":900,"last_accepted_at":"2026-11-25T03:59:00Z"}],
"recent_errors":[{"at":"2026-11-25T03:00:00Z","kind":"timeout","message":"a\u001bb","count":3},{"at":"x","kind":"y","message":"z","count":1}]})"))};
  CHECK(app::run_stats({}, stand.context) == ExitCode::Ok);
  CHECK(stand.out.str() ==
        "Cardstock 0.1.0, up 2 hours since 2026-11-25T02:00:00Z\n"
        "\n"
        "Requests       1,234\n"
        "  outcomes     ok 1,000, no_result 234\n"
        "  types        IpAddress 1,200, URL 34\n"
        "  latency      p50 0.20 ms, p90 100 ms, p99 1.50 s\n"
        "Cache          hit 700, miss 200, stale 50, negative 40, coalesced 10, bypass 0; 80% "
        "without a call\n"
        "ThreatConnect  120 calls for 210 indicators, 90 calls saved; breaker closed\n"
        "  latency      p50 80.0 ms, p99 300 ms\n"
        "  errors       timeout 3\n"
        "Limit          12 used of 60 a minute, 48 left, window ends 2026-11-25T04:00:10Z\n"
        "  waiting      analyst 1, refresh 2, prewarm 3; rejected 4\n"
        "Store          sqlite, ok: 1,000 rows (200 absent), 1.00 MiB and 0 B of log, oldest "
        "2026-11-24T02:00:00Z\n"
        "Memory         400 rows, 1.00 MiB of 64.0 MiB\n"
        "Tenants        t1  https://tc.example/api  900 rows, last accepted 2026-11-25T03:59:00Z\n"
        "Recent errors  2026-11-25T03:00:00Z  timeout (3)  a\\u001bb\n"
        "               x  y (1)  z\n");
  const auto request = stand.http.request(0);
  CHECK(request.origin == "http://127.0.0.1:8081");
  CHECK(request.target == "/v1/admin/stats");
}

TEST_CASE("stats: figures that are missing or of another kind are dashes, not failures", "[app]") {
  CommandStand stand{always(json_response(
      200, R"({"uptime_seconds":18446744073709551615,"requests":"x","cache":{"hit":-1}})"))};
  CHECK(app::run_stats({}, stand.context) == ExitCode::Ok);
  CHECK_THAT(stand.out.str(), Contains("Requests       -\n") && Contains("hit -, miss -"));
}

TEST_CASE("stats: --json prints all, and refusals are told", "[app]") {
  CommandStand stand{always(json_response(200, "{\"more\":\"\x7f\"}"))};
  CHECK(app::run_stats({.json = true, .service = {}}, stand.context) == ExitCode::Ok);
  CHECK(stand.out.str() == "{\"more\":\"\\u007f\"}\n");

  CommandStand refused{always(json_response(401, R"({"title":"Unauthorized"})"))};
  CHECK(app::run_stats({}, refused.context) == ExitCode::Failed);
  CHECK(refused.err.str() == "cardstock: Unauthorized\n");
  CommandStand page{always(json_response(200, "<html>"))};
  CHECK(app::run_stats({}, page.context) == ExitCode::Failed);
  CHECK(page.out.str().empty());
  CommandStand away{always(ErrorCode::Timeout, "no answer in time")};
  CHECK(app::run_stats({}, away.context) == ExitCode::Unreachable);
}
