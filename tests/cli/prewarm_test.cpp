#include <catch2/catch.hpp>

#include <atomic>
#include <deque>

#include <cardstock/prewarm/run.hpp>
#include "cli/prewarm_stand.hpp"
#include "support/gzip_text.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using cli::ExitCode;

TEST_CASE("prewarm: every indicator is asked once, however it is spelled", "[app]") {
  CommandStand stand{service(
      [](const std::string& name) { return name.starts_with("IpAddress ") ? "ok" : "no_result"; })};
  CHECK(run_prewarm(stand,
                    "# "
                    "list\n1.1.1[.]1\n1.1.1.1\nEvil.test\nevil[.]test.\nhxxp://evil.test\nhttp://"
                    "EVIL.test/\n") == ExitCode::Ok);
  REQUIRE(stand.http.request_count() == 2);
  CHECK(is_look(stand.http.request(0)));
  const auto request = stand.http.request(1);
  CHECK_FALSE(is_look(request));
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/cards");
  CHECK(entities_of(request) ==
        Names{"IpAddress 1.1.1[.]1", "InternetDomainName Evil.test", "URL hxxp://evil.test"});
  CHECK(has_header(request, "X-Cardstock-Lane", "prewarm"));
  CHECK(has_header(request, "Prefer", "return=minimal"));
  CHECK(stand.out.str() == summary(6, 3, 3, 1, 2, 0, 0));
  CHECK(stand.err.str().empty());
}

TEST_CASE("prewarm: types are given, in a column, or recognised; JSON lines are read", "[app]") {
  CommandStand column{all_found()};
  CHECK(run_prewarm(column, "Name,Type\na.test,InternetDomainName\n1.1.1.1,\nb.test,malicious\n") ==
        ExitCode::Partly);
  CHECK(entities_of(column.http.request(0)) ==
        Names{"InternetDomainName a.test", "IpAddress 1.1.1.1"});
  CHECK(column.err.str() == "refused standard input:4: its type is not one that can be asked\n");

  CommandStand given{all_found()};
  CHECK(run_prewarm(given, "Name,Type\na.test,URL\n", {.type = "InternetDomainName"}) ==
        ExitCode::Ok);
  CHECK(entities_of(given.http.request(0)) == Names{"InternetDomainName a.test"});

  CommandStand json{all_found()};
  CHECK(
      run_prewarm(
          json,
          "{\"name\":\"a.test\"}\n{\"name\":\"1.1.1.1\",\"type\":\"IpAddress\"}\n{\"x\":1}\n{\n") ==
      ExitCode::Partly);
  CHECK(entities_of(json.http.request(0)) ==
        Names{"InternetDomainName a.test", "IpAddress 1.1.1.1"});
  CHECK(json.err.str() ==
        "refused standard input:3: it is not a JSON object with a name\n"
        "refused standard input:4: it is not a JSON object\n");

  CommandStand bad{all_found()};
  CHECK(run_prewarm(bad, "", {.type = "Url"}) == ExitCode::Usage);
}

TEST_CASE("prewarm: files are read in turn and named in complaints", "[app]") {
  const TemporaryDirectory folder;
  write_file(folder.file("a.csv"), "id,Indicator\n1,1.1.1.1\n2,not an ip\n");
  write_file(folder.file("b.csv"), "Indicator\n1.1.1.1\n2.2.2.2\n");
  CommandStand stand{all_found()};
  const cli::PrewarmCommand command{.files = {folder.file("a.csv"), folder.file("b.csv")},
                                    .type = "IpAddress",
                                    .column = "indicator"};
  CHECK(run_prewarm(stand, "", command) == ExitCode::Partly);
  CHECK(stand.out.str() == summary(4, 1, 2, 2, 0, 1, 0));
  CHECK_THAT(stand.err.str(), Contains("refused " + folder.file("a.csv") + ":3: "));

  CommandStand missing{all_found()};
  CHECK(run_prewarm(missing, "", {.files = {folder.file("a.csv"), folder.file("none")}}) ==
        ExitCode::Configuration);
  CHECK(missing.http.request_count() == 0);
  CommandStand column{all_found()};
  CHECK(run_prewarm(column, "Name\nx\n", {.column = "Nope"}) == ExitCode::Failed);
}

