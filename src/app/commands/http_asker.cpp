#include "app/commands/http_asker.hpp"

#include <optional>
#include <utility>

#include <simdjson.h>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

namespace cardstock::app {
namespace {

constexpr std::chrono::minutes kPatience{10};

std::string body_of(const std::vector<prewarm::Item>& items) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().key("entities").begin_array();
  for (const prewarm::Item& item : items) {
    json.begin_object()
        .field("type", name_of(item.type))
        .field("name", std::string_view{item.name})
        .end_object();
  }
  json.end_array().end_object();
  return body;
}

prewarm::Asker::Word word_of(const simdjson::dom::element& envelope) {
  prewarm::Asker::Word word{.outcome = std::string{text_at(envelope, "/outcome")},
                            .message = std::string{text_at(envelope, "/message")},
                            .cache = {},
                            .stale_reason = {}};
  if (word.message.empty())
    word.message = word.outcome.empty() ? "an answer without outcome" : word.outcome;
  simdjson::dom::element cache;
  if (envelope["cache"].get(cache) == simdjson::SUCCESS) {
    word.cache = text_at(cache, "/status");
    word.stale_reason = text_at(cache, "/stale_reason");
  }
  return word;
}

/// nullopt: it is not one envelope for each of `count`.
std::optional<std::vector<prewarm::Asker::Word>> words_of(const std::string& body,
                                                          std::size_t count) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  simdjson::dom::array results;
  if (parser.parse(body).get(document) != simdjson::SUCCESS ||
      document["results"].get(results) != simdjson::SUCCESS || results.size() != count)
    return std::nullopt;
  std::vector<prewarm::Asker::Word> words;
  words.reserve(count);
  for (const simdjson::dom::element envelope : results) words.push_back(word_of(envelope));
  return words;
}

prewarm::Asker::Answer trouble(prewarm::Asker::Trouble kind, Error error) {
  return {.trouble = kind, .words = {}, .error = std::move(error)};
}

prewarm::Asker::Answer answer_of(const fetch::HttpResponse& response, std::size_t count) {
  using Trouble = prewarm::Asker::Trouble;
  prewarm::Asker::Answer answer;
  if (const auto seconds = parse_integer(trim(response.retry_after)))
    answer.retry_after = std::chrono::seconds{*seconds};
  if (response.status == 200) {
    if (auto words = words_of(response.body, count)) {
      answer.words = *std::move(words);
      return answer;
    }
  }
  answer.error.public_detail = complaint_of(response);
  if (response.status == 429 || response.status == 503) {
    answer.trouble = Trouble::Passing;
  } else if (response.status >= 400 && response.status < 500) {
    answer.trouble = Trouble::Refused;
    answer.error.code = ErrorCode::Forbidden;
  } else {
    answer.trouble = Trouble::Failed;
  }
  return answer;
}

prewarm::Asker::Answer answer_of(const Error& error, bool answered_before) {
  using Trouble = prewarm::Asker::Trouble;
  const bool passing = error.code == ErrorCode::Timeout ||
                       error.code == ErrorCode::ConnectionLost || error.code == ErrorCode::Busy ||
                       (answered_before && error.code == ErrorCode::ConnectFailed);
  if (passing) return trouble(Trouble::Passing, error);
  const bool unreachable = exit_code(error) == cli::ExitCode::Unreachable;
  return trouble(unreachable ? Trouble::Unreachable : Trouble::Failed, error);
}

}  // namespace

void HttpAsker::ask(Kind kind, const std::vector<prewarm::Item>& items, Done done) {
  auto request = request_for(service_, "POST", "/v1/cards", body_of(items));
  request.headers.push_back({"X-Cardstock-Lane", "prewarm"});
  request.headers.push_back({"Prefer", "return=minimal"});
  if (kind == Kind::Look) request.headers.push_back({"Cache-Control", "only-if-cached"});
  request.deadline = context_.clock.steady() + kPatience;
  context_.http.send(std::move(request),
                     [answered = answered_, count = items.size(),
                      done = std::move(done)](Result<fetch::HttpResponse> response) mutable {
                       if (!response) return done(answer_of(response.error(), answered->load()));
                       answered->store(true);
                       done(answer_of(*response, count));
                     });
}

}  // namespace cardstock::app
