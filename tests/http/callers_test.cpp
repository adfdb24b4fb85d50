#include "callers.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace cardstock;
using namespace cardstock::http;

namespace {

/// A request from this machine with these fields, Host first.
Caller caller_of(const std::vector<HeaderView>& fields,
                 Exposure exposure = Exposure::Loopback,
                 bool peer_is_loopback = true,
                 const ApiSettings& settings = {}) {
  Request request{};
  request.headers = fields;
  request.peer_is_loopback = peer_is_loopback;
  const Result<Caller> caller = identify(settings, request, exposure);
  REQUIRE(caller);
  CHECK(caller->may_use_service == (caller->name == "loopback"));
  return *caller;
}

bool is_trusted(std::string_view host) {
  const Caller caller = caller_of({{"Host", host}});
  CHECK(caller.may_administer == caller.may_use_service);
  return caller.may_use_service;
}

}  // namespace

TEST_CASE("callers: on loopback this machine is trusted by its own names only") {
  for (const char* const host : {"127.0.0.1", "127.0.0.1:8080", "127.1.2.3:1", "localhost",
                                 "LOCALHOST:8080", "[::1]", "[::1]:8080"}) {
    CAPTURE(host);
    CHECK(is_trusted(host));
  }
  for (const char* const host : {"", "rebound.test", "rebound.test:8080", "127.0.0.1.rebound.test",
                                 "127.rebound.test", "localhost.rebound.test", "localhosts",
                                 "[::2]", "[::1", "192.0.2.1:8080", "0.0.0.0", ":8080"}) {
    CAPTURE(host);
    CHECK_FALSE(is_trusted(host));
  }
}

TEST_CASE("callers: what a proxy has forwarded is not from this machine") {
  for (const char* const field :
       {"Forwarded", "X-Forwarded-For", "x-forwarded-for", "X-Real-IP", "Via"}) {
    for (const char* const value : {"192.0.2.1", ""}) {
      CAPTURE(field, value);
      const Caller caller = caller_of({{"Host", "127.0.0.1:8080"}, {field, value}});
      CHECK(caller.name == "anonymous");
      CHECK_FALSE(caller.may_administer);
    }
  }
}

TEST_CASE("callers: trust ends with the listener on the network and with a client or token") {
  const std::vector<HeaderView> local{{"Host", "localhost:8080"}};
  CHECK_FALSE(caller_of(local, Exposure::Network).may_use_service);
  CHECK_FALSE(caller_of(local, Exposure::Network).may_administer);
  CHECK_FALSE(caller_of(local, Exposure::Loopback, false).may_use_service);
  ApiSettings settings;
  settings.clients = {{.name = "soar", .token = Secret{"soar-token"}, .may_ask = true}};
  CHECK_FALSE(caller_of(local, Exposure::Loopback, true, settings).may_use_service);
  CHECK(caller_of(local, Exposure::Loopback, true, settings).may_administer);
  settings.admin_token = Secret{"admin-token"};
  CHECK_FALSE(caller_of(local, Exposure::Loopback, true, settings).may_administer);
}

TEST_CASE("callers: a token counts wherever its request comes from and a wrong one is refused") {
  ApiSettings settings;
  settings.clients = {{.name = "soar", .token = Secret{"soar-token"}, .may_ask = true}};
  settings.admin_token = Secret{"admin-token"};
  const auto with = [&](std::string_view authorization) {
    const std::vector<HeaderView> fields{
        {"Host", "cards.test"}, {"Via", "1.1 proxy"}, {"Authorization", authorization}};
    Request request{};
    request.headers = fields;
    return identify(settings, request, Exposure::Network);
  };
  const Result<Caller> soar = with("bearer  soar-token ");
  REQUIRE(soar);
  CHECK(soar->name == "soar");
  CHECK(soar->may_use_service);
  CHECK_FALSE(soar->may_administer);
  const Result<Caller> admin = with("Bearer admin-token");
  REQUIRE(admin);
  CHECK(admin->may_administer);
  CHECK_FALSE(admin->may_use_service);
  for (const char* const wrong :
       {"Bearer soar-toke", "Bearer soar-tokenx", "Bearer ", "Basic soar-token", "soar-token"}) {
    CAPTURE(wrong);
    const Result<Caller> caller = with(wrong);
    REQUIRE_FALSE(caller);
    CHECK(caller.error().code == ErrorCode::Forbidden);
  }
}

TEST_CASE("callers: forced refreshes are six in any minute for each caller") {
  RefreshAllowance allowance;
  const SteadyTime start{};
  for (int i = 0; i < 6; ++i) CHECK(allowance.take("a", start + std::chrono::seconds{i}));
  CHECK_FALSE(allowance.take("a", start + std::chrono::seconds{59}));
  CHECK(allowance.take("b", start + std::chrono::seconds{59}));
  CHECK(allowance.take("a", start + std::chrono::seconds{60}));
  CHECK_FALSE(allowance.take("a", start + std::chrono::milliseconds{60'500}));
}

TEST_CASE("callers: the memory of forced refreshes is bounded and old callers make room") {
  RefreshAllowance allowance;
  const SteadyTime start{};
  for (std::size_t i = 0; i < RefreshAllowance::kMaxCallers; ++i)
    REQUIRE(allowance.take(std::to_string(i), start));
  CHECK_FALSE(allowance.take("late", start));
  CHECK(allowance.take("5", start));
  CHECK(allowance.take("late", start + std::chrono::minutes{1}));
}
