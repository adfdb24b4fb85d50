/// The admin listener: the log-in, whom it lets in, and what is kept of it.
#include <filesystem>
#include <fstream>

#include "stand.hpp"
#include "support/read_file.hpp"

using namespace cardstock;
using namespace cardstock::test;

namespace {

constexpr const char* kToken = "the admin token, which is long";
constexpr const char* kSameOrigin = "Sec-Fetch-Site: same-origin";

struct AdminStand : Stand {
  AdminStand()
      : Stand{kInstance, [](cli::Config& to) {
                to.admin.token = Secret{kToken};
                to.clients = {{.name = "soar", .token = Secret{"soar's token"}, .rights = {"ask"}},
                              {.name = "ops", .token = Secret{"ops' token"}, .rights = {"admin"}}};
              }} {}
  std::string at(const std::string& path) const { return service->admin_url() + path; }
  HttpAnswer log_in(const std::string& token,
                    std::vector<std::string> headers = {kSameOrigin}) const {
    return http_call("POST", at("/v1/admin/login"), R"({"token":)" + json_string(token) + "}",
                     std::move(headers));
  }
  /// The Cookie field of whoever has logged in with the token.
  std::string cookie(const std::string& token) const {
    const std::string set = log_in(token).header("set-cookie");
    return "Cookie: theme=dark; " + set.substr(0, set.find(';'));
  }
  std::string audit() const { return read_file(config.store.path + ".audit"); }
};

}  // namespace

