/// An instance behind TLS and a name, which is then lost in every way that a network has.
#include <fstream>
#include <mutex>

#include "fetch/test_authority.hpp"
#include "fetch/test_resolver.hpp"
#include "integration/stand.hpp"
#include "support/raw_server.hpp"

using namespace cardstock;
using namespace cardstock::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kPage =
    R"({"status":"Success","data":[{"id":7,"type":"Host","summary":"evil.test","ownerName":"Org A",)"
    R"("rating":3,"lastModified":"2026-01-02T03:04:05Z"}]})";

/// What the instance does with the next connection.
class Behaving {
 public:
  void set(RawServer::Behaviour next) {
    const std::lock_guard lock{mutex_};
    next_ = std::move(next);
  }
  RawServer::Behaviour behaviour() {
    return [this](RawConnection& connection) {
      std::unique_lock lock{mutex_};
      const RawServer::Behaviour now = next_;
      lock.unlock();
      now(connection);
    };
  }

 private:
  std::mutex mutex_;  ///< guards next_
  RawServer::Behaviour next_;
};

struct Loss {
  const char* reason;
  std::vector<std::string> addresses;  ///< of the instance's name
  RawServer::Behaviour behaviour;
};

}  // namespace

TEST_CASE("stale: an old card is served whichever way the instance is lost and says which",
          "[integration]") {
  const TestAuthority authority{"the instance's"};
  const TestAuthority stranger{"a stranger's"};
  const TlsOptions options{.names = "DNS:moves.test"};
  const auto answers = [](const char* status, const char* body) {
    return always(raw_answer(body, "Content-Type: application/json\r\n", status));
  };
  const auto over = [&](RawServer::Behaviour behaviour) {
    return over_tls(authority.server_context(options), std::move(behaviour));
  };
  Behaving behaving;
  behaving.set(over(answers("200 OK", kPage)));
  RawServer instance{behaving.behaviour()};
  const TemporaryDirectory folder;
  std::ofstream{folder.file("ca.pem")} << authority.pem();
  move_name({"127.0.0.1"});
  Stand stand{kInstance, [&](cli::Config& config) {
                config.threatconnect.base_url =
                    "https://moves.test:" + std::to_string(instance.port()) + "/api";
                config.threatconnect.ca_file = folder.file("ca.pem");
                config.cache.ttl = 0ms;
                config.cache.grace = 0ms;
                config.cache.jitter = 0;
              }};
  REQUIRE(Json{stand.get("InternetDomainName", "evil.test").body}.text("/cache/status") == "miss");
  const auto whole_call = stand.config.threatconnect.call_timeout;
  const std::vector<Loss> losses{
      {"upstream_failed", {"127.0.0.1"}, over(answers("503 Service Unavailable", "{}"))},
      {"connect_failed", {kDeafAddress}, over(answers("200 OK", kPage))},
      {"resolve_failed", {}, over(answers("200 OK", kPage))},
      {"tls_failed",
       {"127.0.0.1"},
       over_tls(stranger.server_context(options), answers("200 OK", kPage))},
      {"timeout", {"127.0.0.1"}, [](RawConnection& connection) { connection.wait_for_close(); }},
  };
  for (const Loss& loss : losses) {
    INFO(loss.reason);
    behaving.set(loss.behaviour);
    move_name(loss.addresses);
    const bool silent = loss.reason == std::string_view{"timeout"};
    stand.config.threatconnect.call_timeout = silent ? 500ms : whole_call;
    stand.restart();  // neither its connections nor its look-ups of names are kept
    const HttpAnswer answer = stand.get("InternetDomainName", "evil.test");
    INFO(answer.body);
    const Json card{answer.body};
    CHECK(answer.status == 200);
    CHECK(card.text("/outcome") == "ok");
    CHECK(card.text("/card/owner_name") == "Org A");
    CHECK(card.text("/cache/status") == "stale");
    CHECK(card.text("/cache/stale_reason") == loss.reason);
  }
}
