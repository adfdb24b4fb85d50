#pragma once
/// \file event_log.hpp
/// \brief A log that tells a test what was said.
#include <string>
#include <string_view>

#include <cardstock/util/log.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::test {

/// Keeps every line of every level, as `event name=value …`; bounded by the test's length.
class EventLog final : public Log {
 public:
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel,
             std::string_view event,
             std::initializer_list<LogField> fields) noexcept override {
    const LockGuard lock{mutex_};
    text_ += event;
    for (const LogField& field : fields)
      text_.append(" ").append(field.name).append("=").append(field.value);
    text_ += '\n';
  }
  bool has(std::string_view event) const {
    const std::string lines = "\n" + text();
    const std::string begin = "\n" + std::string{event};
    return lines.find(begin + " ") != std::string::npos ||
           lines.find(begin + "\n") != std::string::npos;
  }
  std::size_t count(std::string_view event) const {
    const std::string lines = "\n" + text();
    const std::string begin = "\n" + std::string{event} + " ";
    std::size_t found = 0;
    for (auto at = lines.find(begin); at != std::string::npos; at = lines.find(begin, at + 1))
      ++found;
    return found;
  }
  std::string text() const {
    const LockGuard lock{mutex_};
    return text_;
  }

 private:
  mutable Mutex mutex_;
  std::string text_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::test
