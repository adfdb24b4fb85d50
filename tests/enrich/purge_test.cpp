#include <future>
#include <thread>

#include "enrich/enrich_fixture.hpp"
#include "support/passing_store.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using store::PurgeFilter;
using test::page;
using test::row;
using Fixture = test::EnrichFixture;

namespace {

std::string answer_of(std::string_view owner, std::string_view name = "evil.test") {
  return page({row("Host", name, owner)});
}

void fetch_now(Fixture& f, std::string_view name, std::string_view owner, TenantPtr tenant = {}) {
  const auto reply = f.get(f.ask(name, std::move(tenant)));
  f.answer(f.client.request_count() - 1, answer_of(owner, name));
  REQUIRE(*reply);
}

/// Whether the cache answers by itself.
bool held(Fixture& f, std::string_view name, TenantPtr tenant = {}) {
  const auto looked = f.enricher->look(f.ask(name, std::move(tenant), AskMode::OnlyIfCached));
  return looked.reply && looked.reply->entry;
}

/// A store in which something happens between the reading of a row and the reader's getting it.
class Interrupted final : public test::PassingStore {
 public:
  explicit Interrupted(store::RecordStore& under) : PassingStore{under} {}
  std::function<void()> after_find;

  Result<std::optional<store::StoredRecord>> find(const store::Key& key) override {
    auto got = PassingStore::find(key);
    if (after_find) std::exchange(after_find, nullptr)();
    return got;
  }
};

}  // namespace

TEST_CASE("purge: what matches leaves store and memory; the rest stays", "[enrich][purge]") {
  Fixture f;
  fetch_now(f, "evil.test", "Org A");
  fetch_now(f, "good.test", "Org B");
  fetch_now(f, "evil.test", "Org A", f.two);
  const auto count = [&](const PurgeFilter& filter) { return f.enricher->purge(filter).value(); };
  SECTION("an indicator") {
    CHECK(count({.type = IndicatorType::Host, .canonical = "evil.test"}) == 2);
    CHECK_FALSE(held(f, "evil.test"));
    CHECK_FALSE(held(f, "evil.test", f.two));
    CHECK(held(f, "good.test"));
  }
  SECTION("a tenant") {
    CHECK(count({.tenant = f.two->id}) == 1);
    CHECK(held(f, "evil.test"));
    CHECK_FALSE(held(f, "evil.test", f.two));
  }
  SECTION("an owner") {
    CHECK(count({.owner = "Org B"}) == 1);
    CHECK(held(f, "evil.test"));
    CHECK_FALSE(held(f, "good.test"));
  }
  SECTION("a type") {
    CHECK(count({.type = IndicatorType::Url}) == 0);
    CHECK(held(f, "evil.test"));
    CHECK(count({.type = IndicatorType::Host}) == 3);
    CHECK_FALSE(held(f, "good.test"));
  }
  SECTION("an age") {
    const WallTime now = f.clock.wall();
    f.clock.advance(5s);
    fetch_now(f, "new.test", "Org A");
    CHECK(count({.fetched_before = now + 1ms}) == 3);
    CHECK_FALSE(held(f, "evil.test"));
    CHECK(held(f, "new.test"));
  }
  SECTION("all") {
    CHECK(count({}) == 3);
    CHECK(f.store.stats().rows == 0);
    CHECK(f.enricher->stats().memory_rows == 0);
  }
}

TEST_CASE("purge: an answer whose call was sent before is shown to its waiters and kept nowhere",
          "[enrich][purge]") {
  Fixture f;
  const auto before = f.get(f.ask("evil.test"));
  const auto other = f.get(f.ask("good.test"));
  REQUIRE(f.client.request_count() == 2);
  REQUIRE(f.enricher->purge({.type = IndicatorType::Host, .canonical = "evil.test"}) == 0);
  // Who asks after the purge does not join what was sent before it.
  const auto after = f.get(f.ask("evil.test"));
  REQUIRE(f.client.request_count() == 3);
  f.answer(0, answer_of("Old"));
  CHECK(Fixture::owners(*before) == "Old;");
  CHECK_FALSE(*after);
  CHECK_FALSE(held(f, "evil.test"));
  CHECK(f.store.stats().rows == 0);
  f.answer(1, answer_of("Org B", "good.test"));
  CHECK(held(f, "good.test"));
  f.answer(2, answer_of("New"));
  CHECK(Fixture::owners(*after) == "New;");
  CHECK(Fixture::owners(*f.get(f.ask("evil.test"))) == "New;");
}

