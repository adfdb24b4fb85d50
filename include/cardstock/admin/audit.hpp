#pragma once
/// \file audit.hpp
/// \brief Who did what, and when: one line for every purge, import and login.
///
/// A file of its own, one JSON object a line, so that neither the log's level nor its limit of
/// lines loses one; the log has the same as an event named like the action.
///
/// Threads: any. Blocking: one write. Errors: a file that cannot be written is told in the log
/// (`audit_failed`), and what was done stays done. Time: wall. Limits: kMaxValue bytes of a value;
/// kMaxFile bytes of the file, and as much again in the one before it. Stored: `at`, `action`,
/// `who`, `address`, `what`, `outcome`, `request_id`. Never a secret, and never an indicator.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/log.hpp>

namespace cardstock::admin {

struct AuditEntry {
  std::string_view action;  ///< a literal, lower_snake: "purge", "import", "login", "logout"
  std::string who;          ///< of the configuration or of the system; "unknown"
  std::string address;      ///< empty: at this machine's console
  std::string what;
  std::string outcome;  ///< "done", "refused", or the name of an error
  std::string request_id;
};

class Audit {
 public:
  static constexpr std::size_t kMaxValue = 256;
  static constexpr std::size_t kMaxFile = std::size_t{4} << 20U;

  /// An empty path: the log only. `log` and `clock` outlive it.
  Audit(std::string path, Log& log, const Clock& clock);

  void record(const AuditEntry& entry);
  /// The last lines of the file, each a JSON object, newest first; those of other processes too.
  std::vector<std::string> recent(std::size_t most) const;

 private:
  const std::string path_;
  Log& log_;
  const Clock& clock_;
};

/// The audit's file beside a store's.
std::string audit_file_of(const std::string& store_path);

}  // namespace cardstock::admin
