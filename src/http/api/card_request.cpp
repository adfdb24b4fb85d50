#include "card_request.hpp"

#include <cstring>
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
  const auto type = string_member(entity, "type", "The entity's type must be text.");
  if (!type) return std::unexpected(type.error());
  const auto name = string_member(entity, "name", "The entity's name must be text.");
  if (!name) return std::unexpected(name.error());
  if (!*type || !*name) return malformed("The entity needs a name and a type.", "missing key");
  return Entity{std::string{**type}, std::string{**name}};
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

Result<Entity> read_card_query(std::string_view query) {
  std::optional<std::string> type;
  std::optional<std::string> name;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::size_t equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    std::optional<std::string>* const target = key == "type"   ? &type
                                               : key == "name" ? &name
                                                               : nullptr;
    if (target == nullptr) return malformed("The parameters are type and name.");
    if (target->has_value()) return malformed("The parameters type and name may stand once each.");
    std::optional<std::string> value = percent_decode(
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!value) return malformed("A parameter is not percent-encoded correctly.");
    *target = *std::move(value);
  }
  if (!type || !name) return malformed("The parameters type and name are needed.");
  return Entity{*std::move(type), *std::move(name)};
}

}  // namespace cardstock::http
