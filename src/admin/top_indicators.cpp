#include <cardstock/admin/top_indicators.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <simdjson.h>

#include <cardstock/util/file.hpp>
#include <cardstock/util/json_writer.hpp>

namespace cardstock::admin {
namespace {

constexpr std::size_t kMaxFile = std::size_t{16} << 20U;

}  // namespace

void TopIndicators::count(const Indicator& indicator) {
  const std::uint64_t hash = siphash(key_, indicator.canonical());
  const auto is_this = [&indicator](const Row& row) {
    return row.asks != 0 && row.type == indicator.entity() &&
           row.canonical == indicator.canonical();
  };
  Shard& shard = shards_[hash % kShards];
  const LockGuard lock{shard.mutex};
  for (std::size_t i = 0; i < kSlots; ++i) {
    if (shard.hashes[i] != hash || !is_this(shard.rows[i])) continue;
    ++shard.rows[i].asks;
    return;
  }
  const auto least = std::ranges::min_element(shard.rows, {}, &Row::asks);
  shard.hashes[static_cast<std::size_t>(least - shard.rows.begin())] = hash;
  *least = {indicator.entity(), indicator.canonical(), least->asks + 1, least->asks};
}

std::vector<TopIndicators::Row> TopIndicators::top(std::size_t most) const {
  std::vector<Row> all;
  for (const Shard& shard : shards_) {
    const LockGuard lock{shard.mutex};
    std::ranges::copy_if(shard.rows, std::back_inserter(all),
                         [](const Row& row) { return row.asks != 0; });
  }
  const auto before = [](const Row& a, const Row& b) {
    return a.asks != b.asks ? a.asks > b.asks : a.canonical < b.canonical;
  };
  const std::size_t shown = std::min(most, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(shown), before);
  all.resize(shown);
  return all;
}

void TopIndicators::place(Row row) {
  const std::uint64_t hash = siphash(key_, row.canonical);
  Shard& shard = shards_[hash % kShards];
  const LockGuard lock{shard.mutex};
  const auto least = std::ranges::min_element(shard.rows, {}, &Row::asks);
  if (least->asks >= row.asks) return;
  shard.hashes[static_cast<std::size_t>(least - shard.rows.begin())] = hash;
  *least = std::move(row);
}

Status TopIndicators::load(const std::string& path) {
  const Result<std::optional<std::string>> text = read_file_end(path, kMaxFile);
  if (!text) return std::unexpected(text.error());
  const std::optional<std::string>& saved = *text;
  simdjson::dom::parser parser;
  simdjson::dom::array rows;
  if (!saved || parser.parse(*saved)["indicators"].get(rows) != simdjson::SUCCESS) return {};
  for (const simdjson::dom::element each : rows) {
    std::string_view type;
    std::string_view name;
    Row row;
    if (each["type"].get(type) != simdjson::SUCCESS ||
        each["name"].get(name) != simdjson::SUCCESS ||
        each["asks"].get(row.asks) != simdjson::SUCCESS ||
        each["over"].get(row.over) != simdjson::SUCCESS || row.over > row.asks)
      continue;
    const std::optional<EntityType> known = entity_type(type);
    if (!known) continue;
    const Result<Indicator> indicator = Indicator::parse(*known, name);
    if (!indicator || indicator->canonical() != name) continue;
    row.type = *known;
    row.canonical = name;
    place(std::move(row));
  }
  return {};
}

Status TopIndicators::save(const std::string& path) const {
  return replace_file(path, top_json(top(kShards * kSlots)));
}

std::string top_json(const std::vector<TopIndicators::Row>& rows) {
  std::string out;
  JsonWriter json{out};
  json.begin_object().key("indicators").begin_array();
  for (const TopIndicators::Row& row : rows) {
    json.begin_object()
        .field("type", name_of(row.type))
        .field("name", std::string_view{row.canonical})
        .field("asks", row.asks)
        .field("over", row.over)
        .end_object();
  }
  json.end_array().end_object();
  return out;
}

std::string top_file_of(const std::string& store_path) {
  return store_path + ".asked";
}

void TopIndicators::halve() {
  for (Shard& shard : shards_) {
    const LockGuard lock{shard.mutex};
    for (Row& row : shard.rows) {
      row.asks /= 2;
      row.over /= 2;
    }
  }
}

}  // namespace cardstock::admin
