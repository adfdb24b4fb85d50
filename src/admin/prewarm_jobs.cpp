#include <cardstock/admin/prewarm_jobs.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <cardstock/util/text.hpp>

namespace cardstock::admin {
namespace {

std::unexpected<Error> no_such_job() {
  return fail(ErrorCode::NotInCache, "There is no such job, or no more.");
}

std::string what_of(const PrewarmJob& job) {
  if (const auto* const list = std::get_if<ListOrder>(&job.order))
    return list->name.empty() ? "a list" : "list " + list->name;
  if (const auto* const most = std::get_if<MostAskedOrder>(&job.order))
    return "the " + std::to_string(most->most) + " asked most";
  return "a query";
}

void add(PrewarmFigures& to, const prewarm::Counts& counts) {
  to.found += counts.found;
  to.absent += counts.absent;
  to.fresh += counts.fresh;
  to.refused += counts.refused;
  to.failed += counts.failed;
}

}  // namespace

PrewarmJobs::PrewarmJobs(Parts parts) : parts_{std::move(parts)}, thread_{[this] { run(); }} {}

PrewarmJobs::~PrewarmJobs() {
  begin_stop();
  thread_.join();
}

void PrewarmJobs::begin_stop() {
  {
    const LockGuard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
}

Result<PrewarmJob> PrewarmJobs::create(PrewarmOrder order,
                                       std::string_view part,
                                       More more,
                                       const PrewarmAsker& who) {
  std::array<std::byte, 8> id{};
  parts_.random.fill(id);
  Kept kept{.job = {.id = to_hex({reinterpret_cast<const char*>(id.data()), id.size()}),
                    .order = std::move(order),
                    .asked_by = who.caller,
                    .created_at = parts_.clock.wall()},
            .spool = {},
            .who = who,
            .touched = {}};
  if (std::holds_alternative<ListOrder>(kept.job.order)) {
    auto spool = Spool::create(parts_.spool_prefix);
    if (!spool) return std::unexpected(spool.error());
    if (const Status added = (*spool)->append(part); !added) return std::unexpected(added.error());
    take_part(kept, *std::move(spool), more);
  }
  PrewarmJob made = kept.job;
  {
    const LockGuard lock{mutex_};
    forget_old();
    if (const Status room = room_for(kept.job.order, part.size(), more); !room)
      return std::unexpected(room.error());
    jobs_.push_back(std::move(kept));
  }
  changed_.notify_all();
  audit("prewarm", made, who, "ordered");
  return made;
}

Status PrewarmJobs::room_for(const PrewarmOrder& order, std::size_t part, More more) const {
  if (std::holds_alternative<QueryOrder>(order) && !parts_.tenant) {
    return fail(ErrorCode::MissingCredentials,
                "This service has no ThreatConnect credentials of its own to ask with.");
  }
  if (const Status disk = disk_for(part); !disk) return disk;
  const bool follows = more == More::Follows;
  const std::size_t others = count(follows ? JobState::Receiving : JobState::Waiting);
  if (!stopping_ && others < (follows ? kReceiving : kWaiting)) return {};
  return fail(ErrorCode::Busy, "Other prewarm jobs are waiting already; order it again later.",
              "prewarm jobs at their limit");
}

Status PrewarmJobs::disk_for(std::size_t part) const {
  std::uint64_t spooled = part;
  for (const Kept& kept : jobs_)
    if (!has_ended(kept.job.state)) spooled += kept.job.bytes;
  if (spooled <= kSpooled) return {};
  return fail(ErrorCode::Busy, "The lists that wait are as long as they may be together.",
              "spooled bytes at their limit");
}

void PrewarmJobs::take_part(Kept& kept, std::unique_ptr<Spool> spool, More more) const {
  kept.spool = std::move(spool);
  kept.job.bytes = kept.spool->bytes();
  kept.job.state = more == More::Follows ? JobState::Receiving : JobState::Waiting;
  kept.touched = parts_.clock.steady();
}

PrewarmJobs::Kept* PrewarmJobs::at(std::string_view id) {
  const auto found =
      std::ranges::find_if(jobs_, [id](const Kept& kept) { return kept.job.id == id; });
  return found == jobs_.end() ? nullptr : &*found;
}

Result<std::unique_ptr<Spool>> PrewarmJobs::receiving(std::string_view id,
                                                      std::uint64_t offset,
                                                      std::size_t part,
                                                      More more) {
  const LockGuard lock{mutex_};
  forget_old();
  Kept* const kept = at(id);
  if (kept == nullptr) return no_such_job();
  // Without its spool: another part is being written.
  if (kept->job.state != JobState::Receiving || !kept->spool)
    return fail(ErrorCode::Forbidden, "This job takes no part now.");
  if (kept->job.bytes != offset)
    return fail(ErrorCode::Forbidden,
                "The next part is the one at byte " + std::to_string(kept->job.bytes) + ".");
  const Status room = more == More::Last ? room_for(kept->job.order, part, more) : disk_for(part);
  if (!room) return std::unexpected(room.error());
  return std::move(kept->spool);
}

Result<PrewarmJob> PrewarmJobs::append(std::string_view id,
                                       std::uint64_t offset,
                                       std::string_view part,
                                       More more) {
  auto spool = receiving(id, offset, part.size(), more);
  if (!spool) return std::unexpected(spool.error());
  const Status added = (*spool)->append(part);
  PrewarmJob job;
  {
    const LockGuard lock{mutex_};
    Kept* const kept = at(id);
    if (kept == nullptr || kept->job.state != JobState::Receiving) return no_such_job();
    if (added) {
      take_part(*kept, *std::move(spool), more);
    } else {
      end(*kept, {JobState::Failed, added.error().public_detail});
    }
    job = kept->job;
  }
  if (!added) return std::unexpected(added.error());
  changed_.notify_all();
  return job;
}

Result<PrewarmJob> PrewarmJobs::cancel(std::string_view id, const PrewarmAsker& who) {
  PrewarmJob job;
  {
    const LockGuard lock{mutex_};
    Kept* const kept = at(id);
    if (kept == nullptr) return no_such_job();
    if (has_ended(kept->job.state) || kept->job.cancelling) return kept->job;
    if (kept->job.state == JobState::Running) {
      kept->job.cancelling = cancel_ = true;
    } else {
      end(*kept, {JobState::Cancelled, {}});
    }
    job = kept->job;
  }
  changed_.notify_all();
  audit("prewarm_cancel", job, who, "done");
  return job;
}

Result<PrewarmJob> PrewarmJobs::find(std::string_view id) const {
  const LockGuard lock{mutex_};
  const auto found =
      std::ranges::find_if(jobs_, [id](const Kept& kept) { return kept.job.id == id; });
  if (found == jobs_.end()) return no_such_job();
  return found->job;
}

std::vector<PrewarmJob> PrewarmJobs::all() const {
  const LockGuard lock{mutex_};
  std::vector<PrewarmJob> jobs;
  jobs.reserve(jobs_.size());
  for (auto kept = jobs_.rbegin(); kept != jobs_.rend(); ++kept) jobs.push_back(kept->job);
  return jobs;
}

PrewarmFigures PrewarmJobs::figures() const {
  const LockGuard lock{mutex_};
  PrewarmFigures figures = ended_;
  figures.running = count(JobState::Running);
  figures.waiting = count(JobState::Waiting) + count(JobState::Receiving);
  for (const Kept& kept : jobs_)
    if (kept.job.state == JobState::Running) add(figures, kept.job.counts);
  return figures;
}

std::size_t PrewarmJobs::count(JobState state) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(jobs_, [state](const Kept& k) { return k.job.state == state; }));
}

