#include <algorithm>
#include <atomic>

#include <simdjson.h>
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <cardstock/card/card.hpp>
#include <cardstock/util/time_text.hpp>

#include "app/commands/doctor.hpp"
#include "cli/command_stand.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kOwners =
    R"({"data":[{"id":1,"name":"Org A","type":"Organization"},{"id":2,"name":"Feed","type":"Source"}],"status":"Success"})";
constexpr const char* kOwn =
    R"({"status":"Success","data":{"owner":{"id":1,"name":"Org A","type":"Organization"}}})";
constexpr const char* kStats = R"({"store":{"state":"ok"},"upstream":{"breaker":"closed"}})";

bool is_owners(const fetch::HttpRequest& request) {
  return request.target.find("/v3/security/owners") != std::string::npos;
}

/// A machine on which all is well, until a test changes something.
struct DoctorStand {
  DoctorStand() { write("secret", "s3cret\n"); }

  void write(const std::string& file, const std::string& text, mode_t mode = 0600) {
    write_file(folder.file(file), text);
    REQUIRE(::chmod(folder.file(file).c_str(), mode) == 0);
  }
  Result<fetch::HttpResponse> threatconnect(const fetch::HttpRequest& request) const {
    fetch::HttpResponse response =
        is_owners(request) ? json_response(owners_status, owners) : json_response(200, kOwn);
    if (request.target.starts_with("/api/") != answers_below_api)
      response = json_response(200, "<html>Log in</html>");
    response.date = to_http_date(clock.wall() + clock_offset);
    return response;
  }
  Result<fetch::HttpResponse> service(const fetch::HttpRequest& request) const {
    if (request.target == "/version")
      return json_response(200, R"({"name":")" + name + R"(","version":")" + version + R"("})");
    return json_response(200, stats);
  }
  /// Runs doctor; the report is `out`.
  cli::ExitCode run(const std::string& settings = "", cli::DoctorCommand command = {}) {
    write("cardstock.toml", "[threatconnect]\n" + own + settings + "\n[store]\npath = \"" +
                                (store.empty() ? folder.file("c.db") : store) + "\"\n");
    command.service.config = folder.file("cardstock.toml");
    CommandStand stand{[this](const fetch::HttpRequest& request) { return serving(request); }};
    const auto upstream =
        [this](const cli::ThreatConnectSection&) -> Result<std::unique_ptr<fetch::HttpClient>> {
      return std::make_unique<FakeHttpClient>(
          [this](const fetch::HttpRequest& request) { return asked(request); });
    };
    const cli::ExitCode code = app::run_doctor(command, stand.context, {upstream, "1.2.3"});
    out = stand.out.str();
    CHECK(stand.err.str().empty());
    CHECK_THAT(out, !Contains("s3cret"));
    return code;
  }

  ManualClock clock;
  TemporaryDirectory folder;
  std::string out;
  std::string own =
      "base_url = \"https://tc.test/api\"\napi_id = \"7\"\napi_secret_file = \"secret\"\n";
  std::string store;  ///< empty: a file that is not there yet
  std::string owners = kOwners;
  int owners_status = 200;
  bool answers_below_api = true;
  std::chrono::seconds clock_offset{0};
  std::string name = "cardstock";
  std::string version = "1.2.3";
  std::string stats = kStats;
  std::function<Result<fetch::HttpResponse>(const fetch::HttpRequest&)> asked =
      [this](const fetch::HttpRequest& request) { return threatconnect(request); };
  std::function<Result<fetch::HttpResponse>(const fetch::HttpRequest&)> serving =
      [this](const fetch::HttpRequest& request) { return service(request); };
};

}  // namespace

TEST_CASE("doctor: a machine on which all is well", "[doctor]") {
  DoctorStand stand;
  CHECK(stand.run() == cli::ExitCode::Ok);
  INFO(stand.out);
  for (const char* line :
       {"ok       clock          agrees with ThreatConnect's\n",
        "ok       owners         2 visible: Org A, Feed\n",
        "ok       owners         the default one is Org A\n",
        "ok       service        answers at http://127.0.0.1:8080\n",
        "ok       admin          answers at http://127.0.0.1:8081\n", "0 errors, 0 warnings\n"})
    CHECK_THAT(stand.out, Contains(line));
  CHECK_THAT(stand.out, Contains("https://tc.test/api answers in"));
}

