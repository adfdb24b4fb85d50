#include "app/commands/prewarm.hpp"

#include <algorithm>
#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <simdjson.h>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

#include "app/commands/prewarm_list.hpp"
#include "app/commands/service.hpp"
#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t kInFlight = 2;
constexpr std::size_t kCallIndicators = 50;  // the most that the service merges into one call
constexpr milliseconds kPatience = 10min;
constexpr milliseconds kLineEvery = 10s;
constexpr milliseconds kBarEvery = 200ms;

using Batch = std::vector<std::size_t>;  // indexes of items

struct Completed {
  Batch batch;
  Result<fetch::HttpResponse> answer;
};

/// Answers on their way from the client's thread to the command's. Bounded by the number of batches
/// in flight.
class Inbox {
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

struct Tally {
  std::size_t found = 0;
  std::size_t absent = 0;
  std::size_t failed = 0;
  std::vector<RefusedLine> kept_failures;
};

/// How far the run is, for people who wait.
class Progress {
 public:
  Progress(CommandContext& context, std::size_t total)
      : context_{context}, total_{total}, began_{context.clock.steady()}, shown_{began_} {}

  void show(std::size_t done) {
    const SteadyTime now = context_.clock.steady();
    if (now - shown_ < (context_.err_is_terminal ? kBarEvery : kLineEvery)) return;
    shown_ = now;
    drawn_ = context_.err_is_terminal;
    if (context_.err_is_terminal) context_.err << '\r' << bar(done) << ' ';
    context_.err << count_text(done) << " of " << count_text(total_) << rate(done, now);
    context_.err << (context_.err_is_terminal ? "\x1B[K" : "\n") << std::flush;
  }
  /// Leaves the line of the bar.
  void end() {
    if (std::exchange(drawn_, false)) context_.err << "\r\x1B[K" << std::flush;
  }

 private:
  std::string bar(std::size_t done) const {
    constexpr std::size_t kColumns = 30;
    const std::size_t full = done * kColumns / total_;
    return "[" + std::string(full, '#') + std::string(kColumns - full, '.') + "]";
  }
  std::string rate(std::size_t done, SteadyTime now) const {
    const std::chrono::duration<double> spent = now - began_;
    if (done == 0 || spent.count() <= 0) return "";
    const double per_second = static_cast<double>(done) / spent.count();
    const milliseconds left{
        static_cast<std::int64_t>(static_cast<double>(total_ - done) / per_second * 1000)};
    return ", " + count_text(static_cast<std::uint64_t>(per_second * 60)) + " a minute, " +
           to_words(left) + " left";
  }

  CommandContext& context_;
  std::size_t total_;
  SteadyTime began_;
  SteadyTime shown_;
  bool drawn_ = false;
};

/// Asks for the items of a list and counts what comes of it.
class Run {
 public:
  Run(CommandContext& context, const Service& service, PrewarmList& list)
      : context_{context},
        service_{service},
        list_{list},
        progress_{context, list.items().size()} {}

  /// nullopt: the list has been asked to its end; else why the run was given up.
  std::optional<Error> ask_all() {
    while (more() || in_flight_ > 0) {
      while (in_flight_ < kInFlight && more() && !fatal_) send(next_batch());
      if (in_flight_ == 0) break;
      Completed completed = inbox_->take();
      --in_flight_;
      take_answer(completed);
      progress_.show(done());
      if (!fatal_ && wait_ > 0ms && in_flight_ == 0) context_.pause(std::exchange(wait_, 0ms));
    }
    progress_.end();
    return fatal_;
  }

  const Tally& tally() const noexcept { return tally_; }
  /// Items without an answer because the run was given up.
  std::size_t unasked() const noexcept { return list_.items().size() - next_ + again_.size(); }

 private:
  std::size_t done() const noexcept { return next_ - again_.size() - asked_; }
  /// While the service is busy, what is in flight comes home before the pause, and nothing is sent.
  bool more() const noexcept {
    return wait_ == 0ms && (!again_.empty() || next_ < list_.items().size());
  }

  Batch next_batch() {
    Batch batch;
    std::size_t bytes = 0;
    while (batch.size() < kPrewarmBatch && (!again_.empty() || next_ < list_.items().size())) {
      const std::size_t index = again_.empty() ? next_ : again_.front();
      bytes += list_.items()[index].name.size();
      if (!batch.empty() && bytes > kPrewarmBatchBytes) break;
      if (again_.empty()) {
        ++next_;
      } else {
        again_.pop_front();
      }
      batch.push_back(index);
    }
    return batch;
  }

