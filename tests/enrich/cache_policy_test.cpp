#include <fstream>
#include <sstream>

#include <cardstock/util/text.hpp>

#include "enrich/enrich_fixture.hpp"
#include "store/sample.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using Fixture = test::EnrichFixture;

namespace {

struct Instant {
  bool absent = false;
  EntityType type{};
  std::int64_t age_ms = 0;
  std::string asked, failing, only_cached;
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in{line};
  std::string cell;
  while (std::getline(in, cell, '|')) cells.emplace_back(trim(cell));
  return cells;
}

/// The table of docs/cache-policy.md.
std::vector<Instant> documented_instants() {
  std::ifstream in{CARDSTOCK_SOURCE_DIR "/docs/cache-policy.md"};
  REQUIRE(in);
  std::vector<Instant> instants;
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with("| found |") && !line.starts_with("| absent |")) continue;
    CAPTURE(line);
    const std::vector<std::string> cells = cells_of(line);
    REQUIRE(cells.size() == 7);
    const auto type = entity_type(cells[2]);
    const auto age = parse_integer(cells[3]);
    REQUIRE(type);
    REQUIRE(age);
    instants.push_back({cells[1] == "absent", *type, *age, cells[4], cells[5], cells[6]});
  }
  return instants;
}

struct PolicyFixture : Fixture {
  PolicyFixture() {
    settings.policy = FreshnessPolicy{.jitter = 0};
    settings.per_type[EntityType::Url] = {
        .ttl = 30min, .ttl_absent = 1min, .grace = 0s, .keep = 2h, .jitter = 0};
  }
  Ask ask_of(const Instant& instant, AskMode mode) {
    const bool url = instant.type == EntityType::Url;
    return ask(url ? "http://evil.test/" : "evil.test", one, mode, instant.type);
  }
  /// A store that holds the row at its age, and an enricher that has not seen it.
  void prepare(const Instant& instant) {
    const Indicator indicator = ask_of(instant, AskMode::Normal).indicator;
    const WallTime fetched_at = clock.wall() - milliseconds{instant.age_ms};
    const store::Key key{one->id, indicator.type(), indicator.canonical()};
    REQUIRE(store.purge({}));
    store.put(key, instant.absent ? test::absent(fetched_at, indicator.spellings())
                                  : test::found(fetched_at));
    restart();
  }
  static std::string word(const std::optional<Reply>& reply) {
    if (!reply) return "upstream";
    return reply->entry ? std::string{name_of(reply->status)} : "error";
  }
};

}  // namespace

TEST_CASE("cache policy: what is served at each instant is what the document says",
          "[enrich][time]") {
  const std::vector<Instant> instants = documented_instants();
  CHECK(instants.size() >= 19);
  PolicyFixture f;
  for (const Instant& instant : instants) {
    CAPTURE(instant.absent, name_of(instant.type), instant.age_ms);
    f.prepare(instant);
    CHECK(f.word(f.enricher->look(f.ask_of(instant, AskMode::Normal)).reply) == instant.asked);
    f.prepare(instant);
    CHECK(f.word(f.enricher->look(f.ask_of(instant, AskMode::OnlyIfCached)).reply) ==
          instant.only_cached);
    f.prepare(instant);
    const std::size_t calls = f.client.request_count();
    const auto reply = f.get(f.ask_of(instant, AskMode::Normal));
    if (f.client.request_count() > calls) f.fail_call(calls, ErrorCode::ConnectFailed);
    CHECK(f.word(*reply) == instant.failing);
  }
}

TEST_CASE("cache policy: a row from the future is an ordinary one when the clock has caught up",
          "[enrich][time]") {
  Fixture f;
  const auto first = f.get(f.ask("evil.test"));
  f.answer(0, test::page({test::row("Host", "evil.test", "Org A")}));
  REQUIRE(*first);
  f.clock.step_wall(-10s);
  const auto unknown_age = f.get(f.ask("evil.test"));
  REQUIRE(f.client.request_count() == 2);
  f.fail_call(1, ErrorCode::ConnectFailed);
  CHECK((*unknown_age)->status == CacheStatus::Stale);
  f.clock.advance(10s);
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  // A younger answer replaces it even when its time is an earlier one.
  f.clock.step_wall(-20s);
  const auto again = f.get(f.ask("evil.test"));
  REQUIRE(f.client.request_count() == 3);
  f.answer(2, test::page({test::row("Host", "evil.test", "Org B")}));
  CHECK(Fixture::owners(*again) == "Org B;");
  CHECK(Fixture::owners(*f.get(f.ask("evil.test"))) == "Org B;");
  CHECK(f.client.request_count() == 3);
}

TEST_CASE("cache policy: a row that is asked often is refreshed before it is stale",
          "[enrich][time]") {
  Fixture f;
  const auto first = f.get(f.ask("evil.test"));
  f.answer(0, test::page({test::row("Host", "evil.test", "Old")}));
  REQUIRE(*first);
  f.clock.advance(53s);
  for (int i = 0; i < 5; ++i) CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 1);
  f.clock.advance(1s);  // the last tenth of 60 s
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  REQUIRE(f.client.request_count() == 2);
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 2);
  f.answer(1, test::page({test::row("Host", "evil.test", "New")}));
  f.clock.advance(30s);
  const auto later = f.get(f.ask("evil.test"));
  CHECK((*later)->status == CacheStatus::Hit);
  CHECK(Fixture::owners(*later) == "New;");
}

TEST_CASE("cache policy: a row that is asked seldom is left to expire", "[enrich][time]") {
  Fixture f;
  const auto first = f.get(f.ask("evil.test"));
  f.answer(0, test::page({}));
  REQUIRE(*first);
  f.clock.advance(29s);
  for (int i = 1; i < kHotAsks; ++i)
    CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 1);
  // An absent row that is asked often has no grace, and is refreshed ahead all the more.
  CHECK((*f.get(f.ask("evil.test")))->status == CacheStatus::Hit);
  CHECK(f.client.request_count() == 2);
}

TEST_CASE("cache policy: a refresh that fails leaves the row, which says why it is stale",
          "[enrich][time]") {
  Fixture f;
  const auto first = f.get(f.ask("evil.test"));
  f.answer(0, test::page({test::row("Host", "evil.test", "Org A")}));
  REQUIRE(*first);
  f.clock.advance(61s);
  CHECK((*f.get(f.ask("evil.test")))->stale_reason == "refreshing");
  REQUIRE(f.client.request_count() == 2);
  f.fail_call(1, ErrorCode::Timeout);
  const auto after = f.get(f.ask("evil.test"));
  CHECK((*after)->status == CacheStatus::Stale);
  CHECK((*after)->stale_reason == "timeout");
  CHECK(Fixture::owners(*after) == "Org A;");
  CHECK(f.client.request_count() == 2);
}