TEST_CASE("doctor: every fault of a configuration and nothing behind it", "[doctor]") {
  DoctorStand stand;
  CHECK(stand.run("nonsense = 1\n[limits]\nburst = -1") == cli::ExitCode::Configuration);
  CHECK_THAT(stand.out, Contains("nonsense"));
  CHECK_THAT(stand.out, Contains("burst"));
  CHECK_THAT(stand.out, Contains("2 errors, 0 warnings"));
  CHECK_THAT(stand.out, !Contains("ThreatConnect "));
}

TEST_CASE("doctor: a secret that others may read", "[doctor]") {
  DoctorStand stand;
  stand.write("secret", "s3cret\n", 0644);
  CHECK(stand.run() == cli::ExitCode::Ok);
  CHECK_THAT(stand.out, Contains("warning  configuration"));
}

TEST_CASE("doctor: the clock against ThreatConnect's", "[doctor]") {
  struct Row {
    std::chrono::seconds offset;
    const char* line;
    cli::ExitCode code;
  };
  for (const Row& row :
       {Row{-3s, "ok       clock          agrees", cli::ExitCode::Ok},
        Row{-60s, "warning  clock          this machine is 1 minute ahead of", cli::ExitCode::Ok},
        Row{60s, "warning  clock          this machine is 1 minute behind", cli::ExitCode::Ok},
        Row{180s, "error    clock          this machine is 3 minutes behind",
            cli::ExitCode::Failed}}) {
    CAPTURE(row.line);
    DoctorStand stand;
    stand.clock_offset = row.offset;
    CHECK(stand.run() == row.code);
    CHECK_THAT(stand.out, Contains(row.line));
  }
}

TEST_CASE("doctor: what ThreatConnect refuses is told with its mend", "[doctor]") {
  struct Row {
    int status;
    const char* body;
    const char* mend;
  };
  for (const Row& row :
       {Row{401, R"({"status":"Failure","message":"Access Denied"})", "check api_id"},
        Row{401, R"({"status":"Failure","message":"Timestamp out of acceptable time range"})",
            "timedatectl"},
        Row{403, R"({"status":"Failure","message":"Access Denied"})", "right to read its owners"},
        Row{429, R"({"status":"Failure","message":"Too many"})", "requests_per_minute"},
        Row{500, R"({"status":"Failure","message":"Oops"})", "try again"}}) {
    CAPTURE(row.status, row.body);
    DoctorStand stand;
    stand.owners_status = row.status;
    stand.owners = row.body;
    CHECK(stand.run() == cli::ExitCode::Failed);
    CHECK_THAT(stand.out, Contains("error    ThreatConnect"));
    CHECK_THAT(stand.out, Contains(std::string{"-> "}) && Contains(row.mend));
  }
}

TEST_CASE("doctor: what keeps ThreatConnect from being reached", "[doctor]") {
  for (const auto& [kind, mend] : {std::pair{ErrorCode::ResolveFailed, "DNS"},
                                   std::pair{ErrorCode::ConnectFailed, "threatconnect.proxy"},
                                   std::pair{ErrorCode::TlsFailed, "threatconnect.ca_file"},
                                   std::pair{ErrorCode::Timeout, "call_timeout"}}) {
    CAPTURE(mend);
    DoctorStand stand;
    stand.asked = [code = kind](const fetch::HttpRequest&) -> Result<fetch::HttpResponse> {
      return fail(code, "tc.test is not reached.");
    };
    CHECK(stand.run() == cli::ExitCode::Failed);
    CHECK_THAT(stand.out,
               Contains("error    ThreatConnect  tc.test is not reached.") && Contains(mend));
  }
}

