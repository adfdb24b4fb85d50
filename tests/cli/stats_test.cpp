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
"store":{"backend":"sqlite","rows":1000,"rows_absent":200,"file_bytes":1048576,"wal_bytes":0,"oldest_fetched_at":"2026-11-24T02:00:00Z","state":"ok",
 "rows_by_type":{"Address":900,"URL":0}},
"prewarm":{"running":1,"waiting":0,"jobs":{"done":2,"failed":0},"indicators":{"found":70,"absent":0}},
"memory":{"rows":400,"bytes":1048576,"limit_bytes":67108864},
"tenants":[{"id":"t1","base_url":"https://tc.example/api","rows":900,"last_accepted_at":"2026-11-25T03:59:00Z"}],
"recent_errors":[{"at":"2026-11-25T03:00:00Z","kind":"timeout","message":"a\u001bb","count":3},{"at":"x","kind":"y","message":"z","count":1}]})"))};
  CHECK(app::run_stats({}, stand.context) == ExitCode::Ok);
  CHECK(stand.out.str() ==
        R"(Cardstock 0.1.0, up 2 hours since 2026-11-25T02:00:00Z

Requests
  all                            1,234
  ok                             1,000  81 %
  no_result                        234  18 %

Requests by type
  IpAddress                      1,200  97 %
  URL                               34  2 %

Requests, how long they took
  half within                  0.20 ms
  9 of 10 within                100 ms
  99 of 100 within              1.50 s

Cache
  hit                              700  70 %
  hit, held by nobody               40  4 %
  stale                             50  5 %
  joined another's call             10  1 %
  miss                             200  20 %
  refresh asked for                  0  0 %
  without a call                   800  80 %

ThreatConnect
  calls                            120
  indicators in them               210
  calls saved                       90
  breaker                       closed
  half within                  80.0 ms
  99 of 100 within              300 ms
  failed: timeout                    3

Limit of calls
  used                              12  of 60 a minute
  left                              48  the minute ends at 2026-11-25T04:00:10Z
  waiting, analyst                   1
  waiting, refresh                   2
  waiting, prewarm                   3
  told busy                          4

Rows
  all                            1,000  sqlite, ok
  held by nobody                   200
  Address                          900  90 %
  file                        1.00 MiB
  log of the file                  0 B
  ready in memory                  400
  memory                      1.00 MiB  of 64.0 MiB
  oldest, fetched at                    2026-11-24T02:00:00Z

Prewarm jobs
  running                            1
  waiting                            0
  done                               2
  indicators found                  70

Tenants: rows, last accepted, ThreatConnect
  t1        900  2026-11-25T03:59:00Z  https://tc.example/api

Recent errors: last at, how often, what
  2026-11-25T03:00:00Z        3  timeout             a\u001bb
  x                           1  y                   z
)");
  const auto request = stand.http.request(0);
  CHECK(request.origin == "http://127.0.0.1:8081");
  CHECK(request.target == "/v1/admin/stats");
}

TEST_CASE("stats: figures that are missing or of another kind are dashes, not failures", "[app]") {
  CommandStand stand{always(json_response(
      200, R"({"uptime_seconds":18446744073709551615,"requests":"x","cache":{"hit":-1}})"))};
  CHECK(app::run_stats({}, stand.context) == ExitCode::Ok);
  CHECK_THAT(stand.out.str(), Contains("  all                                -\n") &&
                                  Contains("  hit                                -\n"));
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
