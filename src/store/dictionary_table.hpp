#pragma once
/// \file dictionary_table.hpp
/// \brief The zstd dictionaries of a SQLite file, and bodies to make one of.
///
/// Threads: that of the connection. Blocking: disk. Errors: SQLite::Exception passes through.
#include <cstdint>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "row_codec.hpp"

namespace cardstock::store {

class DictionaryTable {
 public:
  explicit DictionaryTable(SQLite::Database& db);

  struct Dictionary {
    DictionaryId id = kNoDictionary;
    std::string bytes;
  };
  /// The newest; kNoDictionary: there is none.
  Dictionary newest();
  /// Within a transaction of the caller's. Another process may have added one first: that stays.
  void add(const std::string& bytes);
  /// Bodies in plain of rows without a dictionary, from this id on: ids are hashes, so that any run
  /// of them is a fair sample. At most kMaxSamples and, roughly, kMaxSampleBytes.
  std::vector<std::string> sample_bodies(std::int64_t from);

 private:
  SQLite::Statement newest_;
  SQLite::Statement add_;
  SQLite::Statement sample_;
};

}  // namespace cardstock::store
