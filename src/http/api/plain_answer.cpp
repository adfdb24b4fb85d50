#include "plain_answer.hpp"

#include "envelope.hpp"

namespace cardstock::http {

void send_json(Responder& responder, std::string_view body, std::string_view headers) {
  responder.send({.headers = std::string{kSafety} + std::string{headers}}, body);
}

void send_problem(Responder& responder,
                  int status,
                  std::string_view detail,
                  const RequestId& id,
                  At at,
                  std::string_view headers) {
  std::string all{kSafety};
  all.append("X-Request-Id: ").append(id.view()).append("\r\n").append(headers);
  responder.send({.status = status, .content_type = kProblemType, .headers = all},
                 problem(status, detail, id.view(), at == At::Card));
}

void refuse_caller(Responder& responder, std::string_view detail, const RequestId& id, At at) {
  send_problem(responder, 401, detail, id, at, "WWW-Authenticate: Bearer realm=\"Cardstock\"\r\n");
}

}  // namespace cardstock::http
