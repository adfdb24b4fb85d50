#pragma once
/// \file spdlog_log.hpp
/// \brief Log on spdlog: one JSON object a line on standard error.
///
/// `{"time":"2026-11-25T02:00:00Z","level":"info","event":"started","port":"8080"}`. Every line is
/// valid JSON in valid UTF-8 whatever the values hold: control characters are escaped, ill-formed
/// bytes are U+FFFD. Threads: any. Blocking: a write to standard error. Errors: none. Time: wall
/// for the lines, steady for the limit. Limits: a value of 1 KiB, the rest is cut; 20 lines a
/// second of one event name, so that nobody who can provoke a line can fill the disk. The next line
/// of that event says in `suppressed` how many were left out.
#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/mutex.hpp>

namespace spdlog {
class logger;
}

namespace cardstock::app {

class SpdlogLog final : public Log {
 public:
  static constexpr std::size_t kMaxValueBytes = 1024;
  static constexpr int kLinesPerSecond = 20;

  /// To standard error.
  SpdlogLog(LogLevel least, const Clock& clock);
  /// To a stream that outlives it.
  SpdlogLog(LogLevel least, const Clock& clock, std::ostream& out);
  ~SpdlogLog() override;

  bool enabled(LogLevel level) const noexcept override { return level >= least_; }
  void write(LogLevel level,
             std::string_view event,
             std::initializer_list<LogField> fields) noexcept override;

 private:
  struct Window {
    SteadyTime began;
    int lines = 0;
    std::uint64_t suppressed = 0;
  };
  /// Whether one more line of `event` may go out now, and how many were left out before it.
  bool admit(std::string_view event, std::uint64_t& suppressed);

  const LogLevel least_;
  const Clock& clock_;
  std::unique_ptr<spdlog::logger> logger_;
  Mutex mutex_;  ///< guards the counts, never held while a line is written
  std::map<std::string, Window, std::less<>> windows_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::app
