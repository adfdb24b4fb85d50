#include "answer.hpp"

#include <array>
#include <charconv>

#include <cardstock/util/time_text.hpp>

namespace cardstock::http {
namespace {

/// What a person reads of a request that never reached a route. Of every status that is sent here.
std::string_view problem_detail(int status) {
  switch (status) {
    case 400:
      return "The request is not well-formed HTTP/1.1.";
    case 408:
      return "The request did not arrive in time.";
    case 413:
      return "The request's body is larger than this service takes.";
    case 414:
      return "The request's target is longer than this service takes.";
    case 417:
      return "The request expects what this service cannot do.";
    case 431:
      return "The request's head is larger than this service takes.";
    case 501:
      return "The request's transfer coding is not known here.";
    case 505:
      return "The request's version is neither HTTP/1.0 nor HTTP/1.1.";
    default:
      return "The service failed while it answered.";
  }
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// RFC 9110 §6.4.1: these have no body and, for 204, no Content-Length.
bool is_bodiless(int status) {
  return status == 204 || status == 304 || (status >= 100 && status < 200);
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr std::array kPhrases{
      Phrase{100, "Continue"},
      Phrase{200, "OK"},
      Phrase{201, "Created"},
      Phrase{202, "Accepted"},
      Phrase{204, "No Content"},
      Phrase{206, "Partial Content"},
      Phrase{301, "Moved Permanently"},
      Phrase{302, "Found"},
      Phrase{303, "See Other"},
      Phrase{304, "Not Modified"},
      Phrase{307, "Temporary Redirect"},
      Phrase{308, "Permanent Redirect"},
      Phrase{400, "Bad Request"},
      Phrase{401, "Unauthorized"},
      Phrase{403, "Forbidden"},
      Phrase{404, "Not Found"},
      Phrase{405, "Method Not Allowed"},
      Phrase{406, "Not Acceptable"},
      Phrase{408, "Request Timeout"},
      Phrase{409, "Conflict"},
      Phrase{410, "Gone"},
      Phrase{411, "Length Required"},
      Phrase{412, "Precondition Failed"},
      Phrase{413, "Content Too Large"},
      Phrase{414, "URI Too Long"},
      Phrase{415, "Unsupported Media Type"},
      Phrase{416, "Range Not Satisfiable"},
      Phrase{417, "Expectation Failed"},
      Phrase{422, "Unprocessable Content"},
      Phrase{428, "Precondition Required"},
      Phrase{429, "Too Many Requests"},
      Phrase{431, "Request Header Fields Too Large"},
      Phrase{500, "Internal Server Error"},
      Phrase{501, "Not Implemented"},
      Phrase{502, "Bad Gateway"},
      Phrase{503, "Service Unavailable"},
      Phrase{504, "Gateway Timeout"},
      Phrase{505, "HTTP Version Not Supported"},
  };
  for (const Phrase& phrase : kPhrases)
    if (phrase.status == status) return phrase.text;
  return "";
}

void DateLine::update(WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second == second_ && !text_.empty()) return;
  second_ = second;
  text_ = "Date: " + to_http_date(now) + "\r\n";
}

void append_answer(std::string& out,
                   const Response& response,
                   std::span<const std::string_view> body,
                   const AnswerForm& form,
                   const DateLine& date) {
  if (response.status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(response.status));
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\n";
  }
  out += date.text();
  const bool bodiless = is_bodiless(response.status);
  if (!bodiless) {
    if (!response.content_type.empty()) {
      out += "Content-Type: ";
      out += response.content_type;
      out += "\r\n";
    }
    std::size_t size = 0;
    for (const std::string_view part : body) size += part.size();
    out += "Content-Length: ";
    append_number(out, size);
    out += "\r\n";
  }
  out += response.headers;
  if (form.close) {
    out += "Connection: close\r\n";
  } else if (form.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  if (bodiless || form.head_only) return;
  for (const std::string_view part : body) out += part;
}

void append_problem(std::string& out, int status, const AnswerForm& form, const DateLine& date) {
  std::string body = R"({"type":"about:blank","title":")";
  body += reason_phrase(status);
  body += R"(","status":)";
  append_number(body, static_cast<std::size_t>(status));
  body += R"(,"detail":")";
  body += problem_detail(status);
  body += "\"}";
  const std::string_view part = body;
  append_answer(out, Response{status, "application/problem+json", {}}, {&part, 1}, form, date);
}

}  // namespace cardstock::http
