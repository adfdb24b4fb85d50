#pragma once
/// \file simulator.hpp
/// \brief A ThreatConnect instance that lives in this process: answers from a data file, and
/// misbehaves on command.
///
/// For demos, tests, benchmarks and rehearsals; never for production data. Verifies HMAC and token
/// credentials, evaluates TQL, pages. `POST /_simulator/faults` and its siblings
/// (config/simulator/README.md) do over HTTP what the methods do here.
///
/// Threads: all methods from any thread. Its own: the transport's, and one that holds back delayed
/// answers. Blocking: start() and the destructor wait for threads; the rest is memory only. Time:
/// signatures are judged by the given clock (it must outlive the simulator); delays run on the
/// machine's steady clock. Errors: InvalidConfig for an address that cannot be bound;
/// MalformedRequest for data or a fault that is not understood. Limits: see Limits below; data
/// beyond them is refused, log entries beyond them push out the oldest. No secret, token or
/// signature is ever logged or answered.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::simulator {

inline constexpr std::size_t kMaxData =
    std::size_t{64} * 1024 * 1024;                    ///< bytes of a data file, as written
inline constexpr std::size_t kMaxCopies = 1'000'000;  ///< indicator copies, after `repeat`
inline constexpr std::size_t kMaxFaults = 100;        ///< set at once
inline constexpr std::size_t kMaxWaiting = 10'000;    ///< delayed or hanging answers
inline constexpr std::size_t kMaxLogged = 20'000;     ///< requests remembered

/// One request to the API, as it was seen. Calls to `/_simulator/` are not logged.
struct LoggedRequest {
  std::string method;
  std::string target;  ///< as received: path and query
  std::string tql;     ///< decoded, from the query or the body; empty when there was none
  std::string
      credential;  ///< name of the credential that was claimed and is known; empty otherwise
  std::size_t values =
      0;  ///< string values that the TQL asks for by summary or value1…3, repeats counted once
  int status = 0;  ///< as answered; 0: never answered (hang, or closed)
  WallTime time;   ///< of arrival, by the given clock
};

struct SimulatorSettings {
  std::string address = "127.0.0.1";  ///< literal IPv4 or IPv6
  std::uint16_t port = 0;             ///< 0: one that is free
  int workers = 1;
  bool ignore_case = false;  ///< `summary` and `value1…3` compare without regard to ASCII case
  std::chrono::milliseconds delay{0};  ///< before every answer
  /// What may stand before `/v3` and `/v2`; anything else gets an HTML page with 404, like a wrong
  /// base URL.
  std::vector<std::string> base_paths{"/api", ""};
  /// Of `next` and `prev` links, such as "https://threatconnect.example". Empty: "http://" and the
  /// Host header.
  std::string public_origin;
  /// Called once for every logged request, from the thread that serves it; must not block for long.
  std::function<void(const LoggedRequest&)> observer;
};

/// Misbehaviour for the requests that match. The first fault that matches, in the order in which
/// they were set, counts.
struct Fault {
  enum class Close { No, Before, Middle };

  std::string path;  ///< end of the request's path, such as "/v3/indicators"; empty: any
  std::string
      contains;   ///< text in the target (as sent or percent-decoded) or in the body; empty: any
  int times = 0;  ///< requests that it is good for; 0: for ever
  std::chrono::milliseconds delay{0};  ///< added before whatever happens
  bool hang = false;                   ///< accepts and never answers
  std::optional<int> status;  ///< 100–599; without `body` it comes with ThreatConnect's error body
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> body;  ///< any bytes; without `status` it comes with 200
  Close close =
      Close::No;  ///< closes the connection without a byte, or in the middle of the answer
  std::optional<std::string> next;       ///< in place of the page's `next` link
  std::chrono::seconds clock_offset{0};  ///< the clock that judges this request is off by so much
};

class Simulator {
 public:
  static Result<std::unique_ptr<Simulator>> start(SimulatorSettings settings,
                                                  std::string_view data_json,
                                                  const Clock& clock);
  /// Closes every connection at once; hanging requests are dropped.
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  std::uint16_t port() const noexcept;

  /// Behind those that are set. Errors: MalformedRequest (a bad status or header, more than
  /// kMaxFaults).
  Status set_fault(Fault fault);
  void clear_faults();

  /// The last kMaxLogged requests, oldest first.
  std::vector<LoggedRequest> log() const;
  /// All requests since the start or the last clear_log(), also those that the log has lost.
  std::uint64_t requests() const;
  void clear_log();

  /// The old data stays when the new is refused.
  Status replace_data(std::string_view json);

 private:
  struct Impl;
  explicit Simulator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cardstock::simulator
