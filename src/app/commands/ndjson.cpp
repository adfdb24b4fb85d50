#include "app/commands/ndjson.hpp"

#include <atomic>
#include <istream>
#include <memory>
#include <ostream>
#include <utility>

#include <simdjson.h>

#include <cardstock/enrich/tenant.hpp>
#include <cardstock/indicator/indicator.hpp>
#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

namespace cardstock::app {
namespace {

using simdjson::dom::element;

// Rows are committed at least so often: what is not yet committed waits in memory.
constexpr std::uint64_t kRowsAFlush = 2000;
constexpr std::size_t kMaxAsked = 64;

std::unexpected<Error> malformed(std::string detail) {
  return fail(ErrorCode::MalformedRequest, std::move(detail));
}

Result<std::vector<std::string>> read_asked(const element& line) {
  std::vector<std::string> asked;
  element value;
  if (line["asked"].get(value) != simdjson::SUCCESS) return asked;
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS || list.size() > kMaxAsked)
    return malformed("asked is not a list of spellings");
  for (const element spelling : list) {
    std::string_view text;
    if (spelling.get(text) != simdjson::SUCCESS || text.size() > Indicator::kMaxNameBytes)
      return malformed("asked is not a list of spellings");
    asked.emplace_back(text);
  }
  return asked;
}

Result<store::Key> read_key(const element& line) {
  std::string_view tenant;
  std::string_view type;
  std::string_view name;
  if (line["tenant"].get(tenant) != simdjson::SUCCESS ||
      line["type"].get(type) != simdjson::SUCCESS || line["name"].get(name) != simdjson::SUCCESS)
    return malformed("tenant, type or name is missing");
  const std::optional<store::TenantId> id = enrich::tenant_id(tenant);
  const std::optional<EntityType> entity = entity_type(type);
  if (!id) return malformed("tenant is not 32 hexadecimal digits");
  if (!entity) return malformed("the type is not known");
  const Result<Indicator> indicator = Indicator::parse(*entity, name);
  if (!indicator) return std::unexpected(indicator.error());
  if (indicator->canonical() != name) return malformed("the name is not in canonical form");
  return store::Key{*id, indicator->type(), indicator->canonical()};
}

enum class Line { Read, TooLong, End };

/// The next line without its end; of one that is too long, nothing.
Line next_line(std::istream& in, std::string& line) {
  line.clear();
  std::streambuf& bytes = *in.rdbuf();
  constexpr auto kEnd = std::char_traits<char>::eof();
  bool too_long = false;
  for (auto c = bytes.sbumpc();; c = bytes.sbumpc()) {
    const bool ended = c == kEnd || c == '\n';
    if (c == kEnd && line.empty() && !too_long) return Line::End;
    if (ended) return too_long ? Line::TooLong : Line::Read;
    if (line.size() == kMaxLineBytes) {
      too_long = true;
      line.clear();
    }
    if (!too_long) line.push_back(static_cast<char>(c));
  }
}

/// Counts what becomes of the rows; outlives the import for as long as the store owes an answer.
struct Outcomes {
  std::atomic<std::uint64_t> stored{0};
  std::atomic<std::uint64_t> failed{0};
};

}  // namespace

std::string row_line(const store::Key& key, const store::StoredRecord& row) {
  std::string out;
  JsonWriter json{out};
  json.begin_object()
      .field("tenant", enrich::to_text(key.tenant))
      .field("type", name_of(entity_of(key.type)))
      .field("name", key.canonical)
      .field("fetched_at_ms", std::int64_t{row.fetched_at.time_since_epoch().count()});
  if (!row.asked.empty()) {
    json.key("asked").begin_array();
    for (const std::string& spelling : row.asked) json.value(spelling);
    json.end_array();
  }
  json.key("record").raw(threatconnect::encode(row.record)).end_object();
  return out;
}

Result<StoredRow> read_row(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  element line;
  if (parser.parse(text.data(), text.size()).get(line) != simdjson::SUCCESS || !line.is_object())
    return malformed("not a JSON object");
  StoredRow out;
  Result<store::Key> key = read_key(line);
  if (!key) return std::unexpected(key.error());
  out.key = *std::move(key);
  std::int64_t fetched_at_ms = 0;
  if (line["fetched_at_ms"].get(fetched_at_ms) != simdjson::SUCCESS || fetched_at_ms < 0)
    return malformed("fetched_at_ms is not a time");
  out.row.fetched_at = WallTime{std::chrono::milliseconds{fetched_at_ms}};
  element record;
  if (line["record"].get(record) != simdjson::SUCCESS) return malformed("record is missing");
  Result<threatconnect::Record> decoded = threatconnect::decode(simdjson::minify(record));
  if (!decoded) return malformed("record is not one of Cardstock's");
  out.row.record = *std::move(decoded);
  Result<std::vector<std::string>> asked = read_asked(line);
  if (!asked) return std::unexpected(asked.error());
  if (out.row.record.absent() == asked->empty())
    return malformed("asked belongs to an absent row, and to no other");
  out.row.asked = *std::move(asked);
  return out;
}

Result<std::uint64_t> export_rows(store::RecordStore& from,
                                  const std::optional<store::TenantId>& tenant,
                                  std::ostream& out) {
  std::uint64_t rows = 0;
  const Status read = from.each([&](const store::Key& key, const store::StoredRecord& row) {
    if (tenant && key.tenant != *tenant) return true;
    out << row_line(key, row) << '\n';
    if (out) ++rows;
    return static_cast<bool>(out);
  });
  if (!read) return std::unexpected(read.error());
  if (!out.flush())
    return fail(ErrorCode::StoreFailed, "The rows could not be written: is the disk full?",
                std::to_string(rows) + " rows written");
  return rows;
}

Result<Imported> import_rows(store::RecordStore& to,
                             const std::optional<store::TenantId>& tenant,
                             std::istream& in,
                             const std::function<void(std::uint64_t, const Error&)>& refused) {
  const auto outcomes = std::make_shared<Outcomes>();
  Imported imported;
  std::string text;
  std::uint64_t waiting = 0;
  const auto settle = [&]() -> Status {
    waiting = 0;
    return to.flush();
  };
  for (std::uint64_t number = 1;; ++number) {
    const Line line = next_line(in, text);
    if (line == Line::End) break;
    if (line == Line::Read && trim(text).empty()) continue;
    Result<StoredRow> row =
        line == Line::TooLong ? Result<StoredRow>{malformed("longer than 64 MiB")} : read_row(text);
    if (!row) {
      ++imported.refused;
      refused(number, row.error());
      continue;
    }
    if (tenant) row->key.tenant = *tenant;
    const auto held = to.find(row->key);
    if (!held) return std::unexpected(held.error());
    if (*held && (*held)->fetched_at >= row->row.fetched_at) {
      ++imported.skipped;
      continue;
    }
    to.put(row->key, std::move(row->row), [outcomes](const Status& status) {
      (status ? outcomes->stored : outcomes->failed).fetch_add(1, std::memory_order_relaxed);
    });
    if (++waiting < kRowsAFlush && text.size() < (std::size_t{1} << 20U)) continue;
    if (const Status settled = settle(); !settled) return std::unexpected(settled.error());
  }
  if (const Status settled = settle(); !settled) return std::unexpected(settled.error());
  imported.stored = outcomes->stored.load();
  imported.failed = outcomes->failed.load();
  return imported;
}

}  // namespace cardstock::app
