#pragma once
/// \file http_client.hpp
/// \brief Sends one HTTP request upstream and gives back its whole answer. Knows bytes and hosts,
/// not ThreatConnect.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <cardstock/util/clock.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::fetch {

struct Header {
  std::string name;
  std::string value;  ///< may be secret; never logged
};

/// Whether an answer of the resolver that is private, loopback, link-local, unspecified, multicast,
/// CGNAT or an IPv4-mapped form of those may be called. Checked on the address that is connected
/// to, so that a rebinding name does not get past it.
enum class AddressPolicy { PublicOnly, Any };

struct HttpRequest {
  std::string method = "GET";
  std::string origin;  ///< `https://host[:port]` or `http://…`, nothing behind it
  std::string target;  ///< path and query, sent byte for byte
  std::vector<Header> headers;
  std::string body;
  AddressPolicy addresses = AddressPolicy::PublicOnly;
  /// The call is over at this instant at the latest (beside the client's own call time-out).
  SteadyTime deadline = SteadyTime::max();
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string retry_after;  ///< raw header value, empty when absent
  std::string date;         ///< raw header value, empty when absent
  std::string body;         ///< decoded (gzip, br, zstd)
  std::chrono::microseconds elapsed{0};
};

/// Threads: all methods from any thread. Blocking: none; `done` runs on the client's own thread and
/// must not block. Errors: ResolveFailed, ConnectFailed, TlsFailed, Timeout, ConnectionLost,
/// AnswerTooLarge, AddressRefused, Cancelled, Busy (queue full), Internal. Any HTTP status is an
/// answer, not an error; redirects are answers too. `done` is called exactly once for every send,
/// also at shutdown (Cancelled); never from inside send() or cancel(), and without a lock held. It
/// may send and cancel. It must not throw.
class HttpClient {
 public:
  using Done = std::move_only_function<void(Result<HttpResponse>)>;
  using Ticket = std::uint64_t;

  virtual ~HttpClient() = default;
  virtual Ticket send(HttpRequest request, Done done) = 0;
  /// `done` gets Cancelled unless it has been called; unknown tickets are ignored.
  virtual void cancel(Ticket ticket) = 0;
};

}  // namespace cardstock::fetch
