#pragma once
/// \file answers.hpp
/// \brief The documented calls, answered from an instance's data.
///
/// Pure. Errors are answers, with ThreatConnect's error bodies.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/http/transport/server.hpp>

#include "data.hpp"
#include "evaluate.hpp"

namespace cardstock::simulator {

struct Answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// `{"errCode":"0x1002","message":…,"status":"Error"}` by the status.
Answer error_answer(int status, std::string_view message);

/// The parameters of a v3 list, from the query or from the documented JSON body.
struct Query {
  std::string tql;
  std::vector<std::string> fields;
  std::int64_t start = 0;
  std::int64_t limit = 100;
  bool count = false;
  std::optional<std::string> owner;
};

inline constexpr std::int64_t kMaxPage = 10'000;

/// Errors: QueryRefused.
Result<Query> read_query(const http::Request& request);

/// How a page's links begin, and what replaces the next one.
struct Links {
  std::string base;  ///< `http://127.0.0.1:9000/api`
  std::optional<std::string> next;
};

Answer indicators(const Instance& instance,
                  const Credential& who,
                  const Result<Query>& query,
                  const Links& links,
                  ValueCase value_case);
Answer owners_v3(const Instance& instance,
                 const Credential& who,
                 const Result<Query>& query,
                 const Links& links);
Answer users_v3(const Instance& instance, const Credential& who);
Answer owners_v2(const Instance& instance, const Credential& who);
Answer own_owner_v2(const Instance& instance, const Credential& who);
Answer who_am_i_v2(const Instance& instance, const Credential& who);

}  // namespace cardstock::simulator
