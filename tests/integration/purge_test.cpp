#include <functional>

#include "integration/stand.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

HttpAnswer purge(const Stand& stand, const std::string& body) {
  return http_call("POST", stand.service->admin_url() + "/v1/admin/purge", body);
}

}  // namespace

TEST_CASE("purge: the admin route deletes what matches, and it is asked upstream again",
          "[integration]") {
  const Stand stand{kInstance};
  REQUIRE(stand.get("IpAddress", "1.1.1.1").status == 200);
  REQUIRE(stand.get("InternetDomainName", "evil.test").status == 200);
  REQUIRE(stand.upstream_calls() == 2);
  const HttpAnswer answer = purge(stand, R"({"type":"IpAddress","name":"1.1.1[.]1"})");
  CHECK(answer.status == 200);
  CHECK(Json{answer.body}.number("/purged") == 1);
  CHECK(Json{answer.body}.text("/request_id").size() == 16);
  CHECK(Json{stand.get("IpAddress", "1.1.1.1").body}.text("/cache/status") == "miss");
  CHECK(Json{stand.get("InternetDomainName", "evil.test").body}.text("/cache/status") == "hit");
  CHECK(Json{purge(stand, R"({"all":true})").body}.number("/purged") == 2);
  CHECK(stand.stats().number("/store/rows") == 0);
  CHECK(stand.stats().number("/memory/rows") == 0);
}

TEST_CASE("purge: refusals are problem documents, and nothing is deleted", "[integration]") {
  const Stand stand{kInstance,
                    [](cli::Config& config) { config.admin.token = Secret{"admin token"}; }};
  REQUIRE(stand.get("IpAddress", "1.1.1.1").status == 200);
  REQUIRE(stand.service->store().flush());
  const std::string url = stand.service->admin_url() + "/v1/admin/purge";
  const std::vector<std::string> token{"Authorization: Bearer admin token"};
  CHECK(http_call("POST", url, R"({"all":true})").status == 401);
  CHECK(http_call("GET", url, {}, token).status == 405);
  CHECK(http_call("POST", url, "{}", token).status == 400);
  CHECK(http_call("POST", url, R"({"type":"Planet"})", token).status == 422);
  CHECK(http_call("POST", url, R"({"all":true})",
                  {"Authorization: Bearer admin token", "Content-Type: text/plain"})
            .status == 415);
  // Not on the public listener.
  CHECK(http_call("POST", stand.service->url() + "/v1/admin/purge", R"({"all":true})", token)
            .status == 404);
  CHECK(stand.service->store().stats().rows == 1);
}
