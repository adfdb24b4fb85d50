#include <cardstock/prewarm/run.hpp>

#include <algorithm>
#include <utility>

#include <cardstock/util/mutex.hpp>

namespace cardstock::prewarm {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t kAsksOpen = 2;
constexpr std::chrono::seconds kShortestWait{1};
constexpr std::chrono::seconds kLongestWait{60};

/// Would be the same for every other batch.
bool is_of_credentials(std::string_view outcome) noexcept {
  return outcome == "missing_credentials" || outcome == "auth_failed";
}

}  // namespace

Pace pace_of(const Counts& counts,
             std::optional<std::size_t> total,
             std::chrono::duration<double> spent) noexcept {
  constexpr double kShortest = 0.001;
  constexpr double kCentury = 3e9;
  const auto settled = static_cast<double>(counts.settled());
  const double per_second = settled / std::max(spent.count(), kShortest);
  Pace pace{.per_minute = per_second * 60, .left = {}};
  if (!total || per_second <= 0) return pace;
  const double left = static_cast<double>(*total - std::min(*total, counts.settled()));
  pace.left =
      std::chrono::seconds{static_cast<std::int64_t>(std::min(left / per_second, kCentury))};
  return pace;
}

/// Answers on their way to the run's thread. Bounded by what is open.
class Run::Inbox {
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

Run::Run(RunParts parts, Asker& asker, List& list, Purpose purpose)
    : parts_{std::move(parts)},
      asker_{asker},
      list_{list},
      purpose_{purpose},
      inbox_{std::make_shared<Inbox>()} {}

std::optional<Error> Run::go() {
  for (;;) {
    if (stop_asked()) stopped_ = true;
    send_what_may();
    if (looks_open_ + asks_open_ == 0) {
      if (wait_ == 0ms || fatal_ || stopped_) break;
      parts_.pause(std::exchange(wait_, 0ms));
      continue;
    }
    take(inbox_->take());
    show_progress();
  }
  return fatal_ ? fatal_ : list_error_;
}

bool Run::stop_asked() {
  return parts_.stop_asked && parts_.stop_asked();
}

void Run::show_progress() {
  std::optional<std::size_t> total;
  if (const auto share = list_.share(); share && *share > 0)
    total = static_cast<std::size_t>(static_cast<double>(list_.indicators()) / *share);
  counts_.refused = list_.refused();
  if (parts_.progress) parts_.progress(counts_, total);
}

/// While the service is busy, what is open comes home before the pause, and nothing is sent.
void Run::send_what_may() {
  while (may_send()) {
    const bool no_more = list_.at_end() && unseen_.empty() && looks_open_ == 0;
    if (asks_open_ < kAsksOpen && (misses_.size() >= kBatch || (no_more && !misses_.empty()))) {
      send(Kind::Ask, cut_batch(misses_));
      continue;
    }
    if (looks_open_ > 0 || misses_.size() >= kBatch) return;
    read_more();
    if (!may_send() || unseen_.empty()) {
      if (unseen_.empty() && may_send() && !misses_.empty() && asks_open_ < kAsksOpen) continue;
      return;
    }
    if (looks_) {
      send(Kind::Look, cut_batch(unseen_));
    } else {
      for (const Item& item : std::exchange(unseen_, {})) foresee(item);
      show_progress();
      if (stop_asked()) stopped_ = true;
    }
  }
}

void Run::read_more() {
  if (unseen_.size() >= kBatch || list_.at_end()) return;
  auto items = list_.next(kBatch - unseen_.size(), [this] {
    show_progress();
    return !stop_asked();
  });
  // What a stop has cut is no indicator.
  if (stop_asked()) stopped_ = true;
  if (stopped_) return;
  if (!items) {
    list_error_ = items.error();
    list_error_->code = ErrorCode::Internal;
    return;
  }
  std::ranges::move(*items, std::back_inserter(unseen_));
}

Run::Items Run::cut_batch(std::deque<Item>& from) const {
  Items batch;
  std::size_t bytes = 0;
  while (batch.size() < kBatch && !from.empty()) {
    bytes += from.front().name.size();
    if (!batch.empty() && bytes > kBatchBytes) break;
    batch.push_back(std::move(from.front()));
    from.pop_front();
  }
  return batch;
}

void Run::send(Kind kind, Items items) {
  ++(kind == Kind::Look ? looks_open_ : asks_open_);
  const auto asked = std::make_shared<Items>(std::move(items));
  asker_.ask(kind, *asked, [inbox = inbox_, kind, asked](Asker::Answer answer) {
    inbox->put({kind, std::move(*asked), std::move(answer)});
  });
}

void Run::take(Completed completed) {
  --(completed.kind == Kind::Look ? looks_open_ : asks_open_);
  const Asker::Answer& answer = completed.answer;
  switch (answer.trouble) {
    case Asker::Trouble::None:
      return take_words(completed);
    case Asker::Trouble::Passing:
      return again(completed.kind, completed.items, answer.error.public_detail, answer.retry_after);
    case Asker::Trouble::Unreachable:
      if (purpose_ == Purpose::Foresee) {
        looks_ = false;
        std::ranges::move(completed.items, std::back_inserter(unseen_));
        return;
      }
      [[fallthrough]];
    case Asker::Trouble::Refused:
      fatal_ = answer.error;
      break;
    case Asker::Trouble::Failed:
      break;
  }
  give_up(completed.items, answer.error.public_detail);
}

void Run::take_words(Completed& completed) {
  Items left;
  for (std::size_t i = 0; i < completed.items.size(); ++i) {
    Item& item = completed.items[i];
    if (!settle(completed.kind, item, completed.answer.words.at(i)))
      left.push_back(std::move(item));
  }
  if (left.size() < completed.items.size() || completed.kind == Kind::Look) stalled_ = 0;
  if (left.empty()) return;
  if (completed.kind == Kind::Ask)
    return again(completed.kind, left, "the service stayed busy", completed.answer.retry_after);
  if (purpose_ == Purpose::Foresee) {
    for (const Item& item : left) foresee(item);
  } else {
    std::ranges::move(left, std::back_inserter(misses_));
  }
}

void Run::foresee(const Item& item) {
  ++counts_.missing;
  // Was read when it was listed.
  if (const auto indicator = Indicator::parse(item.type, item.name))
    forecast_.add(threatconnect::target_cost(indicator->type(), indicator->spellings()));
}

bool Run::settle(Kind kind, const Item& item, const Asker::Word& word) {
  if (word.outcome == "invalid_indicator" || word.outcome == "unsupported_type") {
    list_.refuse(item.list, item.line, word.message);
    return true;
  }
  if (is_of_credentials(word.outcome)) {
    fatal_ = Error{.code = ErrorCode::AuthFailed, .public_detail = word.message, .cause = {}};
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

bool Run::settle_asked(const Item& item, const Asker::Word& word) {
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

void Run::again(Kind kind, Items& items, const std::string& why, std::chrono::seconds retry_after) {
  if (++stalled_ > kMaxStalled) {
    give_up(items, why);
    fatal_ = Error{.code = ErrorCode::Busy, .public_detail = why, .cause = {}};
    return;
  }
  std::deque<Item>& to = kind == Kind::Look ? unseen_ : misses_;
  to.insert(to.begin(), std::make_move_iterator(items.begin()),
            std::make_move_iterator(items.end()));
  wait_ = std::max<milliseconds>(wait_, std::clamp(retry_after, kShortestWait, kLongestWait));
}

void Run::give_up(const Item& item, std::string_view why) {
  ++counts_.failed;
  if (kept_failures_.size() == List::kMaxKept) return;
  kept_failures_.push_back({list_.list_name(item.list), item.line, std::string{why}});
}

void Run::give_up(const Items& items, std::string_view why) {
  for (const Item& item : items) give_up(item, why);
}

}  // namespace cardstock::prewarm
