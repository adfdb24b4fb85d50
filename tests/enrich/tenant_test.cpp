#include <catch2/catch.hpp>

#include <cardstock/enrich/tenant.hpp>

using namespace cardstock;
using namespace cardstock::enrich;

namespace {

Tenants make(TenantSettings settings = {
                 .own_base_url = "https://app.threatconnect.com/api",
                 .pass_through_hosts = {"*.threatconnect.com", "http://127.0.0.1:9000"}}) {
  auto tenants = Tenants::create(std::move(settings), Secret{"0123456789abcdef0123456789abcdef"});
  REQUIRE(tenants);
  return *std::move(tenants);
}

TenantId id(const Tenants& tenants, const GivenCredentials& given) {
  const auto tenant = tenants.of(given);
  REQUIRE(tenant);
  return (*tenant)->id;
}

}  // namespace

TEST_CASE("tenant: base URL, access id and secret each make another tenant", "[enrich]") {
  const Tenants tenants = make();
  const GivenCredentials base{"https://a.threatconnect.com/api", "id", "secret", ""};
  CHECK(id(tenants, base) == id(tenants, base));
  CHECK(id(tenants, base) != id(tenants, {"https://b.threatconnect.com/api", "id", "secret", ""}));
  CHECK(id(tenants, base) != id(tenants, {"https://a.threatconnect.com/api", "id2", "secret", ""}));
  CHECK(id(tenants, base) != id(tenants, {"https://a.threatconnect.com/api", "id", "secret2", ""}));
  CHECK(id(tenants, base) != id(tenants, {"https://a.threatconnect.com/api", "", "", "secret"}));
  // No field may run into the next one.
  CHECK(id(tenants, {"https://a.threatconnect.com", "ab", "c", ""}) !=
        id(tenants, {"https://a.threatconnect.com", "a", "bc", ""}));
}

TEST_CASE("tenant: spellings of one base URL are one tenant", "[enrich]") {
  const Tenants tenants = make();
  const TenantId want = id(tenants, {"https://a.threatconnect.com/api", "id", "secret", ""});
  for (const char* spelling :
       {"https://a.threatconnect.com", "https://A.ThreatConnect.com/",
        "https://a.threatconnect.com/api/", "https://a.threatconnect.com/api/v2",
        "https://a.threatconnect.com:443/v3", " https://a.threatconnect.com/api\n"}) {
    CAPTURE(spelling);
    CHECK(id(tenants, {spelling, "id", "secret", ""}) == want);
  }
}

TEST_CASE("tenant: another installation has other ids", "[enrich]") {
  const auto other = Tenants::create({.own_base_url = "https://app.threatconnect.com/api",
                                      .pass_through_hosts = {"*.threatconnect.com"}},
                                     Secret{"another key of this installation"});
  REQUIRE(other);
  const GivenCredentials given{"https://a.threatconnect.com/api", "id", "secret", ""};
  CHECK(id(make(), given) != id(*other, given));
}

TEST_CASE("tenant: blank or half credentials are missing", "[enrich]") {
  const Tenants tenants = make();
  for (const GivenCredentials& given :
       {GivenCredentials{"https://a.threatconnect.com", "", "", ""},
        GivenCredentials{"https://a.threatconnect.com", "id", "", ""},
        GivenCredentials{"https://a.threatconnect.com", "", "secret", ""},
        GivenCredentials{"https://a.threatconnect.com", " ", " \t", "  "}}) {
    const auto tenant = tenants.of(given);
    REQUIRE_FALSE(tenant);
    CHECK(tenant.error().code == ErrorCode::MissingCredentials);
  }
}

