#pragma once
/// \file plain_answer.hpp
/// \brief What routes answer that is no card: JSON of their own, and problem documents.
///
/// Pure but for the sending. Threads: any. Errors: none.
#include <array>
#include <string>
#include <string_view>

#include <cardstock/http/transport/server.hpp>

namespace cardstock::http {

/// Names a request in answers and logs.
struct RequestId {
  std::array<char, 16> text{};
  std::string_view view() const noexcept { return {text.data(), text.size()}; }
};

inline constexpr std::string_view kProblemType = "application/problem+json";
/// Header lines of every answer that is no card.
inline constexpr std::string_view kSafety =
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";

/// A whole answer, for those that may come at once or later.
struct Answer {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string headers;
  std::string body;
};

template <class To>
void send_answer(To& to, const Answer& answer) {
  to.send({.status = answer.status, .content_type = answer.content_type, .headers = answer.headers},
          answer.body);
}

/// `headers`: complete lines, as transport::Response has them.
void send_json(Responder& responder, std::string_view body, std::string_view headers = {});

/// Whose address a problem is told at: those of cards also hold the envelope's `outcome` and
/// `message`.
enum class At { Card, Elsewhere };
void send_problem(Responder& responder,
                  int status,
                  std::string_view detail,
                  const RequestId& id,
                  At at = At::Elsewhere,
                  std::string_view headers = {});
/// 401 with the scheme that is wanted.
void refuse_caller(Responder& responder,
                   std::string_view detail,
                   const RequestId& id,
                   At at = At::Elsewhere);

}  // namespace cardstock::http
