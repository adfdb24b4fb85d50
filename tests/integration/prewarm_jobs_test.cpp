/// Prewarming as a job of the running service: created, watched and cancelled over the admin
/// listener.
#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <thread>

#include "integration/stand.hpp"
#include "support/gzip_text.hpp"
#include "support/read_file.hpp"

using namespace cardstock;
using namespace cardstock::test;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kHeld = R"json({
  "owners": [
    {"id": 1, "name": "Org A", "type": "Organization"},
    {"id": 3, "name": "Shared Source", "type": "Source"}
  ],
  "credentials": [
    {"name": "alice", "api_id": "alice", "secret": "alice's secret/+=", "organization": "Org A", "owners": ["Org A", "Shared Source"]}
  ],
  "indicators": [
    {"type": "Host", "ownerName": "Org A", "summary": "evil.test", "rating": 4},
    {"type": "Host", "ownerName": "Shared Source", "summary": "evil.test", "rating": 1},
    {"type": "Address", "ownerName": "Org A", "summary": "192.0.2.7", "rating": 5},
    {"type": "Address", "ownerName": "Org A", "summary": "192.0.2.8", "rating": 1}
  ]
})json";

class JobStand : public Stand {
 public:
  explicit JobStand(const std::function<void(cli::Config&)>& adjust = {}) : Stand{kHeld, adjust} {}

  std::string place(const std::string& behind = {}) const {
    return service->admin_url() + "/v1/admin/prewarm" + behind;
  }
  HttpAnswer order(const std::string& json) const { return http_call("POST", place(), json); }
  HttpAnswer send(const std::string& list, const std::string& query = {}) const {
    return http_call("POST", place(query), list, {kBytes});
  }
  Json job(const std::string& id) const { return Json{http_call("GET", place("/" + id)).body}; }
  /// The job when it has ended.
  Json ended(const std::string& id) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    for (;;) {
      Json now = job(id);
      const std::string state = now.text("/state");
      if (state == "done" || state == "failed" || state == "cancelled") return now;
      INFO("the job is " << state);
      REQUIRE(std::chrono::steady_clock::now() < until);
      std::this_thread::yield();
    }
  }
  std::string cache_of(const std::string& type, const std::string& name) const {
    return Json{get(type, name).body}.text("/cache/status");
  }
  static constexpr const char* kBytes = "Content-Type: application/octet-stream";
};

std::string id_of(const HttpAnswer& answer) {
  CAPTURE(answer.body);
  REQUIRE(answer.status == 202);
  const std::string id = Json{answer.body}.text("/id");
  CHECK(answer.header("location") == "/v1/admin/prewarm/" + id);
  return id;
}

}  // namespace

TEST_CASE("prewarm jobs: a list fills the cache and each outcome is counted", "[integration]") {
  const JobStand stand;
  const std::string list = "Name\nevil[.]test\nEVIL.test\nnobody.test\n192.0.2.7\n\"not one\"\n";
  const Json job = stand.ended(id_of(stand.send(gzip_text(list), "?name=list.csv.gz")));
  CHECK(job.text("/state") == "done");
  CHECK(job.text("/source") == "list");
  CHECK(job.text("/name") == "list.csv.gz");
  CHECK(job.text("/asked_by") == "loopback");
  for (const auto& [key, count] : {std::pair{"/entries", 5},
                                   {"/duplicates", 1},
                                   {"/indicators", 3},
                                   {"/found", 2},
                                   {"/absent", 1},
                                   {"/fresh", 0},
                                   {"/refused", 1},
                                   {"/failed", 0}}) {
    CAPTURE(key);
    CHECK(job.number(key) == count);
  }
  CHECK(job.number("/refused_lines/0/line") == 6);
  CHECK(stand.upstream_calls() == 1);
  CHECK(stand.cache_of("InternetDomainName", "evil.test") == "hit");
  CHECK(stand.cache_of("InternetDomainName", "nobody.test") == "hit");
  CHECK(stand.cache_of("IpAddress", "192.0.2.7") == "hit");

  // Again: all of it is fresh.
  const Json again = stand.ended(id_of(stand.send(list)));
  CHECK(again.number("/fresh") == 3);
  CHECK(again.number("/found") == 0);
  CHECK(stand.upstream_calls() == 1);
  const Json all{http_call("GET", stand.place()).body};
  CHECK(all.size("/jobs") == 2);
  CHECK(all.text("/jobs/0/id") == again.text("/id"));
  const Json stats = stand.stats();
  CHECK(stats.number("/prewarm/jobs/done") == 2);
  CHECK(stats.number("/prewarm/indicators/found") == 2);
  CHECK(stats.number("/prewarm/indicators/fresh") == 3);
  CHECK(stats.number("/prewarm/indicators/refused") == 2);
}

