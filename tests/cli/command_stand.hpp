#pragma once
/// \file command_stand.hpp
/// \brief A client command with everything around it replaced: network, clock, environment,
/// terminal, patience.
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "app/commands/context.hpp"
#include "cli/support.hpp"
#include "support/fake_http_client.hpp"
#include "support/manual_clock.hpp"

namespace cardstock::test {

inline fetch::HttpResponse json_response(int status,
                                         std::string body,
                                         std::string retry_after = {}) {
  fetch::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.retry_after = std::move(retry_after);
  response.body = std::move(body);
  return response;
}

struct CommandStand {
  explicit CommandStand(FakeHttpClient::Responder responder,
                        std::map<std::string, std::string> variables = {})
      : http{std::move(responder)},
        context{.http = http,
                .clock = clock,
                .random = random,
                .environment = environment_of(std::move(variables)),
                .in = in,
                .out = out,
                .err = err,
                .err_is_terminal = false,
                .pause = [this](std::chrono::milliseconds span) { pauses.push_back(span); }} {}

  ManualClock clock;
  SystemRandom random;
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  std::vector<std::chrono::milliseconds> pauses;
  FakeHttpClient http;
  app::CommandContext context;
};

/// One answer for every request.
inline FakeHttpClient::Responder always(fetch::HttpResponse response) {
  return [response = std::move(response)](const fetch::HttpRequest&) {
    return Result<fetch::HttpResponse>{response};
  };
}
inline FakeHttpClient::Responder always(ErrorCode code, std::string detail) {
  return [code, detail = std::move(detail)](const fetch::HttpRequest&) {
    return Result<fetch::HttpResponse>{fail(code, detail)};
  };
}

}  // namespace cardstock::test
