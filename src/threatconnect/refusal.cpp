#include "refusal.hpp"

#include <cardstock/util/text.hpp>

#include "service_text.hpp"

namespace cardstock::threatconnect {
namespace {

constexpr std::string_view kCheckBaseUrl =
    "check the base URL, which is https://HOST/api for most instances and https://HOST for some";

bool names(const std::string& lower_text, std::string_view word) {
  return lower_text.find(word) != std::string::npos;
}

/// Whether `word` stands alone: "time range", not "runtime" or "timed".
bool names_alone(const std::string& lower_text, std::string_view word) {
  for (std::size_t at = lower_text.find(word); at != std::string::npos;
       at = lower_text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_alpha(lower_text[at - 1])) &&
        (end == lower_text.size() || !is_alpha(lower_text[end]))) {
      return true;
    }
  }
  return false;
}

std::string_view kind_of(std::string_view content_type, std::string_view body) {
  body = trim(body);
  if (body.empty()) return "An empty answer";
  if (body.front() == '<' || starts_with_ignoring_case(trim(content_type), "text/html"))
    return "An HTML page";
  if (body.front() == '{' || body.front() == '[') return "JSON of another service";
  return "Plain text";
}

std::string cause(int http_status, std::string_view content_type, const Envelope& envelope) {
  std::string out = "HTTP " + std::to_string(http_status);
  if (!content_type.empty()) out += ", " + said(content_type);
  if (!envelope.error_code.empty()) out += ", errCode " + said(envelope.error_code);
  if (!envelope.status) out += ", without ThreatConnect's envelope";
  return out;
}

}  // namespace

Error refusal(int http_status,
              std::string_view content_type,
              std::string_view body,
              const Envelope& envelope) {
  const std::string message = said(envelope.message);
  const std::string lower_message = to_lower(envelope.message.substr(0, 4096));
  const std::string code = "HTTP " + std::to_string(http_status);
  const auto error = [&](ErrorCode kind, std::string detail) {
    if (!message.empty()) detail += "; it said: " + message;
    if (!detail.ends_with('.') && !detail.ends_with("\u2026")) detail += '.';
    return Error{kind, std::move(detail), cause(http_status, content_type, envelope)};
  };
  const auto wrong_base_url = [&](std::string_view what) {
    return Error{ErrorCode::WrongBaseUrl,
                 std::string{what} + " came in place of ThreatConnect's answer (" + code +
                     "): " + std::string{kCheckBaseUrl} + ".",
                 cause(http_status, content_type, envelope)};
  };
  const auto clock_skew = [&] {
    return error(ErrorCode::ClockSkew,
                 "ThreatConnect refused the time stamp of the request: check this machine's clock");
  };

  if (http_status >= 200 && http_status <= 299) {
    if (!envelope.status) return wrong_base_url(kind_of(content_type, body));
    return error(ErrorCode::UpstreamFailed, "ThreatConnect reported a failure");
  }
  if (http_status >= 300 && http_status <= 399) return wrong_base_url("A redirect");
  if (http_status == 404) {
    return wrong_base_url(envelope.status ? "\"Not found\"" : kind_of(content_type, body));
  }
  if (http_status == 401) {
    if (names(lower_message, "timestamp") || names_alone(lower_message, "time"))
      return clock_skew();
    return error(ErrorCode::AuthFailed, "ThreatConnect refused the credentials");
  }
  if (http_status == 403) {
    if (names(lower_message, "timestamp")) return clock_skew();
    return error(ErrorCode::OwnerForbidden,
                 "ThreatConnect gives these credentials no access to an owner that was asked");
  }
  if (http_status == 429)
    return error(ErrorCode::RateLimited, "ThreatConnect asks to send fewer requests");
  if (http_status == 503 && envelope.status && names(lower_message, "licen")) {
    return error(ErrorCode::NotLicensed, "This ThreatConnect instance is not licensed for its API");
  }
  if (http_status == 400 || http_status == 413 || http_status == 414 || http_status == 431) {
    return error(ErrorCode::QueryRefused, "ThreatConnect did not understand the query");
  }
  if (http_status >= 400 && http_status <= 499 && http_status != 408) {
    if (!envelope.status) return wrong_base_url(kind_of(content_type, body));
    return error(ErrorCode::QueryRefused, "ThreatConnect refused the query (" + code + ")");
  }
  return error(ErrorCode::UpstreamFailed, "ThreatConnect failed (" + code + ")");
}

}  // namespace cardstock::threatconnect