TEST_CASE("prewarm: a list that is damaged fails, and what stood before the damage is asked for",
          "[app]") {
  CommandStand stand{all_found()};
  std::string packed = gzip_text("1.1.1.1\n");
  packed.resize(packed.size() - 1);
  CHECK(run_prewarm(stand, packed) == ExitCode::Failed);
  CHECK_THAT(stand.err.str(), Contains("standard input: its compressed data is cut off"));
  CHECK(stand.out.str() == summary(1, 0, 1, 1, 0, 0, 0));
}

TEST_CASE("prewarm: what is fresh is not asked for; what is stale or unknown is", "[app]") {
  CommandStand stand{[](const fetch::HttpRequest& request) -> Result<fetch::HttpResponse> {
    if (!is_look(request)) return *all_found()(request);
    return json_response(200, R"({"results":[{"outcome":"ok","cache":{"status":"hit"}},
      {"outcome":"no_result","cache":{"status":"hit"}},
      {"outcome":"ok","cache":{"status":"stale","stale_reason":"only_if_cached"}},
      {"outcome":"error","message":"not in the cache"},
      {"outcome":"invalid_indicator","message":"no such thing"}]})");
  }};
  CHECK(run_prewarm(stand, addresses(5)) == ExitCode::Partly);
  const auto asks = asks_of(stand);
  REQUIRE(asks.size() == 1);
  CHECK(entities_of(asks[0]) == Names{"IpAddress 10.0.0.2", "IpAddress 10.0.0.3"});
  CHECK(stand.out.str() == summary(5, 0, 5, 2, 0, 1, 0, 2));
}

TEST_CASE("prewarm: an old answer that stands in for a failed call warms nothing", "[app]") {
  CommandStand stand{[](const fetch::HttpRequest& request) -> Result<fetch::HttpResponse> {
    if (is_look(request)) return *all_found()(request);
    return json_response(200, R"({"results":[
      {"outcome":"ok","message":"m1","cache":{"status":"stale","stale_reason":"timeout"}},
      {"outcome":"ok","message":"m2","cache":{"status":"stale","stale_reason":"refreshing"}},
      {"outcome":"ok","message":"m3","cache":{"status":"hit"}}]})");
  }};
  CHECK(run_prewarm(stand, addresses(3)) == ExitCode::Failed);
  CHECK(stand.err.str() == "failed standard input:1: m1\n");
  CHECK(stand.out.str() == summary(3, 0, 3, 1, 0, 0, 1, 1));
}

TEST_CASE("prewarm: a dry run looks and asks for nothing, and foretells calls and time", "[app]") {
  CommandStand stand{[](const fetch::HttpRequest& request) {
    CHECK(is_look(request));
    return all_found()(request);
  }};
  CHECK(run_prewarm(stand, addresses(2751) + "10.0.0.0\n", {.dry_run = true}) == ExitCode::Ok);
  CHECK(stand.out.str() ==
        "entries     2,752\nduplicates  1\nindicators  2,751\nfresh       0\nto ask      2,751\n"
        "calls       56\ntime        about 1 minute, at 54 calls a minute\nrefused     0\n");
  CHECK(stand.http.request_count() == 6);
}

TEST_CASE("prewarm: a dry run without a service foretells the worst", "[app]") {
  CommandStand stand{always(ErrorCode::ConnectFailed, "connection refused")};
  CHECK(run_prewarm(stand, addresses(51), {.dry_run = true}) == ExitCode::Ok);
  CHECK_THAT(stand.out.str(), Contains("to ask      51\n") &&
                                  Contains("calls       2 at most, when nothing is fresh\n"));
}

