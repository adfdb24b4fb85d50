#pragma once
/// \file curl_client.hpp
/// \brief HttpClient on libcurl's multi interface: one thread, reused connections.
#include <memory>

#include <cardstock/fetch/http_client.hpp>

namespace cardstock::fetch {

struct CurlSettings {
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds call_timeout{8000};
  std::size_t max_answer_bytes = 32 * 1024 * 1024;  ///< after decoding
  std::size_t max_queued = 4096;                    ///< sends waiting or under way; one more is Busy
  long max_connections = 32;                        ///< in all
  long max_connections_per_host = 8;
  std::string ca_file;  ///< empty: the system's; else this file alone is trusted
  std::string proxy;    ///< empty: none, whatever the environment says
  std::string user_agent = "Cardstock";
};

/// TLS 1.2 or later, certificates always verified; HTTP/2 where offered; http and https only; no redirects; no cookies; no
/// netrc; no signals. Behind a proxy the address policy is applied to the target's host name when it is a literal.
class CurlClient final : public HttpClient {
 public:
  /// Errors: InvalidConfig (ca_file unreadable or not PEM: says what was expected; proxy not a URL).
  static Result<std::unique_ptr<CurlClient>> create(CurlSettings settings);
  /// Gives every open call Cancelled, then joins its thread.
  ~CurlClient() override;
  Ticket send(HttpRequest request, Done done) override;
  void cancel(Ticket ticket) override;

  struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t connections_opened = 0;
    std::size_t open = 0;
  };
  Counters counters() const;

 private:
  struct Impl;
  explicit CurlClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cardstock::fetch
