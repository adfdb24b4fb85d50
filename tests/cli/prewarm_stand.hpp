#pragma once
/// \file prewarm_stand.hpp
/// \brief A service as `cardstock prewarm` sees it, and what it was asked.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include <cardstock/util/json_writer.hpp>

#include "app/commands/prewarm.hpp"
#include "cli/command_stand.hpp"

namespace cardstock::test {

using Names = std::vector<std::string>;

/// "TYPE NAME" of every entity of a request, in order.
inline Names entities_of(const fetch::HttpRequest& request) {
  Names names;
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::array entities;
  if (parser.parse(request.body).get(document) != simdjson::SUCCESS) return names;
  if (document["entities"].get(entities) != simdjson::SUCCESS) return names;
  for (const simdjson::dom::element entity : entities) {
    std::string_view type;
    std::string_view name;
    if (entity["type"].get(type) == simdjson::SUCCESS &&
        entity["name"].get(name) == simdjson::SUCCESS) {
      names.push_back(std::string{type} + " " + std::string{name});
    }
  }
  return names;
}

inline bool has_header(const fetch::HttpRequest& request,
                       std::string_view name,
                       std::string_view value) {
  return std::ranges::any_of(request.headers, [&](const fetch::Header& header) {
    return header.name == name && header.value == value;
  });
}

inline bool is_look(const fetch::HttpRequest& request) {
  return has_header(request, "Cache-Control", "only-if-cached");
}

/// The requests that may cost a call, in order.
inline std::vector<fetch::HttpRequest> asks_of(CommandStand& stand) {
  std::vector<fetch::HttpRequest> asks;
  for (std::size_t i = 0; i < stand.http.request_count(); ++i)
    if (auto request = stand.http.request(i); !is_look(request)) asks.push_back(std::move(request));
  return asks;
}

/// One envelope an entity, with the outcome that `outcome` gives it.
template <class Outcome>
std::string answer_to(const fetch::HttpRequest& request, Outcome outcome) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().key("results").begin_array();
  for (const std::string& name : entities_of(request)) {
    const std::string word = outcome(name);
    json.begin_object()
        .field("outcome", std::string_view{word})
        .field("message", std::string_view{"said " + word})
        .end_object();
  }
  json.end_array().end_object();
  return body;
}

/// Holds nothing; answers every entity with the outcome that `outcome` gives it.
template <class Outcome>
FakeHttpClient::Responder service(Outcome outcome) {
  return [outcome](const fetch::HttpRequest& request) -> Result<fetch::HttpResponse> {
    if (is_look(request)) {
      return json_response(
          200, answer_to(request, [](const std::string&) { return std::string{"error"}; }));
    }
    return json_response(200, answer_to(request, outcome), "7");
  };
}

inline FakeHttpClient::Responder all_found() {
  return service([](const std::string&) { return "ok"; });
}

inline std::string addresses(int count) {
  std::string list;
  for (int i = 0; i < count; ++i)
    list += "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "\n";
  return list;
}

inline cli::ExitCode run_prewarm(CommandStand& stand,
                                 const std::string& list,
                                 cli::PrewarmCommand command = {}) {
  stand.in.str(list);
  return app::run_prewarm(command, stand.context);
}

inline std::string summary(int entries,
                           int duplicates,
                           int indicators,
                           int found,
                           int absent,
                           int refused,
                           int failed,
                           int fresh = 0) {
  return "entries     " + std::to_string(entries) + "\nduplicates  " + std::to_string(duplicates) +
         "\nindicators  " + std::to_string(indicators) + "\nfresh       " + std::to_string(fresh) +
         "\nfound       " + std::to_string(found) + "\nabsent      " + std::to_string(absent) +
         "\nrefused     " + std::to_string(refused) + "\nfailed      " + std::to_string(failed) +
         "\n";
}

}  // namespace cardstock::test
