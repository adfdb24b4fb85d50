#pragma once
/// \file recorder.hpp
/// \brief Reads the figures every ten seconds for the plots, and keeps them and what was asked most
/// over a restart.
///
/// Threads: one of its own (`cs-history`) from the constructor to the destructor. Blocking: the
/// constructor reads two files, the destructor writes them. Errors: a file that cannot be read or
/// written is logged once, until it can again; the plots go on without. Time: steady for the
/// pauses, wall for the labels. Lifetime: everything that it is given outlives it.
#include <functional>
#include <string>
#include <thread>

#include <cardstock/admin/history.hpp>
#include <cardstock/admin/stats.hpp>
#include <cardstock/admin/top_indicators.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::admin {

class Recorder {
 public:
  struct Parts {
    std::function<Figures()> figures;  ///< called on the recorder's thread
    History& history;
    TopIndicators& top;
    std::string top_path;  ///< of its file; empty: it is not kept
    const Clock& clock;
    Log& log;
  };
  /// `path`: of the history's file; empty: nothing is kept.
  Recorder(std::string path, Parts parts);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

 private:
  void run(const std::stop_token& stop);
  void pause(const std::stop_token& stop) CARDSTOCK_EXCLUDES(mutex_);
  void save();

  const std::string path_;
  const Parts parts_;
  bool told_ = false;  ///< that the file cannot be written; the thread's own, then the destructor's
  Mutex mutex_;        ///< guards nothing; the condition wants it
  Condition stopped_;
  std::jthread thread_;
};

}  // namespace cardstock::admin
