#include "tql.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

#include "tql_lexer.hpp"

namespace cardstock::simulator {
namespace {

enum class ValueKind : std::uint8_t { Text, Number, Flag, Time };

struct ParameterRow {
  std::string_view name;
  Parameter parameter;
  ValueKind kind;
};

constexpr std::array kParameters{
    ParameterRow{"summary", Parameter::Summary, ValueKind::Text},
    ParameterRow{"typeName", Parameter::TypeName, ValueKind::Text},
    ParameterRow{"ownerName", Parameter::OwnerName, ValueKind::Text},
    ParameterRow{"owner", Parameter::Owner, ValueKind::Number},
    ParameterRow{"id", Parameter::Id, ValueKind::Number},
    ParameterRow{"value1", Parameter::Value1, ValueKind::Text},
    ParameterRow{"value2", Parameter::Value2, ValueKind::Text},
    ParameterRow{"value3", Parameter::Value3, ValueKind::Text},
    ParameterRow{"indicatorActive", Parameter::IndicatorActive, ValueKind::Flag},
    ParameterRow{"activeLocked", Parameter::ActiveLocked, ValueKind::Flag},
    ParameterRow{"rating", Parameter::Rating, ValueKind::Number},
    ParameterRow{"confidence", Parameter::Confidence, ValueKind::Number},
    ParameterRow{"threatAssessScore", Parameter::ThreatAssessScore, ValueKind::Number},
    ParameterRow{"calScore", Parameter::CalScore, ValueKind::Number},
    ParameterRow{"falsePositiveCount", Parameter::FalsePositiveCount, ValueKind::Number},
    ParameterRow{"lastFalsePositive", Parameter::LastFalsePositive, ValueKind::Time},
    ParameterRow{"observationCount", Parameter::ObservationCount, ValueKind::Number},
    ParameterRow{"lastObserved", Parameter::LastObserved, ValueKind::Time},
    ParameterRow{"dateAdded", Parameter::DateAdded, ValueKind::Time},
    ParameterRow{"lastModified", Parameter::LastModified, ValueKind::Time},
    ParameterRow{"firstSeen", Parameter::FirstSeen, ValueKind::Time},
    ParameterRow{"lastSeen", Parameter::LastSeen, ValueKind::Time},
    ParameterRow{"tag", Parameter::Tag, ValueKind::Text},
    ParameterRow{"securityLabel", Parameter::SecurityLabel, ValueKind::Text},
    ParameterRow{"source", Parameter::Source, ValueKind::Text},
    ParameterRow{"description", Parameter::Description, ValueKind::Text},
    ParameterRow{"fileSize", Parameter::FileSize, ValueKind::Number},
    ParameterRow{"addressIsIpv6", Parameter::AddressIsIpv6, ValueKind::Flag},
    ParameterRow{"hostDnsActive", Parameter::HostDnsActive, ValueKind::Flag},
    ParameterRow{"associatedGroup", Parameter::AssociatedGroup, ValueKind::Number},
};

struct OperatorRow {
  std::string_view spelling;
  Operator operation;
  std::optional<Operator> negated;  ///< with `not` before it; nullopt: takes none
};

constexpr std::array kOperators{
    OperatorRow{"=", Operator::Equal, {}},
    OperatorRow{"==", Operator::Equal, {}},
    OperatorRow{"eq", Operator::Equal, {}},
    OperatorRow{"equals", Operator::Equal, {}},
    OperatorRow{"!=", Operator::NotEqual, {}},
    OperatorRow{"ne", Operator::NotEqual, {}},
    OperatorRow{"<", Operator::Less, {}},
    OperatorRow{"lt", Operator::Less, {}},
    OperatorRow{"<=", Operator::LessOrEqual, {}},
    OperatorRow{"leq", Operator::LessOrEqual, {}},
    OperatorRow{">", Operator::Greater, {}},
    OperatorRow{"gt", Operator::Greater, {}},
    OperatorRow{">=", Operator::GreaterOrEqual, {}},
    OperatorRow{"geq", Operator::GreaterOrEqual, {}},
    OperatorRow{"in", Operator::In, Operator::NotIn},
    OperatorRow{"like", Operator::Like, Operator::NotLike},
    OperatorRow{"contains", Operator::Contains, Operator::NotContains},
    OperatorRow{"startswith", Operator::StartsWith, Operator::NotStartsWith},
    OperatorRow{"endswith", Operator::EndsWith, Operator::NotEndsWith},
    OperatorRow{"is", Operator::IsNull, {}},
};

enum class OperandKind : std::uint8_t { Ordered, Equality, TextPattern, List, None };

OperandKind operand_of(Operator operation) noexcept {
  switch (operation) {
    case Operator::Equal:
    case Operator::NotEqual:
      return OperandKind::Equality;
    case Operator::Less:
    case Operator::LessOrEqual:
    case Operator::Greater:
    case Operator::GreaterOrEqual:
      return OperandKind::Ordered;
    case Operator::In:
    case Operator::NotIn:
      return OperandKind::List;
    case Operator::Like:
    case Operator::NotLike:
    case Operator::Contains:
    case Operator::NotContains:
    case Operator::StartsWith:
    case Operator::NotStartsWith:
    case Operator::EndsWith:
    case Operator::NotEndsWith:
      return OperandKind::TextPattern;
    case Operator::IsNull:
    case Operator::IsNotNull:
      return OperandKind::None;
  }
  std::unreachable();
}

std::optional<Value> number_of(std::string_view text) {
  if (const auto whole = parse_integer(text)) return Value{*whole};
  double real = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), real);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return Value{real};
}

