/// The thread of the prewarm jobs: makes a list of each order, and runs it. A part of PrewarmJobs.
#include <algorithm>
#include <istream>
#include <utility>

#include <pthread.h>

#include <cardstock/admin/prewarm_jobs.hpp>
#include <cardstock/prewarm/list.hpp>
#include <cardstock/util/json_writer.hpp>

namespace cardstock::admin {
namespace {

using std::chrono::milliseconds;

/// How long a query waits for a quiet moment, and how often it looks for one.
constexpr std::size_t kQuietTries = 100;
constexpr milliseconds kQuietPause{3000};

/// How often an idle thread looks for lists of which no part comes any more.
constexpr std::chrono::seconds kLookAround{30};

bool is_passing(ErrorCode code) noexcept {
  return code == ErrorCode::Busy || code == ErrorCode::RateLimited || code == ErrorCode::Timeout ||
         code == ErrorCode::ConnectionLost;
}

/// As a list that is read like any other.
std::string line_of(EntityType type, std::string_view name) {
  std::string line;
  JsonWriter{line}.begin_object().field("type", name_of(type)).field("name", name).end_object();
  return line + "\n";
}

/// One page on its way from the enricher's thread; whoever drops the question answers it.
class PageBox {
 public:
  void put(Result<threatconnect::Page> page) {
    const LockGuard lock{mutex_};
    if (page_) return;
    page_ = std::move(page);
    filled_.notify_one();
  }
  Result<threatconnect::Page> take() {
    const LockGuard lock{mutex_};
    while (!page_) filled_.wait(mutex_);
    return *std::move(page_);
  }