TEST_CASE("prewarm: batches of 500, two at a time, bounded in bytes", "[app]") {
  std::atomic<std::size_t> asked{0};
  CommandStand stand{service([&](const std::string&) {
    ++asked;
    return "ok";
  })};
  CHECK(run_prewarm(stand, addresses(1201)) == ExitCode::Ok);
  const auto asks = asks_of(stand);
  REQUIRE(asks.size() == 3);
  CHECK(entities_of(asks[0]).size() == 500);
  CHECK(entities_of(asks[2]).size() == 201);
  CHECK(asked == 1201);

  CommandStand wide{all_found()};
  std::string urls;
  for (int i = 0; i < 200; ++i)
    urls += "http://x.test/" + std::to_string(i) + std::string(4000, 'a') + "\n";
  CHECK(run_prewarm(wide, urls) == ExitCode::Ok);
  CHECK(asks_of(wide).size() == 4);
  for (std::size_t i = 0; i < wide.http.request_count(); ++i)
    CHECK(wide.http.request(i).body.size() < 300 * 1024);
  CHECK(wide.out.str() == summary(200, 0, 200, 200, 0, 0, 0));
}

TEST_CASE("prewarm: no more than two batches and one look are ever open", "[app]") {
  CommandStand stand{{}};
  std::jthread command{[&] { run_prewarm(stand, addresses(2000)); }};
  std::size_t open_asks = 0;
  std::deque<std::size_t> held;
  for (std::size_t i = 0; i < 8; ++i) {
    REQUIRE(stand.http.wait_for_request(i + 1));
    const auto request = stand.http.request(i);
    CHECK(stand.http.open_count() <= 3);
    if (is_look(request)) {
      REQUIRE(stand.http.answer(i, *all_found()(request)));
    } else {
      held.push_back(i);
      open_asks = std::max(open_asks, held.size());
    }
    // Two asks are held back for as long as looks go on.
    if (held.size() == 2) {
      REQUIRE(stand.http.answer(held.front(), *all_found()(stand.http.request(held.front()))));
      held.pop_front();
    }
  }
  for (const std::size_t i : held)
    REQUIRE(stand.http.answer(i, *all_found()(stand.http.request(i))));
  command.join();
  CHECK(open_asks == 2);
  CHECK(stand.http.request_count() == 8);
  CHECK_THAT(stand.out.str(), Contains("found       2,000\n"));
}

TEST_CASE("prewarm: busy indicators are asked again after Retry-After, and only they", "[app]") {
  std::atomic<int> rounds{0};
  CommandStand stand{[&](const fetch::HttpRequest& request) {
    const int round = is_look(request) ? 0 : ++rounds;
    return service([round](const std::string& name) {
      return round == 1 && name.ends_with(".1") ? "busy" : "ok";
    })(request);
  }};
  CHECK(run_prewarm(stand, "10.0.0.0\n10.0.0.1\n10.0.0.2\n") == ExitCode::Ok);
  const auto asks = asks_of(stand);
  REQUIRE(asks.size() == 2);
  CHECK(entities_of(asks[1]) == Names{"IpAddress 10.0.0.1"});
  CHECK(stand.pauses == std::vector<std::chrono::milliseconds>{7s});
  CHECK(stand.out.str() == summary(3, 0, 3, 3, 0, 0, 0));
}

TEST_CASE("prewarm: Retry-After is bounded and has a default", "[app]") {
  struct Row {
    const char* header;
    std::chrono::milliseconds pause;
  };
  const auto row = GENERATE(
      values<Row>({{"", 5s}, {"0", 1s}, {"-5", 1s}, {"999999", 60s}, {"abc", 5s}, {"3", 3s}}));
  CAPTURE(row.header);
  std::atomic<int> rounds{0};
  CommandStand stand{[&](const fetch::HttpRequest& request) -> Result<fetch::HttpResponse> {
    if (++rounds == 1) return json_response(503, R"({"title":"Busy"})", row.header);
    return *all_found()(request);
  }};
  CHECK(run_prewarm(stand, "10.0.0.0\n") == ExitCode::Ok);
  CHECK(stand.pauses == std::vector<std::chrono::milliseconds>{row.pause});
}

