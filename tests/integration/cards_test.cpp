#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "stand.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;

namespace {

/// One indicator with everything that the ten fields show, for `owner`.
std::string rich(const std::string& type,
                 const std::string& summary,
                 const std::string& owner,
                 int id) {
  return R"({"id":)" + std::to_string(id) + R"(,"type":)" + json_string(type) + R"(,"summary":)" +
         json_string(summary) + R"(,"ownerName":)" + json_string(owner) +
         R"(,"rating":4.2,"confidence":95,"threatAssessScore":873,"falsePositives":2,"lastModified":"2026-01-02T03:04:05Z",
         "attributes":[{"type":"Description","value":"seen in <b>phishing</b>","default":true}],
         "associatedGroups":[{"id":77,"type":"Adversary","name":"Bad Guy","ownerName":)" +
         json_string(owner) + R"(,"webLink":"https://portal.test/#/details/groups/77"}],
         "tags":[{"name":"phishing"}]})";
}

std::string with(const std::vector<std::string>& indicators) {
  std::string data = kInstance;
  std::string list;
  for (const std::string& indicator : indicators) list += (list.empty() ? "" : ",") + indicator;
  data.replace(data.find("\"indicators\": []"), 16, "\"indicators\": [" + list + "]");
  return data;
}

struct Kind {
  const char* entity;
  const char* name;
  const char* tc_type;
  const char* summary;
};

constexpr std::array kKinds{
    Kind{"IpAddress", "203.0.113[.]7", "Address", "203.0.113.7"},
    Kind{"InternetDomainName", "Evil.Test.", "Host", "evil.test"},
    Kind{"URL", "hxxp://Evil[.]test/Path?q=1", "URL", "http://evil.test/Path?q=1"},
    Kind{"Hash", "md5:d41d8cd98f00b204e9800998ecf8427e", "File",
         "D41D8CD98F00B204E9800998ECF8427E : DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"},
    Kind{"EmailAddress", "Bad.Guy@Evil.Test", "EmailAddress", "bad.guy@evil.test"},
};

std::vector<std::string> one_of_each() {
  std::vector<std::string> all;
  int id = 100;
  for (const Kind& kind : kKinds) {
    all.push_back(rich(kind.tc_type, kind.summary, "Org A", ++id));
    all.push_back(rich(kind.tc_type, kind.summary, "Shared Source", ++id));
  }
  return all;
}

}  // namespace

TEST_CASE("cards: each type gives all ten fields after one signed call, and then a hit",
          "[integration]") {
  const Stand stand{with(one_of_each())};
  std::size_t calls = 0;
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.entity);
    const HttpAnswer first = stand.post(kind.entity, kind.name, stand.auth());
    INFO(first.body);
    REQUIRE(first.status == 200);
    const Json card{first.body};
    CHECK(card.text("/outcome") == "ok");
    CHECK(card.text("/indicator/input") == kind.name);
    CHECK(card.text("/card/owner_name") == "Org A");
    CHECK(card.text("/card/threat_assess_score") == "873 of 1000 (Critical)");
    CHECK(card.text("/card/owner_confidence") == "95% (Confirmed)");
    CHECK(card.text("/card/owner_rating") == "4.2 of 5 (High)");
    CHECK(card.number("/card/false_positive_count") == 2);
    CHECK(card.text("/card/last_modified_on") == "2026-01-02T03:04:05Z");
    CHECK(card.text("/card/portal_link").find("/#/details/indicators/") != std::string::npos);
    CHECK(card.size("/card/all_owners") == 2);
    CHECK(card.text("/card/associated_groups/0/name") == "Bad Guy");
    CHECK(card.text("/card/attributes/0/value") == "seen in phishing");
    CHECK(card.text("/cache/status") == "miss");
    CHECK(stand.upstream_calls() == ++calls);
    const HttpAnswer second = stand.post(kind.entity, kind.name, stand.auth());
    const Json again{second.body};
    CHECK(again.text("/cache/status") == "hit");
    CHECK(again.text("/cache/fetched_at") == card.text("/cache/fetched_at"));
    CHECK(second.header("cache-status").starts_with("Cardstock; hit; ttl="));
    CHECK_FALSE(second.header("age").empty());
    CHECK(stand.upstream_calls() == calls);
  }
}

