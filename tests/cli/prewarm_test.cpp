#include <catch2/catch.hpp>

#include <atomic>

#include <simdjson.h>

#include <cardstock/util/json_writer.hpp>

#include "app/commands/prewarm.hpp"
#include "cli/command_stand.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using cli::ExitCode;

namespace {

using Names = std::vector<std::string>;

/// "TYPE NAME" of every entity of a request, in order.
Names entities_of(const fetch::HttpRequest& request) {
  Names names;
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::array entities;
  if (parser.parse(request.body).get(document) != simdjson::SUCCESS) return names;
  if (document["entities"].get(entities) != simdjson::SUCCESS) return names;
  for (const simdjson::dom::element entity : entities) {
    std::string_view type;
    std::string_view name;
    if (entity["type"].get(type) == simdjson::SUCCESS &&
        entity["name"].get(name) == simdjson::SUCCESS) {
      names.push_back(std::string{type} + " " + std::string{name});
    }
  }
  return names;
}

/// Answers every entity with the outcome that `outcome` gives it.
template <class Outcome>
FakeHttpClient::Responder service(Outcome outcome) {
  return [outcome](const fetch::HttpRequest& request) -> Result<fetch::HttpResponse> {
    std::string body;
    JsonWriter json{body};
    json.begin_object().key("results").begin_array();
    for (const std::string& name : entities_of(request)) {
      const std::string word = outcome(name);
      json.begin_object()
          .field("outcome", std::string_view{word})
          .field("message", std::string_view{"said " + word})
          .end_object();
    }
    json.end_array().end_object();
    return json_response(200, body, "7");
  };
}

FakeHttpClient::Responder all_found() {
  return service([](const std::string&) { return "ok"; });
}

std::string addresses(int count) {
  std::string list;
  for (int i = 0; i < count; ++i)
    list += "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "\n";
  return list;
}

ExitCode prewarm(CommandStand& stand, const std::string& list, cli::PrewarmCommand command = {}) {
  stand.in.str(list);
  return app::run_prewarm(command, stand.context);
}

std::string summary(
    int entries, int duplicates, int indicators, int found, int absent, int refused, int failed) {
  return "entries     " + std::to_string(entries) + "\nduplicates  " + std::to_string(duplicates) +
         "\nindicators  " + std::to_string(indicators) + "\nfound       " + std::to_string(found) +
         "\nabsent      " + std::to_string(absent) + "\nrefused     " + std::to_string(refused) +
         "\nfailed      " + std::to_string(failed) + "\n";
}

}  // namespace