void PrewarmJobs::forget_old() {
  const SteadyTime now = parts_.clock.steady();
  std::size_t ended = 0;
  for (Kept& kept : jobs_) {
    if (kept.job.state == JobState::Receiving && now - kept.touched >= kPartWithin)
      end(kept, {JobState::Failed, "The rest of the list did not come."});
    if (has_ended(kept.job.state)) ++ended;
  }
  while (ended > kRemembered) {
    jobs_.erase(
        std::ranges::find_if(jobs_, [](const Kept& kept) { return has_ended(kept.job.state); }));
    --ended;
  }
}

void PrewarmJobs::end(Kept& kept, const Ended& ended) {
  kept.job.state = ended.state;
  kept.job.error = ended.error;
  kept.job.cancelling = false;
  kept.job.ended_at = parts_.clock.wall();
  kept.spool.reset();
  add(ended_, kept.job.counts);
  ++(ended.state == JobState::Done     ? ended_.jobs_done
     : ended.state == JobState::Failed ? ended_.jobs_failed
                                       : ended_.jobs_cancelled);
  unaudited_.push_back({kept.job, {}, kept.who, kept.touched});
}

void PrewarmJobs::audit_ended() {
  std::vector<Kept> ended;
  {
    const LockGuard lock{mutex_};
    ended.swap(unaudited_);
  }
  for (const Kept& kept : ended)
    audit("prewarm", kept.job, kept.who, std::string{name_of(kept.job.state)});
}

void PrewarmJobs::audit(std::string_view action,
                        const PrewarmJob& job,
                        const PrewarmAsker& who,
                        std::string outcome) const {
  std::string what = "job " + job.id + ": " + what_of(job);
  if (job.ended_at && job.started_at) {
    const prewarm::Counts& counts = job.counts;
    what += ": " + std::to_string(counts.found) + " found, " + std::to_string(counts.absent) +
            " absent, " + std::to_string(counts.fresh) + " fresh, " +
            std::to_string(counts.refused) + " refused, " + std::to_string(counts.failed) +
            " failed";
  }
  parts_.audit.record({.action = action,
                       .who = who.caller,
                       .address = who.address,
                       .what = std::move(what),
                       .outcome = std::move(outcome),
                       .request_id = who.request_id});
}

}  // namespace cardstock::admin
