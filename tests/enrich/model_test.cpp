#include <map>
#include <random>

#include <cardstock/store/sqlite_record_store.hpp>

#include "enrich/enrich_fixture.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::enrich;
using namespace std::chrono_literals;
using Fixture = test::EnrichFixture;

namespace {

constexpr int kNames = 6;
constexpr int kSteps = 3000;

/// All that the cache is: for every key the last answer and when its call was sent.
struct Model {
  struct Row {
    WallTime fetched_at;
    int version;  ///< 0: nobody holds it
  };
  std::map<std::pair<bool, int>, Row> rows;

  /// What may be shown without a call ("hit", "stale"), or only when one fails ("kept"), or never.
  std::string state(std::pair<bool, int> key, WallTime now) const {
    const auto row = rows.find(key);
    if (row == rows.end()) return "none";
    const auto age = now - row->second.fetched_at;
    const bool found = row->second.version != 0;
    if (age >= 0s && age < (found ? 60s : 30s)) return "hit";
    if (!found || age >= 170s) return "none";
    return age >= 0s && age < 70s ? "stale" : "kept";
  }
};

/// The cache and its model, side by side; every step compares them.
class SideBySide {
 public:
  explicit SideBySide(unsigned seed) : chance_{seed} {
    f_.settings.memory_bytes = 64U << 10U;  // a few entries a shard: memory forgets now and then
    // Rows also come without a call: that the credential is still good is not in question here.
    f_.settings.credential_recheck = 10'000h;
    reopen();
  }

  void step() {
    switch (below(12)) {
      case 0:
        return f_.clock.advance(milliseconds{below(90'000)});
      case 1:  // to an instant at which something may change
        return f_.clock.advance(std::array{10s, 30s, 60s, 70s, 100s}.at(below(5)) -
                                milliseconds{below(2)});
      case 2:
        return f_.clock.step_wall(milliseconds{below(100'000)} - 50s);
      case 3:
        return below(5) == 0 ? reopen() : below(3) == 0 ? import() : purge();
      case 4:
        upstream_fails_ = below(2) == 0;
        return;
      case 5:
        return ask(AskMode::Refresh);
      case 6:
        return ask(AskMode::OnlyIfCached);
      default:
        return ask(AskMode::Normal);
    }
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(chance_()) % limit; }
  static std::string name(int number) { return "n" + std::to_string(number) + ".test"; }

  std::unique_ptr<store::SqliteRecordStore> open() {
    return *store::SqliteRecordStore::open({.path = folder_.file("m.db")}, f_.clock, random_,
                                           f_.log);
  }
  void reopen() {
    f_.enricher.reset();
    sqlite_.reset();
    sqlite_ = open();
    f_.through = sqlite_.get();
    f_.restart();
  }

  /// Another process writes a row, and the store is let see it.
  void import() {
    const std::pair key{below(2) == 0, static_cast<int>(below(kNames))};
    // Of two rows of one instant, which is the later one is anybody's guess.
    const auto held = model_.rows.find(key);
    if (held != model_.rows.end() && held->second.fetched_at == f_.clock.wall()) return;
    store::StoredRecord row{.record = {}, .fetched_at = f_.clock.wall(), .asked = {}};
    row.record.copies.push_back({.owner = "v" + std::to_string(++last_version_)});
    REQUIRE(sqlite_->flush());
    const auto other = open();
    other->put({(key.first ? f_.two : f_.one)->id, IndicatorType::Host, name(key.second)}, row);
    REQUIRE(other->flush());
    REQUIRE(sqlite_->flush());
    model_.rows[key] = {row.fetched_at, last_version_};
  }

  void purge() {
    const int number = static_cast<int>(below(kNames));
    const bool two = below(2) == 0;
    const WallTime before = f_.clock.wall() - 40s;
    const unsigned kind = below(4);
    store::PurgeFilter filter;
    if (kind == 0) filter.canonical = name(number);
    if (kind <= 1) filter.tenant = (two ? f_.two : f_.one)->id;
    if (kind == 2) filter.fetched_before = before;
    const auto purged = f_.enricher->purge(filter);
    REQUIRE(purged);
    const auto gone = std::erase_if(model_.rows, [&](const auto& row) {
      return (kind != 0 || row.first.second == number) && (kind > 1 || row.first.first == two) &&
             (kind != 2 || row.second.fetched_at < before);
    });
    CHECK(*purged == static_cast<std::int64_t>(gone));
  }

  /// Answers the call that is out, and tells the model.
  void answer_call(std::pair<bool, int> key) {
    const std::size_t call = f_.client.request_count() - 1;
    // A failure that says nothing of the instance: the breaker, which has tests of its own, stays
    // closed.
    if (upstream_fails_) return f_.fail_call(call, ErrorCode::AnswerTooLarge);
    const int version = below(3) == 0 ? 0 : ++last_version_;
    model_.rows[key] = {f_.clock.wall(), version};
    f_.answer(call, version == 0 ? test::page({})
                                 : test::page({test::row("Host", name(key.second),
                                                         "v" + std::to_string(version))}));
  }

  static std::string shown(const std::string& status, int version) {
    return status + (version == 0 ? " nobody" : " v" + std::to_string(version) + ";");
  }
  static std::string shown(const Reply& reply) {
    if (!reply.entry) return "error";
    return std::string{name_of(reply.status)} + " " +
           (reply.entry->absent ? std::string{"nobody"} : Fixture::owners(reply));
  }

  void ask(AskMode mode) {
    const std::pair key{below(2) == 0, static_cast<int>(below(kNames))};
    const std::string state = model_.state(key, f_.clock.wall());
    const int held = state == "none" ? 0 : model_.rows.at(key).version;
    const std::size_t calls = f_.client.request_count();
    const auto reply = f_.get(f_.ask(name(key.second), key.first ? f_.two : f_.one, mode));
    const bool called = f_.client.request_count() > calls;
    CAPTURE(state, called, upstream_fails_, static_cast<int>(mode));

    std::string expected;
    if (mode == AskMode::OnlyIfCached) {
      REQUIRE_FALSE(called);
      expected = state == "hit"    ? shown("hit", held)
                 : state == "none" ? "error"
                                   : shown("stale", held);
    } else if (mode == AskMode::Normal && (state == "hit" || state == "stale")) {
      // A refresh may have been started behind it; what is shown does not wait for it.
      expected = shown(state, held);
      REQUIRE(*reply);
      CHECK(shown(**reply) == expected);
      if (called) answer_call(key);
      return;
    } else {
      REQUIRE(called);
      answer_call(key);
      const std::string status = mode == AskMode::Refresh ? "bypass" : "miss";
      // Absent is not served when the call fails, however young.
      expected = !upstream_fails_ ? shown(status, model_.rows.at(key).version)
                 : held != 0      ? shown("stale", held)
                                  : "error";
    }
    REQUIRE(*reply);
    CHECK(shown(**reply) == expected);
  }

  test::TemporaryDirectory folder_;
  SystemRandom random_;
  std::unique_ptr<store::SqliteRecordStore> sqlite_;
  Fixture f_;
  Model model_;
  std::minstd_rand chance_;
  bool upstream_fails_ = false;
  int last_version_ = 0;
};

}  // namespace

TEST_CASE("cache: whatever happens to it in whatever order - it does what its model does",
          "[enrich][model]") {
  const auto seed = GENERATE(1U, 2U, 3U);
  SideBySide both{seed};
  for (int i = 0; i < kSteps; ++i) {
    CAPTURE(seed, i);
    both.step();
  }
}
