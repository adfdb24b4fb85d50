#include "app/commands/service.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include <simdjson.h>

#include <cardstock/util/mutex.hpp>
#include <cardstock/util/text.hpp>

#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxUrl = 1024;
constexpr std::string_view kNoWord = " must hold one word of visible characters";

/// Fit for the Authorization header.
bool is_word(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

Status read_url(std::string_view url, Service& service) {
  const std::size_t scheme = url.find("://");
  const std::size_t path = scheme == std::string_view::npos ? scheme : url.find('/', scheme + 3);
  const std::string_view origin = url.substr(0, path);
  std::string_view prefix = path == std::string_view::npos ? std::string_view{} : url.substr(path);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  const bool known =
      starts_with_ignoring_case(url, "http://") || starts_with_ignoring_case(url, "https://");
  if (!known || !is_word(url) || url.size() > kMaxUrl || scheme + 3 == origin.size() ||
      url.find_first_of("?#@\\") != std::string_view::npos) {
    return fail(ErrorCode::MalformedRequest,
                "--url must be a URL such as http://127.0.0.1:8080, without user or query");
  }
  service.origin = origin;
  service.prefix = prefix;
  return {};
}

/// The address under which this machine reaches a listener.
std::string origin_of(const cli::Endpoint& endpoint, std::string_view scheme) {
  cli::Endpoint reached = endpoint;
  if (reached.address == "0.0.0.0") reached.address = "127.0.0.1";
  if (reached.address == "::") reached.address = "::1";
  return std::string{scheme} + "://" + reached.text();
}

Status read_config(const cli::Config& config, Listener listener, Service& service) {
  service.requests_per_minute = config.limits.requests_per_minute;
  const cli::Endpoint& endpoint =
      listener == Listener::Admin ? config.admin.listen : config.server.listen.front();
  if (endpoint.port == 0)
    return fail(ErrorCode::InvalidConfig, "the listener has no fixed port: give --url");
  const bool tls = listener == Listener::Cards && !config.server.tls_certificate.empty();
  service.origin = origin_of(endpoint, tls ? "https" : "http");
  if (listener == Listener::Admin) {
    service.token = config.admin.token;
    return {};
  }
  const auto may_ask = [](const cli::ClientEntry& client) {
    return std::ranges::find(client.rights, "ask") != client.rights.end();
  };
  const auto client = std::ranges::find_if(config.clients, may_ask);
  if (client != config.clients.end()) service.token = client->token;
  service.shared_secret = config.server.shared_secret;
  return {};
}

/// One answer, handed from the client's thread to the one that waits.
class Mailbox {
 public:
  void put(Result<fetch::HttpResponse> answer) {
    const LockGuard lock{mutex_};
    answer_ = std::move(answer);
    filled_.notify_one();
  }
  Result<fetch::HttpResponse> take() {
    const LockGuard lock{mutex_};
    while (!answer_) filled_.wait(mutex_);
    return *std::move(answer_);
  }

 private:
  Mutex mutex_;  ///< guards the answer
  Condition filled_;
  std::optional<Result<fetch::HttpResponse>> answer_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace

Result<Service> find_service(const cli::ServiceOptions& options,
                             const cli::Environment& environment,
                             Listener listener) {
  Service service;
  service.requests_per_minute = cli::Config{}.limits.requests_per_minute;
  Status status;
  if (!options.url.empty()) {
    status = read_url(options.url, service);
  } else if (!options.config.empty()) {
    const auto config = cli::load_config(options.config, environment);
    if (!config) return std::unexpected(config.error());
    status = read_config(*config, listener, service);
  } else {
    status = read_config(cli::Config{}, listener, service);
  }
  if (!status) return std::unexpected(status.error());

  if (!options.token_file.empty()) {
    auto token = cli::read_secret_file(options.token_file);
    if (!token) {
      return fail(ErrorCode::InvalidConfig,
                  "--token-file must be the path of a file that holds the token: " +
                      token.error().public_detail);
    }
    if (!is_word(token->reveal()))
      return fail(ErrorCode::InvalidConfig, "--token-file" + std::string{kNoWord});
    service.token = *std::move(token);
  } else if (auto token = environment("CARDSTOCK_TOKEN"); token && !token->empty()) {
    if (!is_word(*token))
      return fail(ErrorCode::InvalidConfig, "CARDSTOCK_TOKEN" + std::string{kNoWord});
    service.token = Secret{*token};
    wipe(*token);
  }
  return service;
}

fetch::CurlSettings client_settings(const cli::ServiceOptions& options) {
  fetch::CurlSettings settings;
  settings.connect_timeout = 5s;
  settings.call_timeout = 15min;
  settings.max_answer_bytes = std::size_t{128} << 20U;
  settings.ca_file = options.ca_file;
  settings.user_agent = "cardstock";
  return settings;
}

fetch::HttpRequest request_for(const Service& service,
                               std::string_view method,
                               std::string_view target,
                               std::string body) {
  fetch::HttpRequest request;
  request.method = method;
  request.origin = service.origin;
  request.target = service.prefix + std::string{target};
  request.addresses = fetch::AddressPolicy::Any;
  request.headers.push_back({"Accept", "application/json"});
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  if (!service.token.empty()) {
    request.headers.push_back({"Authorization", "Bearer " + std::string{service.token.reveal()}});
  }
  if (!service.shared_secret.empty()) {
    request.headers.push_back({"X-Cardstock-Secret", std::string{service.shared_secret.reveal()}});
  }
  request.body = std::move(body);
  return request;
}

Result<fetch::HttpResponse> ask(CommandContext& context,
                                const Service& service,
                                std::string_view target,
                                std::chrono::milliseconds patience) {
  return ask(context, request_for(service, "GET", target, {}), patience);
}

Result<fetch::HttpResponse> ask(CommandContext& context,
                                fetch::HttpRequest request,
                                std::chrono::milliseconds patience) {
  request.deadline = context.clock.steady() + patience;
  // Shared: the client may call back while this function is being left by an exception.
  const auto mailbox = std::make_shared<Mailbox>();
  context.http.send(std::move(request), [mailbox](Result<fetch::HttpResponse> answer) {
    mailbox->put(std::move(answer));
  });
  return mailbox->take();
}

cli::ExitCode exit_code(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::MalformedRequest:
      return cli::ExitCode::Usage;
    case ErrorCode::InvalidConfig:
      return cli::ExitCode::Configuration;
    case ErrorCode::ResolveFailed:
    case ErrorCode::ConnectFailed:
    case ErrorCode::TlsFailed:
    case ErrorCode::Timeout:
    case ErrorCode::ConnectionLost:
      return cli::ExitCode::Unreachable;
    case ErrorCode::InvalidIndicator:
    case ErrorCode::UnsupportedType:
    case ErrorCode::MissingCredentials:
    case ErrorCode::Forbidden:
    case ErrorCode::NotInCache:
    case ErrorCode::Busy:
    case ErrorCode::Cancelled:
    case ErrorCode::AuthFailed:
    case ErrorCode::ClockSkew:
    case ErrorCode::OwnerForbidden:
    case ErrorCode::NotLicensed:
    case ErrorCode::WrongBaseUrl:
    case ErrorCode::QueryRefused:
    case ErrorCode::RateLimited:
    case ErrorCode::UpstreamFailed:
    case ErrorCode::AnswerTooLarge:
    case ErrorCode::AddressRefused:
    case ErrorCode::AnswerUnreadable:
    case ErrorCode::StoreBusy:
    case ErrorCode::StoreFailed:
    case ErrorCode::Internal:
      return cli::ExitCode::Failed;
  }
  return cli::ExitCode::Failed;
}

cli::ExitCode report(CommandContext& context, const Error& error) {
  const cli::ExitCode code = exit_code(error);
  std::string_view text = error.public_detail;
  // A configuration has one line for every fault.
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    context.err << "cardstock: " << printable(text.substr(0, end)) << '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (code == cli::ExitCode::Unreachable)
    context.err << "cardstock: is the service running? See cardstock serve --help\n";
  return code;
}

std::string complaint_of(const fetch::HttpResponse& response) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view text;
  if (parser.parse(response.body).get(document) == simdjson::SUCCESS) {
    for (const std::string_view key : {"message", "detail", "title"}) {
      if (document[key].get(text) == simdjson::SUCCESS && !text.empty()) return std::string{text};
    }
  }
  return "the service answered with status " + std::to_string(response.status) +
         " and no explanation; is --url right?";
}

std::string_view text_at(const simdjson::dom::element& document, std::string_view pointer) {
  std::string_view text;
  return document.at_pointer(pointer).get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

}  // namespace cardstock::app
