#pragma once
/// \file read_answer.hpp
/// \brief Reads an answer of ThreatConnect so that what it says of a failure can be repeated.
///
/// Pure. Threads: any. Errors: those of `read`, without the secret that was sent.
#include <string>
#include <string_view>

#include <cardstock/fetch/http_client.hpp>
#include <cardstock/threatconnect/credentials.hpp>
#include <cardstock/util/text.hpp>

namespace cardstock::enrich {

/// `read(status, content_type, body)`. Errors go to callers, figures and the log; where the service
/// repeats the secret in one, it is cut out, before the text is shortened and after. Secrets of
/// less than eight bytes are not looked for: that would cut words.
template <class Read>
auto read_answer(const fetch::HttpResponse& response,
                 const threatconnect::Credentials& credentials,
                 Read read) {
  constexpr std::size_t kShortestSecret = 8;
  constexpr std::string_view kCut = "[removed]";
  auto answer = read(response.status, response.content_type, response.body);
  const std::string_view secret = credentials.secret.reveal();
  if (answer || secret.size() < kShortestSecret) return answer;
  if (response.body.contains(secret)) {
    std::string body = response.body;
    replace_all(body, secret, kCut);
    answer = read(response.status, response.content_type, body);
    if (answer) return answer;
  }
  replace_all(answer.error().public_detail, secret, kCut);  // there it was written in another way
  replace_all(answer.error().cause, secret, kCut);
  return answer;
}

}  // namespace cardstock::enrich