  void send(Batch batch) {
    std::string body;
    JsonWriter json{body};
    json.begin_object().key("entities").begin_array();
    for (const std::size_t index : batch) {
      const PrewarmItem& item = list_.items()[index];
      json.begin_object()
          .field("type", name_of(item.type))
          .field("name", std::string_view{item.name})
          .end_object();
    }
    json.end_array().end_object();
    auto request = request_for(service_, "POST", "/v1/cards", std::move(body));
    request.headers.push_back({"X-Cardstock-Lane", "prewarm"});
    request.deadline = context_.clock.steady() + kPatience;
    ++in_flight_;
    asked_ += batch.size();
    context_.http.send(std::move(request), [inbox = inbox_, batch = std::move(batch)](
                                               Result<fetch::HttpResponse> answer) mutable {
      inbox->put({std::move(batch), std::move(answer)});
    });
  }

  void take_answer(const Completed& completed) {
    asked_ -= completed.batch.size();
    if (!completed.answer) {
      take_error(completed.batch, completed.answer.error());
      return;
    }
    const fetch::HttpResponse& response = *completed.answer;
    simdjson::dom::element document;
    simdjson::dom::array results;
    const bool readable = parser_.parse(response.body).get(document) == simdjson::SUCCESS &&
                          document["results"].get(results) == simdjson::SUCCESS &&
                          results.size() == completed.batch.size();
    if (response.status == 200 && readable) {
      take_results(completed.batch, results, response);
    } else if (response.status == 429 || response.status == 503) {
      ask_again(completed.batch, complaint_of(response), response.retry_after);
    } else if (response.status >= 400 && response.status < 500) {
      // Refused as a whole: every other batch would be.
      fatal_ =
          Error{.code = ErrorCode::Forbidden, .public_detail = complaint_of(response), .cause = {}};
      give_up(completed.batch, fatal_->public_detail);
    } else {
      give_up(completed.batch, complaint_of(response));
    }
  }

  void take_error(const Batch& batch, const Error& error) {
    if (error.code == ErrorCode::Timeout || error.code == ErrorCode::ConnectionLost ||
        error.code == ErrorCode::Busy) {
      ask_again(batch, error.public_detail, {});
      return;
    }
    if (exit_code(error) == cli::ExitCode::Unreachable) fatal_ = error;
    give_up(batch, error.public_detail);
  }

  void take_results(const Batch& batch,
                    const simdjson::dom::array& results,
                    const fetch::HttpResponse& response) {
    Batch busy;
    std::size_t at = 0;
    for (const simdjson::dom::element envelope : results) {
      const std::size_t index = batch[at++];
      std::string_view outcome;
      std::string_view message;
      const bool known = envelope["outcome"].get(outcome) == simdjson::SUCCESS;
      if (envelope["message"].get(message) != simdjson::SUCCESS)
        message = known ? outcome : "an answer without outcome";
      if (outcome == "ok") {
        ++tally_.found;
      } else if (outcome == "no_result") {
        ++tally_.absent;
      } else if (outcome == "busy") {
        busy.push_back(index);
      } else if (outcome == "invalid_indicator" || outcome == "unsupported_type") {
        list_.refuse(list_.items()[index].list, list_.items()[index].line, message);
      } else {
        if (outcome == "missing_credentials" || outcome == "auth_failed") {
          fatal_ = Error{
              .code = ErrorCode::AuthFailed, .public_detail = std::string{message}, .cause = {}};
        }
        give_up({index}, message);
      }
    }
    if (busy.size() < batch.size()) stalled_ = 0;
    if (!busy.empty()) ask_again(busy, "the service stayed busy", response.retry_after);
  }

  void ask_again(const Batch& batch, std::string_view why, std::string_view retry_after) {
    if (++stalled_ > kMaxStalled) {
      give_up(batch, why);
      fatal_ = Error{.code = ErrorCode::Busy, .public_detail = std::string{why}, .cause = {}};
      return;
    }
    again_.insert(again_.end(), batch.begin(), batch.end());
    const auto seconds = parse_integer(trim(retry_after));
    const std::chrono::seconds after{std::clamp<std::int64_t>(seconds.value_or(5), 1, 60)};
    wait_ = std::max<milliseconds>(wait_, after);
  }