TEST_CASE("admin: a log-in gives a cookie that administers until the log-out", "[integration]") {
  const AdminStand stand;
  CHECK(http_call("GET", stand.at("/v1/admin/stats")).status == 401);
  const HttpAnswer entered = stand.log_in(kToken);
  CHECK(entered.status == 200);
  CHECK(Json{entered.body}.text("/caller") == "admin");
  const std::string set = entered.header("set-cookie");
  CHECK(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400"));
  CHECK(entered.body.find(set.substr(18, 64)) == std::string::npos);

  const std::string cookie = stand.cookie(kToken);
  for (const char* path : {"/v1/admin/stats", "/metrics", "/v1/admin/history", "/v1/admin/top",
                           "/v1/admin/audit", "/v1/admin/session", "/v1/preview"}) {
    CAPTURE(path);
    CHECK(http_call("GET", stand.at(path)).status == 401);
    CHECK(http_call("GET", stand.at(path), {}, {cookie}).status == 200);
    CHECK(http_call("GET", stand.service->url() + path, {}, {cookie}).status == 404);
  }
  CHECK(http_call("POST", stand.at("/v1/admin/logout"), "{}", {cookie, kSameOrigin}).status == 200);
  CHECK(http_call("GET", stand.at("/v1/admin/stats"), {}, {cookie}).status == 401);
}

TEST_CASE("admin: a client with the right logs in under its own name, another does not",
          "[integration]") {
  const AdminStand stand;
  CHECK(Json{stand.log_in("ops' token").body}.text("/caller") == "ops");
  CHECK(stand.log_in("soar's token").status == 401);
  for (const char* body : {"{}", R"({"token":7})", R"({"token":""})", "[]", "{"})
    CHECK(http_call("POST", stand.at("/v1/admin/login"), body, {kSameOrigin}).status != 200);
}

TEST_CASE("admin: another site's page can neither log in nor purge", "[integration]") {
  const AdminStand stand;
  REQUIRE(stand.get("IpAddress", "1.1.1.1", {"Authorization: Bearer soar's token"}).status == 200);
  const std::string cookie = stand.cookie(kToken);
  const auto purge = [&](std::vector<std::string> headers) {
    headers.push_back(cookie);
    return http_call("POST", stand.at("/v1/admin/purge"), R"({"all":true})", headers).status;
  };
  CHECK(purge({"Sec-Fetch-Site: cross-site"}) == 403);
  CHECK(purge({"Sec-Fetch-Site: same-site"}) == 403);
  CHECK(purge({"Origin: http://evil.test"}) == 403);
  CHECK(purge({}) == 403);  // a cookie, and no word of whose page it was
  CHECK(stand.log_in(kToken, {"Sec-Fetch-Site: cross-site"}).status == 403);
  CHECK(purge({kSameOrigin}) == 200);
  // Programs have no cookie, and say nothing of pages.
  CHECK(http_call("POST", stand.at("/v1/admin/purge"), R"({"all":true})",
                  {std::string{"Authorization: Bearer "} + kToken})
            .status == 200);
}

TEST_CASE("admin: on loopback without a token, another site's page cannot purge either",
          "[integration]") {
  const Stand stand{kInstance};
  const auto purge = [&](const char* header) {
    return http_call("POST", stand.service->admin_url() + "/v1/admin/purge", R"({"all":true})",
                     {header})
        .status;
  };
  CHECK(purge("Origin: http://evil.test") == 403);
  CHECK(purge("Sec-Fetch-Site: cross-site") == 403);
  CHECK(purge("Accept: */*") == 200);
}

TEST_CASE("admin: after wrong tokens even the right one has to wait", "[integration]") {
  const AdminStand stand;
  for (int i = 0; i < 3; ++i) CHECK(stand.log_in("guess").status == 401);
  // The fourth within a second, and whatever comes before the pause is over.
  const HttpAnswer held = stand.log_in("guess");
  if (held.status == 429) {
    CHECK(held.header("retry-after") == "1");
  } else {  // a slow machine: then the next has to wait for longer
    CHECK(stand.log_in(kToken).status == 429);
  }
  const Json stats{http_call("GET", stand.at("/v1/admin/stats"), {},
                             {std::string{"Authorization: Bearer "} + kToken})
                       .body};
  CHECK(stats.number("/logins/refused") >= 3);
  CHECK(stats.number("/logins/held_off") >= 1);
  CHECK(stats.number("/logins/done") == 0);
}

TEST_CASE("admin: purges and log-ins are audited, without a secret or an indicator",
          "[integration]") {
  const AdminStand stand;
  REQUIRE(stand.get("URL", "http://planted.test/", {"Authorization: Bearer soar's token"}).status ==
          200);
  stand.log_in("a wrong token");
  const std::string cookie = stand.cookie("ops' token");
  REQUIRE(http_call("POST", stand.at("/v1/admin/purge"),
                    R"({"type":"URL","name":"http://planted.test/"})", {cookie, kSameOrigin})
              .status == 200);
  REQUIRE(http_call("POST", stand.at("/v1/admin/logout"), "{}", {cookie, kSameOrigin}).status ==
          200);

  const std::string file = stand.audit();
  for (
      const char* part :
      {R"("action":"login","who":"unknown","address":"127.0.0.1","outcome":"refused","request_id":)",
       R"("action":"login","who":"ops","address":"127.0.0.1","outcome":"done","request_id":)",
       R"("action":"purge","who":"ops","address":"127.0.0.1","what":"one indicator, type URL: 1 rows","outcome":"done",)",
       R"("action":"logout","who":"ops","address":"127.0.0.1","outcome":"done",)"}) {
    CAPTURE(part, file);
    CHECK(file.find(part) != std::string::npos);
  }
  CHECK(std::count(file.begin(), file.end(), '\n') == 4);
  const auto mode = std::filesystem::status(stand.config.store.path + ".audit").permissions();
  CHECK((mode & std::filesystem::perms::mask) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const std::string session = cookie.substr(cookie.rfind('=') + 1);
  for (const std::string& text : {file, stand.log.text()}) {
    for (const std::string& secret :
         {std::string{kToken}, std::string{"ops' token"}, std::string{"soar's token"},
          std::string{"a wrong token"}, std::string{"planted"}, session}) {
      CAPTURE(secret);
      CHECK(text.find(secret) == std::string::npos);
    }
  }
  // The page's list is the file, newest first.
  const Json list{http_call("GET", stand.at("/v1/admin/audit"), {},
                            {std::string{"Authorization: Bearer "} + kToken})
                      .body};
  CHECK(list.size("/entries") == 4);
  CHECK(list.text("/entries/0/action") == "logout");
}

TEST_CASE("admin: the page and its parts come with a policy that allows nothing from elsewhere",
          "[integration]") {
  const AdminStand stand;
  CHECK(http_call("GET", stand.at("/admin")).header("location") == "/admin/");
  for (const auto& [path, type] : {std::pair{"/admin/", "text/html; charset=utf-8"},
                                   {"/admin/main.js", "text/javascript; charset=utf-8"},
                                   {"/admin/chart.min.js", "text/javascript; charset=utf-8"},
                                   {"/admin/page.css", "text/css; charset=utf-8"},
                                   {"/admin/card.css", "text/css; charset=utf-8"},
                                   {"/admin/icon.svg", "image/svg+xml"}}) {
    CAPTURE(path);
    const HttpAnswer answer = http_call("GET", stand.at(path));
    CHECK(answer.status == 200);
    CHECK(answer.header("content-type") == type);
    const std::string policy = answer.header("content-security-policy");
    CHECK(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(answer.header("x-content-type-options") == "nosniff");
    CHECK(answer.header("x-frame-options") == "DENY");
  }
  for (const char* path : {"/admin/none.js", "/admin/a/b", "/admin/%2e%2e"})
    CHECK(http_call("GET", stand.at(path)).status == 404);
  CHECK(http_call("POST", stand.at("/admin/"), "{}").status == 405);
  CHECK(http_call("GET", stand.service->url() + "/admin/").status == 404);
}

TEST_CASE("admin: the plots of before a restart are there after it", "[integration]") {
  Stand stand{kInstance};
  const auto now = std::chrono::floor<std::chrono::seconds>(stand.clock.wall());
  stand.service.reset();
  std::ofstream{stand.config.store.path + ".history"} << R"({"hour":{"at":[)"
                                                      << now.time_since_epoch().count() - 60
                                                      << R"(],"series":{"hit":[42]}}})";
  stand.start();
  const auto hour = [&stand] {
    return Json{http_call("GET", stand.service->admin_url() + "/v1/admin/history?span=hour").body};
  };
  CHECK(hour().number("/series/hit/0") == 42);
  stand.restart();
  CHECK(hour().number("/series/hit/0") == 42);
  CHECK(hour().number("/step_seconds") == 10);
  CHECK(http_call("GET", stand.service->admin_url() + "/v1/admin/history?span=year").status == 400);
}