TEST_CASE("prewarm: a service that stays busy is given up", "[app]") {
  CommandStand stand{service([](const std::string&) { return "busy"; })};
  CHECK(run_prewarm(stand, "10.0.0.0\n10.0.0.1\n") == ExitCode::Failed);
  CHECK(asks_of(stand).size() == prewarm::kMaxStalled + 1);
  CHECK(stand.pauses.size() == prewarm::kMaxStalled);
  CHECK(stand.out.str() == summary(2, 0, 2, 0, 0, 0, 2));
  CHECK_THAT(stand.err.str(), Contains("failed standard input:1: the service stayed busy\n"));
}

TEST_CASE("prewarm: progress between busy answers keeps it going for as long as it takes",
          "[app]") {
  std::atomic<int> rounds{0};
  CommandStand stand{[&](const fetch::HttpRequest& request) {
    if (!is_look(request)) ++rounds;
    const std::string first = entities_of(request).front();
    return service(
        [first](const std::string& name) { return name == first ? "no_result" : "busy"; })(request);
  }};
  CHECK(run_prewarm(stand, addresses(60)) == ExitCode::Ok);
  CHECK(rounds == 60);
  CHECK(stand.out.str() == summary(60, 0, 60, 0, 60, 0, 0));
}

TEST_CASE("prewarm: single failures are told with their line and do not stop the rest", "[app]") {
  CommandStand stand{service([](const std::string& name) -> std::string {
    if (name.ends_with(".1")) return "error";
    return name.ends_with(".2") ? "invalid_indicator" : "ok";
  })};
  CHECK(run_prewarm(stand, "10.0.0.0\n10.0.0.1\n10.0.0.2\n10.0.0.3\n") == ExitCode::Failed);
  CHECK(stand.out.str() == summary(4, 0, 4, 2, 0, 1, 1));
  CHECK(stand.err.str() ==
        "refused standard input:3: said invalid_indicator\nfailed standard input:2: said error\n");
}

TEST_CASE("prewarm: what would fail for all ends the run at once", "[app]") {
  struct Row {
    FakeHttpClient::Responder responder;
    ExitCode code;
    const char* err;
  };
  const auto row = GENERATE(values<Row>({
      {service([](const std::string&) { return "missing_credentials"; }), ExitCode::Failed,
       "cardstock: said missing_credentials\n"},
      {always(json_response(401, R"({"title":"Unauthorized","detail":"a token is needed"})")),
       ExitCode::Failed, "cardstock: a token is needed\n"},
      {always(ErrorCode::ConnectFailed, "connection refused"), ExitCode::Unreachable,
       "cardstock: connection refused\n"},
  }));
  CommandStand stand{row.responder};
  CHECK(run_prewarm(stand, addresses(5000)) == row.code);
  CHECK(asks_of(stand).size() <= 2);
  CHECK(stand.http.request_count() <= 4);
  CHECK_THAT(stand.err.str(), Contains(row.err));
  CHECK_THAT(stand.out.str(), Contains("failed      500\n"));
}

TEST_CASE("prewarm: answers of another shape fail their batch", "[app]") {
  const auto* body =
      GENERATE("", "{}", R"({"results":[]})", R"({"results":[{"outcome":"ok"},{"outcome":"ok"}]})",
               R"({"results":[5]})", R"({"results":[{}]})", R"({"results":{}})");
  CAPTURE(body);
  CommandStand stand{[body](const fetch::HttpRequest& request) -> Result<fetch::HttpResponse> {
    return is_look(request) ? *all_found()(request) : json_response(200, body);
  }};
  CHECK(run_prewarm(stand, "10.0.0.0\n") == ExitCode::Failed);
  CHECK(stand.out.str() == summary(1, 0, 1, 0, 0, 0, 1));
}

TEST_CASE("prewarm: connections that are lost are tried again, within the same bound", "[app]") {
  CommandStand stand{always(ErrorCode::ConnectionLost, "lost")};
  CHECK(run_prewarm(stand, "10.0.0.0\n") == ExitCode::Failed);
  CHECK(stand.http.request_count() == prewarm::kMaxStalled + 1);
}
