#include "row_codec.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <utility>

#include <zstd.h>

#include <cardstock/util/text.hpp>

namespace cardstock::store {
namespace {

// Level 3 costs about a microsecond more a record than level 1 and reads as fast.
constexpr int kLevel = 3;

std::unexpected<Error> unreadable(std::string cause) {
  return fail(ErrorCode::StoreFailed, "A stored row could not be read.", std::move(cause));
}

}  // namespace

std::int64_t row_id(const SipKey& hash_key, const Key& key) {
  std::string text;
  text.reserve(key.tenant.size() + 1 + key.canonical.size());
  for (const std::uint8_t byte : key.tenant) text.push_back(static_cast<char>(byte));
  text.push_back(static_cast<char>(key.type));
  text += key.canonical;
  return static_cast<std::int64_t>(siphash(hash_key, text));
}

std::string join_asked(const std::vector<std::string>& asked) {
  std::string out;
  for (const std::string& spelling : asked) {
    out += std::to_string(spelling.size());
    out += ':';
    out += spelling;
    out += ',';
  }
  return out;
}

Result<std::vector<std::string>> split_asked(std::string_view text) {
  std::vector<std::string> asked;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return unreadable("asked: no length");
    const std::optional<std::int64_t> length = parse_integer(text.substr(0, colon));
    text.remove_prefix(colon + 1);
    if (!length || *length < 0 || static_cast<std::size_t>(*length) >= text.size())
      return unreadable("asked: a length beyond the end");
    const auto size = static_cast<std::size_t>(*length);
    if (text[size] != ',') return unreadable("asked: no comma");
    asked.emplace_back(text.substr(0, size));
    text.remove_prefix(size + 1);
  }
  return asked;
}

Compressor::Compressor() : context_{ZSTD_createCCtx()} {
  if (context_ == nullptr) throw std::bad_alloc{};
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_dictIDFlag, 0);  // the row says it
}

Compressor::~Compressor() {
  ZSTD_freeCCtx(context_);
  ZSTD_freeCDict(compiled_);
}

void Compressor::use(DictionaryId id, std::string_view bytes) {
  ZSTD_CCtx_refCDict(context_, nullptr);
  ZSTD_freeCDict(std::exchange(compiled_, nullptr));
  dictionary_ = kNoDictionary;
  if (id == kNoDictionary) return;
  compiled_ = ZSTD_createCDict(bytes.data(), bytes.size(), kLevel);
  if (compiled_ == nullptr) throw std::bad_alloc{};
  ZSTD_CCtx_refCDict(context_, compiled_);
  dictionary_ = id;
}

Result<std::string> Compressor::compress(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context_, out.data(), out.size(), text.data(), text.size());
  if (ZSTD_isError(size) != 0U) {
    return fail(ErrorCode::StoreFailed, "A record could not be stored.", ZSTD_getErrorName(size));
  }
  out.resize(size);
  return out;
}

Decompressor::Decompressor(std::size_t max_bytes)
    : max_bytes_{max_bytes}, context_{ZSTD_createDCtx()} {
  if (context_ == nullptr) throw std::bad_alloc{};
}

Decompressor::~Decompressor() {
  ZSTD_freeDCtx(context_);
  for (const auto& [id, dictionary] : dictionaries_) ZSTD_freeDDict(dictionary);
}

void Decompressor::add(DictionaryId id, std::string_view bytes) {
  ZSTD_DDict_s* const dictionary = ZSTD_createDDict(bytes.data(), bytes.size());
  if (dictionary == nullptr) throw std::bad_alloc{};
  if (!dictionaries_.emplace(id, dictionary).second) ZSTD_freeDDict(dictionary);
}

Result<std::string> Decompressor::decompress(std::string_view frame, DictionaryId dictionary) {
  if (!knows(dictionary)) return unreadable("body: unknown dictionary");
  const unsigned long long claimed = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN ||
      claimed > max_bytes_)
    return unreadable("body: not a frame of ours");
  std::string out(static_cast<std::size_t>(claimed), '\0');
  const std::size_t size = ZSTD_decompress_usingDDict(
      context_, out.data(), out.size(), frame.data(), frame.size(),
      dictionary == kNoDictionary ? nullptr : dictionaries_.at(dictionary));
  if (ZSTD_isError(size) != 0U) return unreadable(std::string{"body: "} + ZSTD_getErrorName(size));
  if (size != out.size()) return unreadable("body: shorter than it says");
  return out;
}

Result<StoredRecord> decode_row(std::int64_t fetched_at_ms,
                                std::string_view asked,
                                std::string_view body,
                                DictionaryId dictionary,
                                Decompressor& decompressor) {
  StoredRecord row;
  row.fetched_at = WallTime{std::chrono::milliseconds{fetched_at_ms}};
  Result<std::vector<std::string>> spellings = split_asked(asked);
  if (!spellings) return std::unexpected(std::move(spellings.error()));
  row.asked = *std::move(spellings);
  if (body.empty()) return row;
  const Result<std::string> json = decompressor.decompress(body, dictionary);
  if (!json) return std::unexpected(json.error());
  Result<threatconnect::Record> record = threatconnect::decode(*json);
  if (!record) return std::unexpected(std::move(record.error()));
  row.record = *std::move(record);
  return row;
}

Result<EncodedRow> encode_row(const StoredRecord& record,
                              std::size_t max_record_bytes,
                              Compressor& compressor) {
  EncodedRow row;
  row.fetched_at_ms = record.fetched_at.time_since_epoch().count();
  row.absent = record.record.absent();
  row.asked = join_asked(record.asked);
  if (record.record != threatconnect::Record{}) {
    const std::string json = threatconnect::encode(record.record);
    if (json.size() > max_record_bytes || row.asked.size() > max_record_bytes) {
      return fail(ErrorCode::StoreFailed, "A record is too large to be stored.",
                  std::to_string(json.size()) + " bytes");
    }
    Result<std::string> body = compressor.compress(json);
    if (!body) return std::unexpected(std::move(body.error()));
    row.body = *std::move(body);
    row.dictionary = compressor.dictionary();
  }
  for (const threatconnect::OwnerCopy& copy : record.record.copies)
    row.owners.push_back(copy.owner);
  std::ranges::sort(row.owners);
  row.owners.erase(std::ranges::unique(row.owners).begin(), row.owners.end());
  return row;
}

std::string join_owners(const std::vector<std::int64_t>& owners) {
  std::string out;
  for (const std::int64_t owner : owners) {
    if (!out.empty()) out += ' ';
    out += std::to_string(owner);
  }
  return out;
}

std::vector<std::int64_t> split_owners(std::string_view text) {
  std::vector<std::int64_t> owners;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    if (const auto owner = parse_integer(text.substr(0, blank))) owners.push_back(*owner);
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return owners;
}

std::size_t approximate_bytes(const StoredRecord& record) noexcept {
  std::size_t bytes = sizeof record;
  for (const std::string& spelling : record.asked) bytes += sizeof(std::string) + spelling.size();
  for (const threatconnect::OwnerCopy& copy : record.record.copies) {
    bytes += sizeof copy + copy.owner.size() + copy.summary.size() + copy.web_link.size();
    for (const auto& a : copy.attributes) bytes += sizeof a + a.type.size() + a.value.size();
    for (const auto& g : copy.groups) {
      bytes += sizeof g + g.type.size() + g.name.size() + g.owner.size() + g.link.size();
    }
    for (const auto& tag : copy.tags) bytes += sizeof(std::string) + tag.size();
    for (const auto& label : copy.security_labels) bytes += sizeof(std::string) + label.size();
  }
  return bytes;
}

}  // namespace cardstock::store