TEST_CASE("doctor: a base URL in the other form is found", "[doctor]") {
  DoctorStand stand;
  stand.answers_below_api = false;
  CHECK(stand.run() == cli::ExitCode::Failed);
  CHECK_THAT(stand.out, Contains("-> set threatconnect.base_url = \"https://tc.test\""));
  stand.owners_status = 401;
  stand.owners = R"({"status":"Failure","message":"Access Denied"})";
  CHECK(stand.run() == cli::ExitCode::Failed);
  CHECK_THAT(stand.out, Contains("-> set threatconnect.base_url to https://HOST/api"));
}

TEST_CASE("doctor: requests are signed and go to no other host", "[doctor]") {
  DoctorStand stand;
  std::vector<fetch::HttpRequest> requests;
  stand.asked = [&](const fetch::HttpRequest& request) {
    requests.push_back(request);
    return stand.threatconnect(request);
  };
  CHECK(stand.run() == cli::ExitCode::Ok);
  REQUIRE(requests.size() == 2);
  for (const fetch::HttpRequest& request : requests) {
    CHECK(request.origin == "https://tc.test");
    CHECK(std::ranges::any_of(request.headers, [](const fetch::Header& header) {
      return header.name == "Authorization" && header.value.starts_with("TC 7:");
    }));
  }
}

TEST_CASE("doctor: owners that settings name and nobody sees", "[doctor]") {
  DoctorStand stand;
  CHECK(
      stand.run("default_owner = \"org a\"\nowner_order = [\" Feed \", \"Feeds\"]\nowners_allow = "
                "[\"Org A\", \"Org C\"]") == cli::ExitCode::Ok);
  CHECK_THAT(stand.out, Contains("default_owner names \"org a\""));
  CHECK_THAT(stand.out, Contains("owner_order names \"Feeds\""));
  CHECK_THAT(stand.out, Contains("owners_allow names \"Org C\""));
  CHECK_THAT(stand.out, Contains("0 errors, 3 warnings"));
  stand.owners = R"({"data":[],"status":"Success"})";
  CHECK(stand.run() == cli::ExitCode::Failed);
  CHECK_THAT(stand.out, Contains("error    owners         no owner is visible"));
}

TEST_CASE("doctor: without credentials callers bring theirs or nobody can ask", "[doctor]") {
  DoctorStand stand;
  stand.own = "";
  std::atomic<int> asked{0};
  stand.asked = [&](const fetch::HttpRequest& request) {
    ++asked;
    return stand.threatconnect(request);
  };
  CHECK(stand.run() == cli::ExitCode::Ok);
  CHECK_THAT(stand.out, Contains("ok       ThreatConnect  not asked"));
  CHECK(stand.run("pass_through = false") != cli::ExitCode::Ok);
  CHECK(asked == 0);
}

TEST_CASE("doctor: the store's folder and file and key", "[doctor]") {
  DoctorStand stand;
  const std::string path = stand.folder.file("c.db");
  SECTION("a folder that is not there") {
    stand.store = stand.folder.file("none/c.db");
    CHECK(stand.run() == cli::ExitCode::Failed);
    CHECK_THAT(stand.out, Contains("of store.path does not exist"));
  }
  SECTION("no database") {
    stand.write("c.db", "text in its place");
    CHECK(stand.run() == cli::ExitCode::Failed);
    CHECK_THAT(stand.out, Contains("is not a SQLite database"));
  }
  SECTION("no key") {
    stand.write("c.db", "SQLite format 3");
    CHECK(stand.run() == cli::ExitCode::Failed);
    CHECK_THAT(stand.out, Contains("c.db.key cannot be read"));
  }
  SECTION("open to others") {
    stand.write("c.db", "SQLite format 3", 0640);
    stand.write("c.db.key", "k", 0604);
    CHECK(stand.run() == cli::ExitCode::Ok);
    CHECK_THAT(stand.out,
               Contains("chmod 600 " + path + "\n") && Contains("chmod 600 " + path + ".key\n"));
  }
  SECTION("as it should be") {
    stand.write("c.db", "SQLite format 3");
    stand.write("c.db.key", "k");
    CHECK(stand.run() == cli::ExitCode::Ok);
    CHECK_THAT(stand.out, Contains("ok       store          " + path + ", 15 B"));
  }
}

