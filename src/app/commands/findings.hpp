#pragma once
/// \file findings.hpp
/// \brief What `cardstock doctor` has found: one line a check, with the way to mend it.
///
/// Pure. Threads: one. Stored: verdicts, checks and the JSON keys are public; monitoring reads
/// them.
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace cardstock::app {

enum class Verdict { Ok, Warning, Error };

struct Finding {
  Verdict verdict;
  std::string_view check;  ///< a literal: "clock", "owners"
  std::string detail;      ///< may hold foreign text; made printable when it is printed
  std::string mend;        ///< what to do; empty when all is well
};

class Findings {
 public:
  void ok(std::string_view check, std::string detail) {
    all_.push_back({Verdict::Ok, check, std::move(detail), {}});
  }
  void warning(std::string_view check, std::string detail, std::string mend) {
    all_.push_back({Verdict::Warning, check, std::move(detail), std::move(mend)});
  }
  void error(std::string_view check, std::string detail, std::string mend) {
    all_.push_back({Verdict::Error, check, std::move(detail), std::move(mend)});
  }
  /// Whether there is an error; warnings do not count.
  bool failed() const noexcept;
  const std::vector<Finding>& all() const noexcept { return all_; }

 private:
  std::vector<Finding> all_;
};

/// A line a finding, its mend on a line below, a sum at the end.
void print_findings(std::ostream& out, const Findings& findings);
/// `{"healthy":true,"checks":[{"check":"clock","verdict":"ok","detail":"…","mend":"…"}]}`; `mend`
/// is left out where there is none.
std::string findings_json(const Findings& findings);

}  // namespace cardstock::app