TEST_CASE("cards: a hit has the keys of the miss, in the same order", "[integration]") {
  const Stand stand{with(one_of_each())};
  const auto keys = [](const std::string& body) {
    std::vector<std::string> names;
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    REQUIRE(parser.parse(body).get(root) == simdjson::SUCCESS);
    for (const auto field : root["card"].get_object()) names.emplace_back(field.key);
    return names;
  };
  const auto first = keys(stand.post("IpAddress", "203.0.113.7", stand.auth()).body);
  CHECK(first.size() >= 12);
  CHECK(keys(stand.post("IpAddress", "203.0.113.7", stand.auth()).body) == first);
}

TEST_CASE("cards: nobody holds it is an answer of its own, asked once", "[integration]") {
  const Stand stand{
      with({rich("Address", "11.1.1.1", "Org A", 1), rich("Host", "notevil.test", "Org A", 2)})};
  for (int i = 0; i < 10; ++i) {
    const HttpAnswer answer = stand.get("InternetDomainName", "evil.test");
    CHECK(answer.status == 200);
    CHECK(Json{answer.body}.text("/outcome") == "no_result");
    CHECK_FALSE(Json{answer.body}.has("/card"));
  }
  CHECK(stand.upstream_calls() == 1);
  CHECK(Json{stand.get("IpAddress", "1.1.1.1").body}.text("/outcome") == "no_result");
}

TEST_CASE("cards: the next available owner speaks when the default one is silent, and says so",
          "[integration]") {
  const Stand stand{with({rich("Address", "203.0.113.7", "Shared Source", 1)})};
  const Json card{stand.get("IpAddress", "203.0.113.7").body};
  CHECK(card.text("/card/owner_name") == "Shared Source");
  CHECK(card.text("/card/notes/0").find("Org A") != std::string::npos);
}

TEST_CASE("cards: two credentials at the same instant never see each other's owners",
          "[integration]") {
  std::vector<std::string> rows;
  for (int i = 0; i < 20; ++i) {
    rows.push_back(rich("Address", "203.0.113." + std::to_string(i), "Org A", 100 + i));
    rows.push_back(rich("Address", "203.0.113." + std::to_string(i), "Org B", 200 + i));
  }
  // Without a configured default owner: its name would stand in a note of those who cannot see it.
  const Stand stand{with(rows),
                    [](cli::Config& config) { config.threatconnect.default_owner.clear(); }};
  std::atomic<int> crossed{0};
  std::atomic<int> right{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const bool alice = t % 2 == 0;
      const std::string auth = alice ? stand.auth() : stand.auth("bob", "bob-secret");
      for (int i = 0; i < 20; ++i) {
        const HttpAnswer answer = stand.post("IpAddress", "203.0.113." + std::to_string(i), auth);
        if (answer.body.find(alice ? "Org B" : "Org A") != std::string::npos) ++crossed;
        if (answer.body.find(alice ? R"("owner_name":"Org A")" : R"("owner_name":"Org B")") !=
            std::string::npos)
          ++right;
      }
    });
  }
  threads.clear();
  CHECK(crossed == 0);
  CHECK(right == 160);
}

TEST_CASE("cards: a wrong secret finds nothing of the right one's, is refused, and is asked again",
          "[integration]") {
  const Stand stand{with({rich("Address", "203.0.113.7", "Org A", 1)})};
  REQUIRE(stand.post("IpAddress", "203.0.113.7", stand.auth()).status == 200);
  for (std::size_t i = 0; i < 2; ++i) {
    const HttpAnswer answer = stand.post("IpAddress", "203.0.113.7", stand.auth("alice", "guess"));
    CHECK(answer.status == 401);
    CHECK(Json{answer.body}.text("/outcome") == "auth_failed");
    CHECK(answer.body.find("Org A") == std::string::npos);
    CHECK(answer.body.find("guess") == std::string::npos);
  }
  CHECK(stand.stats().number("/store/rows") <= 1);
  // Who was never accepted has no time at which he was.
  REQUIRE(stand.service->store().flush());
  const std::string stats = http_call("GET", stand.service->admin_url() + "/v1/admin/stats").body;
  CHECK(stats.find("last_accepted_at") != std::string::npos);
  CHECK(stats.find("1970-") == std::string::npos);
}

