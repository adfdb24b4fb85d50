#include <catch2/catch.hpp>

#include <deque>

#include "app/commands/prewarm.hpp"
#include "cli/command_stand.hpp"

using namespace cardstock;
using namespace cardstock::test;
using Catch::Matchers::Contains;
using cli::ExitCode;

namespace {

std::string job(const std::string& state, const std::string& more = {}) {
  return R"({"id":"0123456789abcdef","state":")" + state + "\"" + more + "}";
}

/// Answers one after the other; the last one for ever.
struct Script {
  std::deque<Result<fetch::HttpResponse>> answers;
  FakeHttpClient::Responder responder() {
    return [this](const fetch::HttpRequest&) {
      auto next = answers.front();
      if (answers.size() > 1) answers.pop_front();
      return next;
    };
  }
};

constexpr const char* kCounts =
    R"(,"entries":4,"duplicates":1,"indicators":3,"found":1,"absent":1,"fresh":1,"refused":0,"failed":0)";

}  // namespace

TEST_CASE("prewarm job: ordered at the admin listener and watched to its end", "[app]") {
  Script script{{json_response(202, job("waiting")), json_response(200, job("running")),
                 json_response(200, job("done", kCounts))}};
  CommandStand stand{script.responder()};
  CHECK(app::run_prewarm({.most_asked = 100}, stand.context) == ExitCode::Ok);
  REQUIRE(stand.http.request_count() == 3);
  CHECK(stand.http.request(0).method == "POST");
  CHECK(stand.http.request(0).origin == "http://127.0.0.1:8081");
  CHECK(stand.http.request(0).target == "/v1/admin/prewarm");
  CHECK(stand.http.request(0).body == R"({"most_asked":100})");
  CHECK(stand.http.request(1).method == "GET");
  CHECK(stand.http.request(1).target == "/v1/admin/prewarm/0123456789abcdef");
  CHECK(stand.out.str() ==
        "entries     4\nduplicates  1\nindicators  3\nfresh       1\nfound       1\nabsent      1\n"
        "refused     0\nfailed      0\n");
  CHECK(stand.pauses.size() == 2);
}

TEST_CASE("prewarm job: its end is the command's", "[app]") {
  const auto end = [](const std::string& last) {
    Script script{{json_response(202, job("waiting")), json_response(200, last)}};
    CommandStand stand{script.responder()};
    return app::run_prewarm({.tql = "rating >= 3"}, stand.context);
  };
  CHECK(end(job("done", R"(,"found":2,"refused":1)")) == ExitCode::Partly);
  CHECK(end(job("done", R"(,"found":2,"failed":1)")) == ExitCode::Failed);
  CHECK(end(job("failed", R"(,"error":"why")")) == ExitCode::Failed);
  CHECK(end(job("cancelled")) == ExitCode::Stopped);
}

TEST_CASE("prewarm job: a stopped command cancels it", "[app]") {
  Script script{{json_response(202, job("running")),
                 json_response(200, job("running", R"(,"cancelling":true)"))}};
  CommandStand stand{script.responder()};
  stand.context.stop_asked = [] { return true; };
  CHECK(app::run_prewarm({.tql = "x"}, stand.context) == ExitCode::Stopped);
  REQUIRE(stand.http.request_count() == 2);
  CHECK(stand.http.request(0).body == R"({"tql":"x"})");
  CHECK(stand.http.request(1).method == "DELETE");
  CHECK_THAT(stand.err.str(), Contains("the job is cancelled"));
}

TEST_CASE("prewarm job: a service that stumbles is asked again and one that forgot is told",
          "[app]") {
  Script stumbles{{json_response(202, job("waiting")),
                   Result<fetch::HttpResponse>{fail(ErrorCode::ConnectFailed, "away")},
                   json_response(503, "{}"), json_response(200, job("done"))}};
  CommandStand stand{stumbles.responder()};
  CHECK(app::run_prewarm({.most_asked = 1}, stand.context) == ExitCode::Ok);

  Script forgot{{json_response(202, job("waiting")),
                 json_response(404, R"({"detail":"There is no such job, or no more."})")}};
  CommandStand lost{forgot.responder()};
  CHECK(app::run_prewarm({.most_asked = 1}, lost.context) == ExitCode::Failed);
  CHECK_THAT(lost.err.str(), Contains("There is no such job"));

  Script gone{{json_response(202, job("waiting")),
               Result<fetch::HttpResponse>{fail(ErrorCode::ConnectFailed, "away")}}};
  CommandStand away{gone.responder()};
  CHECK(app::run_prewarm({.most_asked = 1}, away.context) == ExitCode::Failed);
  CHECK(away.http.request_count() == 22);
}

TEST_CASE("prewarm job: an order that is refused is told", "[app]") {
  CommandStand busy{always(json_response(503, R"({"detail":"Other prewarm jobs are waiting."})"))};
  CHECK(app::run_prewarm({.most_asked = 1}, busy.context) == ExitCode::Failed);
  CHECK(busy.err.str() == "cardstock: Other prewarm jobs are waiting.\n");
  CommandStand away{always(ErrorCode::ConnectFailed, "connection refused")};
  CHECK(app::run_prewarm({.most_asked = 1}, away.context) == ExitCode::Unreachable);
}
