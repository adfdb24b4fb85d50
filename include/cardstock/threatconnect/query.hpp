#pragma once
/// \file query.hpp
/// \brief Writes the one v3 request that answers a look-up.
///
/// Pure. A value is escaped for TQL first and percent-encoded second; no part is ever concatenated
/// unescaped.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/threatconnect/base_url.hpp>

namespace cardstock::threatconnect {

/// A TQL string literal in double quotes: backslash before `"` `'` `` ` `` and `\` (documentation
/// of TQL, "escape").
std::string tql_string(std::string_view value);

/// One indicator of a merged look-up: its type and all spellings to ask for.
struct Wanted {
  IndicatorType type;
  std::vector<std::string> spellings;
};

/// Restricts the owners that are asked at all; empty means no restriction.
struct OwnerFilter {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};

/// `((typeName in ("Address") and summary in ("192.0.2.10")) or (typeName in ("File") and (summary
/// in ("H") or value1 in
/// ("H")))) and (indicatorActive = true or indicatorActive = false)`: one clause a type, in
/// parentheses; a hash is asked by summary and by the one of value1 (MD5), value2 (SHA-1), value3
/// (SHA-256) that its length says; inactive copies are asked for. An owner filter adds ` and
/// ownerName in ("A","B")` and ` and ownerName not in ("C")`, names trimmed. Nothing wanted asks
/// for nothing; a filter of blank names alone lets no owner through. Values hold no control
/// characters (an Indicator has none).
std::string lookup_tql(std::span<const Wanted> wanted, const OwnerFilter& owners = {});

/// A request as it goes on the wire. The signed target is `target`, byte for byte.
struct RequestLine {
  std::string target;  ///< path and query
  std::string body;    ///< empty, or the JSON body of the documented GET with a body
};

inline constexpr std::size_t kMaxTarget = std::size_t{6} * 1024;
inline constexpr std::int64_t kPageLimit = 1000;

/// `{path}/v3/indicators?tql=…&fields=…&resultStart=0&resultLimit=…&count=true`, `%20` for a blank;
/// `count` on the first page only, where the service gives it. Above kMaxTarget bytes it is the
/// bare path with the JSON body `{"data":{"tql":…,
/// "fields":[…],"resultStart":0,"resultLimit":…,"count":true}}` (documented by tcex: only the bare
/// path is signed then).
RequestLine indicators_request(const BaseUrl& base,
                               std::string_view tql,
                               std::int64_t start = 0,
                               std::int64_t limit = kPageLimit);
/// The same for any query, without the fields that only a card needs: who fits it. nullopt: it does
/// not fit a request target.
std::optional<std::string> names_target(const BaseUrl& base, std::string_view tql);
RequestLine owners_request(const BaseUrl& base);  ///< `{path}/v3/security/owners?resultLimit=500`
RequestLine own_owner_request(const BaseUrl& base);  ///< `{path}/v2/owners/mine`

/// The target of a page's `next` link, when it points to the same origin and below `{path}/v3/`;
/// nullopt otherwise (do not follow): another scheme, host or port, user info, relative and
/// protocol-relative links, steps in the path, a fragment, blanks, control and non-ASCII
/// characters, more than 8 KiB.
std::optional<std::string> next_target(const BaseUrl& base, std::string_view next_link);

}  // namespace cardstock::threatconnect
