#include <cardstock/threatconnect/query.hpp>

#include <algorithm>
#include <array>

#include <cardstock/threatconnect/answer.hpp>
#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "origin_text.hpp"

namespace cardstock::threatconnect {
namespace {

/// What a row must bring beside its default members.
constexpr std::array<std::string_view, 6> kFields{
    "threatAssess", "falsePositives", "attributes", "associatedGroups", "tags", "securityLabels"};
/// The longest `next` link that is followed: the usual limit of a request head.
constexpr std::size_t kMaxLink = std::size_t{8} * 1024;

/// The digits of MD5, SHA-1 and SHA-256, and the keys under which ThreatConnect holds them.
struct HashKind {
  std::size_t digits;
  std::string_view key;
};
constexpr std::array<HashKind, 3> kHashKinds{{{32, "value1"}, {40, "value2"}, {64, "value3"}}};

using Texts = std::vector<std::string_view>;

/// `key in ("a","b")`
std::string is_one_of(std::string_view key,
                      const Texts& values,
                      std::string_view operation = " in (") {
  std::string out{key};
  out += operation;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out.push_back(',');
    out += tql_string(values[i]);
  }
  out.push_back(')');
  return out;
}

/// All spellings of a type, each once, in the order given.
Texts spellings_of(std::span<const Wanted> wanted, IndicatorType type) {
  Texts out;
  for (const Wanted& one : wanted) {
    if (one.type != type) continue;
    for (const std::string& spelling : one.spellings)
      if (std::ranges::find(out, spelling) == out.end()) out.emplace_back(spelling);
  }
  return out;
}

/// A file's summary is all its hashes joined, so one hash is also asked by the key of its kind.
std::string file_values(const Texts& hashes) {
  std::string out = "(" + is_one_of("summary", hashes);
  for (const HashKind& kind : kHashKinds) {
    Texts of_kind;
    std::ranges::copy_if(hashes, std::back_inserter(of_kind),
                         [&kind](std::string_view hash) { return hash.size() == kind.digits; });
    if (!of_kind.empty()) out += " or " + is_one_of(kind.key, of_kind);
  }
  return out + ")";
}

/// Trimmed, without blank ones. A list of nothing but blanks stays a restriction: to the owner
/// without a name.
Texts owner_names(const std::vector<std::string>& names) {
  Texts out;
  for (const std::string& name : names)
    if (const std::string_view trimmed = trim(name); !trimmed.empty()) out.push_back(trimmed);
  if (out.empty() && !names.empty()) out.emplace_back();
  return out;
}

std::string body_of(std::string_view tql, std::int64_t start, std::int64_t limit) {
  std::string out;
  JsonWriter json{out};
  json.begin_object().key("data").begin_object().field("tql", tql).key("fields").begin_array();
  for (const std::string_view field : kFields) json.value(field);
  json.end_array().field("resultStart", start).field("resultLimit", limit);
  if (start == 0) json.field("count", true);
  json.end_object().end_object();
  return out;
}

/// Whether a path holds a step up or down, in any coding.
bool has_dot_segment(std::string_view path) {
  const auto decoded = percent_decode(path);
  if (!decoded) return true;
  return decoded->find("/./") != std::string::npos || decoded->find("/../") != std::string::npos ||
         decoded->ends_with("/.") || decoded->ends_with("/..");
}

}  // namespace

std::string tql_string(std::string_view value) {
  std::string out;
  out.reserve(value.size() + 2);
  out.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\'' || c == '`' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::string lookup_tql(std::span<const Wanted> wanted, const OwnerFilter& owners) {
  std::string clauses;
  for (const IndicatorType type : kAllIndicatorTypes) {
    const Texts spellings = spellings_of(wanted, type);
    if (spellings.empty()) continue;
    if (!clauses.empty()) clauses += " or ";
    clauses += "(" + is_one_of("typeName", {name_of(type)}) + " and ";
    clauses +=
        type == IndicatorType::File ? file_values(spellings) : is_one_of("summary", spellings);
    clauses += ")";
  }
  // Nothing wanted must not become everything.
  if (clauses.empty()) clauses = is_one_of("summary", {std::string_view{}});
  std::string out = "(" + clauses + ") and (indicatorActive = true or indicatorActive = false)";
  if (const Texts allow = owner_names(owners.allow); !allow.empty())
    out += " and " + is_one_of("ownerName", allow);
  if (const Texts deny = owner_names(owners.deny); !deny.empty()) {
    out += " and " + is_one_of("ownerName", deny, " not in (");
  }
  return out;
}

RequestLine indicators_request(const BaseUrl& base,
                               std::string_view tql,
                               std::int64_t start,
                               std::int64_t limit) {
  const std::string path = base.path() + "/v3/indicators";
  std::string target = path + "?tql=" + percent_encode(tql);
  for (const std::string_view field : kFields) target.append("&fields=").append(field);
  target += "&resultStart=" + std::to_string(start) + "&resultLimit=" + std::to_string(limit);
  if (start == 0) target += "&count=true";
  if (target.size() <= kMaxTarget) return {std::move(target), {}};
  return {path, body_of(tql, start, limit)};
}

std::optional<std::string> names_target(const BaseUrl& base, std::string_view tql) {
  std::string target = base.path() + "/v3/indicators?tql=" + percent_encode(tql) +
                       "&resultStart=0&resultLimit=" + std::to_string(kPageLimit);
  if (target.size() > kMaxTarget) return std::nullopt;
  return target;
}

RequestLine owners_request(const BaseUrl& base) {
  // The most that a page holds: who is not in it cannot be called invisible otherwise.
  return {base.path() + "/v3/security/owners?resultLimit=" + std::to_string(kMaxRows), {}};
}

RequestLine own_owner_request(const BaseUrl& base) {
  return {base.path() + "/v2/owners/mine", {}};
}

std::optional<std::string> next_target(const BaseUrl& base, std::string_view next_link) {
  if (next_link.size() > kMaxLink) return std::nullopt;
  const auto split = split_url(next_link);
  if (!split || split->origin != Origin{base.scheme(), base.host(), base.port()})
    return std::nullopt;
  const std::string_view path = split->rest.substr(0, split->rest.find('?'));
  if (!path.starts_with(base.path() + "/v3/") || has_dot_segment(path)) return std::nullopt;
  if (split->rest.find('#') != std::string_view::npos) return std::nullopt;
  return std::string{split->rest};
}

}  // namespace cardstock::threatconnect
