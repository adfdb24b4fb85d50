#include "card_request.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <simdjson.h>

#include <cardstock/util/text.hpp>

namespace cardstock::http {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kShape =
    R"(The request must be JSON of the form {"entity":{"name":"…","type":"…"},"auth":{…}}.)";

std::unexpected<Error> malformed(std::string detail, std::string cause = {}) {
  return fail(ErrorCode::MalformedRequest, std::move(detail), std::move(cause));
}

/// One parser a thread, kept for its buffers.
simdjson::dom::parser& parser() {
  thread_local simdjson::dom::parser instance;
  return instance;
}

Result<object> parse_object(std::string_view json) {
  element root;
  if (const auto error = parser().parse(json.data(), json.size()).get(root)) {
    if (error == simdjson::UTF8_ERROR) return malformed("The request is not valid UTF-8.");
    return malformed("The request is not valid JSON.", simdjson::error_message(error));
  }
  object top;
  if (root.get(top) != simdjson::SUCCESS) return malformed(std::string{kShape}, "not an object");
  return top;
}

/// A string member: nullopt when it is absent or null; an error when it is anything else.
Result<std::optional<std::string_view>> string_member(const object& from,
                                                      std::string_view key,
                                                      const char* complaint) {
  element value;
  if (from.at_key(key).get(value) != simdjson::SUCCESS || value.is_null())
    return std::optional<std::string_view>{};
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return malformed(complaint);
  return std::optional{text};
}

Result<Entity> read_entity(const element& from) {
  object entity;
  if (from.get(entity) != simdjson::SUCCESS)
    return malformed(std::string{kShape}, "entity is not an object");
  const auto read_type = string_member(entity, "type", "The entity's type must be text.");
  if (!read_type) return std::unexpected(read_type.error());
  const auto read_name = string_member(entity, "name", "The entity's name must be text.");
  if (!read_name) return std::unexpected(read_name.error());
  const std::optional<std::string_view>& type = *read_type;
  const std::optional<std::string_view>& name = *read_name;
  if (!type || !name) return malformed("The entity needs a name and a type.", "missing key");
  return Entity{std::string{*type}, std::string{*name}};
}

Result<GivenAuth> read_auth(const object& top) {
  GivenAuth auth;
  element value;
  if (top.at_key("auth").get(value) != simdjson::SUCCESS || value.is_null()) return auth;
  object given;
  if (value.get(given) != simdjson::SUCCESS) return malformed("auth must be an object.");
  const auto take = [&given](std::string_view key) {
    return string_member(given, key, "base_url, api_id, api_secret and api_token must be text.");
  };
  const auto base_url = take("base_url");
  const auto api_id = take("api_id");
  const auto api_secret = take("api_secret");
  const auto api_token = take("api_token");
  for (const auto* part : {&base_url, &api_id, &api_secret, &api_token})
    if (!*part) return std::unexpected(part->error());
  auth.base_url = base_url->value_or(std::string_view{});
  auth.api_id = api_id->value_or(std::string_view{});
  auth.api_secret = Secret{api_secret->value_or(std::string_view{})};
  auth.api_token = Secret{api_token->value_or(std::string_view{})};
  return auth;
}

/// The parameters of `query` in the order of `names`, not decoded.
template <std::size_t Count>
Result<std::array<std::optional<std::string_view>, Count>> raw_parameters(
    std::string_view query, const std::array<std::string_view, Count>& names) {
  std::array<std::optional<std::string_view>, Count> found;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::size_t equals = pair.find('=');
    const auto* const name = std::ranges::find(names, pair.substr(0, equals));
    if (name == names.end()) {
      std::string known;
      for (const std::string_view each : names)
        known.append(known.empty() ? "" : ", ").append(each);
      return malformed("The parameters are " + known + ".");
    }
    auto& value = found[static_cast<std::size_t>(name - names.begin())];
    if (value) return malformed("The parameters may stand once each.");
    value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
  }
  return found;
}

Result<Entity> entity_of(const std::optional<std::string_view>& type,
                         const std::optional<std::string_view>& name,
                         PlusSign plus) {
  if (!type || !name) return malformed("The parameters type and name are needed.");
  std::optional<std::string> type_text = percent_decode(*type, plus);
  std::optional<std::string> name_text = percent_decode(*name, plus);
  if (!type_text || !name_text) return malformed("A parameter is not percent-encoded correctly.");
  return Entity{*std::move(type_text), *std::move(name_text)};
}

}  // namespace