/// The literal as a value of the parameter's kind; nullopt when it cannot be one.
std::optional<Value> convert(const Token& token, ValueKind kind) {
  const bool is_quoted = token.kind == Token::Kind::Text;
  const bool is_number = token.kind == Token::Kind::Number;
  switch (kind) {
    case ValueKind::Text:
      if (is_quoted || is_number) return Value{token.text};
      return std::nullopt;
    case ValueKind::Number:
      if (is_quoted || is_number) return number_of(token.text);
      return std::nullopt;
    case ValueKind::Flag:
      if (is_number) return std::nullopt;
      if (equal_ignoring_case(token.text, "true")) return Value{true};
      if (equal_ignoring_case(token.text, "false")) return Value{false};
      return std::nullopt;
    case ValueKind::Time:
      if (!is_quoted) return std::nullopt;
      if (const auto time = parse_timestamp(token.text)) return Value{*time};
      return std::nullopt;
  }
  std::unreachable();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_{text} {}

  Result<Node> run() {
    if (auto first = advance(); !first) return std::unexpected(first.error());
    if (token_.kind == Token::Kind::End) return Node{Node::Kind::All, {}, {}};
    auto tree = any_of(0);
    if (tree && token_.kind != Token::Kind::End) return expected("the end or a connective");
    return tree;
  }

 private:
  Status advance() {
    auto token = lexer_.next();
    if (!token) return std::unexpected(token.error());
    token_ = *std::move(token);
    return {};
  }
  bool at_symbol(std::string_view symbol) const {
    return token_.kind == Token::Kind::Symbol && token_.text == symbol;
  }
  bool at_word(std::string_view word) const {
    return token_.kind == Token::Kind::Word && equal_ignoring_case(token_.text, word);
  }
  std::unexpected<Error> expected(std::string_view what) const {
    return fail(ErrorCode::QueryRefused,
                "Expected " + std::string{what} + " at offset " + std::to_string(token_.at));
  }
  Status take_symbol(std::string_view symbol) {
    if (!at_symbol(symbol)) return expected("'" + std::string{symbol} + "'");
    return advance();
  }

  Result<Node> chain(Node::Kind kind, std::string_view connective, int depth) {
    const auto part = [&] {
      return kind == Node::Kind::Any ? chain(Node::Kind::All, "and", depth) : primary(depth);
    };
    auto first = part();
    if (!first || !at_word(connective)) return first;
    Node node{kind, {}, {}};
    node.children.push_back(*std::move(first));
    while (at_word(connective)) {
      if (auto moved = advance(); !moved) return std::unexpected(moved.error());
      auto further = part();
      if (!further) return further;
      node.children.push_back(*std::move(further));
    }
    return node;
  }
  Result<Node> any_of(int depth) { return chain(Node::Kind::Any, "or", depth); }

  Result<Node> primary(int depth) {
    if (!at_symbol("(")) return comparison();
    if (depth == kMaxDepth) return fail(ErrorCode::QueryRefused, "Too many nested parentheses");
    if (auto moved = advance(); !moved) return std::unexpected(moved.error());
    auto inner = any_of(depth + 1);
    if (!inner) return inner;
    if (auto closed = take_symbol(")"); !closed) return std::unexpected(closed.error());
    return inner;
  }

  Result<Node> comparison() {
    const auto* row = std::ranges::find_if(
        kParameters, [&](const ParameterRow& known) { return at_word(known.name); });
    if (row == kParameters.end()) return expected("a parameter that is known");
    Node node;
    node.comparison.parameter = row->parameter;
    if (auto moved = advance(); !moved) return std::unexpected(moved.error());
    auto operation = take_operator();
    if (!operation) return std::unexpected(operation.error());
    node.comparison.operation = *operation;
    if (auto operand = take_operand(row->kind, node.comparison); !operand)
      return std::unexpected(operand.error());
    return node;
  }

  Result<Operator> take_operator() {
    const bool negated = at_word("not");
    if (negated) {
      if (auto moved = advance(); !moved) return std::unexpected(moved.error());
    }
    if (token_.kind != Token::Kind::Word && token_.kind != Token::Kind::Symbol)
      return expected("an operator");
    const auto* row = std::ranges::find_if(kOperators, [&](const OperatorRow& known) {
      return equal_ignoring_case(known.spelling, token_.text) && (!negated || known.negated);
    });
    if (row == kOperators.end()) return expected("an operator");
    if (auto moved = advance(); !moved) return std::unexpected(moved.error());
    return negated ? row->negated.value_or(row->operation) : row->operation;
  }

  Status take_operand(ValueKind kind, Comparison& into) {
    switch (operand_of(into.operation)) {
      case OperandKind::None:
        return take_null(into);
      case OperandKind::List:
        return take_list(kind, into);
      case OperandKind::TextPattern:
        if (kind != ValueKind::Text)
          return expected("an operator that fits the parameter before it");
        return take_literal(kind, into);
      case OperandKind::Ordered:
        if (kind == ValueKind::Flag)
          return expected("an operator that fits the parameter before it");
        return take_literal(kind, into);
      case OperandKind::Equality:
        return take_literal(kind, into);
    }
    std::unreachable();
  }

  Status take_null(Comparison& into) {
    if (at_word("not")) {
      into.operation = Operator::IsNotNull;
      if (auto moved = advance(); !moved) return moved;
    }
    if (!at_word("null")) return expected("null");
    return advance();
  }

  Status take_list(ValueKind kind, Comparison& into) {
    if (auto opened = take_symbol("("); !opened) return opened;
    if (auto first = take_literal(kind, into); !first) return first;
    while (at_symbol(",")) {
      if (auto moved = advance(); !moved) return moved;
      if (auto further = take_literal(kind, into); !further) return further;
    }
    return take_symbol(")");
  }

  Status take_literal(ValueKind kind, Comparison& into) {
    auto value = token_.kind == Token::Kind::Symbol || token_.kind == Token::Kind::End
                     ? std::nullopt
                     : convert(token_, kind);
    if (!value) return expected("a value of the parameter's kind");
    if (++literals_ > kMaxLiterals) return fail(ErrorCode::QueryRefused, "Too many values");
    into.literals.push_back(*std::move(value));
    return advance();
  }

  Lexer lexer_;
  Token token_;
  std::size_t literals_ = 0;
};

void collect_values(const Node& node, std::set<std::string_view>& into) {
  const Comparison& leaf = node.comparison;
  if (node.kind == Node::Kind::Comparison && is_value(leaf.parameter) &&
      (leaf.operation == Operator::Equal || leaf.operation == Operator::In)) {
    for (const Value& literal : leaf.literals) into.insert(std::get<std::string>(literal));
  }
  for (const Node& child : node.children) collect_values(child, into);
}

}  // namespace

bool is_value(Parameter parameter) noexcept {
  return parameter == Parameter::Summary || parameter == Parameter::Value1 ||
         parameter == Parameter::Value2 || parameter == Parameter::Value3;
}

Result<Node> parse_tql(std::string_view text) {
  if (text.size() > kMaxTql) return fail(ErrorCode::QueryRefused, "The query is too long");
  return Parser{text}.run();
}

bool names(const Node& query, Parameter parameter) noexcept {
  if (query.kind == Node::Kind::Comparison) return query.comparison.parameter == parameter;
  return std::ranges::any_of(query.children,
                             [&](const Node& child) { return names(child, parameter); });
}

std::size_t asked_values(const Node& query) {
  std::set<std::string_view> values;
  collect_values(query, values);
  return values.size();
}

}  // namespace cardstock::simulator
