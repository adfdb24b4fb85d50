#include "dictionary_table.hpp"

#include <utility>

#include "dictionary.hpp"
#include "statement_use.hpp"

namespace cardstock::store {

DictionaryTable::DictionaryTable(SQLite::Database& db)
    : newest_{db, "SELECT id, bytes FROM dictionary ORDER BY id DESC LIMIT 1"},
      add_{db, "INSERT OR IGNORE INTO dictionary(id, bytes) VALUES(1, ?)"},
      sample_{db,
              "SELECT body FROM record WHERE id >= ? AND dictionary = 0 AND body IS NOT NULL "
              "ORDER BY id LIMIT ?"} {}

DictionaryTable::Dictionary DictionaryTable::newest() {
  const StatementUse use{newest_};
  if (!newest_.executeStep()) return {};
  return {newest_.getColumn(0).getInt64(), std::string{bytes_of(newest_.getColumn(1))}};
}

void DictionaryTable::add(const std::string& bytes) {
  const StatementUse use{add_};
  add_.bindNoCopy(1, bytes.data(), static_cast<int>(bytes.size()));
  add_.exec();
}

std::vector<std::string> DictionaryTable::sample_bodies(std::int64_t from) {
  const StatementUse use{sample_};
  sample_.bind(1, from);
  sample_.bind(2, kMaxSamples);
  Decompressor decompressor{kMaxSampleBytes};
  std::vector<std::string> bodies;
  std::size_t bytes = 0;
  while (bytes < kMaxSampleBytes && sample_.executeStep()) {
    Result<std::string> body = decompressor.decompress(bytes_of(sample_.getColumn(0)));
    if (!body) continue;
    bytes += body->size();
    bodies.push_back(*std::move(body));
  }
  return bodies;
}

}  // namespace cardstock::store