TEST_CASE("purge: between the pages of an answer, the first page does not come back",
          "[enrich][purge]") {
  Fixture f;
  const auto reply = f.get(f.ask("evil.test"));
  f.answer(0, page({row("Host", "evil.test", "Old")}, "https://tc.test/api/v3/indicators?start=1"));
  REQUIRE(f.client.request_count() == 2);
  REQUIRE(f.enricher->purge({}) == 0);
  f.answer(1, answer_of("Older"));
  REQUIRE(*reply);
  CHECK_FALSE(held(f, "evil.test"));
  CHECK(f.store.stats().rows == 0);
}

TEST_CASE("purge: by age leaves a younger call alone", "[enrich][purge]") {
  Fixture f;
  const auto reply = f.get(f.ask("evil.test"));
  REQUIRE(f.enricher->purge({.fetched_before = f.clock.wall() - 1h}) == 0);
  f.answer(0, answer_of("Org A"));
  CHECK(held(f, "evil.test"));
}

TEST_CASE("purge: no stale answer is served from what was purged", "[enrich][purge]") {
  Fixture f;
  fetch_now(f, "evil.test", "Old");
  f.clock.advance(75s);  // past grace
  SECTION("a caller waits while it is purged") {
    const auto waiting = f.get(f.ask("evil.test"));
    REQUIRE(f.enricher->purge({}) == 1);
    f.fail_call(1, ErrorCode::ConnectFailed);
    REQUIRE(*waiting);
    CHECK((*waiting)->error);
    CHECK((*waiting)->entry == nullptr);
  }
  SECTION("a caller has looked, and asks after the purge") {
    Enricher::Looked looked = f.enricher->look(f.ask("evil.test"));
    REQUIRE(looked.held.entry);
    REQUIRE(f.enricher->purge({}) == 1);
    std::optional<Reply> reply;
    f.enricher->fetch(f.ask("evil.test"), std::move(looked.held),
                      [&](Reply r) { reply = std::move(r); });
    f.run();
    f.fail_call(1, ErrorCode::ConnectFailed);
    REQUIRE(reply);
    CHECK(reply->entry == nullptr);
  }
  SECTION("control: without a purge the old answer is served") {
    const auto waiting = f.get(f.ask("evil.test"));
    f.fail_call(1, ErrorCode::ConnectFailed);
    CHECK(Fixture::owners(*waiting) == "Old;");
  }
}

TEST_CASE("purge: a row read from the store before it does not come into memory after it",
          "[enrich][purge]") {
  Fixture f;
  fetch_now(f, "evil.test", "Old");
  Interrupted slow{f.store};
  f.through = &slow;
  f.restart();
  slow.after_find = [&] { REQUIRE(f.enricher->purge({}) == 1); };
  // 1. The row is read. 2. It is purged. 3. The reader goes on.
  static_cast<void>(f.enricher->look(f.ask("evil.test")));
  CHECK_FALSE(held(f, "evil.test"));
  CHECK(f.enricher->stats().memory_rows == 0);
}

TEST_CASE("purge: with its thread running, it returns when the thread has let go",
          "[enrich][purge]") {
  Fixture f;
  const EnrichParts parts{
      f.clock,
      f.client,
      f.store,
      f.log,
      [](const Tenant&, const OwnerProfile&, const Indicator&,
         const threatconnect::Record& record) { return std::make_unique<test::Owners>(record); },
      {1, 2},
      f.random};
  Enricher enricher{f.settings, parts};
  std::promise<Reply> told;
  enricher.fetch(f.ask("evil.test"), {}, [&](Reply r) { told.set_value(std::move(r)); });
  REQUIRE(f.client.wait_for_request(1));
  CHECK(enricher.purge({}) == 0);
  REQUIRE(f.client.answer(0, test::FakeHttpClient::json(answer_of("Old"))));
  CHECK(Fixture::owners(told.get_future().get()) == "Old;");
  CHECK(f.store.stats().rows == 0);
  enricher.stop();
  CHECK(enricher.purge({}) == 0);
}
