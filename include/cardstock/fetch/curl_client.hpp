#pragma once
/// \file curl_client.hpp
/// \brief HttpClient on libcurl's multi interface: one thread, reused connections.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <cardstock/fetch/http_client.hpp>

namespace cardstock::fetch {

struct CurlSettings {
  std::chrono::milliseconds connect_timeout{3000};  ///< name, connection and TLS; a day at most
  std::chrono::milliseconds call_timeout{8000};     ///< from send(); a day at most
  std::size_t max_answer_bytes = std::size_t{32} * 1024 * 1024;  ///< after decoding
  std::size_t max_queued = 4096;  ///< sends waiting or under way; one more is Busy
  long max_connections = 32;      ///< in all
  long max_connections_per_host = 8;
  std::string ca_file;  ///< empty: the system's; else this file alone is trusted (PEM; reread after
                        ///< a day at most)
  std::string
      proxy;  ///< URL with port, http(s) or socks; empty: none, whatever the environment says
  std::string proxy_ca_file;  ///< for the TLS to a proxy at https alone; empty: as ca_file
  std::string user_agent = "Cardstock";
};

/// TLS 1.2 or later, certificates always verified; HTTP/2 where offered; http and https only; no
/// redirects; no cookies; no netrc; no signals; nothing of the environment. Behind a proxy the
/// address policy is applied to the target's host name: an address in any numeric form, or
/// `localhost`.
///
/// Threads: any; its own is `cs-fetch`, which runs every `done`, also those of calls refused at
/// once. A `done` that throws ends the program. libcurl resolves names on short-lived threads of
/// its own, at most one a connection being made; one whose call has been given up lives until the C
/// library gives up too. Blocking: none; create() reads the CA files, the destructor waits for the
/// `done` that runs. Owns / lifetime: no method may be called once the destructor has begun, but
/// from a `done`: such a send is Cancelled. Time: steady. A call's time begins with send(): waiting
/// for a connection counts. Limits: CurlSettings; target 32 KiB, request headers 32 KiB, request
/// body 16 MiB, answer's heads 128 KiB.
///
/// Retries: one case alone, libcurl's own. 1. A connection is kept from an earlier call; 2. the
/// server closes it;
/// 3. the request goes out on it before that is seen and nothing comes back. libcurl then sends it
/// again on another connection, whatever the method (five times at most, each time for the same
/// reason). A server may so see a request twice for one send(). Origins are compared as text: spell
/// one origin in one way, so that its connections are shared.
class CurlClient final : public HttpClient {
 public:
  /// Errors: InvalidConfig (a limit out of range; a CA file unreadable, not PEM, or the PEM text
  /// itself: says what was expected; proxy not a URL with a port; its password is not repeated),
  /// Internal (no memory, no descriptors).
  static Result<std::unique_ptr<CurlClient>> create(CurlSettings settings);
  /// Gives every open call Cancelled, then joins its thread.
  ~CurlClient() override;
  /// Internal: an origin, target, method or header that cannot go out as it is given (control
  /// characters, a header that frames the message). A GET with a body goes as such, as
  /// `application/json` unless a header says otherwise.
  Ticket send(HttpRequest request, Done done) override;
  void cancel(Ticket ticket) override;

  struct Counters {
    std::uint64_t sent = 0;                ///< calls of send()
    std::uint64_t answered = 0;            ///< any status
    std::uint64_t failed = 0;              ///< any error, Busy and Cancelled included
    std::uint64_t connections_opened = 0;  ///< by calls that are over
    std::size_t open = 0;  ///< sends whose `done` has not been called, but for refused ones
  };
  Counters counters() const;

 private:
  struct Impl;
  explicit CurlClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cardstock::fetch
