#include <cardstock/threatconnect/base_url.hpp>

#include <vector>

#include <catch2/catch.hpp>

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

std::string canonical(std::string_view text) {
  const auto url = BaseUrl::parse(text);
  return url ? url->canonical() : "refused: " + url.error().public_detail;
}

BaseUrl url_of(std::string_view text) {
  return BaseUrl::parse(text).value();
}

}  // namespace

TEST_CASE("base url: every spelling of an instance has one form", "[threatconnect]") {
  for (const char* text : {"https://tc.example.test/api", "https://tc.example.test/api/",
                           "https://tc.example.test/api/v2", "https://tc.example.test/api/v3/",
                           "HTTPS://TC.Example.TEST/API/V3", "  https://tc.example.test:443/api\n",
                           "https://tc.example.test./api"}) {
    CAPTURE(text);
    CHECK(canonical(text) == "https://tc.example.test/api");
  }
  for (const char* text : {"https://tc.example.test", "https://tc.example.test/",
                           "https://tc.example.test/v2", "https://tc.example.test:0443/v3/"}) {
    CAPTURE(text);
    CHECK(canonical(text) == "https://tc.example.test");
  }
}

TEST_CASE("base url: ports, context paths, addresses and http are kept", "[threatconnect]") {
  CHECK(canonical("https://tc.example.test:8443/tc/api/v3") ==
        "https://tc.example.test:8443/tc/api");
  CHECK(canonical("https://tc.example.test/tc") == "https://tc.example.test/tc");
  CHECK(canonical("http://127.0.0.1:9000") == "http://127.0.0.1:9000");
  CHECK(canonical("http://127.0.0.1:80/api") == "http://127.0.0.1/api");
  CHECK(canonical("https://[2001:DB8:0:0:0:0:0:1]:8443/api") == "https://[2001:db8::1]:8443/api");
  const BaseUrl url = url_of("https://[::1]:8443/api");
  CHECK(url.scheme() == "https");
  CHECK(url.host() == "[::1]");
  CHECK(url.port() == 8443);
  CHECK(url.path() == "/api");
  CHECK(url.origin() == "https://[::1]:8443");
}

TEST_CASE("base url: a canonical form parses to itself", "[threatconnect]") {
  for (const char* text : {"https://tc.example.test/api", "https://tc.example.test/tc/api",
                           "http://[::1]:9000", "https://api.threatconnect.com"}) {
    const BaseUrl url = url_of(text);
    CHECK(url_of(url.canonical()) == url);
    CHECK(url_of(url.other_form().canonical()) == url.other_form());
  }
}

TEST_CASE("base url: what is no base URL is refused with the two forms", "[threatconnect]") {
  const std::string long_host = "https://" + std::string(600, 'a') + ".test/api";
  const std::string with_nul = std::string{"https://tc.example.test/a"} + '\0' + "pi";
  for (const std::string& text :
       std::vector<std::string>{"",
                                "  ",
                                "tc.example.test/api",
                                "ftp://tc.example.test",
                                "https:/tc.example.test",
                                "https://",
                                "https:///api",
                                "https://user@tc.example.test/api",
                                "https://user:pass@tc.example.test/api",
                                "https://tc.example.test/api?x=1",
                                "https://tc.example.test/api#x",
                                "https://tc.example.test/#/details",
                                "https://tc.example.test/api/v3/indicators",
                                "https://tc.example.test/auth/index.xhtml",
                                "https://tc.example.test/../api",
                                "https://tc.example.test//api",
                                "https://tc.example.test/%61pi",
                                "https://tc.example.test:0/api",
                                "https://tc.example.test:65536/api",
                                "https://tc.example.test:/api",
                                "https://tc.example.test:80x/api",
                                "https://tc example.test/api",
                                "https://tc.example.test\\@evil.test/api",
                                "https://tc..example.test/api",
                                "https://-a.test/api",
                                "https://127.1/api",
                                "https://0x7f.1/api",
                                "https://2130706433/api",
                                "https://127.0.0.01/api",
                                "https://[::1/api",
                                "https://[fe80::1%25eth0]/api",
                                "https://[1.2.3.4]/api",
                                "https://b\xC3\xBC"
                                "cher.test/api",
                                "https://tc.example.test/a\r\npi",
                                "javascript://x",
                                long_host,
                                with_nul}) {
    CAPTURE(text);
    const auto url = BaseUrl::parse(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == ErrorCode::MalformedRequest);
    CHECK(url.error().public_detail.find("https://app.threatconnect.com/api") != std::string::npos);
    CHECK(url.error().public_detail.find("https://api.threatconnect.com") != std::string::npos);
    CHECK(url.error().public_detail.find("pass") == std::string::npos);
  }
}

TEST_CASE("base url: the other form adds or drops the api segment", "[threatconnect]") {
  CHECK(url_of("https://tc.example.test").other_form().canonical() ==
        "https://tc.example.test/api");
  CHECK(url_of("https://tc.example.test/tc/api").other_form().canonical() ==
        "https://tc.example.test/tc");
  CHECK(url_of("https://tc.example.test/api").other_form().other_form() ==
        url_of("https://tc.example.test/api"));
}

TEST_CASE("base url: the portal of the old public name is the app", "[threatconnect]") {
  CHECK(url_of("https://api.threatconnect.com").portal_origin() == "https://app.threatconnect.com");
  CHECK(url_of("https://api.threatconnect.com.evil.test").portal_origin() ==
        "https://api.threatconnect.com.evil.test");
  CHECK(url_of("https://tc.example.test:8443/api").portal_origin() ==
        "https://tc.example.test:8443");
}

TEST_CASE("base url: hosts are allowed by pattern over https, or by their whole origin",
          "[threatconnect]") {
  const std::vector<std::string> patterns{" *.ThreatConnect.com ", "tc.example.test",
                                          "http://127.0.0.1:9000"};
  for (const char* good : {"https://app.threatconnect.com/api", "https://a.b.threatconnect.com",
                           "https://tc.example.test", "https://tc.example.test:8443/api",
                           "http://127.0.0.1:9000/api"}) {
    CAPTURE(good);
    CHECK(host_allowed(url_of(good), patterns));
  }
  for (const char* bad :
       {"https://threatconnect.com", "http://app.threatconnect.com",
        "https://evilthreatconnect.com", "https://app.threatconnect.com.evil.test",
        "https://sub.tc.example.test", "http://tc.example.test", "http://127.0.0.1:9001",
        "https://127.0.0.1:9000", "http://127.0.0.1"}) {
    CAPTURE(bad);
    CHECK_FALSE(host_allowed(url_of(bad), patterns));
  }
  CHECK_FALSE(host_allowed(url_of("https://app.threatconnect.com"), {}));
  const std::vector<std::string> useless{"", "*", "*.", "https://", "://"};
  CHECK_FALSE(host_allowed(url_of("https://app.threatconnect.com"), useless));
}
