#pragma once
/// \file admission.hpp
/// \brief Decides which waiting call may start, so that libcurl is never given more than it has
/// connections for.
///
/// libcurl would queue by itself, but wakes one waiting call at a time from one queue for all
/// hosts: a call whose host is full takes the wake-up that one to a free host needed. Here every
/// lane (one origin) waits for itself.
///
/// The first call of a lane that may multiplex (https) goes alone until its connection stands. Then
/// libcurl knows whether that is HTTP/2, and the others share it or open their own. This is
/// CURLOPT_PIPEWAIT's effect; that option would bring the one queue back. Threads: none of its own;
/// one thread uses it. Blocking: no. Errors: none.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace cardstock::fetch {

class Admission {
 public:
  using Ticket = std::uint64_t;

  Admission(std::size_t max_connections, std::size_t max_per_lane)
      : max_connections_{max_connections}, max_per_lane_{max_per_lane} {}

  /// Tickets of one lane start in ascending order.
  enum class Multiplexing { Never, Possible };
  void enqueue(Ticket ticket, const std::string& lane, Multiplexing multiplexing);
  /// A call that may start now; from here it counts as under way. Lanes take turns.
  std::optional<Ticket> next();
  /// A connection of this lane stands.
  void connected(const std::string& lane);
  /// An answer came over HTTP/2 (or not): the lane's calls share connections (or do not).
  void answered(const std::string& lane, bool multiplexed);
  /// `ticket` is over, whether it waited or was under way.
  void remove(Ticket ticket, const std::string& lane);

 private:
  /// What one HTTP/2 connection carries at once; servers commonly allow 100 or more (RFC 9113
  /// §6.5.2).
  static constexpr std::size_t kStreams = 100;

  struct Lane {
    std::set<Ticket> waiting;
    std::size_t under_way = 0;
    bool alone = false;  ///< the one call under way has to show what the server speaks
    bool multiplexes = false;
  };
  std::size_t room(const Lane& lane) const noexcept;
  static std::size_t connections(const Lane& lane) noexcept;

  std::size_t max_connections_;
  std::size_t max_per_lane_;
  std::map<std::string, Lane> lanes_;  ///< only those with a call
  std::size_t connections_ = 0;        ///< sum over the lanes
  std::string turn_;                   ///< the lane that was served last
};

}  // namespace cardstock::fetch