TEST_CASE("prewarm: every indicator is asked once, however it is spelled", "[app]") {
  CommandStand stand{service(
      [](const std::string& name) { return name.starts_with("IpAddress ") ? "ok" : "no_result"; })};
  CHECK(prewarm(stand,
                "# "
                "list\n1.1.1[.]1\n1.1.1.1\nEvil.test\nevil[.]test.\nhxxp://evil.test\nhttp://"
                "EVIL.test/\n") == ExitCode::Ok);
  REQUIRE(stand.http.request_count() == 1);
  const auto request = stand.http.request(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/cards");
  CHECK(entities_of(request) ==
        Names{"IpAddress 1.1.1[.]1", "InternetDomainName Evil.test", "URL hxxp://evil.test"});
  CHECK(std::ranges::count_if(request.headers, [](const fetch::Header& h) {
          return h.name == "X-Cardstock-Lane" && h.value == "prewarm";
        }) == 1);
  CHECK(stand.out.str() == summary(6, 3, 3, 1, 2, 0, 0));
  CHECK(stand.err.str().empty());
}

TEST_CASE("prewarm: types are given, in a column, or recognised; JSON lines are read", "[app]") {
  CommandStand column{all_found()};
  CHECK(prewarm(column, "Name,Type\na.test,InternetDomainName\n1.1.1.1,\nb.test,malicious\n") ==
        ExitCode::Partly);
  CHECK(entities_of(column.http.request(0)) ==
        Names{"InternetDomainName a.test", "IpAddress 1.1.1.1"});
  CHECK(column.err.str() == "refused standard input:4: its type is not one that can be asked\n");

  CommandStand given{all_found()};
  CHECK(prewarm(given, "Name,Type\na.test,URL\n", {.type = "InternetDomainName"}) == ExitCode::Ok);
  CHECK(entities_of(given.http.request(0)) == Names{"InternetDomainName a.test"});

  CommandStand json{all_found()};
  CHECK(
      prewarm(
          json,
          "{\"name\":\"a.test\"}\n{\"name\":\"1.1.1.1\",\"type\":\"IpAddress\"}\n{\"x\":1}\n{\n") ==
      ExitCode::Partly);
  CHECK(entities_of(json.http.request(0)) ==
        Names{"InternetDomainName a.test", "IpAddress 1.1.1.1"});
  CHECK(json.err.str() ==
        "refused standard input:3: it is not a JSON object with a name\n"
        "refused standard input:4: it is not a JSON object with a name\n");

  CommandStand bad{all_found()};
  CHECK(prewarm(bad, "", {.type = "Url"}) == ExitCode::Usage);
}

TEST_CASE("prewarm: files are read in turn and named in complaints", "[app]") {
  const TemporaryDirectory folder;
  write_file(folder.file("a.csv"), "id,Indicator\n1,1.1.1.1\n2,not an ip\n");
  write_file(folder.file("b.csv"), "Indicator\n1.1.1.1\n2.2.2.2\n");
  CommandStand stand{all_found()};
  const cli::PrewarmCommand command{.files = {folder.file("a.csv"), folder.file("b.csv")},
                                    .type = "IpAddress",
                                    .column = "indicator"};
  CHECK(prewarm(stand, "", command) == ExitCode::Partly);
  CHECK(stand.out.str() == summary(4, 1, 2, 2, 0, 1, 0));
  CHECK_THAT(stand.err.str(), Contains("refused " + folder.file("a.csv") + ":3: "));

  CommandStand missing{all_found()};
  CHECK(prewarm(missing, "", {.files = {folder.file("none")}}) == ExitCode::Failed);
  CHECK(missing.http.request_count() == 0);
  CommandStand packed{all_found()};
  CHECK(prewarm(packed, "\x1f\x8b\x08\x00") == ExitCode::Failed);
  CHECK_THAT(packed.err.str(), Contains("is compressed"));
  CommandStand column{all_found()};
  CHECK(prewarm(column, "Name\nx\n", {.column = "Nope"}) == ExitCode::Failed);
}

TEST_CASE("prewarm: a dry run counts and sends nothing", "[app]") {
  CommandStand stand{all_found()};
  CHECK(prewarm(stand, addresses(51) + "10.0.0.0\n", {.dry_run = true}) == ExitCode::Ok);
  CHECK(stand.out.str() ==
        "entries     52\nduplicates  1\nindicators  51\ncalls       2 at most, when nothing is "
        "fresh\nrefused     0\n");
  CHECK(stand.http.request_count() == 0);
}

TEST_CASE("prewarm: batches of 500, two at a time, bounded in bytes", "[app]") {
  std::atomic<std::size_t> asked{0};
  CommandStand stand{service([&](const std::string&) {
    ++asked;
    return "ok";
  })};
  CHECK(prewarm(stand, addresses(1201)) == ExitCode::Ok);
  REQUIRE(stand.http.request_count() == 3);
  CHECK(entities_of(stand.http.request(0)).size() == 500);
  CHECK(entities_of(stand.http.request(2)).size() == 201);
  CHECK(asked == 1201);

  CommandStand wide{all_found()};
  std::string urls;
  for (int i = 0; i < 200; ++i)
    urls += "http://x.test/" + std::to_string(i) + std::string(4000, 'a') + "\n";
  CHECK(prewarm(wide, urls) == ExitCode::Ok);
  CHECK(wide.http.request_count() == 4);
  for (std::size_t i = 0; i < wide.http.request_count(); ++i)
    CHECK(wide.http.request(i).body.size() < 300 * 1024);
  CHECK(wide.out.str() == summary(200, 0, 200, 200, 0, 0, 0));
}

TEST_CASE("prewarm: no more than two batches are ever open", "[app]") {
  CommandStand stand{{}};
  std::jthread command{[&] { prewarm(stand, addresses(2000)); }};
  REQUIRE(stand.http.wait_for_request(2));
  for (std::size_t i = 0; i < 4; ++i) {
    REQUIRE(stand.http.wait_for_request(std::min<std::size_t>(i + 2, 4)));
    CHECK(stand.http.open_count() <= 2);
    const auto request = stand.http.request(i);
    REQUIRE(stand.http.answer(i, *all_found()(request)));
  }
  command.join();
  CHECK(stand.http.request_count() == 4);
  CHECK_THAT(stand.out.str(), Contains("found       2,000\n"));
}

TEST_CASE("prewarm: busy indicators are asked again after Retry-After, and only they", "[app]") {
  std::atomic<int> rounds{0};
  CommandStand stand{[&](const fetch::HttpRequest& request) {
    const int round = ++rounds;
    return service([round](const std::string& name) {
      return round == 1 && name.ends_with(".1") ? "busy" : "ok";
    })(request);
  }};
  CHECK(prewarm(stand, "10.0.0.0\n10.0.0.1\n10.0.0.2\n") == ExitCode::Ok);
  REQUIRE(stand.http.request_count() == 2);
  CHECK(entities_of(stand.http.request(1)) == Names{"IpAddress 10.0.0.1"});
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
  CHECK(prewarm(stand, "10.0.0.0\n") == ExitCode::Ok);
  CHECK(stand.pauses == std::vector<std::chrono::milliseconds>{row.pause});
}

TEST_CASE("prewarm: a service that stays busy is given up", "[app]") {
  CommandStand stand{service([](const std::string&) { return "busy"; })};
  CHECK(prewarm(stand, "10.0.0.0\n10.0.0.1\n") == ExitCode::Failed);
  CHECK(stand.http.request_count() == app::kMaxStalled + 1);
  CHECK(stand.pauses.size() == app::kMaxStalled);
  CHECK(stand.out.str() == summary(2, 0, 2, 0, 0, 0, 2));
  CHECK_THAT(stand.err.str(), Contains("failed standard input:1: the service stayed busy\n"));
}

TEST_CASE("prewarm: progress between busy answers keeps it going for as long as it takes",
          "[app]") {
  std::atomic<int> rounds{0};
  CommandStand stand{[&](const fetch::HttpRequest& request) {
    ++rounds;
    const std::string first = entities_of(request).front();
    return service(
        [first](const std::string& name) { return name == first ? "no_result" : "busy"; })(request);
  }};
  CHECK(prewarm(stand, addresses(60)) == ExitCode::Ok);
  CHECK(rounds == 60);
  CHECK(stand.out.str() == summary(60, 0, 60, 0, 60, 0, 0));
}

TEST_CASE("prewarm: single failures are told with their line and do not stop the rest", "[app]") {
  CommandStand stand{service([](const std::string& name) -> std::string {
    if (name.ends_with(".1")) return "error";
    return name.ends_with(".2") ? "invalid_indicator" : "ok";
  })};
  CHECK(prewarm(stand, "10.0.0.0\n10.0.0.1\n10.0.0.2\n10.0.0.3\n") == ExitCode::Failed);
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
  CHECK(prewarm(stand, addresses(5000)) == row.code);
  CHECK(stand.http.request_count() <= 2);
  CHECK_THAT(stand.err.str(), Contains(row.err));
  CHECK_THAT(stand.out.str(), Contains("not asked   4,"));
}

TEST_CASE("prewarm: answers of another shape fail their batch", "[app]") {
  const auto* body =
      GENERATE("", "{}", R"({"results":[]})", R"({"results":[{"outcome":"ok"},{"outcome":"ok"}]})",
               R"({"results":[5]})", R"({"results":[{}]})", R"({"results":{}})");
  CAPTURE(body);
  CommandStand stand{always(json_response(200, body))};
  CHECK(prewarm(stand, "10.0.0.0\n") == ExitCode::Failed);
  CHECK(stand.out.str() == summary(1, 0, 1, 0, 0, 0, 1));
}

TEST_CASE("prewarm: connections that are lost are tried again, within the same bound", "[app]") {
  CommandStand stand{always(ErrorCode::ConnectionLost, "lost")};
  CHECK(prewarm(stand, "10.0.0.0\n") == ExitCode::Failed);
  CHECK(stand.http.request_count() == app::kMaxStalled + 1);
}

TEST_CASE("prewarm: exit codes of lists that hold nothing, or nothing usable", "[app]") {
  CommandStand empty{all_found()};
  CHECK(prewarm(empty, "# nothing today\n") == ExitCode::Ok);
  CHECK(empty.http.request_count() == 0);
  CommandStand junk{all_found()};
  CHECK(prewarm(junk, "not an indicator\n") == ExitCode::Failed);
}

TEST_CASE("prewarm: complaints are bounded in number and fit for a terminal", "[app]") {
  CommandStand stand{all_found()};
  std::string list = "10.0.0.0\n";
  for (int i = 0; i < 25; ++i) list += "junk \x1b[31m\n";
  CHECK(prewarm(stand, list) == ExitCode::Partly);
  CHECK_THAT(stand.err.str(), Contains("refused 5 more\n") && !Contains("\x1b"));
}

TEST_CASE("prewarm: progress is a bar on a terminal and a line now and then elsewhere", "[app]") {
  const auto run = [](bool terminal) {
    CommandStand* moving = nullptr;
    CommandStand stand{[&moving](const fetch::HttpRequest& request) {
      moving->clock.advance(15s);
      return all_found()(request);
    }};
    moving = &stand;
    stand.context.err_is_terminal = terminal;
    CHECK(prewarm(stand, addresses(2500)) == ExitCode::Ok);
    return stand.err.str();
  };
  const std::string lines = run(false);
  CHECK_THAT(lines, Contains(" of 2,500, ") && Contains(" a minute, ") && Contains(" left\n") &&
                        !Contains("\r"));
  const std::string bar = run(true);
  CHECK_THAT(bar,
             Contains("\r[######") && Contains("..] ") && Catch::Matchers::EndsWith("\r\x1b[K"));
}
