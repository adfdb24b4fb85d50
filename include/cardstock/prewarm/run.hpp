#pragma once
/// \file run.hpp
/// \brief Asks for the indicators of some lists, and counts what comes of it.
///
/// Five hundred at a time the cache is looked into (no upstream call); what is not fresh is
/// gathered and asked for, 500 at a time, two batches open, in the lowest lane: full batches are
/// full calls, so that all is had with one call for every 50 misses. What is answered is committed
/// in the store.
///
/// `busy` is asked again after the time it names (1 s to 60 s), for as long as answers come in:
/// after kMaxStalled batches without a single one the rest is given up. A service that goes away in
/// the middle is waited for in the same way. Credentials that are refused or missing, a service
/// that cannot be reached from the start end the run; a list that is damaged ends the reading.
///
/// Threads: one; the asker's answers come in from any. Blocking: files and network for as long as
/// it takes. When the parts say stop, nothing more is read or sent, and what is open is waited for.
/// Memory: some batches, beside the list's.
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/prewarm/asker.hpp>
#include <cardstock/prewarm/list.hpp>
#include <cardstock/threatconnect/call_packing.hpp>

namespace cardstock::prewarm {

inline constexpr std::size_t kBatch = 500;
/// Of names; the service takes bodies of 1 MiB.
inline constexpr std::size_t kBatchBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxStalled = 20;

struct Counts {
  std::size_t found = 0;
  std::size_t absent = 0;
  std::size_t fresh = 0;    ///< was in the cache already
  std::size_t missing = 0;  ///< of a dry run: would be asked
  std::size_t failed = 0;
  std::size_t refused = 0;
  std::size_t settled() const noexcept { return found + absent + fresh + missing + failed; }
};

/// How fast a run is, and how long it will take at that.
struct Pace {
  double per_minute = 0;
  std::optional<std::chrono::seconds> left;  ///< where it is known how many there are
};
Pace pace_of(const Counts& counts,
             std::optional<std::size_t> total,
             std::chrono::duration<double> spent) noexcept;

struct RunParts {
  /// Lets the time pass before a retry, or until somebody says stop.
  std::function<void(std::chrono::milliseconds)> pause;
  /// Whether somebody said stop, asked between batches and pieces; empty: nobody can.
  std::function<bool()> stop_asked;
  /// After every batch and every piece of a list. `total`: how many there will be, about; nullopt:
  /// nobody knows.
  std::function<void(const Counts& counts, std::optional<std::size_t> total)> progress;
};

class Run {
 public:
  enum class Purpose { Fill, Foresee };

  /// `asker` and `list` outlive it.
  Run(RunParts parts, Asker& asker, List& list, Purpose purpose);

  /// nullopt: the lists have been asked to their end, or the parts said stop; else why the run was
  /// given up.
  std::optional<Error> go();

  const Counts& counts() const noexcept { return counts_; }
  const std::vector<RefusedLine>& kept_failures() const noexcept { return kept_failures_; }
  /// Before its end, because the parts said so.
  bool stopped() const noexcept { return stopped_ && (not_asked() > 0 || !list_.at_end()); }
  /// Whether the service could be asked what is fresh; else nothing is, as far as is known.
  bool looked() const noexcept { return looks_; }
  /// Read, and without an answer because the run was given up or stopped.
  std::size_t not_asked() const noexcept { return unseen_.size() + misses_.size(); }
  /// Calls that what is missing would cost, by the rule that the service packs them by.
  std::size_t foreseen_calls() const { return forecast_.calls(); }

 private:
  using Items = std::vector<Item>;
  using Kind = Asker::Kind;
  struct Completed {
    Kind kind;
    Items items;
    Asker::Answer answer;
  };
  class Inbox;

  void send_what_may();
  bool may_send() const noexcept { return wait_.count() == 0 && !fatal_ && !stopped_; }
  bool stop_asked();
  void read_more();
  Items cut_batch(std::deque<Item>& from) const;
  void send(Kind kind, Items items);
  void take(Completed completed);
  void take_words(Completed& completed);
  /// Of a dry run: would be asked for.
  void foresee(const Item& item);
  /// False: the item is to be asked for (Look), or asked again (Ask).
  bool settle(Kind kind, const Item& item, const Asker::Word& word);
  bool settle_asked(const Item& item, const Asker::Word& word);
  void again(Kind kind, Items& items, const std::string& why, std::chrono::seconds retry_after);
  void give_up(const Item& item, std::string_view why);
  void give_up(const Items& items, std::string_view why);
  void show_progress();

  RunParts parts_;
  Asker& asker_;
  List& list_;
  const Purpose purpose_;
  bool looks_ = true;
  Counts counts_;
  threatconnect::CallForecast forecast_;
  std::vector<RefusedLine> kept_failures_;

  // Shared with the calls, which may come home after a run that was given up.
  std::shared_ptr<Inbox> inbox_;
  std::deque<Item> unseen_;  ///< not looked at, or to be looked at again
  std::deque<Item> misses_;  ///< to be asked for
  std::size_t looks_open_ = 0;
  std::size_t asks_open_ = 0;
  std::size_t stalled_ = 0;  ///< batches in a row without a single answer
  std::chrono::milliseconds wait_{0};
  bool stopped_ = false;
  std::optional<Error> fatal_;
  std::optional<Error> list_error_;  ///< what stood before it is asked for all the same
};

}  // namespace cardstock::prewarm