TEST_CASE("cards: no header and no parameter makes a caller another tenant", "[integration]") {
  const Stand stand{with({rich("Address", "203.0.113.7", "Org A", 1)})};
  REQUIRE(Json{stand.post("IpAddress", "203.0.113.7", stand.auth()).body}.has("/card"));
  REQUIRE(stand.service->store().flush());
  const std::string tenant = stand.stats().text("/tenants/0/id");
  REQUIRE(tenant.size() == 32);
  const auto bob = [&](const std::string& query, const std::string& members,
                       const std::string& header) {
    const std::string body = R"({"entity":{"name":"203.0.113.7","type":"IpAddress"},"auth":)" +
                             stand.auth("bob", "bob-secret") + members + "}";
    return Json{http_call("POST", stand.service->url() + "/v1/card" + query, body, {header}).body};
  };
  for (const char* name : {"X-Tenant: ", "X-Cardstock-Tenant: ", "Tenant: ", "Cookie: tenant="}) {
    INFO(name);
    CHECK(bob("", "", name + tenant).text("/outcome") == "no_result");
  }
  CHECK_FALSE(bob("?tenant=" + tenant, "", "X-Api-Id: alice").has("/card"));
  CHECK_FALSE(bob("", R"(,"tenant":")" + tenant + "\"", "X-Api-Id: alice").has("/card"));
}

TEST_CASE("cards: a thousand spellings of a hundred indicators are a hundred rows and look-ups",
          "[integration]") {
  std::vector<std::pair<std::string, std::string>> spellings;
  std::vector<std::string> rows;
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    const std::string md5 = "d41d8cd98f00b204e9800998ecf84" + std::to_string(100 + i);
    const std::vector<std::pair<std::string, std::vector<std::string>>> kinds{
        {"IpAddress",
         {"198.51.100." + n, " 198.51.100." + n, "198.51.100[.]" + n, "198[.]51[.]100[.]" + n,
          "198(.)51.100." + n, "ip:198.51.100." + n, "198[dot]51.100." + n,
          "::ffff:198.51.100." + n, "198.51{.}100." + n, "198.51.100\\." + n}},
        {"InternetDomainName",
         {"n" + n + ".evil.test", "N" + n + ".Evil.TEST", "n" + n + "[.]evil[.]test",
          "n" + n + ".evil.test.", "idn:n" + n + ".evil.test", "n" + n + "(dot)evil.test",
          "n" + n +
              "\xE3\x80\x82"
              "evil.test",
          "n" + n + "[.evil[.test", "n" + n + ".ev\xE2\x80\x8Bil.test",
          "\tn" + n + ".evil.test\n"}},
        {"URL",
         {"http://evil.test/" + n, "hxxp://evil.test/" + n, "HTTP://EVIL.test/" + n,
          "http://evil[.]test/" + n, "hxxp://evil[.]test/" + n, "http[:]//evil.test/" + n,
          "http[://]evil.test/" + n, "http://evil.test:80/" + n, "http://evil.test/./" + n,
          "url:http://evil.test/" + n}},
        {"Hash",
         {md5, to_upper(md5), "md5:" + md5, "MD5:" + md5, "hash:" + md5, " " + md5, md5 + "\n",
          "hash:" + to_upper(md5), "md5: " + md5, "HASH:" + md5}},
        {"EmailAddress",
         {"u" + n + "@evil.test", "U" + n + "@evil.test", "u" + n + "@EVIL.test",
          "mailto:u" + n + "@evil.test", "u" + n + "[at]evil[dot]test", "u" + n + "[@]evil.test",
          "u" + n + "(at)evil.test", "email:u" + n + "@evil.test", "u" + n + "@evil[.]test",
          " u" + n + "@evil.test "}},
    };
    for (const auto& [type, names] : kinds)
      for (const std::string& name : names) spellings.emplace_back(type, name);
    rows.push_back(rich("Address", "198.51.100." + n, "Org A", 100 + i));
    rows.push_back(rich("Host", "n" + n + ".evil.test", "Org A", 200 + i));
    rows.push_back(rich("URL", "http://evil.test/" + n, "Org A", 300 + i));
    rows.push_back(rich("File", to_upper(md5), "Org A", 400 + i));
    rows.push_back(rich("EmailAddress", "u" + n + "@evil.test", "Org A", 500 + i));
  }
  REQUIRE(spellings.size() == 1000);
  std::ranges::shuffle(spellings, std::mt19937_64{11});
  const Stand stand{with(rows)};
  std::set<std::string> canonical;
  for (const auto& [type, name] : spellings) {
    const HttpAnswer answer = stand.post(type, name, stand.auth());
    INFO(type << " " << name << " " << answer.body);
    REQUIRE(Json{answer.body}.text("/outcome") == "ok");
    canonical.insert(type + Json{answer.body}.text("/indicator/canonical"));
  }
  CHECK(canonical.size() == 100);
  REQUIRE(stand.service->store().flush());
  CHECK(stand.stats().number("/store/rows") == 100);
  CHECK(stand.stats().number("/upstream/indicators") == 100);
}

