#pragma once
/// \file call_packing.hpp
/// \brief How many indicators go into one call: the rule by which calls are made, and foretold.
///
/// Pure. Up to kMostIndicators, and no more than fit the request target of kMaxTarget bytes: long
/// URLs fill a call by their bytes. What does not fit waits for the next call, and what comes after
/// it may still fit.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <cardstock/indicator/indicator.hpp>

namespace cardstock::threatconnect {

inline constexpr std::size_t kMostIndicators = 50;

/// Bytes that an indicator adds to the request target.
std::size_t target_cost(IndicatorType type, std::span<const std::string> spellings);

/// One call while it is filled. The first always fits: alone it goes as a GET with a body.
class CallRoom {
 public:
  explicit CallRoom(std::size_t most = kMostIndicators) noexcept : most_{most} {}
  /// Whether there is room for one more of this cost; if so, it is taken.
  bool take(std::size_t cost) noexcept;

 private:
  std::size_t most_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

/// How many calls a list costs whose indicators wait kWindow at a time. Memory: kWindow costs.
class CallForecast {
 public:
  static constexpr std::size_t kWindow = 1000;
  void add(std::size_t cost);
  std::size_t calls() const;

 private:
  static void make_call(std::vector<std::size_t>& waiting);
  std::vector<std::size_t> waiting_;
  std::size_t calls_ = 0;
};

}  // namespace cardstock::threatconnect