TEST_CASE("prewarm jobs: a list comes in parts each at its place", "[integration]") {
  const JobStand stand;
  const std::string id = id_of(stand.send("evil.te", "?type=InternetDomainName&more=true"));
  CHECK(stand.job(id).text("/state") == "receiving");
  const auto part = [&](const std::string& bytes, const std::string& query) {
    return http_call("POST", stand.place("/" + id + query), bytes, {JobStand::kBytes});
  };
  CHECK(part("st\n", "?offset=6").status == 409);
  CHECK(part("st\n", "").status == 400);
  CHECK(part("st\n192.", "?offset=7&more=true").status == 202);
  CHECK(part("0.2.7\n", "?offset=14").status == 202);
  CHECK(part("more\n", "?offset=20").status == 409);
  const Json job = stand.ended(id);
  CHECK(job.number("/bytes") == 20);
  CHECK(job.number("/found") == 1);
  CHECK(job.number("/refused") == 1);  // an address is no domain
  // Nothing of it is left on disk, and never had a name.
  for (const auto& entry : std::filesystem::directory_iterator{stand.folder.path()})
    CHECK_THAT(entry.path().string(), !Contains("prewarm"));
}

TEST_CASE("prewarm jobs: what was asked most is warmed even after a restart", "[integration]") {
  JobStand stand;
  for (int i = 0; i < 3; ++i) stand.get("InternetDomainName", "evil.test");
  stand.get("IpAddress", "192.0.2.7");
  stand.get("IpAddress", "192.0.2.8");
  stand.restart();
  REQUIRE(
      http_call("POST", stand.service->admin_url() + "/v1/admin/purge", R"({"all":true})").status ==
      200);
  const Json job = stand.ended(id_of(stand.order(R"({"most_asked":2})")));
  CHECK(job.text("/source") == "most_asked");
  CHECK(job.number("/found") == 2);
  CHECK(stand.cache_of("InternetDomainName", "evil.test") == "hit");
}

TEST_CASE("prewarm jobs: what a query finds is asked with all owners", "[integration]") {
  const JobStand stand;
  const Json job = stand.ended(id_of(stand.order(R"({"tql":"rating >= 3"})")));
  INFO(job.text("/error"));
  CHECK(job.text("/state") == "done");
  CHECK(job.number("/named") == 2);
  CHECK(job.number("/found") == 2);
  CHECK(stand.upstream_calls() == 2);
  const Json card{stand.get("InternetDomainName", "evil.test").body};
  CHECK(card.text("/cache/status") == "hit");
  CHECK(card.size("/card/all_owners") == 2);  // also the one that rates it 1
  const Json refused = stand.ended(id_of(stand.order(R"({"tql":"rating >>"})")));
  CHECK(refused.text("/state") == "failed");
  CHECK(refused.text("/error") != "(none)");
}

TEST_CASE("prewarm jobs: cancelled ones end whether they run or wait", "[integration]") {
  JobStand stand{[](cli::Config& config) {
    config.limits = {.requests_per_minute = 2, .burst = 0, .concurrent = 2};
    config.threatconnect.card_timeout = std::chrono::seconds{2};
  }};
  std::string list;
  for (int i = 0; i < 5000; ++i) list += "host-" + std::to_string(i) + ".test\n";
  const std::string runs = id_of(stand.send(list));
  while (stand.job(runs).text("/state") != "running") std::this_thread::yield();
  std::vector<std::string> wait;
  for (std::size_t i = 0; i < 4; ++i) wait.push_back(id_of(stand.send("evil.test\n")));
  const HttpAnswer full = stand.send("evil.test\n");
  CHECK(full.status == 503);
  CHECK(full.header("retry-after") == "30");
  const HttpAnswer waiting = http_call("DELETE", stand.place("/" + wait[1]));
  CHECK(waiting.status == 200);
  CHECK(Json{waiting.body}.text("/state") == "cancelled");
  for (const std::size_t i : {0U, 2U, 3U}) http_call("DELETE", stand.place("/" + wait[i]));
  CHECK(http_call("DELETE", stand.place("/" + runs)).status == 200);
  CHECK(stand.ended(runs).text("/state") == "cancelled");
  CHECK(http_call("DELETE", stand.place("/" + runs)).status == 200);
  CHECK(http_call("DELETE", stand.place("/0000000000000000")).status == 404);
  const std::string audit = read_file(stand.config.store.path + ".audit");
  CHECK_THAT(audit, Contains(R"("action":"prewarm","who":"loopback")"));
  CHECK_THAT(audit, Contains(R"("outcome":"ordered")"));
  CHECK_THAT(audit, Contains(R"("action":"prewarm_cancel","who":"loopback")"));
  CHECK_THAT(audit, Contains(R"("outcome":"cancelled")"));
  CHECK_THAT(audit, !Contains("host-0.test"));
}