TEST_CASE("cards: a literal with every awkward character reaches ThreatConnect as it was typed",
          "[integration]") {
  const std::string url = "http://evil.test/a#b?c=%41%zz&d=\"quoted\"'\\,ü";
  const Stand stand{with({rich("URL", url, "Org A", 1)})};
  const Json card{stand.get("URL", url).body};
  CHECK(card.text("/outcome") == "ok");
  CHECK(card.text("/card/owner_name") == "Org A");
  CHECK(stand.upstream_calls() == 1);
}

TEST_CASE("cards: a file with several hashes is the same record by each of them", "[integration]") {
  const std::string md5 = "D41D8CD98F00B204E9800998ECF8427E";
  const std::string sha1 = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709";
  const std::string sha256 = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
  const Stand stand{with({rich("File", md5 + " : " + sha1 + " : " + sha256, "Org A", 4711)})};
  for (const std::string& hash : {md5, sha1, sha256}) {
    const Json card{stand.get("Hash", to_lower(hash)).body};
    CHECK(card.text("/outcome") == "ok");
    CHECK(card.text("/link").ends_with("/4711"));
  }
}

TEST_CASE("cards: rows outlive a restart and keep their age", "[integration]") {
  Stand stand{with({rich("Address", "203.0.113.7", "Org A", 1)})};
  const Json first{stand.get("IpAddress", "203.0.113.7").body};
  stand.restart();
  const Json again{stand.get("IpAddress", "203.0.113.7").body};
  CHECK(again.text("/cache/status") == "hit");
  CHECK(again.text("/cache/fetched_at") == first.text("/cache/fetched_at"));
  CHECK(stand.upstream_calls() == 1);
  struct stat info{};
  REQUIRE(stat((stand.config.store.path + ".key").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
}

TEST_CASE("cards: two hundred at once for one indicator are one call", "[integration][threads]") {
  Stand stand{with({rich("Address", "203.0.113.7", "Org A", 1)})};
  stand.upstream->set_fault({.path = "/v3/indicators", .times = 1, .delay = 1000ms});
  std::atomic<int> right{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 200; ++t) {
    threads.emplace_back([&] {
      if (Json{stand.get("IpAddress", "203.0.113.7").body}.text("/card/owner_name") == "Org A")
        ++right;
    });
  }
  threads.clear();
  CHECK(right == 200);
  CHECK(stand.upstream_calls() == 1);
}

TEST_CASE("cards: a batch answers in order, each with its own outcome", "[integration]") {
  const Stand stand{with({rich("Address", "203.0.113.7", "Org A", 1)})};
  const HttpAnswer answer = http_call(
      "POST", stand.service->url() + "/v1/cards",
      R"({"entities":[{"type":"IpAddress","name":"203.0.113.7"},{"type":"IpAddress","name":"999.1.1.1"},{"type":"Malware","name":"x"},)"
      R"({"type":"IpAddress","name":"203.0.113.8"},5,{"type":"IpAddress","name":"203.0.113[.]7"}],"auth":)" +
          stand.auth() + "}");
  REQUIRE(answer.status == 200);
  const Json results{answer.body};
  REQUIRE(results.size("/results") == 6);
  CHECK(results.text("/results/0/outcome") == "ok");
  CHECK(results.text("/results/1/outcome") == "invalid_indicator");
  CHECK(results.text("/results/2/outcome") == "unsupported_type");
  CHECK(results.text("/results/3/outcome") == "no_result");
  CHECK(results.text("/results/4/outcome") == "error");
  CHECK(results.text("/results/5/outcome") == "ok");
}

TEST_CASE("cards: a store whose key is gone is said to be unreachable and the service serves",
          "[integration]") {
  Stand stand{kInstance};
  CHECK(stand.get("IpAddress", "1.1.1.1").status == 200);
  CHECK_FALSE(stand.log.has("installation_key_made_anew"));  // nothing was there before
  stand.restart();
  CHECK_FALSE(stand.log.has("installation_key_made_anew"));
  CHECK(stand.upstream_calls() == 1);
  stand.service.reset();
  REQUIRE(::unlink((stand.config.store.path + ".key").c_str()) == 0);
  stand.start();
  CHECK(stand.log.has("installation_key_made_anew"));
  CHECK(stand.get("IpAddress", "1.1.1.1").status == 200);
  CHECK(stand.upstream_calls() == 2);
}
