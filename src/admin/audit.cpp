#include <cardstock/admin/audit.hpp>

#include <utility>

#include <simdjson.h>

#include <cardstock/util/file.hpp>
#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::admin {
namespace {

constexpr std::size_t kTail = std::size_t{64} * 1024;  // bytes in which the last lines are

std::string line_of(const AuditEntry& entry, WallTime now) {
  std::string line;
  JsonWriter json{line};
  json.begin_object().field("at", std::string_view{to_rfc3339(now)}).field("action", entry.action);
  const auto text = [&json](std::string_view key, const std::string& value) {
    if (!value.empty()) json.field(key, std::string_view{cut(value, Audit::kMaxValue)});
  };
  text("who", entry.who);
  text("address", entry.address);
  text("what", entry.what);
  text("outcome", entry.outcome);
  text("request_id", entry.request_id);
  json.end_object();
  return line + "\n";
}

/// A line that a full disk has cut off is none.
bool is_object(std::string_view line) {
  simdjson::dom::parser parser;
  return parser.parse(line.data(), line.size()).is_object();
}

}  // namespace

Audit::Audit(std::string path, Log& log, const Clock& clock)
    : path_{std::move(path)}, log_{log}, clock_{clock} {}

void Audit::record(const AuditEntry& entry) {
  log_.info(entry.action, {{"who", entry.who},
                           {"address", entry.address},
                           {"what", entry.what},
                           {"outcome", entry.outcome},
                           {"request_id", entry.request_id}});
  if (path_.empty()) return;
  const Status written = append_to_file(path_, line_of(entry, clock_.wall()), kMaxFile);
  if (!written) log_.error("audit_failed", {{"cause", written.error().cause}});
}

std::vector<std::string> Audit::recent(std::size_t most) const {
  std::vector<std::string> lines;
  if (path_.empty()) return lines;
  const Result<std::optional<std::string>> tail = read_file_end(path_, kTail);
  if (!tail) return lines;
  const std::optional<std::string>& end = *tail;
  if (!end) return lines;
  std::string_view rest = *end;
  // What does not end in a line's end is half a line, or not ours; what does not begin with one may
  // be half, too, unless it is the file's beginning.
  const bool whole = rest.size() < kTail;
  while (lines.size() < most && rest.ends_with('\n')) {
    rest.remove_suffix(1);
    const std::size_t begin = rest.rfind('\n');
    if (begin == std::string_view::npos && !whole) break;
    const std::string_view line = rest.substr(begin == std::string_view::npos ? 0 : begin + 1);
    if (is_object(line)) lines.emplace_back(line);
    rest.remove_suffix(line.size());
  }
  return lines;
}

std::string audit_file_of(const std::string& store_path) {
  return store_path + ".audit";
}

}  // namespace cardstock::admin
