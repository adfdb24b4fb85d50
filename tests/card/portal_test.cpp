#include <catch2/catch.hpp>

#include <cardstock/util/text.hpp>

#include "portal.hpp"

using cardstock::card::locate;
using cardstock::card::Portal;

TEST_CASE("portal: a link of the portal's own host passes as it was sent", "[card]") {
  const Portal portal{"https://app.threatconnect.com"};
  for (const char* link :
       {"https://app.threatconnect.com/#/details/indicators/9", "https://APP.ThreatConnect.com/x",
        "https://app.threatconnect.com:443/x", "https://app.threatconnect.com",
        "https://app.threatconnect.com/auth/indicators/details/url.xhtml?orgid=1&owner=Org+A",
        "https://app.threatconnect.com/a%20b?c=@d#e"}) {
    CAPTURE(link);
    CHECK(portal.indicator_link(link, 7) == link);
  }
  CHECK(portal.indicator_link(" https://app.threatconnect.com/x \n", 7) ==
        "https://app.threatconnect.com/x");
}

TEST_CASE("portal: every other link is replaced by the page of the id", "[card]") {
  const Portal portal{"https://app.threatconnect.com"};
  for (const char* link : {"",
                           "null/auth/indicators/details/address.xhtml",
                           "http://app.threatconnect.com/x",
                           "https://app.threatconnect.com.evil.test/",
                           "https://app.threatconnect.com@evil/",
                           "https://app.threatconnect.com:443@evil.test/",
                           "https://evil.test/https://app.threatconnect.com/",
                           "https://evil.test\\@app.threatconnect.com/",
                           "https://app.threatconnect.com\\@evil.test/",
                           "https://app.threatconnect.com%2eevil.test/",
                           "https://app.threatconnect.com:8443/",
                           "https://app.threatconnect.com:/",
                           "https://app.threatconnect.com:+443/",
                           "https://app.threatconnect.com:0443443/",
                           "https://user@app.threatconnect.com/",
                           "https://xapp.threatconnect.com/",
                           "https://app.threatconnect.com./",
                           "https:/app.threatconnect.com/",
                           "https:app.threatconnect.com/",
                           "//app.threatconnect.com/",
                           "javascript:alert(1)//https://app.threatconnect.com/",
                           "https://app.threatconnect.com/a b",
                           "https://app.threatconnect.com/\"onclick",
                           "https://app.threatconnect.com/<b>",
                           "https://app.threatconnect.com/%zz",
                           "https://app.threatconnect.com/\xE2\x80\xAE",
                           "https://app.threatconnect.com/\x01",
                           "https://app.threatconnect.com?\nx",
                           "https://[::1]/",
                           "https:///x",
                           "https://"}) {
    CAPTURE(link);
    CHECK(portal.indicator_link(link, 7) == "https://app.threatconnect.com/#/details/indicators/7");
  }
  const std::string long_link =
      "https://app.threatconnect.com/" + std::string(Portal::kMaxLinkBytes, 'a');
  CHECK(portal.indicator_link(long_link, 7) ==
        "https://app.threatconnect.com/#/details/indicators/7");
}

TEST_CASE("portal: ids keep every digit, and no id is no link", "[card]") {
  const Portal portal{"https://tc.example.org:8443/"};
  CHECK(portal.indicator_link("", 11111797252348111) ==
        "https://tc.example.org:8443/#/details/indicators/11111797252348111");
  CHECK(portal.group_link("https://tc.example.org/", 11111797252348111) ==
        "https://tc.example.org:8443/#/details/groups/11111797252348111");
  CHECK(portal.group_link("https://tc.example.org:8443/#/details/groups/5/overview", 5) ==
        "https://tc.example.org:8443/#/details/groups/5/overview");
  CHECK(portal.indicator_link("", 0).empty());
  CHECK(portal.indicator_link("", -5).empty());
}

TEST_CASE("portal: one that is not known has no links", "[card]") {
  for (const char* origin : {"", "app.threatconnect.com", "https://app.threatconnect.com/path",
                             "https://a@b", "ftp://a"}) {
    CAPTURE(origin);
    CHECK(Portal{origin}.indicator_link("https://app.threatconnect.com/x", 7).empty());
  }
}

TEST_CASE("portal: one on the own machine may be http, a link sent may not", "[card]") {
  const Portal portal{"http://127.0.0.1:9000"};
  CHECK(portal.indicator_link("http://127.0.0.1:9000/x", 7) ==
        "http://127.0.0.1:9000/#/details/indicators/7");
  CHECK(portal.indicator_link("https://127.0.0.1:9000/x", 7) == "https://127.0.0.1:9000/x");
  CHECK(Portal{"https://[2001:DB8::1]:8443"}.indicator_link("", 7) ==
        "https://[2001:db8::1]:8443/#/details/indicators/7");
}

TEST_CASE("portal: the parts of an address", "[card]") {
  const auto found = locate("HTTPS://Host.Example/a?b#c");
  REQUIRE(found);
  CHECK(found->scheme == "https");
  CHECK(found->authority == "host.example:443");
  CHECK(found->rest == "/a?b#c");
  CHECK(locate("http://h")->authority == "h:80");
  CHECK_FALSE(locate("https://h:65536/"));
  CHECK_FALSE(locate("https://h:0/"));
}

TEST_CASE("portal: where to search for what nobody holds is filled in and stays on the portal",
          "[card]") {
  using cardstock::EntityType;
  using cardstock::Indicator;
  const Portal portal{"https://app.threatconnect.com"};
  const auto url = Indicator::parse(EntityType::Url, "http://x.test/?a=1&b=\"{type}\"#c");
  REQUIRE(url);
  CHECK(portal.search_link("/#/search?q={name}&t={type}", *url) ==
        "https://app.threatconnect.com/#/search?q=" + cardstock::percent_encode(url->canonical()) +
            "&t=URL");
  const auto address = Indicator::parse(EntityType::IpAddress, "203.0.113[.]7");
  REQUIRE(address);
  CHECK(portal.search_link(" https://app.threatconnect.com/new?{name} ", *address) ==
        "https://app.threatconnect.com/new?203.0.113.7");
  CHECK(portal.search_link("/{type}", *address) == "https://app.threatconnect.com/Address");
  for (const char* pattern :
       {"", "https://evil.test/{name}", "http://app.threatconnect.com/{name}", "https://{name}/",
        "javascript:{name}", "@evil.test/{name}", "/a b{name}", "{name}"}) {
    CAPTURE(pattern);
    CHECK(portal.search_link(pattern, *address).empty());
  }
  CHECK(portal.search_link("//evil.test/{name}", *address) ==
        "https://app.threatconnect.com//evil.test/203.0.113.7");
  CHECK(Portal{""}.search_link("/{name}", *address).empty());
  const std::string long_pattern = "/" + std::string(Portal::kMaxLinkBytes, 'a');
  CHECK(portal.search_link(long_pattern, *address).empty());
}
