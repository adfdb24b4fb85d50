#pragma once
/// \file faults.hpp
/// \brief Misbehaviour on command: which fault meets a request, and how faults are written in JSON.
///
/// Threads: any. Errors: MalformedRequest. Limits: kMaxFaults.
#include <optional>
#include <vector>

#include <cardstock/http/transport/server.hpp>
#include <cardstock/simulator/simulator.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::simulator {

class Faults {
 public:
  Status add(Fault fault) CARDSTOCK_EXCLUDES(mutex_);
  void clear() CARDSTOCK_EXCLUDES(mutex_);
  /// The first that matches; one use of it is spent.
  std::optional<Fault> take(const http::Request& request) CARDSTOCK_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::vector<Fault> faults_ CARDSTOCK_GUARDED_BY(mutex_);
};

/// `{"match":{"path":…,"contains":…},"times":…,"delay_ms":…,"hang":…,"status":…,"headers":{…},"body":…,"close":…,"next":…,
/// "clock_offset_s":…}`, every key optional.
Result<Fault> read_fault(std::string_view json);

}  // namespace cardstock::simulator