 private:
  Mutex mutex_;  ///< guards the page
  Condition filled_;
  std::optional<Result<threatconnect::Page>> page_ CARDSTOCK_GUARDED_BY(mutex_);
};

struct Question {
  explicit Question(std::shared_ptr<PageBox> to) : box{std::move(to)} {}
  ~Question() { box->put(fail(ErrorCode::Cancelled, "The service is stopping.", "shutdown")); }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  const std::shared_ptr<PageBox> box;
};

}  // namespace

void PrewarmJobs::run() {
  pthread_setname_np(pthread_self(), "cs-prewarm");
  for (bool stopping = false; !stopping;) {
    std::optional<Taken> next = take_next(stopping);
    audit_ended();
    if (!next) continue;
    const Ended ended = carry_out(next->job, std::move(next->spool));
    const LockGuard lock{mutex_};
    if (Kept* const kept = at(next->job.id)) end(*kept, ended);
  }
}

std::optional<PrewarmJobs::Taken> PrewarmJobs::take_next(bool& stopping) {
  const LockGuard lock{mutex_};
  forget_old();
  stopping = stopping_;
  if (stopping_) {
    for (Kept& kept : jobs_)
      if (!has_ended(kept.job.state)) end(kept, {JobState::Cancelled, "The service is stopping."});
    return std::nullopt;
  }
  const auto next = std::ranges::find_if(
      jobs_, [](const Kept& kept) { return kept.job.state == JobState::Waiting; });
  if (next == jobs_.end()) {
    if (unaudited_.empty())
      changed_.wait_until(mutex_, std::chrono::steady_clock::now() + kLookAround);
    return std::nullopt;
  }
  next->job.state = JobState::Running;
  next->job.started_at = parts_.clock.wall();
  cancel_ = false;
  return Taken{next->job, std::move(next->spool)};
}

template <class Change>
void PrewarmJobs::change(const std::string& id, Change change) {
  const LockGuard lock{mutex_};
  if (Kept* const kept = at(id)) change(kept->job);
}

PrewarmJobs::Ended PrewarmJobs::carry_out(const PrewarmJob& job, std::unique_ptr<Spool> spool) {
  if (!spool) {
    auto listed = list_of(job);
    if (!listed)
      return {stop_asked() ? JobState::Cancelled : JobState::Failed, listed.error().public_detail};
    spool = *std::move(listed);
  }
  const auto* const order = std::get_if<ListOrder>(&job.order);
  SpoolInput input{*spool};
  std::istream in{&input};
  prewarm::List list{{.type = order != nullptr ? order->type : std::nullopt,
                      .column = order != nullptr ? order->column : std::string{},
                      .files = {},
                      .stream_name = "list",
                      .stream_bytes = spool->bytes()},
                     in,
                     parts_.random};
  const SteadyTime began = parts_.clock.steady();
  const auto show = [&](const prewarm::Counts& counts, std::optional<std::size_t> total) {
    const prewarm::Pace pace = prewarm::pace_of(counts, total, parts_.clock.steady() - began);
    change(job.id, [&](PrewarmJob& shown) {
      shown.counts = counts;
      shown.counts.refused = list.refused();
      shown.total = total;
      shown.pace = pace;
      shown.entries = list.entries();
      shown.duplicates = list.duplicates();
      shown.indicators = list.indicators();
      shown.refused = list.kept_refusals();
    });
  };
  prewarm::Run run{{.pause = [this](milliseconds span) { pause(span); },
                    .stop_asked = [this] { return stop_asked(); },
                    .progress = show},
                   parts_.asker,
                   list,
                   prewarm::Run::Purpose::Fill};
  const std::optional<Error> error = run.go();
  show(run.counts(), list.indicators());
  change(job.id, [&run](PrewarmJob& shown) { shown.failed = run.kept_failures(); });
  if (run.stopped()) return {JobState::Cancelled, {}};
  if (error) return {JobState::Failed, error->public_detail};
  return {JobState::Done, {}};
}

Result<std::unique_ptr<Spool>> PrewarmJobs::list_of(const PrewarmJob& job) {
  auto spool = Spool::create(parts_.spool_prefix);
  if (!spool) return spool;
  const auto* const most = std::get_if<MostAskedOrder>(&job.order);
  const Status written =
      most != nullptr ? write_most_asked(most->most, **spool) : write_query(job, **spool);
  if (!written) return std::unexpected(written.error());
  return spool;
}

Status PrewarmJobs::write_most_asked(std::size_t most, Spool& spool) const {
  std::string lines;
  for (const TopIndicators::Row& row : parts_.top.top(most))
    lines += line_of(row.type, row.canonical);
  return spool.append(lines);
}

Status PrewarmJobs::write_query(const PrewarmJob& job, Spool& spool) {
  enrich::Enricher::Listing listing{
      .tenant = parts_.tenant, .tql = std::get<QueryOrder>(job.order).tql, .next = {}};
  std::size_t names = 0;
  for (std::size_t pages = 0; pages < kPages; ++pages) {
    Result<threatconnect::Page> page = ask_page(listing);
    if (!page) return std::unexpected(page.error());
    std::string lines;
    for (const threatconnect::Row& row : page->rows) {
      if (!row.type) continue;
      names += row.values.size();
      for (const std::string& value : row.values) lines += line_of(entity_of(*row.type), value);
    }
    if (names > kNames || spool.bytes() + lines.size() > kSpooled) break;
    if (const Status added = spool.append(lines); !added) return added;
    change(job.id, [names](PrewarmJob& shown) { shown.named = names; });
    // A page that names itself as the next, or holds nothing, is the last.
    if (page->next.empty() || page->next == listing.next || page->rows.empty()) return {};
    listing.next = std::move(page->next);
  }
  return fail(ErrorCode::MalformedRequest,
              "The query finds more than " + std::to_string(kNames) + " names; narrow it.");
}

Result<threatconnect::Page> PrewarmJobs::ask_page(const enrich::Enricher::Listing& listing) {
  for (std::size_t tries = 1;; ++tries) {
    if (stop_asked()) return fail(ErrorCode::Cancelled, "The job was cancelled.");
    const auto box = std::make_shared<PageBox>();
    parts_.enricher.list(
        listing, [question = std::make_unique<Question>(box)](Result<threatconnect::Page> page) {
          question->box->put(std::move(page));
        });
    Result<threatconnect::Page> page = box->take();
    if (page || !is_passing(page.error().code) || tries == kQuietTries) return page;
    pause(kQuietPause);
  }
}

bool PrewarmJobs::stop_asked() const {
  const LockGuard lock{mutex_};
  return stopping_ || cancel_;
}

void PrewarmJobs::pause(milliseconds span) {
  const SteadyTime until = std::chrono::steady_clock::now() + span;
  const LockGuard lock{mutex_};
  while (!stopping_ && !cancel_ && std::chrono::steady_clock::now() < until)
    changed_.wait_until(mutex_, until);
}

}  // namespace cardstock::admin
