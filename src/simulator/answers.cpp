#include "answers.hpp"

#include <algorithm>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "raw_json.hpp"

namespace cardstock::simulator {
namespace {

std::string_view error_code(int status) {
  switch (status) {
    case 400:
      return "0x1001";
    case 401:
      return "0x1002";
    case 403:
      return "0x1003";
    case 404:
      return "0x1004";
    case 405:
      return "0x1005";
    default:
      return "0x1007";
  }
}

std::unexpected<Error> refused(std::string why) {
  return fail(ErrorCode::QueryRefused, std::move(why));
}

Status take_parameter(Query& query, std::string_view key, std::string value) {
  if (key == "tql") {
    query.tql = std::move(value);
  } else if (key == "fields") {
    if (!part_named(value)) return refused("Unknown field: " + value.substr(0, 100));
    query.fields.push_back(std::move(value));
  } else if (key == "resultStart" || key == "resultLimit") {
    const auto number = parse_integer(value);
    if (!number || *number < 0) return refused(std::string{key} + " must be a number");
    (key == "resultStart" ? query.start : query.limit) = *number;
    if (query.limit < 1 || query.limit > kMaxPage) return refused("resultLimit must be 1 to 10000");
  } else if (key == "count") {
    query.count = value == "true";
  } else if (key == "owner") {
    query.owner = std::move(value);
  }
  return {};
}

Result<Query> read_body(std::string_view json) {
  if (!check_json(json)) return refused("The request was not properly formed");
  const auto top = members(json);
  const std::string* const data = top ? find(*top, "data") : nullptr;
  const auto given =
      data != nullptr ? members(*data) : Result<std::vector<Member>>{refused("no data")};
  if (!given) return refused("The request was not properly formed");
  Query query;
  for (const Member& member : *given) {
    std::vector<std::string> values{member.raw};
    if (member.raw.starts_with('['))
      values = elements(member.raw).value_or(std::vector<std::string>{});
    for (const std::string& raw : values)
      if (const Status taken = take_parameter(query, member.key, text_of(raw).value_or(raw));
          !taken)
        return std::unexpected(taken.error());
  }
  return query;
}

void append_rows(std::string& out,
                 const Instance& instance,
                 const Query& query,
                 const std::vector<std::size_t>& all,
                 std::size_t first,
                 std::size_t last) {
  std::vector<std::size_t> parts;
  for (const std::string& field : query.fields)
    if (const auto part = part_named(field)) {
      const auto index = static_cast<std::size_t>(*part);
      if (std::ranges::find(parts, index) == parts.end()) parts.push_back(index);
    }
  for (std::size_t i = first; i < last; ++i) {
    const Copy& copy = instance.copies[all[i]];
    out += i == first ? "{" : ",{";
    out += copy.base;
    for (const std::size_t part : parts) {
      if (copy.parts[part].empty()) continue;
      out += ',';
      out += copy.parts[part];
    }
    out += '}';
  }
}

/// The link to the page that begins at `start`: the query as it was asked, nothing else changed.
std::string page_link(const Links& links,
                      std::string_view list,
                      const Query& query,
                      std::int64_t start) {
  std::string link = links.base + std::string{list} + "?";
  if (!query.tql.empty()) link += "tql=" + percent_encode(query.tql) + "&";
  for (const std::string& field : query.fields) link += "fields=" + percent_encode(field) + "&";
  if (query.owner) link += "owner=" + percent_encode(*query.owner) + "&";
  return link + "resultStart=" + std::to_string(start) +
         "&resultLimit=" + std::to_string(query.limit);
}

/// Of `all` elements, those of the asked page: from `first` on, up to `last`.
struct PageOf {
  std::size_t first;
  std::size_t last;
};

PageOf page_of(const Query& query, std::size_t all) {
  const std::size_t first = std::min(static_cast<std::size_t>(query.start), all);
  return {first, std::min(first + static_cast<std::size_t>(query.limit), all)};
}

/// What stands around the elements of a page before they do: its links, and how many there are.
void write_page_head(JsonWriter& json,
                     const Links& links,
                     std::string_view list,
                     const Query& query,
                     PageOf page,
                     std::size_t all) {
  if (links.next) {
    json.field("next", *links.next);
  } else if (page.last < all) {
    json.field("next", page_link(links, list, query, static_cast<std::int64_t>(page.last)));
  }
  if (page.first > 0)
    json.field("prev",
               page_link(links, list, query, std::max<std::int64_t>(0, query.start - query.limit)));
  if (query.count && query.start == 0) json.field("count", std::uint64_t{all});
}

void write_owner(JsonWriter& json, const Owner& owner) {
  json.begin_object().field("id", owner.id).field("name", owner.name).field("type", owner.type);
}

Answer success(std::string body) {
  return {200, "application/json", std::move(body)};
}

}  // namespace

Answer error_answer(int status, std::string_view message) {
  std::string body;
  JsonWriter json{body};
  json.begin_object()
      .field("errCode", error_code(status))
      .field("message", message)
      .field("status", "Error")
      .end_object();
  return {status, "application/json", std::move(body)};
}

Result<Query> read_query(const http::Request& request) {
  if (!request.body.empty()) return read_body(request.body);
  Query query;
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto value =
        percent_decode(pair.substr(std::min(equals + 1, pair.size())), PlusSign::Blank);
    if (!value) return refused("The request was not properly formed");
    if (const Status taken = take_parameter(query, pair.substr(0, equals), *value); !taken)
      return std::unexpected(taken.error());
  }
  return query;
}

