#pragma once
/// \file history.hpp
/// \brief The figures of the last hour and the last day, for plots.
///
/// Two tracks of samples: every ten seconds for an hour, every five minutes for a day. Counts are
/// what was added within a sample's step, latencies are of what was served within it, so that a
/// restart leaves a gap and no nonsense. Kept in a file from time to time and at the end.
///
/// Threads: any. Blocking: load() and save() read and write a file. Errors: those of util/file.hpp;
/// a file that is not understood is as none. Time: steady for the steps, wall for the labels; a
/// wall clock that steps back takes what lies before it away. Limits: kHourSamples + kDaySamples.
/// Stored: the document of both tracks, with the names of the series.
#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/admin/stats.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/histogram.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::admin {

class History {
 public:
  static constexpr std::chrono::seconds kHourStep{10};
  static constexpr std::chrono::seconds kDayStep{300};
  static constexpr std::size_t kHourSamples = 360;
  static constexpr std::size_t kDaySamples = 288;
  enum class Span { Hour, Day };

  /// Takes a sample of each track whose step is over; the first call only begins. True when one of
  /// the day was taken: a good time to save.
  bool take(const Figures& figures, SteadyTime now) CARDSTOCK_EXCLUDES(mutex_);

  /// `{"step_seconds":10,"at":[…],"series":{"hit":[…],…}}`; `at` in seconds since the epoch, the
  /// end of each sample's step.
  std::string json(Span span) const CARDSTOCK_EXCLUDES(mutex_);

  /// What a run before this one has saved, where it is not older than the spans.
  Status load(const std::string& path, WallTime now) CARDSTOCK_EXCLUDES(mutex_);
  Status save(const std::string& path) const CARDSTOCK_EXCLUDES(mutex_);

  static constexpr std::size_t kSeries = 24;
  /// A track as a file has it: numbers that nobody has checked.
  struct Saved {
    std::vector<double> at;
    std::array<std::vector<double>, kSeries> columns;
  };

 private:
  using Values = std::array<double, kSeries>;
  struct Sample {
    WallTime at;
    Values values{};
  };
  /// What a difference is taken of.
  struct Reading {
    Values counts;
    HistogramCounts requests;
    HistogramCounts upstream;
  };
  struct Track {
    std::chrono::seconds step;
    std::size_t most;
    std::deque<Sample> samples;
    std::optional<Reading> last;
    SteadyTime due;
    Values peaks{};
  };
  static Reading read(const Figures& figures);
  static bool take(Track& track, const Figures& figures, const Reading& reading, SteadyTime now);
  static void restore(Track& track, const Saved& saved, WallTime now);
  static void push(Track& track, const Sample& sample);
  static void write(std::string& out, const Track& track);

  mutable Mutex mutex_;  ///< guards both tracks
  Track hour_ CARDSTOCK_GUARDED_BY(mutex_){kHourStep, kHourSamples, {}, {}, {}, {}};
  Track day_ CARDSTOCK_GUARDED_BY(mutex_){kDayStep, kDaySamples, {}, {}, {}, {}};
};

/// The history's file beside a store's.
std::string history_file_of(const std::string& store_path);

}  // namespace cardstock::admin
