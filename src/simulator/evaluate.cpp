#include "evaluate.hpp"

#include <algorithm>
#include <compare>
#include <optional>
#include <utility>

#include <cardstock/util/text.hpp>

namespace cardstock::simulator {
namespace {

double as_double(const Value& value) {
  const auto* whole = std::get_if<std::int64_t>(&value);
  return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value);
}

bool is_number(const Value& value) noexcept {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

std::partial_ordering compare(const Value& have, const Value& asked, ValueCase text_case) {
  if (is_number(have) && is_number(asked) && have.index() != asked.index())
    return as_double(have) <=> as_double(asked);
  if (have.index() != asked.index()) return std::partial_ordering::unordered;
  const auto* text = std::get_if<std::string>(&have);
  if (text == nullptr || text_case == ValueCase::Exact) return have <=> asked;
  return to_lower(*text) <=> to_lower(std::get<std::string>(asked));
}

/// `%` stands for any run of bytes, the empty one too.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t retry_at = 0;
  std::optional<std::size_t> after_percent;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '%') {
      after_percent = ++in_pattern;
      retry_at = at;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == text[at]) {
      ++in_pattern;
      ++at;
    } else if (after_percent) {
      in_pattern = *after_percent;
      at = ++retry_at;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', in_pattern) == std::string_view::npos;
}

bool fits_pattern(Operator operation, const Value& have, const Value& asked, ValueCase text_case) {
  const auto* whole = std::get_if<std::string>(&have);
  if (whole == nullptr) return false;
  const std::string& pattern = std::get<std::string>(asked);
  const std::string text = text_case == ValueCase::Exact ? *whole : to_lower(*whole);
  const std::string part = text_case == ValueCase::Exact ? pattern : to_lower(pattern);
  if (operation == Operator::Like) return is_like(text, part);
  if (operation == Operator::Contains) return text.contains(part);
  if (operation == Operator::StartsWith) return text.starts_with(part);
  return text.ends_with(part);
}

/// The operator without its negation, and whether it had one.
std::pair<Operator, bool> positive(Operator operation) noexcept {
  switch (operation) {
    case Operator::NotEqual:
      return {Operator::Equal, true};
    case Operator::NotIn:
      return {Operator::In, true};
    case Operator::NotLike:
      return {Operator::Like, true};
    case Operator::NotContains:
      return {Operator::Contains, true};
    case Operator::NotStartsWith:
      return {Operator::StartsWith, true};
    case Operator::NotEndsWith:
      return {Operator::EndsWith, true};
    case Operator::Equal:
    case Operator::Less:
    case Operator::LessOrEqual:
    case Operator::Greater:
    case Operator::GreaterOrEqual:
    case Operator::In:
    case Operator::Like:
    case Operator::Contains:
    case Operator::StartsWith:
    case Operator::EndsWith:
    case Operator::IsNull:
    case Operator::IsNotNull:
      return {operation, false};
  }
  std::unreachable();
}

bool fits(Operator operation, const Value& have, const Value& asked, ValueCase text_case) {
  const auto order = [&] { return compare(have, asked, text_case); };
  switch (operation) {
    case Operator::Equal:
    case Operator::In:
      return order() == std::partial_ordering::equivalent;
    case Operator::Less:
      return order() < 0;
    case Operator::LessOrEqual:
      return order() <= 0;
    case Operator::Greater:
      return order() > 0;
    case Operator::GreaterOrEqual:
      return order() >= 0;
    case Operator::Like:
    case Operator::Contains:
    case Operator::StartsWith:
    case Operator::EndsWith:
      return fits_pattern(operation, have, asked, text_case);
    case Operator::NotEqual:
    case Operator::NotIn:
    case Operator::NotLike:
    case Operator::NotContains:
    case Operator::NotStartsWith:
    case Operator::NotEndsWith:
    case Operator::IsNull:
    case Operator::IsNotNull:
      return false;
  }
  std::unreachable();
}

bool holds(const Comparison& comparison, const Copy& copy, ValueCase value_case) {
  const bool ignores_case = comparison.parameter == Parameter::TypeName ||
                            (value_case == ValueCase::Ignored && is_value(comparison.parameter));
  const ValueCase text_case = ignores_case ? ValueCase::Ignored : ValueCase::Exact;
  const auto [operation, negated] = positive(comparison.operation);
  bool has_any = false;
  bool fits_any = false;
  for (const Datum& datum : copy.data) {
    if (datum.parameter != comparison.parameter) continue;
    has_any = true;
    fits_any = fits_any || std::ranges::any_of(comparison.literals, [&](const Value& asked) {
                 return fits(operation, datum.value, asked, text_case);
               });
  }
  if (comparison.operation == Operator::IsNull) return !has_any;
  if (comparison.operation == Operator::IsNotNull) return has_any;
  return has_any && fits_any != negated;
}

/// A superset of the copies that can match, when the query says by which values; nullopt: it may be
/// any copy.
std::optional<std::vector<std::size_t>> candidates(const Instance& instance, const Node& query) {
  if (query.kind == Node::Kind::Comparison) {
    const Comparison& leaf = query.comparison;
    if (!is_value(leaf.parameter) ||
        (leaf.operation != Operator::Equal && leaf.operation != Operator::In)) {
      return std::nullopt;
    }
    std::vector<std::size_t> found;
    for (const Value& literal : leaf.literals) {
      const auto at = instance.by_value.find(to_lower(std::get<std::string>(literal)));
      if (at != instance.by_value.end())
        found.insert(found.end(), at->second.begin(), at->second.end());
    }
    return found;
  }
  std::optional<std::vector<std::size_t>> joined;
  for (const Node& child : query.children) {
    auto of_child = candidates(instance, child);
    if (query.kind == Node::Kind::All) {
      if (of_child && (!joined || of_child->size() < joined->size())) joined = std::move(of_child);
      continue;
    }
    if (!of_child) return std::nullopt;
    if (!joined) joined.emplace();
    joined->insert(joined->end(), of_child->begin(), of_child->end());
  }
  return joined;
}

}  // namespace

bool matches(const Node& query, const Copy& copy, ValueCase value_case) {
  const auto child_matches = [&](const Node& child) { return matches(child, copy, value_case); };
  switch (query.kind) {
    case Node::Kind::Comparison:
      return holds(query.comparison, copy, value_case);
    case Node::Kind::All:
      return std::ranges::all_of(query.children, child_matches);
    case Node::Kind::Any:
      return std::ranges::any_of(query.children, child_matches);
  }
  std::unreachable();
}

std::vector<std::size_t> select(const Instance& instance,
                                const Node& query,
                                const std::vector<bool>& owners,
                                ValueCase value_case) {
  const bool with_inactive = names(query, Parameter::IndicatorActive);
  std::vector<std::size_t> selected;
  const auto consider = [&](std::size_t at) {
    const Copy& copy = instance.copies[at];
    if (!owners[copy.owner] || (!copy.active && !with_inactive)) return;
    if (matches(query, copy, value_case)) selected.push_back(at);
  };
  if (auto few = candidates(instance, query)) {
    std::ranges::sort(*few);
    const auto repeats = std::ranges::unique(*few);
    few->erase(repeats.begin(), repeats.end());
    std::ranges::for_each(*few, consider);
  } else {
    for (std::size_t at = 0; at < instance.copies.size(); ++at) consider(at);
  }
  return selected;
}

}  // namespace cardstock::simulator
