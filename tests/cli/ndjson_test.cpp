#include <catch2/catch.hpp>

#include <map>
#include <sstream>

#include <cardstock/store/memory_record_store.hpp>

#include "app/commands/ndjson.hpp"
#include "store/sample.hpp"

using namespace cardstock;
using namespace cardstock::test;
using app::export_rows;
using app::import_rows;
using app::read_row;
using app::row_line;

namespace {

std::string url() {
  return Indicator::parse(EntityType::Url, "http://x.test/?a=%0d&b='\"\\#c")->canonical();
}

/// What stands in a store, by key.
std::map<store::Key, store::StoredRecord> rows_of(store::RecordStore& store) {
  std::map<store::Key, store::StoredRecord> rows;
  REQUIRE(store.each([&](const store::Key& key, const store::StoredRecord& row) {
    rows.emplace(key, row);
    return true;
  }));
  return rows;
}

void fill(store::RecordStore& store) {
  store.put(key_of("evil.test"), found(WallTime{std::chrono::milliseconds{1'234'567'890'123}},
                                       {"Org A", "Source \"B\" \xE2\x80\x94"}));
  store.put(key_of("2001:db8::/32", IndicatorType::Cidr), found(at_hour(2)));
  store.put(key_of(url(), IndicatorType::Url, 2), found(at_hour(3)));
  store.put(key_of("gone.test"), absent(at_hour(4), {"gone.test", "GONE.test"}));
}

app::Imported import_text(store::RecordStore& to,
                          const std::string& text,
                          const std::optional<store::TenantId>& tenant = {},
                          std::vector<std::string>* refusals = nullptr) {
  std::istringstream in{text};
  auto imported = import_rows(to, tenant, in, [&](std::uint64_t line, const Error& why) {
    if (refusals != nullptr) refusals->push_back(std::to_string(line) + ": " + why.public_detail);
  });
  REQUIRE(imported);
  return *imported;
}

}  // namespace

TEST_CASE("ndjson: what is exported and imported is the same, times and digits included", "[app]") {
  store::MemoryRecordStore from;
  fill(from);
  std::ostringstream out;
  CHECK(export_rows(from, {}, out) == 4U);
  CHECK(out.str().find("11111797252348111") != std::string::npos);
  CHECK(out.str().find("\"fetched_at_ms\":1234567890123") != std::string::npos);
  store::MemoryRecordStore to;
  const app::Imported imported = import_text(to, out.str());
  CHECK(imported.stored == 4);
  CHECK(imported.refused == 0);
  CHECK(rows_of(to) == rows_of(from));
}

TEST_CASE("ndjson: one tenant's rows leave, and become another's", "[app]") {
  store::MemoryRecordStore from;
  fill(from);
  std::ostringstream out;
  CHECK(export_rows(from, tenant_id(2), out) == 1U);
  store::MemoryRecordStore to;
  CHECK(import_text(to, out.str(), tenant_id(9)).stored == 1);
  const auto rows = rows_of(to);
  REQUIRE(rows.size() == 1);
  CHECK(rows.begin()->first == key_of(url(), IndicatorType::Url, 9));
}

TEST_CASE("ndjson: a row that is held as young or younger stays", "[app]") {
  store::MemoryRecordStore to;
  to.put(key_of("old.test"), found(at_hour(1), {"Held"}));
  to.put(key_of("same.test"), found(at_hour(5), {"Held"}));
  to.put(key_of("young.test"), found(at_hour(9), {"Held"}));
  std::string text;
  for (const char* name : {"old.test", "same.test", "young.test"})
    text += row_line(key_of(name), found(at_hour(5), {"Imported"})) + "\n";
  const app::Imported imported = import_text(to, text);
  CHECK(imported.stored == 1);
  CHECK(imported.skipped == 2);
  CHECK((*to.find(key_of("old.test")).value()).record.copies[0].owner == "Imported");
  CHECK((*to.find(key_of("same.test")).value()).record.copies[0].owner == "Held");
  CHECK((*to.find(key_of("young.test")).value()).record.copies[0].owner == "Held");
}

TEST_CASE("ndjson: lines that cannot be read are told by number, and reading goes on", "[app]") {
  const std::string good = row_line(key_of("evil.test"), found(at_hour(1)));
  const auto with = [&good](const std::string& from, const std::string& to) {
    std::string line = good;
    const std::size_t at = line.find(from);
    REQUIRE(at != std::string::npos);
    return line.replace(at, from.size(), to);
  };
  REQUIRE(read_row(good));
  const std::vector<std::string> bad{"x",
                                     "[]",
                                     "{\"name\":\"\xFF\"}",
                                     with("\"tenant\":\"01", "\"tenant\":\"zz"),
                                     with("InternetDomainName", "Planet"),
                                     with("\"name\":\"evil.test\"", "\"name\":\"EVIL.test\""),
                                     with("\"name\":\"evil.test\"", "\"name\":\"no domain\""),
                                     with("\"fetched_at_ms\":3600000", "\"fetched_at_ms\":-1"),
                                     with("\"fetched_at_ms\":3600000", "\"fetched_at_ms\":\"now\""),
                                     with("\"v\":1", "\"v\":7"),
                                     with("\"record\":{", "\"asked\":[\"evil.test\"],\"record\":{"),
                                     with("\"record\":{", "\"asked\":7,\"record\":{"),
                                     row_line(key_of("gone.test"), absent(at_hour(1), {})),
                                     good.substr(0, good.size() - 1)};
  std::string text;
  for (const std::string& line : bad) text += line + "\n";
  store::MemoryRecordStore to;
  std::vector<std::string> refusals;
  const app::Imported imported = import_text(to, text + "\n \r\n" + good, {}, &refusals);
  CHECK(imported.refused == bad.size());
  CHECK(imported.stored == 1);
  REQUIRE(refusals.size() == bad.size());
  CHECK(refusals[0] == "1: not a JSON object");
  CHECK(refusals[5] == "6: the name is not in canonical form");
  CHECK(to.stats().rows == 1);
}

TEST_CASE("ndjson: a line without end does not fill the memory", "[app]") {
  store::MemoryRecordStore to;
  std::vector<std::string> refusals;
  const std::string text = std::string(app::kMaxLineBytes + 1, 'x') + "\n" +
                           row_line(key_of("evil.test"), found(at_hour(1))) + "\n";
  CHECK(import_text(to, text, {}, &refusals).stored == 1);
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0] == "1: longer than 64 MiB");
}

TEST_CASE("ndjson: a stream that takes no more ends the export with an error", "[app]") {
  store::MemoryRecordStore from;
  fill(from);
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  const auto rows = export_rows(from, {}, out);
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::StoreFailed);
}