TEST_CASE("prewarm jobs: a service that stops ends the job that runs", "[integration]") {
  JobStand stand{[](cli::Config& config) {
    config.limits = {.requests_per_minute = 2, .burst = 0, .concurrent = 2};
    config.threatconnect.card_timeout = std::chrono::seconds{2};
  }};
  std::string list;
  for (int i = 0; i < 5000; ++i) list += "host-" + std::to_string(i) + ".test\n";
  const std::string id = id_of(stand.send(list));
  while (stand.job(id).text("/state") != "running") std::this_thread::yield();
  stand.service->stop(std::chrono::seconds{20});
  CHECK_THAT(read_file(stand.config.store.path + ".audit"), Contains(R"("outcome":"cancelled")"));
}

TEST_CASE("prewarm jobs: only administrators may and no page of another site", "[integration]") {
  const JobStand stand{[](cli::Config& config) { config.admin.token = Secret{"admin token"}; }};
  CHECK(stand.send("evil.test\n").status == 401);
  CHECK(http_call("GET", stand.place()).status == 401);
  CHECK(http_call("DELETE", stand.place("/0000000000000000")).status == 401);
  const JobStand open;
  for (const char* type : {"text/plain", "multipart/form-data; boundary=x",
                           "application/x-www-form-urlencoded", "TEXT/PLAIN; charset=utf-8", "x"}) {
    CAPTURE(type);
    CHECK(http_call("POST", open.place(), "evil.test\n", {std::string{"Content-Type: "} + type})
              .status == 415);
  }
  for (const char* method : {"POST", "DELETE"}) {
    CHECK(http_call(method, open.place("/0000000000000000"), "x",
                    {JobStand::kBytes, "Origin: http://elsewhere.test"})
              .status == 403);
  }
  CHECK(open.send("x", "?type=Url").status == 422);
  CHECK(open.send("x", "?unknown=1").status == 400);
  CHECK(open.send("x", "?offset=1").status == 400);
  CHECK(open.order(R"({"most_asked":0})").status == 400);
  CHECK(Json{http_call("GET", open.place()).body}.size("/jobs") == 0);
}

TEST_CASE("prewarm jobs: a list that names nothing new for long is cancelled while it is read",
          "[integration]") {
  const JobStand stand;
  // Below the greatest ratio of unpacking; all of it is read in search of a second indicator.
  std::string list;
  std::uint64_t state = 1;
  while (list.size() < 40'000'000) {
    for (int i = 0; i < 4000; ++i) list += "203.0.113.10\n";
    list += '#';
    for (int i = 0; i < 400; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      list += static_cast<char>('!' + (state >> 33U) % 90);
    }
    list += '\n';
  }
  const std::string packed = gzip_text(list);
  REQUIRE(packed.size() < 1024 * 1024);
  const std::string id = id_of(stand.send(packed));
  // It is seen how far it is, although nothing was asked yet but one indicator.
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes{2};
  while (stand.job(id).number("/entries") == 0) {
    REQUIRE(std::chrono::steady_clock::now() < until);
    std::this_thread::yield();
  }
  CHECK(http_call("DELETE", stand.place("/" + id)).status == 200);
  const Json ended = stand.ended(id);
  CHECK(ended.text("/state") == "cancelled");
  CHECK(ended.number("/entries") < 40'000'000 / 13);
}
