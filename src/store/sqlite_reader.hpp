#pragma once
/// \file sqlite_reader.hpp
/// \brief Reading connections with their statements kept, and the pool that lends them.
///
/// Threads: a Reader one at a time; the pool any. Blocking: disk; `ReaderPool::take` until a
/// connection is free. Errors: SQLite::Exception passes through, but from `take`, which returns
/// StoreFailed.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include <cardstock/store/record_store.hpp>
#include <cardstock/store/sqlite_record_store.hpp>
#include <cardstock/util/mutex.hpp>

#include "row_codec.hpp"

namespace cardstock::store {

/// A row as it stands in the file. `record` is an error when its body cannot be read.
struct Row {
  std::int64_t id = 0;
  Key key;
  std::int64_t fetched_at_ms = 0;
  Result<StoredRecord> record;
};

class Reader {
 public:
  Reader(const std::string& path, const SqliteSettings& settings);

  std::optional<Row> find(std::int64_t id);
  /// Rows with ids from `from` on, in the order of ids: as many as fit `kPageRows` and, roughly,
  /// `kPageBytes`.
  std::vector<Row> page(std::int64_t from);
  std::optional<TenantState> tenant(const TenantId& id);
  /// Fills what the tables say.
  void stats(StoreStats& stats);

  static constexpr int kPageRows = 64;
  static constexpr std::size_t kPageBytes = std::size_t{4} << 20U;

 private:
  Row read_row(SQLite::Statement& statement);
  /// Makes it known to the decompressor, if the file has it.
  void learn_dictionary(DictionaryId id);

  std::unique_ptr<SQLite::Database> db_;
  Decompressor decompressor_;
  SQLite::Statement find_;
  SQLite::Statement page_;
  SQLite::Statement tenant_;
  SQLite::Statement counters_;
  SQLite::Statement oldest_;
  SQLite::Statement tenants_;
  SQLite::Statement dictionary_;
};

class ReaderPool {
 public:
  explicit ReaderPool(const SqliteSettings& settings) : settings_{settings} {}

  /// On loan; goes back by itself.
  class Loan {
   public:
    Loan(ReaderPool& pool,
         std::unique_ptr<Reader> reader,
         std::uint64_t generation,
         const SipKey& hash_key)
        : pool_{&pool}, reader_{std::move(reader)}, generation_{generation}, hash_key_{hash_key} {}
    ~Loan() {
      if (reader_) pool_->give_back(std::move(reader_), generation_);
    }
    Loan(Loan&&) = default;
    Loan& operator=(Loan&&) = delete;
    Reader& operator*() const { return *reader_; }
    Reader* operator->() const { return reader_.get(); }
    /// Of the file that this connection has open.
    std::uint64_t generation() const { return generation_; }
    const SipKey& hash_key() const { return hash_key_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Reader> reader_;
    std::uint64_t generation_;
    SipKey hash_key_;
  };

  /// SQLite::Exception from opening a connection passes through; `generation` says of which file.
  Result<Loan> take(std::uint64_t& generation) CARDSTOCK_EXCLUDES(mutex_);
  /// From now on connections are to the file at `path`; those to the one before are closed as they
  /// come back.
  void open(const std::string& path, std::uint64_t generation, const SipKey& hash_key)
      CARDSTOCK_EXCLUDES(mutex_);
  /// From now on `take` fails: there is no file. Waits for connections that are being opened:
  /// SQLite may remove a log, by its name, beside a file that it finds empty.
  void close() CARDSTOCK_EXCLUDES(mutex_);

 private:
  void done_opening() CARDSTOCK_EXCLUDES(mutex_);
  void give_back(std::unique_ptr<Reader> reader, std::uint64_t generation)
      CARDSTOCK_EXCLUDES(mutex_);

  const SqliteSettings& settings_;
  Mutex mutex_;  ///< guards everything below
  Condition returned_;
  Condition opened_;
  std::vector<std::unique_ptr<Reader>> free_ CARDSTOCK_GUARDED_BY(mutex_);
  std::size_t lent_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  std::size_t opening_ CARDSTOCK_GUARDED_BY(mutex_) = 0;  ///< among them
  std::string path_ CARDSTOCK_GUARDED_BY(mutex_);         ///< empty: closed
  std::uint64_t generation_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  SipKey hash_key_ CARDSTOCK_GUARDED_BY(mutex_){};
};

}  // namespace cardstock::store
