#include "app/prewarm/run.hpp"

#include <algorithm>
#include <utility>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/text.hpp>

namespace cardstock::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t kAsksOpen = 2;
constexpr milliseconds kPatience = 10min;

std::string body_of(const std::vector<PrewarmItem>& items) {
  std::string body;
  JsonWriter json{body};
  json.begin_object().key("entities").begin_array();
  for (const PrewarmItem& item : items) {
    json.begin_object()
        .field("type", name_of(item.type))
        .field("name", std::string_view{item.name})
        .end_object();
  }
  json.end_array().end_object();
  return body;
}

std::string_view text_at(const simdjson::dom::element& object, const char* key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

/// Would be the same for every other batch.
bool is_of_credentials(std::string_view outcome) {
  return outcome == "missing_credentials" || outcome == "auth_failed";
}

}  // namespace

/// Answers on their way from the client's thread to the command's. Bounded by what is open.
class PrewarmRun::Inbox {
 public:
  void put(Completed completed) {
    const LockGuard lock{mutex_};
    waiting_.push_back(std::move(completed));
    filled_.notify_one();
  }
  Completed take() {
    const LockGuard lock{mutex_};
    while (waiting_.empty()) filled_.wait(mutex_);
    Completed first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

 private:
  Mutex mutex_;  ///< guards what has arrived
  Condition filled_;
  std::deque<Completed> waiting_ CARDSTOCK_GUARDED_BY(mutex_);
};

PrewarmRun::PrewarmRun(CommandContext& context,
                       const Service* service,
                       PrewarmList& list,
                       Purpose purpose)
    : context_{context},
      service_{service},
      list_{list},
      purpose_{purpose},
      progress_{context},
      inbox_{std::make_shared<Inbox>()} {}

std::optional<Error> PrewarmRun::go() {
  for (;;) {
    if (context_.stop_asked && context_.stop_asked()) stopped_ = true;
    send_what_may();
    if (looks_open_ + asks_open_ == 0) {
      if (wait_ == 0ms || fatal_ || stopped_) break;
      context_.pause(std::exchange(wait_, 0ms));
      continue;
    }
    take(inbox_->take());
    show_progress();
  }
  progress_.end();
  return fatal_ ? fatal_ : list_error_;
}

void PrewarmRun::show_progress() {
  std::optional<std::size_t> total;
  if (const auto share = list_.share(); share && *share > 0)
    total = static_cast<std::size_t>(static_cast<double>(list_.indicators()) / *share);
  counts_.refused = list_.refused();
  progress_.show(counts_, total);
}

/// While the service is busy, what is open comes home before the pause, and nothing is sent.
void PrewarmRun::send_what_may() {
  while (may_send()) {
    const bool no_more = list_.at_end() && unseen_.empty() && looks_open_ == 0;
    if (asks_open_ < kAsksOpen &&
        (misses_.size() >= kPrewarmBatch || (no_more && !misses_.empty()))) {
      send(Kind::Ask, cut_batch(misses_));
      continue;
    }
    if (looks_open_ > 0 || misses_.size() >= kPrewarmBatch) return;
    read_more();
    if (!may_send() || unseen_.empty()) {
      if (unseen_.empty() && may_send() && !misses_.empty() && asks_open_ < kAsksOpen) continue;
      return;
    }
    if (service_ != nullptr) {
      send(Kind::Look, cut_batch(unseen_));
    } else {
      counts_.missing += unseen_.size();
      unseen_.clear();
      show_progress();
      if (context_.stop_asked && context_.stop_asked()) stopped_ = true;
    }
  }
}

void PrewarmRun::read_more() {
  if (unseen_.size() >= kPrewarmBatch || list_.at_end()) return;
  auto items = list_.next(kPrewarmBatch - unseen_.size());
  // What a stop has cut is no indicator.
  if (context_.stop_asked && context_.stop_asked()) stopped_ = true;
  if (stopped_) return;
  if (!items) {
    list_error_ = items.error();
    list_error_->code = ErrorCode::Internal;
    return;
  }
  std::ranges::move(*items, std::back_inserter(unseen_));
}

PrewarmRun::Items PrewarmRun::cut_batch(std::deque<PrewarmItem>& from) const {
  Items batch;
  std::size_t bytes = 0;
  while (batch.size() < kPrewarmBatch && !from.empty()) {
    bytes += from.front().name.size();
    if (!batch.empty() && bytes > kPrewarmBatchBytes) break;
    batch.push_back(std::move(from.front()));
    from.pop_front();
  }
  return batch;
}

void PrewarmRun::send(Kind kind, Items items) {
  auto request = request_for(*service_, "POST", "/v1/cards", body_of(items));
  request.headers.push_back({"X-Cardstock-Lane", "prewarm"});
  request.headers.push_back({"Prefer", "return=minimal"});
  if (kind == Kind::Look) request.headers.push_back({"Cache-Control", "only-if-cached"});
  request.deadline = context_.clock.steady() + kPatience;
  ++(kind == Kind::Look ? looks_open_ : asks_open_);
  context_.http.send(std::move(request), [inbox = inbox_, kind, items = std::move(items)](
                                             Result<fetch::HttpResponse> answer) mutable {
    inbox->put({kind, std::move(items), std::move(answer)});
  });
}

void PrewarmRun::take(Completed completed) {
  --(completed.kind == Kind::Look ? looks_open_ : asks_open_);
  if (!completed.answer) return take_error(completed, completed.answer.error());
  answered_ = true;
  const fetch::HttpResponse& response = *completed.answer;
  simdjson::dom::element document;
  simdjson::dom::array results;
  const bool readable = parser_.parse(response.body).get(document) == simdjson::SUCCESS &&
                        document["results"].get(results) == simdjson::SUCCESS &&
                        results.size() == completed.items.size();
  if (response.status == 200 && readable) {
    take_results(completed, results, response);
  } else if (response.status == 429 || response.status == 503) {
    again(completed.kind, completed.items, complaint_of(response), response.retry_after);
  } else if (response.status >= 400 && response.status < 500) {
    // Refused as a whole: every other batch would be.
    fatal_ =
        Error{.code = ErrorCode::Forbidden, .public_detail = complaint_of(response), .cause = {}};
    give_up(completed.items, fatal_->public_detail);
  } else {
    give_up(completed.items, complaint_of(response));
  }
}

void PrewarmRun::take_error(Completed& completed, const Error& error) {
  const bool passing = error.code == ErrorCode::Timeout ||
                       error.code == ErrorCode::ConnectionLost || error.code == ErrorCode::Busy ||
                       (answered_ && error.code == ErrorCode::ConnectFailed);
  if (passing) return again(completed.kind, completed.items, error.public_detail, {});
  if (purpose_ == Purpose::Foresee && exit_code(error) == cli::ExitCode::Unreachable) {
    service_ = nullptr;
    std::ranges::move(completed.items, std::back_inserter(unseen_));
    return;
  }
  if (exit_code(error) == cli::ExitCode::Unreachable) fatal_ = error;
  give_up(completed.items, error.public_detail);
}

PrewarmRun::Word PrewarmRun::word_of(const simdjson::dom::element& envelope) {
  Word word{.outcome = text_at(envelope, "outcome"),
            .message = text_at(envelope, "message"),
            .cache = {},
            .stale_reason = {}};
  if (word.message.empty())
    word.message = word.outcome.empty() ? "an answer without outcome" : word.outcome;
  simdjson::dom::element cache;
  if (envelope["cache"].get(cache) == simdjson::SUCCESS) {
    word.cache = text_at(cache, "status");
    word.stale_reason = text_at(cache, "stale_reason");
  }
  return word;
}

void PrewarmRun::take_results(Completed& completed,
                              const simdjson::dom::array& results,
                              const fetch::HttpResponse& response) {
  Items left;
  std::size_t at = 0;
  for (const simdjson::dom::element envelope : results) {
    PrewarmItem& item = completed.items[at++];
    if (!settle(completed.kind, item, word_of(envelope))) left.push_back(std::move(item));
  }
  if (left.size() < completed.items.size() || completed.kind == Kind::Look) stalled_ = 0;
  if (left.empty()) return;
  if (completed.kind == Kind::Ask)
    return again(completed.kind, left, "the service stayed busy", response.retry_after);
  if (purpose_ == Purpose::Foresee) {
    counts_.missing += left.size();
  } else {
    std::ranges::move(left, std::back_inserter(misses_));
  }
}

bool PrewarmRun::settle(Kind kind, const PrewarmItem& item, const Word& word) {
  if (word.outcome == "invalid_indicator" || word.outcome == "unsupported_type") {
    list_.refuse(item.list, item.line, word.message);
    return true;
  }
  if (is_of_credentials(word.outcome)) {
    fatal_ = Error{
        .code = ErrorCode::AuthFailed, .public_detail = std::string{word.message}, .cause = {}};
    give_up(item, word.message);
    return true;
  }
  const bool has_card = word.outcome == "ok" || word.outcome == "no_result";
  if (has_card && word.cache == "hit") {
    ++counts_.fresh;
    return true;
  }
  return kind == Kind::Ask && settle_asked(item, word);
}

bool PrewarmRun::settle_asked(const PrewarmItem& item, const Word& word) {
  if (word.outcome == "busy") return false;
  // Served because ThreatConnect could not be asked: the cache is no warmer than it was.
  const bool old = word.cache == "stale" && word.stale_reason != "refreshing";
  if (word.outcome == "ok" && !old) {
    ++counts_.found;
  } else if (word.outcome == "no_result") {
    ++counts_.absent;
  } else {
    give_up(item, word.message);
  }
  return true;
}

void PrewarmRun::again(Kind kind,
                       Items& items,
                       std::string_view why,
                       std::string_view retry_after) {
  if (++stalled_ > kMaxStalled) {
    give_up(items, why);
    fatal_ = Error{.code = ErrorCode::Busy, .public_detail = std::string{why}, .cause = {}};
    return;
  }
  std::deque<PrewarmItem>& to = kind == Kind::Look ? unseen_ : misses_;
  to.insert(to.begin(), std::make_move_iterator(items.begin()),
            std::make_move_iterator(items.end()));
  const auto seconds = parse_integer(trim(retry_after));
  const std::chrono::seconds after{std::clamp<std::int64_t>(seconds.value_or(5), 1, 60)};
  wait_ = std::max<milliseconds>(wait_, after);
}

void PrewarmRun::give_up(const PrewarmItem& item, std::string_view why) {
  ++counts_.failed;
  if (kept_failures_.size() == PrewarmList::kMaxKept) return;
  kept_failures_.push_back({list_.list_name(item.list), item.line, std::string{why}});
}

void PrewarmRun::give_up(const Items& items, std::string_view why) {
  for (const PrewarmItem& item : items) give_up(item, why);
}

}  // namespace cardstock::app