TEST_CASE("doctor: a certificate that cannot be used", "[doctor]") {
  DoctorStand stand;
  stand.write("tls.pem", "no certificate");
  CHECK(stand.run("[server]\ntls_certificate = \"tls.pem\"\ntls_key = \"tls.pem\"") ==
        cli::ExitCode::Failed);
  CHECK_THAT(stand.out, Contains("error    certificate") && Contains("-> check server.tls_"));
}

TEST_CASE("doctor: the running service", "[doctor]") {
  DoctorStand stand;
  SECTION("is not there") {
    stand.serving = [](const fetch::HttpRequest&) -> Result<fetch::HttpResponse> {
      return fail(ErrorCode::ConnectFailed, "refused.");
    };
    CHECK(stand.run() == cli::ExitCode::Ok);
    CHECK_THAT(stand.out, Contains("warning  service        http://127.0.0.1:8080: refused."));
    CHECK_THAT(stand.out, Contains("0 errors, 2 warnings"));
  }
  SECTION("is something else") {
    stand.name = "nginx";
    CHECK(stand.run() == cli::ExitCode::Failed);
    CHECK_THAT(stand.out, Contains("something else than Cardstock answers"));
  }
  SECTION("is of another version") {
    stand.version = "1.2.2";
    CHECK(stand.run() == cli::ExitCode::Ok);
    CHECK_THAT(stand.out, Contains("warning  service        version 1.2.2 is running"));
  }
  SECTION("has a damaged store and an open breaker") {
    stand.stats = R"({"store":{"state":"rebuilt"},"upstream":{"breaker":"open"}})";
    CHECK(stand.run() == cli::ExitCode::Failed);
    CHECK_THAT(stand.out, Contains("calls its store \"rebuilt\"") && Contains("breaker open"));
  }
  SECTION("does not show its figures") {
    stand.stats = "{}";
    stand.serving = [&](const fetch::HttpRequest& request) -> Result<fetch::HttpResponse> {
      if (request.target == "/version") return stand.service(request);
      return json_response(401, R"({"title":"Unauthorized"})");
    };
    CHECK(stand.run() == cli::ExitCode::Ok);
    CHECK_THAT(stand.out, Contains("the figures cannot be read") && Contains("admin.token_file"));
  }
}

TEST_CASE("doctor: the metadata of an uploaded extension", "[doctor]") {
  DoctorStand stand;
  cli::DoctorCommand command;
  command.metadata = stand.folder.file("metadata.json");
  CHECK(stand.run("", command) == cli::ExitCode::Failed);
  CHECK_THAT(stand.out, Contains("cannot be read as metadata.json"));
  std::string metadata = card::metadata_json();
  stand.write("metadata.json", metadata);
  CHECK(stand.run("", command) == cli::ExitCode::Ok);
  CHECK_THAT(stand.out, Contains("ok       metadata"));
  metadata.replace(metadata.find("\"status\""), 8, "\"states\"");
  stand.write("metadata.json", metadata);
  CHECK(stand.run("", command) == cli::ExitCode::Failed);
  CHECK_THAT(stand.out, Contains("does not declare: all_owners[].status\n"));
}

TEST_CASE("doctor: the report as JSON with hostile text in it", "[doctor]") {
  DoctorStand stand;
  stand.owners =
      "{\"data\":[{\"id\":1,\"name\":\"A\\u001b[31m\",\"type\":\"Source\"}],\"status\":"
      "\"Success\"}";
  CHECK(stand.run() == cli::ExitCode::Ok);
  CHECK_THAT(stand.out, !Contains("\x1b"));
  CHECK(stand.run("", {.json = true}) == cli::ExitCode::Ok);
  CHECK_THAT(stand.out, !Contains("\x1b"));
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  REQUIRE(parser.parse(stand.out).get(document) == simdjson::SUCCESS);
  CHECK(bool{document["healthy"]});
  CHECK(std::string_view{document.at_pointer("/checks/0/verdict")} == "ok");
  stand.clock_offset = 1h;
  CHECK(stand.run("", {.json = true}) == cli::ExitCode::Failed);
  REQUIRE(parser.parse(stand.out).get(document) == simdjson::SUCCESS);
  CHECK_FALSE(bool{document["healthy"]});
}
