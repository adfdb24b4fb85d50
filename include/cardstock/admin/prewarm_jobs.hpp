#pragma once
/// \file prewarm_jobs.hpp
/// \brief Prewarming as jobs of the running service: ordered, watched, cancelled.
///
/// One job runs at a time, in the lowest lane, kWaiting wait; the last kRemembered that ended are
/// remembered. A list comes in one part or in several and waits on disk (spool.hpp). Jobs are in
/// memory: a service that stops ends them, and the next job skips what is fresh by then.
///
/// Threads: all methods from any thread; one of its own (`cs-prewarm`) carries the jobs out.
/// Blocking: the disk for the parts of a list; the destructor until what is being asked is
/// answered. Errors: MalformedRequest, Busy (kWaiting jobs wait, or kSpooled bytes do), NotInCache
/// (there is no such job), Forbidden (it takes no such part now), StoreFailed. Time: wall for
/// labels, steady for rates. Owns: nothing that it is given. Limits: above; kNames names of a query
/// in kPages pages. Audited: who ordered, who cancelled, and how each job ended; no indicators.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include <cardstock/admin/audit.hpp>
#include <cardstock/admin/spool.hpp>
#include <cardstock/admin/stats.hpp>
#include <cardstock/admin/top_indicators.hpp>
#include <cardstock/enrich/enricher.hpp>
#include <cardstock/enrich/tenant.hpp>
#include <cardstock/prewarm/asker.hpp>
#include <cardstock/prewarm/run.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/random.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::admin {

/// A list that is sent, or is on its way.
struct ListOrder {
  std::optional<EntityType> type;  ///< of every indicator; nullopt: the list's own, or recognised
  std::string column;
  std::string name;  ///< for people
};
/// The indicators that analysts have asked for most.
struct MostAskedOrder {
  std::size_t most = 0;
};
/// What a query finds in ThreatConnect.
struct QueryOrder {
  std::string tql;
};
using PrewarmOrder = std::variant<ListOrder, MostAskedOrder, QueryOrder>;

/// Reads `{"most_asked":100}` or `{"tql":"…"}`. Errors: MalformedRequest.
Result<PrewarmOrder> read_prewarm_order(std::string_view json);

/// Who ordered or cancelled, for the audit.
struct PrewarmAsker {
  std::string caller;
  std::string address;
  std::string request_id;
};

enum class JobState { Receiving, Waiting, Running, Done, Failed, Cancelled };
/// "receiving", "waiting", …
std::string_view name_of(JobState state) noexcept;
inline bool has_ended(JobState state) noexcept {
  return state == JobState::Done || state == JobState::Failed || state == JobState::Cancelled;
}

/// What a job has said of itself at one moment.
struct PrewarmJob {
  std::string id;  ///< 16 hexadecimal digits
  PrewarmOrder order;
  std::string asked_by;
  JobState state = JobState::Waiting;
  bool cancelling = false;  ///< running, and to end
  WallTime created_at;
  std::optional<WallTime> started_at, ended_at;
  std::uint64_t bytes = 0;  ///< of the list
  std::size_t named = 0;    ///< by a query, so far
  std::size_t entries = 0, duplicates = 0, indicators = 0;
  std::optional<std::size_t> total;  ///< indicators that there will be, about
  prewarm::Counts counts;
  prewarm::Pace pace;
  std::vector<prewarm::RefusedLine> refused, failed;  ///< the first of them
  std::string error;                                  ///< why it failed
};
/// A job as the routes tell of it.
std::string prewarm_job_json(const PrewarmJob& job);

class PrewarmJobs {
 public:
  static constexpr std::size_t kWaiting = 4;
  static constexpr std::size_t kReceiving = 4;
  static constexpr std::size_t kRemembered = 20;
  static constexpr std::uint64_t kSpooled = std::uint64_t{512} << 20U;  ///< bytes of all lists
  static constexpr std::size_t kPages = 1000;
  static constexpr std::size_t kNames = 1'000'000;
  /// A list of which no part comes for so long is dropped.
  static constexpr std::chrono::minutes kPartWithin{10};

  struct Parts {
    prewarm::Asker& asker;
    enrich::Enricher& enricher;
    enrich::TenantPtr tenant;  ///< whose query it is; null: there are no queries
    const TopIndicators& top;
    Audit& audit;
    const Clock& clock;
    Random& random;
    std::string spool_prefix;
  };
  explicit PrewarmJobs(Parts parts);
  ~PrewarmJobs();
  PrewarmJobs(const PrewarmJobs&) = delete;
  PrewarmJobs& operator=(const PrewarmJobs&) = delete;

