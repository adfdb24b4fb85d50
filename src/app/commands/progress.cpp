#include "app/commands/progress.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

#include <cardstock/util/time_text.hpp>

#include "app/commands/terminal_text.hpp"

namespace cardstock::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kLineEvery = 10s;
constexpr milliseconds kBarEvery = 200ms;

std::string bar(double share) {
  constexpr std::size_t kColumns = 20;
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * kColumns);
  return "[" + std::string(full, '#') + std::string(kColumns - full, '.') + "] ";
}

}  // namespace

Progress::Progress(const CommandContext& context)
    : context_{context}, began_{context.clock.steady()}, shown_{began_} {}

void Progress::show(const prewarm::Counts& counts, std::optional<std::size_t> total) {
  const SteadyTime now = context_.clock.steady();
  if (now - shown_ < (context_.err_is_terminal ? kBarEvery : kLineEvery)) return;
  shown_ = now;
  drawn_ = context_.err_is_terminal;
  std::string text = line(counts, total, now);
  if (!context_.err_is_terminal) {
    context_.err << text << '\n' << std::flush;
    return;
  }
  if (total && *total > 0)
    text = bar(static_cast<double>(counts.settled()) / static_cast<double>(*total)) + text;
  // A line that wraps could not be drawn over.
  context_.err << '\r' << text.substr(0, context_.err_columns - 1) << "\x1B[K" << std::flush;
}

void Progress::end() {
  if (std::exchange(drawn_, false)) context_.err << "\r\x1B[K" << std::flush;
}

std::string Progress::line(const prewarm::Counts& counts,
                           std::optional<std::size_t> total,
                           SteadyTime now) const {
  std::string text = count_text(counts.settled());
  if (total) text += " of " + count_text(*total);
  if (counts.settled() > 0) {
    const prewarm::Pace pace = prewarm::pace_of(counts, total, now - began_);
    text += ", " + count_text(static_cast<std::uint64_t>(pace.per_minute)) + " a minute";
    const std::optional<std::chrono::seconds>& left = pace.left;
    if (left) text += ", " + to_words(*left) + " left";
  }
  const auto add = [&text](std::size_t count, const char* what) {
    if (count > 0) text += ", " + count_text(count) + " " + what;
  };
  add(counts.found, "found");
  add(counts.absent, "absent");
  add(counts.fresh, "fresh");
  add(counts.missing, "to ask");
  add(counts.refused, "refused");
  add(counts.failed, "failed");
  return text;
}

}  // namespace cardstock::app