Result<CardRequest> read_card_request(std::string_view json) {
  const Result<object> top = parse_object(json);
  if (!top) return std::unexpected(top.error());
  element entity_value;
  if (top->at_key("entity").get(entity_value) != simdjson::SUCCESS)
    return malformed(std::string{kShape}, "no entity");
  Result<Entity> entity = read_entity(entity_value);
  if (!entity) return std::unexpected(entity.error());
  Result<GivenAuth> auth = read_auth(*top);
  if (!auth) return std::unexpected(auth.error());
  return CardRequest{*std::move(entity), *std::move(auth)};
}

Result<BatchRequest> read_batch_request(std::string_view json, std::size_t most) {
  const Result<object> top = parse_object(json);
  if (!top) return std::unexpected(top.error());
  simdjson::dom::array list;
  if (top->at_key("entities").get(list) != simdjson::SUCCESS) {
    return malformed(
        R"(The request must be JSON of the form {"entities":[{"type":"…","name":"…"},…]}.)",
        "no entities");
  }
  BatchRequest request;
  for (const element entity : list) {
    if (request.entities.size() == most)
      return malformed("A batch holds at most " + std::to_string(most) + " entities.");
    request.entities.push_back(read_entity(entity));
  }
  if (request.entities.empty()) return malformed("A batch needs at least one entity.");
  Result<GivenAuth> auth = read_auth(*top);
  if (!auth) return std::unexpected(auth.error());
  request.auth = *std::move(auth);
  return request;
}

Result<CardQuery> read_card_query(std::string_view query) {
  constexpr std::array<std::string_view, 3> kNames{"type", "name", "explain"};
  const auto raw = raw_parameters(query, kNames);
  if (!raw) return std::unexpected(raw.error());
  Result<Entity> entity = entity_of((*raw)[0], (*raw)[1], PlusSign::Literal);
  if (!entity) return std::unexpected(entity.error());
  const auto& explain = (*raw)[2];
  if (explain && *explain != "criteria") return malformed("explain must be criteria.");
  return CardQuery{*std::move(entity), explain ? Explain::Criteria : Explain::Nothing};
}

Result<PrewarmQuery> read_prewarm_query(std::string_view query) {
  constexpr std::array<std::string_view, 5> kNames{"type", "column", "name", "offset", "more"};
  const auto raw = raw_parameters(query, kNames);
  if (!raw) return std::unexpected(raw.error());
  PrewarmQuery read;
  const std::array<std::string*, 3> texts{&read.type, &read.column, &read.name};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::optional<std::string> text =
        percent_decode((*raw)[i].value_or(std::string_view{}), PlusSign::Literal);
    if (!text) return malformed("A parameter is not percent-encoded correctly.");
    *texts[i] = *std::move(text);
  }
  if (const auto& offset = (*raw)[3]) {
    const auto bytes = parse_integer(*offset);
    if (!bytes || *bytes < 0) return malformed("offset must be a whole number.");
    read.offset = static_cast<std::uint64_t>(*bytes);
  }
  if (const auto& more = (*raw)[4]) {
    if (*more != "true" && *more != "false") return malformed("more must be true or false.");
    read.more = *more == "true";
  }
  return read;
}

Result<PreviewQuery> read_preview_query(std::string_view query) {
  constexpr std::array<std::string_view, 4> kNames{"type", "name", "sample", "form"};
  const auto raw = raw_parameters(query, kNames);
  if (!raw) return std::unexpected(raw.error());
  const auto& [type, name, sample, form] = *raw;
  if (sample) {
    if (type || name || form) return malformed("sample stands alone.");
    return PreviewQuery{.entity = {}, .sample = std::string{*sample}};
  }
  if (!type && !name) return PreviewQuery{};
  Result<Entity> entity = entity_of(type, name, form ? PlusSign::Blank : PlusSign::Literal);
  if (!entity) return std::unexpected(entity.error());
  return PreviewQuery{.entity = *std::move(entity), .sample = {}};
}

}  // namespace cardstock::http
