#pragma once
/// \file row_codec.hpp
/// \brief What stands in a row: its id and its body. Shared by every SQL backend.
///
/// Threads: one object, one thread; the functions any. Blocking: no. Errors: StoreFailed for bytes
/// that `Compressor` did not write. Stored: every output here is on disk.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/store/record_store.hpp>
#include <cardstock/util/siphash.hpp>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;
struct ZSTD_CDict_s;
struct ZSTD_DDict_s;

namespace cardstock::store {

/// The numbers of IndicatorType are 1 to this.
inline constexpr int kIndicatorTypes = 6;
constexpr bool is_indicator_type(int number) noexcept {
  return number >= 1 && number <= kIndicatorTypes;
}

/// The row id of a key. Two keys may share one (2^-64 a pair): the key is stored beside it and
/// compared.
std::int64_t row_id(const SipKey& hash_key, const Key& key);

/// The spellings as netstrings ("4:evil,9:evil.test,"): exact for any bytes, and readable in a
/// shell.
std::string join_asked(const std::vector<std::string>& asked);
Result<std::vector<std::string>> split_asked(std::string_view text);

/// Number of a zstd dictionary in the file; kNoDictionary: none.
using DictionaryId = std::int64_t;
inline constexpr DictionaryId kNoDictionary = 0;

/// A zstd frame with content size and checksum: a flipped bit is noticed.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  Result<std::string> compress(std::string_view text);
  /// From now on with this dictionary; kNoDictionary (and no bytes): without.
  void use(DictionaryId id, std::string_view bytes);
  DictionaryId dictionary() const noexcept { return dictionary_; }

 private:
  ZSTD_CCtx_s* context_;
  ZSTD_CDict_s* compiled_ = nullptr;
  DictionaryId dictionary_ = kNoDictionary;
};

class Decompressor {
 public:
  /// A frame that claims more than `max_bytes` is refused before anything is allocated.
  explicit Decompressor(std::size_t max_bytes);
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  /// `dictionary` must be known (or kNoDictionary).
  Result<std::string> decompress(std::string_view frame, DictionaryId dictionary = kNoDictionary);
  bool knows(DictionaryId id) const { return id == kNoDictionary || dictionaries_.contains(id); }
  void add(DictionaryId id, std::string_view bytes);

 private:
  std::size_t max_bytes_;
  ZSTD_DCtx_s* context_;
  std::map<DictionaryId, ZSTD_DDict_s*> dictionaries_;
};

/// A row as SQL gives it, and back. An empty body stands for a record without anything in it.
Result<StoredRecord> decode_row(std::int64_t fetched_at_ms,
                                std::string_view asked,
                                std::string_view body,
                                DictionaryId dictionary,
                                Decompressor& decompressor);

/// A record made ready before the transaction, so that the file is locked for as short as can be.
struct EncodedRow {
  std::int64_t fetched_at_ms = 0;
  bool absent = false;
  std::string asked;
  DictionaryId dictionary = kNoDictionary;  ///< of `body`
  std::string body;
  std::vector<std::string> owners;  ///< distinct
};
/// Errors: StoreFailed for a record above `max_record_bytes`.
Result<EncodedRow> encode_row(const StoredRecord& record,
                              std::size_t max_record_bytes,
                              Compressor& compressor);

/// Owner ids as text ("3 17"), and back.
std::string join_owners(const std::vector<std::int64_t>& owners);
std::vector<std::int64_t> split_owners(std::string_view text);

/// What a record costs in memory, roughly.
std::size_t approximate_bytes(const StoredRecord& record) noexcept;

}  // namespace cardstock::store
