#include <catch2/catch.hpp>

#include "stand.hpp"

/// What an analyst and a playbook engineer are told beside the plain fields.
using namespace cardstock;
using namespace cardstock::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// Org A is unsure of 203.0.113.7, the source is not.
std::string instance() {
  std::string data = kInstance;
  data.replace(data.find("\"indicators\": []"), 16, R"json("indicators": [
    {"id": 1, "type": "Address", "summary": "203.0.113.7", "ownerName": "Org A", "confidence": 60, "rating": 4,
     "threatAssessScore": 800, "falsePositives": 0, "tags": [{"name": "Block"}]},
    {"id": 2, "type": "Address", "summary": "203.0.113.7", "ownerName": "Shared Source", "confidence": 95}
  ])json");
  return data;
}

void set_criteria(cli::Config& config) {
  config.criteria = {{.name = "Block at the firewall",
                      .owner = {},
                      .types = {"IpAddress"},
                      .min_confidence = 90,
                      .min_rating = {},
                      .min_threat_assess = 700,
                      .max_false_positives = 0,
                      .tag = {}},
                     {.name = "Ours",
                      .owner = "Org A",
                      .types = {},
                      .min_confidence = 80,
                      .min_rating = {},
                      .min_threat_assess = {},
                      .max_false_positives = {},
                      .tag = "block"},
                     {.name = "Mail", .owner = {}, .types = {"EmailAddress"}, .tag = "x"}};
}

}  // namespace

TEST_CASE("analyst: the card names the criteria met, and says why not only where asked to",
          "[integration]") {
  const Stand stand{instance(), set_criteria};
  const Json plain{stand.get("IpAddress", "203.0.113.7").body};
  CHECK(plain.size("/card/criteria") == 1);
  CHECK(plain.text("/card/criteria/0") == "Block at the firewall");
  CHECK_FALSE(plain.has("/criteria"));

  const std::string url = stand.service->url() + "/v1/card?type=IpAddress&name=203.0.113.7";
  const Json told{http_call("GET", url + "&explain=criteria").body};
  CHECK(told.text("/cache/status") == "hit");
  CHECK(told.size("/criteria") == 2);
  CHECK(told.text("/criteria/0/owners/0/owner") == "Org A");
  CHECK(told.text("/criteria/0/owners/0/failed/0") == "confidence is 60, at least 90 is needed");
  CHECK_FALSE(told.has("/criteria/0/owners/1/failed"));
  CHECK(told.text("/criteria/1/name") == "Ours");
  CHECK(told.size("/criteria/1/owners") == 1);
  CHECK(told.text("/criteria/1/owners/0/failed/0") == "confidence is 60, at least 80 is needed");
  CHECK_FALSE(told.has("/card/criteria/1"));
  CHECK(http_call("GET", url + "&explain=all").status == 400);
}

TEST_CASE("analyst: no result says where was looked and when, with the link to search",
          "[integration]") {
  const Stand stand{instance(), [](cli::Config& config) {
                      config.threatconnect.portal_url = "https://portal.test";
                      config.card.no_result_link = "/#/search?type={type}&q={name}";
                    }};
  const Json first{stand.get("URL", "hxxp://nobody[.]test/?a=b").body};
  CHECK(first.text("/outcome") == "no_result");
  CHECK_THAT(first.text("/message"),
             StartsWith("No owner visible to these credentials holds this indicator, inactive "
                        "copies included. Asked: " +
                        first.text("/cache/fetched_at")) &&
                 Contains("just now, from ThreatConnect."));
  CHECK(first.text("/link") ==
        "https://portal.test/#/search?type=URL&q=http%3A%2F%2Fnobody.test%2F%3Fa%3Db");
  const Json again{stand.get("URL", "hxxp://nobody[.]test/?a=b").body};
  CHECK(again.text("/cache/status") == "hit");
  CHECK_THAT(again.text("/message"),
             Contains(first.text("/cache/fetched_at")) && Contains(", from cache."));
  CHECK(again.text("/link") == first.text("/link"));
}

TEST_CASE("analyst: the preview page shows the card of a look-up and every sample",
          "[integration]") {
  const Stand stand{instance(), set_criteria};
  const std::string url = stand.service->admin_url() + "/v1/preview";
  const HttpAnswer page = http_call("GET", url + "?type=IpAddress&name=203.0.113%5B.%5D7");
  CHECK(page.status == 200);
  CHECK(page.header("content-type") == "text/html; charset=utf-8");
  CHECK_THAT(page.header("content-security-policy"), StartsWith("default-src 'none'; style-src"));
  CHECK(page.header("x-content-type-options") == "nosniff");
  CHECK(page.header("referrer-policy") == "no-referrer");
  CHECK_THAT(page.body, Contains("<dt>Owner Name</dt><dd><bdi>Org A</bdi></dd>") &&
                            Contains("asked as <bdi>203.0.113[.]7</bdi>") &&
                            Contains("confidence is 60, at least 90 is needed"));
  CHECK(stand.upstream_calls() == 1);
  // The same answer as the card's route, from the same cache; and from there without a wait.
  CHECK_THAT(http_call("GET", url + "?type=IpAddress&name=203.0.113.7").body,
             Contains("ago, from cache") || Contains("just now, from cache"));
  CHECK(stand.upstream_calls() == 1);

  const std::string start = http_call("GET", url).body;
  CHECK_THAT(start, Contains("Nothing asked yet") && Contains("?sample=hostile_text\">"));
  CHECK_THAT(http_call("GET", url + "?sample=fallback_owner").body,
             Contains("Sample: fallback owner") && Contains("the default owner"));
  CHECK_THAT(http_call("GET", url + "?sample=all").body,
             Contains("Sample: fallback owner") && Contains("Sample: hostile text"));
}

TEST_CASE("analyst: the preview answers what it cannot show in words", "[integration]") {
  const Stand stand{instance(),
                    [](cli::Config& config) { config.admin.token = Secret{"admin-token"}; }};
  const std::string url = stand.service->admin_url() + "/v1/preview";
  const auto get = [&](const std::string& query) {
    return http_call("GET", url + query, {}, {"Authorization: Bearer admin-token"});
  };
  CHECK(http_call("GET", url).status == 401);
  CHECK(http_call("GET", stand.service->url() + "/v1/preview").status == 404);
  CHECK(http_call("POST", url, "{}").status == 405);
  CHECK(get("?sample=nope").status == 404);
  for (const char* query : {"?type=URL", "?name=x", "?odd=1", "?type=URL&type=URL&name=x",
                            "?type=URL&name=%zz", "?sample=address&name=x"}) {
    CAPTURE(query);
    const HttpAnswer answer = get(query);
    CHECK(answer.status == 400);
    CHECK(answer.header("content-type") == "application/problem+json");
  }
  const HttpAnswer invalid = get("?type=IpAddress&name=<b>");
  CHECK(invalid.status == 422);
  CHECK(invalid.header("content-type") == "text/html; charset=utf-8");
  CHECK_THAT(invalid.body, Contains("Outcome: invalid_indicator") && !Contains("<b>"));
  CHECK_THAT(get("?type=IpAddress&name=192.0.2.1").body,
             Contains("Outcome: no_result") && Contains("inactive copies included"));
  // A form sends a blank as a plus sign; an address typed by hand means one.
  CHECK_THAT(get("?form=1&type=IpAddress&name=+203.0.113.7+").body,
             Contains("<dt>Owner Name</dt>"));
  CHECK_THAT(get("?type=EmailAddress&name=a+b@x.test").body, Contains("value=\"a+b@x.test\""));
}
