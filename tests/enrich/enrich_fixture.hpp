#pragma once
/// \file enrich_fixture.hpp
/// \brief An enricher whose crank the test turns, between a fake client and a store in memory.
#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <cardstock/enrich/enricher.hpp>
#include <cardstock/store/memory_record_store.hpp>
#include <cardstock/util/json_writer.hpp>

#include "support/event_log.hpp"
#include "support/fake_http_client.hpp"
#include "support/fixed_random.hpp"
#include "support/manual_clock.hpp"

namespace cardstock::test {

/// Renders a record as its owners' names, so that a test sees whose data an entry holds.
class Owners final : public enrich::Rendered {
 public:
  explicit Owners(const threatconnect::Record& record, const enrich::OwnerProfile& profile = {})
      : visible{profile.kinds.size()} {
    if (!profile.organization.empty()) text = "of " + profile.organization + ": ";
    for (const auto& copy : record.copies) text += copy.owner + ";";
  }
  std::size_t bytes() const noexcept override { return text.size(); }
  std::string text;
  std::size_t visible;  ///< owners that the credential sees, as far as is known
};

inline std::string row(std::string_view type, std::string_view summary, std::string_view owner) {
  std::string out;
  JsonWriter json{out};
  json.begin_object()
      .field("id", 1)
      .field("ownerName", owner)
      .field("type", type)
      .field("summary", summary);
  json.field("lastModified", "2026-01-01T00:00:00Z").field("active", true).end_object();
  return out;
}

inline std::string page(const std::vector<std::string>& rows, std::string_view next = {}) {
  std::string out = R"({"data":[)";
  for (std::size_t i = 0; i < rows.size(); ++i) out += (i == 0 ? "" : ",") + rows[i];
  out += "]";
  if (!next.empty()) out += R"(,"next":)" + json_string(next);
  return out + R"(,"status":"Success"})";
}

struct EnrichFixture {
  explicit EnrichFixture(enrich::EnrichSettings with = {.requests_per_minute = 0,
                                                        .burst = 0,
                                                        .max_attempts = 1})
      : settings{std::move(with)} {
    settings.policy = {.ttl = std::chrono::seconds{60},
                       .ttl_absent = std::chrono::seconds{30},
                       .grace = std::chrono::seconds{10},
                       .keep = std::chrono::seconds{100},
                       .jitter = 0};
    tenants = std::make_unique<enrich::Tenants>(*enrich::Tenants::create(
        {.own_base_url = "https://tc.test/api", .pass_through_hosts = {"https://tc.test"}},
        Secret{"installation key"}));
    one = *tenants->of({"https://tc.test/api", "one", "secret", ""});
    two = *tenants->of({"https://tc.test/api", "two", "secret", ""});
    for (const enrich::TenantPtr& known : {one, two})
      store.put_tenant(known->id, {.last_accepted_at = clock.wall()});
    restart();
  }
  void restart() {
    enricher.reset();
    enricher = std::make_unique<enrich::Enricher>(
        settings,
        enrich::EnrichParts{clock,
                            over != nullptr ? *over : client,
                            through != nullptr ? *through : store,
                            log,
                            [](const enrich::Tenant&, const enrich::OwnerProfile& profile,
                               const Indicator&, const threatconnect::Record& record) {
                              return std::make_unique<Owners>(record, profile);
                            },
                            {1, 2},
                            random},
        enrich::Enricher::Drive::ByHand);
  }
  enrich::Ask ask(std::string_view name,
                  enrich::TenantPtr tenant = nullptr,
                  enrich::AskMode mode = enrich::AskMode::Normal,
                  EntityType type = EntityType::InternetDomainName) {
    return {.tenant = tenant ? std::move(tenant) : one,
            .indicator = *Indicator::parse(type, name),
            .mode = mode,
            .deadline = clock.steady() + std::chrono::seconds{20}};
  }
  /// What a front does: looks, and waits when there is nothing to show.
  std::shared_ptr<std::optional<enrich::Reply>> get(const enrich::Ask& a) {
    auto reply = std::make_shared<std::optional<enrich::Reply>>();
    enrich::Enricher::Looked looked = enricher->look(a);
    if (looked.reply) {
      *reply = std::move(*looked.reply);
    } else {
      enricher->fetch(a, std::move(looked.held),
                      [reply](enrich::Reply r) { *reply = std::move(r); });
    }
    run();
    return reply;
  }
  void run() {
    while (enricher->run_ready()) {
    }
  }
  void answer(std::size_t index, std::string body, int status = 200) {
    REQUIRE(client.answer(index, FakeHttpClient::json(std::move(body), status)));
    run();
  }
  void answer(std::size_t index, fetch::HttpResponse response) {
    REQUIRE(client.answer(index, std::move(response)));
    run();
  }
  void fail_call(std::size_t index, ErrorCode code) {
    REQUIRE(client.answer(index, fail(code, "It failed.", "test")));
    run();
  }
  static std::string owners(const std::optional<enrich::Reply>& reply) {
    REQUIRE(reply);
    REQUIRE(reply->entry);
    return static_cast<const Owners&>(*reply->entry->rendered).text;
  }

  static std::size_t visible(const std::optional<enrich::Reply>& reply) {
    REQUIRE(reply);
    REQUIRE(reply->entry);
    return static_cast<const Owners&>(*reply->entry->rendered).visible;
  }

  ManualClock clock;
  FakeHttpClient client;
  store::MemoryRecordStore store;
  store::RecordStore* through = nullptr;  ///< stands between enricher and store after a restart()
  fetch::HttpClient* over = nullptr;      ///< stands between enricher and client after a restart()
  EventLog log;
  FixedRandom random;
  enrich::EnrichSettings settings;
  std::unique_ptr<enrich::Tenants> tenants;
  enrich::TenantPtr one, two;
  std::unique_ptr<enrich::Enricher> enricher;
};

}  // namespace cardstock::test
