/// \file answer_fuzz.cpp
/// \brief Asserts what must hold of every answer of ThreatConnect and of every stored record,
/// whatever its bytes: what is read can be stored and comes back equal, JSON that another parser
/// reads whole is read here too, and a refusal says one bounded, clean line.
///
/// Input: one byte for the reader and the HTTP status, then the body.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include <cardstock/threatconnect/answer.hpp>
#include <cardstock/util/text.hpp>

namespace {

using cardstock::Error;
using cardstock::ErrorCode;
using cardstock::Indicator;
using cardstock::Result;
namespace threatconnect = cardstock::threatconnect;
using threatconnect::OwnerCopy;
using threatconnect::Page;
using threatconnect::Record;
using threatconnect::Row;

constexpr std::array kStatuses{200, 200, 201, 302, 400, 401, 403, 404, 429, 500, 503};
constexpr std::size_t kMaxLineBytes = 1024;

void require(bool held) {
  if (!held) std::abort();
}

void check_line(std::string_view text) {
  require(text.size() <= kMaxLineBytes);
  require(cardstock::is_valid_utf8(text));
  for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

void check_refusal(const Error& error) {
  require(!error.public_detail.empty());
  check_line(error.public_detail);
  check_line(error.cause);
}

void check_comes_back(const Record& record) {
  const std::string stored = threatconnect::encode(record);
  const Result<Record> read = threatconnect::decode(stored);
  require(read.has_value() && *read == record);
  require(threatconnect::encode(*read) == stored);
}

void check_matches_itself(const Row& row) {
  require(!row.values.empty());
  if (!row.type) return require(threatconnect::match(row, {}).empty());
  const auto own = Indicator::parse(cardstock::entity_of(*row.type), row.values.front());
  if (own && own->type() == *row.type)
    require(threatconnect::match(row, {*own}) == std::vector<std::size_t>{0});
}

void check_row(const Row& row) {
  const OwnerCopy& copy = row.copy;
  require(!cardstock::trim(copy.owner).empty());
  require(!copy.summary.empty());
  require(!copy.rating || (*copy.rating >= 0 && !std::signbit(*copy.rating) && *copy.rating <= 5));
  require(!copy.confidence || (*copy.confidence >= 0 && *copy.confidence <= 100));
  require(!copy.threat_assess_score ||
          (*copy.threat_assess_score >= 0 && *copy.threat_assess_score <= 1000));
  require(!copy.false_positives || *copy.false_positives >= 0);
  require(copy.off_scale.rating.empty() || !copy.rating);
  require(copy.off_scale.last_modified.empty() || !copy.last_modified);
  require(copy.off_scale.confidence.size() <= threatconnect::OffScale::kMaxBytes);
  check_matches_itself(row);
}

Record record_of(const Page& page) {
  Record record;
  for (const Row& row : page.rows) record.copies.push_back(row.copy);
  return record;
}

/// Whether simdjson's other parser, which knows nothing of ours, reads `body` whole as a success
/// that lists something. No deeper than any answer is, so that limits of depth need not agree.
bool is_plain_success(std::string_view body) {
  constexpr std::size_t kDepth = 64;
  simdjson::dom::parser parser;
  if (body.empty() || parser.allocate(body.size(), kDepth)) return false;
  simdjson::dom::object document;
  if (parser.parse(body.data(), body.size()).get(document)) return false;
  std::size_t keys = 0;
  bool success = false;
  bool listed = false;
  for (const auto field : document) {
    if (field.key != "status" && field.key != "data") continue;
    std::string_view status;
    success = success || (field.key == "status" && !field.value.get(status) && status == "Success");
    listed = listed || (field.key == "data" && field.value.is_array());
    ++keys;
  }
  return keys == 2 && success && listed;
}

void check_indicators(int status, std::string_view body) {
  const Result<Page> page = threatconnect::read_indicators(status, "application/json", body);
  const Result<Page> again =
      threatconnect::read_indicators(status, "application/json", std::string{body} + " \r\n");
  require(page.has_value() == again.has_value());
  if (!page) {
    require(status >= 300 || body.size() >= threatconnect::kMaxRows || !is_plain_success(body));
    return check_refusal(page.error());
  }
  for (const Row& row : page->rows) check_row(row);
  const Record record = record_of(*page);
  require(record == record_of(*again));
  check_comes_back(record);
}

void check_owners(int status, std::string_view body) {
  const auto owners = threatconnect::read_owners(status, "application/json", body);
  if (!owners) return check_refusal(owners.error());
  for (const threatconnect::Owner& owner : owners->listed) {
    require(!cardstock::trim(owner.name).empty());
    require(cardstock::is_valid_utf8(owner.name) && cardstock::is_valid_utf8(owner.type));
  }
}

void check_own_owner(int status, std::string_view body) {
  const auto owner = threatconnect::read_own_owner(status, "application/json", body);
  if (!owner) return check_refusal(owner.error());
  require(!cardstock::trim(owner->name).empty() && cardstock::is_valid_utf8(owner->name));
}

void check_stored(std::string_view body) {
  const Result<Record> record = threatconnect::decode(body);
  if (record) return check_comes_back(*record);
  require(record.error().code == ErrorCode::StoreFailed);
  check_refusal(record.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body{reinterpret_cast<const char*>(data + 1), size - 1};
  const int status = kStatuses[data[0] / 4U % kStatuses.size()];
  switch (data[0] % 4U) {
    case 0:
      check_indicators(status, body);
      break;
    case 1:
      check_owners(status, body);
      break;
    case 2:
      check_own_owner(status, body);
      break;
    default:
      check_stored(body);
      break;
  }
  return 0;
}