  enum class More { Follows, Last };
  /// A new job; of a list its first part.
  Result<PrewarmJob> create(PrewarmOrder order,
                            std::string_view part,
                            More more,
                            const PrewarmAsker& who) CARDSTOCK_EXCLUDES(mutex_);
  /// The next part of a list, which is to be the one at `offset`.
  Result<PrewarmJob> append(std::string_view id,
                            std::uint64_t offset,
                            std::string_view part,
                            More more) CARDSTOCK_EXCLUDES(mutex_);
  /// A job that has ended stays as it is.
  Result<PrewarmJob> cancel(std::string_view id, const PrewarmAsker& who)
      CARDSTOCK_EXCLUDES(mutex_);
  Result<PrewarmJob> find(std::string_view id) const CARDSTOCK_EXCLUDES(mutex_);
  /// Newest first.
  std::vector<PrewarmJob> all() const CARDSTOCK_EXCLUDES(mutex_);
  PrewarmFigures figures() const CARDSTOCK_EXCLUDES(mutex_);
  /// Takes no more, and ends what runs as soon as what is open is answered; does not wait.
  void begin_stop() CARDSTOCK_EXCLUDES(mutex_);

 private:
  struct Kept {
    PrewarmJob job;
    std::unique_ptr<Spool> spool;  ///< of a list that has not been read
    PrewarmAsker who;
    SteadyTime touched;  ///< by its last part
  };
  struct Ended {
    JobState state;
    std::string error;
  };
  struct Taken {
    PrewarmJob job;
    std::unique_ptr<Spool> spool;
  };

  Kept* at(std::string_view id) CARDSTOCK_REQUIRES(mutex_);
  /// What has come of a list, taken out of its job while the next part is written.
  Result<std::unique_ptr<Spool>> receiving(std::string_view id,
                                           std::uint64_t offset,
                                           std::size_t part,
                                           More more) CARDSTOCK_EXCLUDES(mutex_);
  Status room_for(const PrewarmOrder& order, std::size_t part, More more) const
      CARDSTOCK_REQUIRES(mutex_);
  Status disk_for(std::size_t part) const CARDSTOCK_REQUIRES(mutex_);
  void take_part(Kept& kept, std::unique_ptr<Spool> spool, More more) const;
  std::size_t count(JobState state) const CARDSTOCK_REQUIRES(mutex_);
  void forget_old() CARDSTOCK_REQUIRES(mutex_);
  void end(Kept& kept, const Ended& ended) CARDSTOCK_REQUIRES(mutex_);
  void audit(std::string_view action,
             const PrewarmJob& job,
             const PrewarmAsker& who,
             std::string outcome) const;

  /// Each end gets its line, whoever brought it about; written by the jobs' own thread.
  void audit_ended() CARDSTOCK_EXCLUDES(mutex_);

  void run() CARDSTOCK_EXCLUDES(mutex_);
  /// nullopt: none waits, perhaps after a while of waiting for one, or all are ended for good.
  std::optional<Taken> take_next(bool& stopping) CARDSTOCK_EXCLUDES(mutex_);
  Ended carry_out(const PrewarmJob& job, std::unique_ptr<Spool> spool) CARDSTOCK_EXCLUDES(mutex_);
  /// The list that an order without one means.
  Result<std::unique_ptr<Spool>> list_of(const PrewarmJob& job) CARDSTOCK_EXCLUDES(mutex_);
  Status write_most_asked(std::size_t most, Spool& spool) const;
  Status write_query(const PrewarmJob& job, Spool& spool) CARDSTOCK_EXCLUDES(mutex_);
  Result<threatconnect::Page> ask_page(const enrich::Enricher::Listing& listing)
      CARDSTOCK_EXCLUDES(mutex_);
  bool stop_asked() const CARDSTOCK_EXCLUDES(mutex_);
  void pause(std::chrono::milliseconds span) CARDSTOCK_EXCLUDES(mutex_);
  template <class Change>
  void change(const std::string& id, Change change) CARDSTOCK_EXCLUDES(mutex_);

  const Parts parts_;
  mutable Mutex mutex_;  ///< guards everything below but the thread
  Condition changed_;
  std::deque<Kept> jobs_ CARDSTOCK_GUARDED_BY(mutex_);  ///< oldest first
  bool cancel_ CARDSTOCK_GUARDED_BY(mutex_) = false;    ///< the job that runs
  bool stopping_ CARDSTOCK_GUARDED_BY(mutex_) = false;
  PrewarmFigures ended_ CARDSTOCK_GUARDED_BY(mutex_);         ///< of the jobs that have
  std::vector<Kept> unaudited_ CARDSTOCK_GUARDED_BY(mutex_);  ///< they, without their lists
  std::thread thread_;
};

}  // namespace cardstock::admin