  void give_up(const Batch& batch, std::string_view why) {
    tally_.failed += batch.size();
    for (const std::size_t index : batch) {
      if (tally_.kept_failures.size() == PrewarmList::kMaxKept) break;
      const PrewarmItem& item = list_.items()[index];
      tally_.kept_failures.push_back({list_.list_name(item.list), item.line, std::string{why}});
    }
  }

  CommandContext& context_;
  const Service& service_;
  PrewarmList& list_;
  Progress progress_;
  Tally tally_;
  // Shared with the calls, which may come home after a run that was given up.
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  simdjson::dom::parser parser_;
  std::deque<std::size_t> again_;  ///< items to ask once more, before new ones
  std::size_t next_ = 0;           ///< first item that was never asked
  std::size_t asked_ = 0;          ///< items in flight
  std::size_t in_flight_ = 0;
  std::size_t stalled_ = 0;  ///< batches in a row without a single answer
  milliseconds wait_{0};
  std::optional<Error> fatal_;
};

Status read_lists(const cli::PrewarmCommand& command, CommandContext& context, PrewarmList& list) {
  std::vector<std::string> files = command.files;
  if (files.empty()) files.emplace_back("-");
  for (const std::string& path : files) {
    std::ifstream file;
    if (path != "-") file.open(path, std::ios::binary);
    if (path != "-" && !file) return fail(ErrorCode::Internal, path + " cannot be opened");
    const std::string name = path == "-" ? "standard input" : path;
    if (auto status = list.read(path == "-" ? context.in : file, name); !status) {
      return fail(ErrorCode::Internal, name + ": " + status.error().public_detail);
    }
  }
  return {};
}

void print_lines(std::ostream& err,
                 std::string_view what,
                 const std::vector<RefusedLine>& kept,
                 std::size_t all) {
  for (const RefusedLine& line : kept) {
    err << what << ' ' << printable(line.list) << ':' << line.line << ": " << printable(line.why)
        << '\n';
  }
  if (all > kept.size()) err << what << ' ' << count_text(all - kept.size()) << " more\n";
}

void print_counts(std::ostream& out, const PrewarmList& list, std::size_t indicators) {
  out << "entries     " << count_text(list.entries()) << '\n';
  out << "duplicates  " << count_text(list.duplicates()) << '\n';
  out << "indicators  " << count_text(indicators) << '\n';
}

}  // namespace

cli::ExitCode run_prewarm(const cli::PrewarmCommand& command, CommandContext& context) {
  const auto type = entity_type(command.type);
  if (!command.type.empty() && !type) {
    return report(
        context,
        {.code = ErrorCode::MalformedRequest,
         .public_detail = "--type must be IpAddress, InternetDomainName, URL, Hash or EmailAddress",
         .cause = {}});
  }
  const auto service = find_service(command.service, context.environment, Listener::Cards);
  if (!service && !command.dry_run) return report(context, service.error());

  PrewarmList list{type, command.column, context.random};
  if (const auto status = read_lists(command, context, list); !status)
    return report(context, status.error());
  const std::size_t indicators = list.items().size();

  Tally tally;
  std::size_t unasked = 0;
  std::optional<Error> fatal;
  if (!command.dry_run && indicators > 0) {
    Run run{context, *service, list};
    fatal = run.ask_all();
    tally = run.tally();
    unasked = run.unasked();
  }

  print_lines(context.err, "refused", list.kept_refusals(), list.refused());
  print_lines(context.err, "failed", tally.kept_failures, tally.failed);
  print_counts(context.out, list, indicators);
  if (command.dry_run) {
    context.out << "calls       "
                << count_text((indicators + kCallIndicators - 1) / kCallIndicators)
                << " at most, when nothing is fresh\n";
  } else {
    context.out << "found       " << count_text(tally.found) << "\nabsent      "
                << count_text(tally.absent) << '\n';
  }
  context.out << "refused     " << count_text(list.refused()) << '\n';
  if (!command.dry_run) context.out << "failed      " << count_text(tally.failed) << '\n';

  if (unasked > 0) context.out << "not asked   " << count_text(unasked) << '\n';

  if (fatal) return report(context, *fatal);
  if (tally.failed > 0 || (indicators == 0 && list.refused() > 0)) return cli::ExitCode::Failed;
  return list.refused() > 0 ? cli::ExitCode::Partly : cli::ExitCode::Ok;
}

}  // namespace cardstock::app
