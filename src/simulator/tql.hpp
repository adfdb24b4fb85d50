#pragma once
/// \file tql.hpp
/// \brief ThreatConnect Query Language: text to a checked tree.
///
/// Grammar, keywords in any letter case:
///   query      = all *("or" all)
///   all        = primary *("and" primary)
///   primary    = "(" query ")" / comparison
///   comparison = parameter operator literal
///              / parameter ["not"] ("like" / "contains" / "startswith" / "endswith") literal
///              / parameter ["not"] "in" "(" literal *("," literal) ")"
///              / parameter "is" ["not"] "null"
///   operator   = "=" / "==" / "eq" / "equals" / "!=" / "ne" / "<" / "lt" / ">" / "gt" / "<=" /
///   "leq" / ">=" / "geq"
/// A string stands in double or single quotes; a backslash must be followed by `"` `'` `` ` `` or
/// `\`, which it makes plain. Stricter than the service may be: another escape, a control character
/// or ill-formed UTF-8 in a string is an error, so that a client which forgets to escape is found
/// out.
///
/// Pure. Errors: QueryRefused, with a sentence in public_detail that names the place.
/// Limits: kMaxTql bytes, kMaxDepth parentheses, kMaxLiterals literals.
/// Source: ThreatConnect developer documentation, "Filter results"; knowledge base, "TQL operators
/// and parameters".
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::simulator {

inline constexpr std::size_t kMaxTql = std::size_t{256} * 1024;
inline constexpr int kMaxDepth = 64;
inline constexpr std::size_t kMaxLiterals = 20'000;

enum class Parameter : std::uint8_t {
  Summary,
  TypeName,
  OwnerName,
  Owner,
  Id,
  Value1,
  Value2,
  Value3,
  IndicatorActive,
  ActiveLocked,
  Rating,
  Confidence,
  ThreatAssessScore,
  CalScore,
  FalsePositiveCount,
  LastFalsePositive,
  ObservationCount,
  LastObserved,
  DateAdded,
  LastModified,
  FirstSeen,
  LastSeen,
  Tag,
  SecurityLabel,
  Source,
  Description,
  FileSize,
  AddressIsIpv6,
  HostDnsActive,
  AssociatedGroup,
};

/// What a parameter holds. Whole numbers stay exact: ids exceed 2^53.
using Value = std::variant<std::string, std::int64_t, double, bool, WallTime>;

enum class Operator : std::uint8_t {
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  In,
  NotIn,
  Like,
  NotLike,
  Contains,
  NotContains,
  StartsWith,
  NotStartsWith,
  EndsWith,
  NotEndsWith,
  IsNull,
  IsNotNull,
};

struct Comparison {
  Parameter parameter = Parameter::Summary;
  Operator operation = Operator::Equal;
  std::vector<Value> literals;  ///< of the parameter's own kind; none for IsNull and IsNotNull
};

struct Node {
  enum class Kind : std::uint8_t { Comparison, All, Any };
  Kind kind = Kind::Comparison;
  Comparison comparison;       ///< of a Comparison
  std::vector<Node> children;  ///< of All and Any: at least two
};

/// Summary and value1…3: what an indicator is looked up by.
bool is_value(Parameter parameter) noexcept;

/// An empty text is the query that everything matches: a tree of All without children.
Result<Node> parse_tql(std::string_view text);

/// Whether the query names this parameter anywhere.
bool names(const Node& query, Parameter parameter) noexcept;
/// Distinct strings that are asked for by `=` or `in` of summary and value1…3.
std::size_t asked_values(const Node& query);

}  // namespace cardstock::simulator
