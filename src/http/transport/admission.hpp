#pragma once
/// \file admission.hpp
/// \brief Counts connections, in all and by address, and refuses those above a limit.
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::http {

/// The address of the other end. An IPv4 address that arrives through an IPv6 socket counts as
/// IPv4.
struct PeerAddress {
  std::string text;
  bool is_loopback = false;
  /// What the limit by address counts: an IPv4 address whole, of an IPv6 address the first 64 bits,
  /// since one network of that size is the least that anybody is given.
  std::array<std::uint8_t, 16> group{};

  /// False when the connection has gone already.
  static bool of(int descriptor, PeerAddress& out);
};

/// Threads: any. Blocking: only wait_until_empty(), bounded by its argument. Errors: none.
/// Limits: one entry for each address that has a connection open, so never more than `connections`.
class Admission {
 public:
  Admission(std::size_t connections, std::size_t per_address)
      : connections_{connections}, per_address_{per_address} {}

  bool enter(const PeerAddress& peer) CARDSTOCK_EXCLUDES(mutex_);
  void leave(const PeerAddress& peer) CARDSTOCK_EXCLUDES(mutex_);
  std::size_t open() const CARDSTOCK_EXCLUDES(mutex_);
  bool wait_until_empty(SteadyTime deadline) CARDSTOCK_EXCLUDES(mutex_);

 private:
  const std::size_t connections_;
  const std::size_t per_address_;
  mutable Mutex mutex_;  ///< guards the counts
  Condition emptied_;
  std::size_t open_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  std::map<std::array<std::uint8_t, 16>, std::size_t> by_group_ CARDSTOCK_GUARDED_BY(mutex_);
};

}  // namespace cardstock::http