TEST_CASE("tenant: only allowed instances may be named, and only configured ones reach inside",
          "[enrich]") {
  const Tenants tenants = make();
  for (const char* refused :
       {"https://threatconnect.com.evil.test", "https://169.254.169.254",
        "http://a.threatconnect.com", "http://127.0.0.1:9001", "https://127.0.0.1:9000",
        "https://evilthreatconnect.com", "ftp://x", "https://u:p@a.threatconnect.com"}) {
    CAPTURE(refused);
    const auto tenant = tenants.of({refused, "id", "secret", ""});
    REQUIRE_FALSE(tenant);
    CHECK(tenant.error().code == ErrorCode::MalformedRequest);
  }
  const auto outside = tenants.of({"https://a.threatconnect.com", "id", "secret", ""});
  REQUIRE(outside);
  CHECK((*outside)->reach == Reach::PublicOnly);
  const auto inside = tenants.of({"http://127.0.0.1:9000/api", "id", "secret", ""});
  REQUIRE(inside);
  CHECK((*inside)->reach == Reach::Any);
}

TEST_CASE("tenant: no base URL means the service's own instance", "[enrich]") {
  const auto tenant = make().of({"", "id", "secret", ""});
  REQUIRE(tenant);
  CHECK((*tenant)->base.canonical() == "https://app.threatconnect.com/api");
}

TEST_CASE("tenant: credentials that could break a header never reach one", "[enrich]") {
  const Tenants tenants = make();
  for (const GivenCredentials& given :
       {GivenCredentials{"", "i\r\nX: y", "secret", ""}, GivenCredentials{"", "id", "se\ncret", ""},
        GivenCredentials{"", "i:d", "secret", ""}, GivenCredentials{"", "", "", "to\x01ken"}}) {
    const auto tenant = tenants.of(given);
    REQUIRE_FALSE(tenant);
    CHECK(tenant.error().code == ErrorCode::AuthFailed);
    CHECK_FALSE(tenant.error().public_detail.contains("secret\n"));
  }
}

TEST_CASE("tenant: pass-through can be switched off", "[enrich]") {
  const Tenants tenants = make({.own_base_url = "https://app.threatconnect.com/api",
                                .own_credentials = {"own", Secret{"own secret"}},
                                .pass_through = false});
  REQUIRE(tenants.own());
  const auto tenant = tenants.of({"", "id", "secret", ""});
  REQUIRE_FALSE(tenant);
  CHECK(tenant.error().code == ErrorCode::Forbidden);
}

TEST_CASE("tenant: a configured portal is the configured instance's alone", "[enrich]") {
  const Tenants tenants = make({.own_base_url = "https://api.threatconnect.com/api",
                                .portal_url = "https://portal.example",
                                .pass_through_hosts = {"*.threatconnect.com"}});
  const auto portal = [&](std::string_view base) {
    const auto tenant = tenants.of({base, "id", "secret", ""});
    REQUIRE(tenant);
    return (*tenant)->portal_origin;
  };
  CHECK(portal("") == "https://portal.example");
  CHECK(portal("https://api.threatconnect.com") == "https://portal.example");
  CHECK(portal("https://other.threatconnect.com/api") == "https://other.threatconnect.com");
  CHECK(make({.own_base_url = "https://api.threatconnect.com/api",
              .own_credentials = {"id", Secret{"secret"}}})
            .own()
            ->portal_origin == "https://app.threatconnect.com");
}

TEST_CASE("tenant: credentials longer than any are refused", "[enrich]") {
  const Tenants tenants = make();
  const std::string base = "https://a.threatconnect.com";
  const std::string id(257, 'a');
  const std::string secret(4097, 'a');
  for (const GivenCredentials& given :
       {GivenCredentials{base, id, "secret", ""}, GivenCredentials{base, "id", secret, ""},
        GivenCredentials{base, "", "", secret}}) {
    const auto tenant = tenants.of(given);
    REQUIRE_FALSE(tenant);
    CHECK(tenant.error().code == ErrorCode::AuthFailed);
  }
  CHECK(tenants.of({base, std::string_view{id}.substr(1), std::string_view{secret}.substr(1), ""}));
}

TEST_CASE("tenant: a base URL alone is not nothing", "[enrich]") {
  CHECK(GivenCredentials{}.blank());
  CHECK_FALSE(GivenCredentials{.base_url = "https://a.threatconnect.com"}.blank());
}
