#include "app/spdlog_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::app {
namespace {

/// Event names are literals of ours; were one ever made from input, this bounds the table.
constexpr std::size_t kMaxEvents = 256;

std::unique_ptr<spdlog::logger> logger_on(spdlog::sink_ptr sink) {
  auto logger = std::make_unique<spdlog::logger>("cardstock", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

std::string_view name_of(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warning:
      return "warning";
    case LogLevel::Error:
      return "error";
  }
  return "error";
}

}  // namespace

SpdlogLog::SpdlogLog(LogLevel least, const Clock& clock)
    : least_{least},
      clock_{clock},
      logger_{logger_on(std::make_shared<spdlog::sinks::stderr_sink_mt>())} {}

SpdlogLog::SpdlogLog(LogLevel least, const Clock& clock, std::ostream& out)
    : least_{least},
      clock_{clock},
      logger_{logger_on(std::make_shared<spdlog::sinks::ostream_sink_mt>(out))} {}

SpdlogLog::~SpdlogLog() = default;

bool SpdlogLog::admit(std::string_view event, std::uint64_t& suppressed) {
  const SteadyTime now = clock_.steady();
  const LockGuard lock{mutex_};
  auto found = windows_.find(event);
  if (found == windows_.end()) {
    if (windows_.size() >= kMaxEvents) windows_.clear();
    found = windows_.emplace(event, Window{.began = now}).first;
  }
  Window& window = found->second;
  if (now - window.began >= std::chrono::seconds{1}) {
    window.began = now;
    window.lines = 0;
  }
  if (window.lines == kLinesPerSecond) {
    ++window.suppressed;
    return false;
  }
  ++window.lines;
  suppressed = std::exchange(window.suppressed, 0);
  return true;
}

void SpdlogLog::write(LogLevel level,
                      std::string_view event,
                      std::initializer_list<LogField> fields) noexcept {
  std::uint64_t suppressed = 0;
  if (!enabled(level) || !admit(event, suppressed)) return;
  std::string line;
  JsonWriter json{line};
  json.begin_object();
  json.field("time", std::string_view{to_rfc3339(clock_.wall())});
  json.field("level", name_of(level));
  json.field("event", event);
  for (const LogField& field : fields)
    json.field(field.name, std::string_view{cut(field.value, kMaxValueBytes)});
  if (suppressed != 0) json.field("suppressed", suppressed);
  json.end_object();
  logger_->log(spdlog::level::info, spdlog::string_view_t{line});
}

}  // namespace cardstock::app
