#pragma once
/// \file service.hpp
/// \brief Where the running service is, as whom it is asked, and the asking.
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <cardstock/cli/options.hpp>
#include <cardstock/fetch/curl_client.hpp>
#include <cardstock/fetch/http_client.hpp>
#include <cardstock/util/secret.hpp>

#include "app/commands/context.hpp"

namespace cardstock::app {

enum class Listener { Cards, Admin };

struct Service {
  std::string origin;    ///< `http://127.0.0.1:8080`
  std::string prefix;    ///< path before `/v1`, where a reverse proxy adds one; else empty
  Secret token;          ///< empty: none is sent
  Secret shared_secret;  ///< of the extension's door; empty: none is sent
  /// Of its configuration, or of the defaults where none is known; 0: no limit.
  std::int64_t requests_per_minute = 0;
};

/// From --url, else the listener of the configuration, else the default listener. The token comes
/// from --token-file, else from CARDSTOCK_TOKEN, else with a configuration and without --url from
/// there (the admin's, or the first client's that may ask). Errors: MalformedRequest (the URL),
/// InvalidConfig.
Result<Service> find_service(const cli::ServiceOptions& options,
                             const cli::Environment& environment,
                             Listener listener);

/// The settings of a client for these commands: long answers, patience, no proxy.
fetch::CurlSettings client_settings(const cli::ServiceOptions& options);

/// Sends and waits for the answer. `target` begins with `/v1`. Blocking: network, until `patience`
/// is over. Errors: those of HttpClient.
Result<fetch::HttpResponse> ask(CommandContext& context,
                                const Service& service,
                                std::string_view target,
                                std::chrono::milliseconds patience);

/// The same for a request that request_for() has made.
Result<fetch::HttpResponse> ask(CommandContext& context,
                                fetch::HttpRequest request,
                                std::chrono::milliseconds patience);

/// A request to the service with its token, as ask() sends it.
fetch::HttpRequest request_for(const Service& service,
                               std::string_view method,
                               std::string_view target,
                               std::string body);

/// The exit code for an error of HttpClient or of find_service().
cli::ExitCode exit_code(const Error& error) noexcept;

/// Prints "cardstock: …" on one line of `err` and gives back exit_code().
cli::ExitCode report(CommandContext& context, const Error& error);

/// What an answer that is not the expected document says of itself: the detail of a problem
/// document, else its status.
std::string complaint_of(const fetch::HttpResponse& response);

/// The text at a JSON pointer of an answer; empty where there is none.
std::string_view text_at(const simdjson::dom::element& document, std::string_view pointer);

}  // namespace cardstock::app
