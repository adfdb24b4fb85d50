#pragma once
/// \file event_log.hpp
/// \brief A log that tells a test what was said.
#include <algorithm>
#include <string>
#include <vector>

#include <cardstock/util/log.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::test {

/// Remembers the names of the events.
class EventLog final : public Log {
 public:
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel, std::string_view event, std::initializer_list<LogField>) noexcept override {
    const LockGuard lock{mutex_};
    events_.emplace_back(event);
  }
  bool has(std::string_view event) {
    const LockGuard lock{mutex_};
    return std::ranges::find(events_, event) != events_.end();
  }

 private:
  Mutex mutex_;
  std::vector<std::string> events_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::test
