#pragma once
/// \file log.hpp
/// \brief Structured logging: one event, one line.
#include <initializer_list>
#include <string>
#include <string_view>

namespace cardstock {

enum class LogLevel { Debug, Info, Warning, Error };

struct LogField {
  std::string_view name;
  std::string value;
};

/// Threads: any. Blocking: no more than a write to standard error. Errors: none.
/// Values may hold any bytes: the sink escapes them. Never pass a secret, a signature or a URL with
/// its query.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const noexcept = 0;
  virtual void write(LogLevel level,
                     std::string_view event,
                     std::initializer_list<LogField> fields) noexcept = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::Debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::Info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::Warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::Error, event, fields);
  }
};

/// Says nothing. For tests and for programs that print their own results.
class NullLog final : public Log {
 public:
  bool enabled(LogLevel) const noexcept override { return false; }
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) noexcept override {}
};

}  // namespace cardstock
