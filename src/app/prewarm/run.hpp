#pragma once
/// \file run.hpp
/// \brief Asks the running service for the indicators of some lists, and counts what comes of it.
///
/// Five hundred at a time the cache is looked into (`only-if-cached`, no upstream call); what is
/// not fresh is gathered and asked for, 500 at a time, two batches open, in the lowest lane: full
/// batches are full calls, so that all is had with one call for every 50 misses. What the service
/// answers is committed in its store.
///
/// `busy` is asked again after `Retry-After` (1 s to 60 s, 5 s when absent), for as long as answers
/// come in: after kMaxStalled batches without a single one the rest is given up. A service that
/// goes away in the middle is waited for in the same way. Credentials that are refused or missing,
/// a service that cannot be reached from the start end the run; a list that is damaged ends the
/// reading.
///
/// Blocking: files and network for as long as it takes. When the context says stop, nothing more is
/// sent, and what is open is waited for. Memory: some batches, beside the list's.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <simdjson.h>

#include "app/commands/context.hpp"
#include "app/commands/service.hpp"
#include "app/prewarm/prewarm_list.hpp"
#include "app/prewarm/progress.hpp"

namespace cardstock::app {

inline constexpr std::size_t kPrewarmBatch = 500;
/// Of names; the service takes bodies of 1 MiB.
inline constexpr std::size_t kPrewarmBatchBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxStalled = 20;

class PrewarmRun {
 public:
  enum class Purpose { Fill, Foresee };

  /// `service` null: nothing is fresh, as far as is known; only to foresee.
  PrewarmRun(CommandContext& context, const Service* service, PrewarmList& list, Purpose purpose);

  /// nullopt: the lists have been asked to their end, or the context said stop; else why the run
  /// was given up.
  std::optional<Error> go();

  const PrewarmCounts& counts() const noexcept { return counts_; }
  const std::vector<RefusedLine>& kept_failures() const noexcept { return kept_failures_; }
  /// Before its end, because the context said so.
  bool stopped() const noexcept { return stopped_ && (not_asked() > 0 || !list_.at_end()); }
  /// Whether the service could be asked what is fresh.
  bool looked() const noexcept { return service_ != nullptr; }
  /// Read, and without an answer because the run was given up or stopped.
  std::size_t not_asked() const noexcept { return unseen_.size() + misses_.size(); }

 private:
  using Items = std::vector<PrewarmItem>;
  enum class Kind { Look, Ask };
  struct Completed {
    Kind kind;
    Items items;
    Result<fetch::HttpResponse> answer;
  };
  class Inbox;
  /// What one envelope says.
  struct Word {
    std::string_view outcome;
    std::string_view message;
    std::string_view cache;
    std::string_view stale_reason;
  };
  static Word word_of(const simdjson::dom::element& envelope);

  void send_what_may();
  bool may_send() const noexcept { return wait_.count() == 0 && !fatal_ && !stopped_; }
  void read_more();
  Items cut_batch(std::deque<PrewarmItem>& from) const;
  void send(Kind kind, Items items);
  void take(Completed completed);
  void take_error(Completed& completed, const Error& error);
  void take_results(Completed& completed,
                    const simdjson::dom::array& results,
                    const fetch::HttpResponse& response);
  /// False: the item is to be asked for (Look), or asked again (Ask).
  bool settle(Kind kind, const PrewarmItem& item, const Word& word);
  bool settle_asked(const PrewarmItem& item, const Word& word);
  void again(Kind kind, Items& items, std::string_view why, std::string_view retry_after);
  void give_up(const PrewarmItem& item, std::string_view why);
  void give_up(const Items& items, std::string_view why);
  void show_progress();

  CommandContext& context_;
  const Service* service_;
  PrewarmList& list_;
  const Purpose purpose_;
  Progress progress_;
  PrewarmCounts counts_;
  std::vector<RefusedLine> kept_failures_;

  // Shared with the calls, which may come home after a run that was given up.
  std::shared_ptr<Inbox> inbox_;
  simdjson::dom::parser parser_;
  std::deque<PrewarmItem> unseen_;  ///< not looked at, or to be looked at again
  std::deque<PrewarmItem> misses_;  ///< to be asked for
  std::size_t looks_open_ = 0;
  std::size_t asks_open_ = 0;
  std::size_t stalled_ = 0;  ///< batches in a row without a single answer
  std::chrono::milliseconds wait_{0};
  bool answered_ = false;  ///< by the service, ever
  bool stopped_ = false;
  std::optional<Error> fatal_;
  std::optional<Error> list_error_;  ///< what stood before it is asked for all the same
};

}  // namespace cardstock::app