Answer indicators(const Instance& instance,
                  const Credential& who,
                  const Result<Query>& asked,
                  const Links& links,
                  ValueCase value_case) {
  if (!asked) return error_answer(400, asked.error().public_detail);
  const Query& query = *asked;
  std::vector<bool> visible = who.visible;
  if (query.owner) {
    const auto at = instance.owner_named(*query.owner);
    if (!at || !who.visible[*at]) return error_answer(403, "The requested owner was not found");
    visible.assign(visible.size(), false);
    visible[*at] = true;
  }
  const Result<Node> tree = parse_tql(query.tql);
  if (!tree) {
    Answer answer = error_answer(400, tree.error().public_detail);
    answer.body.replace(answer.body.find("0x1001"), 6, "0x2001");
    return answer;
  }
  const std::vector<std::size_t> all = select(instance, *tree, visible, value_case);
  const PageOf page = page_of(query, all.size());
  std::string body = "{";
  JsonWriter json{body};
  write_page_head(json, links, "/v3/indicators", query, page, all.size());
  json.key("data").begin_array();
  append_rows(body, instance, query, all, page.first, page.last);
  json.end_array().field("status", "Success");
  body += '}';
  return success(std::move(body));
}

Answer owners_v3(const Instance& instance,
                 const Credential& who,
                 const Result<Query>& query,
                 const Links& links) {
  if (!query) return error_answer(400, query.error().public_detail);
  std::vector<const Owner*> all;
  for (std::size_t i = 0; i < instance.owners.size(); ++i)
    if (who.visible[i]) all.push_back(&instance.owners[i]);
  const PageOf page = page_of(*query, all.size());
  std::string body;
  JsonWriter json{body};
  json.begin_object();
  write_page_head(json, links, "/v3/security/owners", *query, page, all.size());
  json.key("data").begin_array();
  for (std::size_t i = page.first; i < page.last; ++i) {
    write_owner(json, *all[i]);
    json.field("ownerRole", "User").field("permIndicator", "READ").end_object();
  }
  json.end_array().field("status", "Success").end_object();
  return success(std::move(body));
}

Answer users_v3(const Instance& instance, const Credential& who) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().key("data").begin_array().begin_object();
  json.field("id", 1).field("userName", who.api_id.empty() ? who.name : who.api_id);
  json.field("role", "Api User")
      .field("owner", instance.owners[who.organization].name)
      .end_object();
  json.end_array().field("status", "Success").end_object();
  return success(std::move(body));
}

Answer owners_v2(const Instance& instance, const Credential& who) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().field("status", "Success").key("data").begin_object();
  json.field("resultCount", std::int64_t{std::ranges::count(who.visible, true)})
      .key("owner")
      .begin_array();
  for (std::size_t i = 0; i < instance.owners.size(); ++i) {
    if (!who.visible[i]) continue;
    write_owner(json, instance.owners[i]);
    json.end_object();
  }
  json.end_array().end_object().end_object();
  return success(std::move(body));
}

Answer own_owner_v2(const Instance& instance, const Credential& who) {
  std::string body;
  JsonWriter json{body};
  json.begin_object()
      .field("status", "Success")
      .key("data")
      .begin_object()
      .field("resultCount", 1)
      .key("owner");
  write_owner(json, instance.owners[who.organization]);
  json.end_object().end_object().end_object();
  return success(std::move(body));
}

Answer who_am_i_v2(const Instance&, const Credential& who) {
  std::string body;
  JsonWriter json{body};
  json.begin_object()
      .field("status", "Success")
      .key("data")
      .begin_object()
      .key("user")
      .begin_object();
  json.field("userName", who.api_id.empty() ? who.name : who.api_id).field("pseudonym", who.name);
  json.field("role", "Api User").end_object().end_object().end_object();
  return success(std::move(body));
}

}  // namespace cardstock::simulator
