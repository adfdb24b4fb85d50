#pragma once
/// \file answer.hpp
/// \brief Reads what ThreatConnect answers.
///
/// Pure. Lenient where the service is known to vary (key order, unknown keys, absent against null
/// against `{}`, numbers as strings, ids above 2^53, timestamps in many shapes, ill-formed UTF-8),
/// strict elsewhere: a success is a 2xx whose body is a JSON object with `"status":"Success"`.
/// Errors: AuthFailed, ClockSkew, OwnerForbidden, QueryRefused, RateLimited, NotLicensed,
/// UpstreamFailed by status and body; WrongBaseUrl for an empty, HTML or foreign answer
/// (public_detail suggests the `/api` form); AnswerUnreadable for JSON that breaks off, and for a
/// success that neither lists indicators nor counts none.
/// `public_detail` never repeats more than a bounded, cleaned line of what the service said. The
/// service omits what is unset; a value off its scale (rating 0–5, confidence 0–100, score
/// 0–1000) is unset too, and kept as sent in OffScale. Threads: any; each keeps a parser for small
/// answers. Blocking: no. Limits: 128 levels of nesting and kMaxRows rows, AnswerUnreadable beyond;
/// the caller bounds the bytes.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/threatconnect/record.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::threatconnect {

/// The most that ThreatConnect puts on a page (documentation of the v3 API, pagination).
inline constexpr std::size_t kMaxRows = 10'000;

/// One row of `/v3/indicators`: the copy, and every indicator that it is (a file is up to three).
struct Row {
  std::optional<IndicatorType> type;  ///< nullopt: a type that is not looked up here
  std::vector<std::string>
      values;  ///< `ip`, `hostName`, `text`, `address`, `Block`, the hashes; else the summary
  OwnerCopy copy;
};

struct Page {
  std::vector<Row> rows;
  std::string next;                   ///< absolute URL, empty when last
  std::optional<std::int64_t> count;  ///< of all pages; said on the first only
  std::size_t skipped = 0;  ///< elements of `data` without an owner's name or without any value
};

struct Owner {
  std::int64_t id = 0;
  std::string name;
  std::string type;  ///< Organization, Community, Source
};

struct Owners {
  std::vector<Owner> listed;
  bool all = true;  ///< false: the list goes on on another page
};

/// `content_type` as received, may be empty.
Result<Page> read_indicators(int status, std::string_view content_type, std::string_view body);
/// `/v3/security/owners`: one page.
Result<Owners> read_owners(int status, std::string_view content_type, std::string_view body);
/// `/v2/owners/mine`.
Result<Owner> read_own_owner(int status, std::string_view content_type, std::string_view body);

/// Which of `wanted` a row is, by parsing its values with the one parse function and comparing
/// canonical forms (never by substring). Empty: the row was not asked for. Indexes into `wanted`,
/// ascending.
std::vector<std::size_t> match(const Row& row, const std::vector<Indicator>& wanted);

}  // namespace cardstock::threatconnect
