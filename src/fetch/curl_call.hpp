#pragma once
/// \file curl_call.hpp
/// \brief One call: its request, its easy handle while under way, and what has come of the answer.
///
/// Threads: made on the sender's thread, then used by the client's alone. Blocking: no. Errors:
/// none of its own. Limits: heads of an answer 128 KiB in all; body as set. Secrets: request
/// headers and body are overwritten when the call goes. libcurl's copies (its send buffer, its
/// parsed proxy) are out of reach.
#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

#include <cardstock/fetch/curl_client.hpp>
#include "curl_errors.hpp"
#include "request_check.hpp"

namespace cardstock::fetch {

struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

class CurlCall {
 public:
  CurlCall(HttpRequest request,
           Origin origin,
           HttpClient::Done done,
           std::string lane,
           SteadyTime give_up_at);
  ~CurlCall();
  CurlCall(const CurlCall&) = delete;
  CurlCall& operator=(const CurlCall&) = delete;

  const std::string& lane() const noexcept { return lane_; }
  bool tls() const noexcept { return origin_.tls; }
  const std::string& host() const noexcept { return origin_.host; }
  SteadyTime give_up_at() const noexcept { return give_up_at_; }
  HttpClient::Done take_done() noexcept { return std::move(done_); }
  CURL* easy() const noexcept { return easy_.get(); }

  /// Takes a handle that is new or was reset and sets every option anew. False when libcurl refuses
  /// one.
  [[nodiscard]] bool start(EasyHandle easy, const CurlSettings& settings, SteadyTime now);
  /// The handle, reset: it keeps its caches but nothing of this call. Not while it is in a multi
  /// handle.
  EasyHandle release() noexcept;

  /// A connection stands and this call's request goes out on it.
  bool connected() const noexcept { return connected_; }
  /// The answer, once libcurl has ended the call with `code`.
  Result<HttpResponse> result(CURLcode code);
  bool over_http2() const noexcept;
  Stage stage() const noexcept;
  std::uint64_t connections_opened() const noexcept;

 private:
  bool add_header(const std::string& line);
  bool build_headers();
  static size_t on_header(char* data, size_t size, size_t count, void* self) noexcept;
  static size_t on_body(char* data, size_t size, size_t count, void* self) noexcept;
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
  static int on_connected(
      void* self, char* remote, char* local, int remote_port, int local_port) noexcept;

  HttpRequest request_;
  Origin origin_;
  HttpClient::Done done_;
  std::string lane_;
  SteadyTime give_up_at_;

  EasyHandle easy_;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> curl_text_{};
  bool by_proxy_ = false;
  bool proxy_speaks_tls_ = false;
  bool guards_addresses_ = false;
  std::size_t max_body_ = 0;

  std::string body_;
  std::size_t head_bytes_ = 0;
  bool connected_ = false;
  bool too_large_ = false;
  std::size_t sockets_opened_ = 0;
  std::size_t sockets_refused_ = 0;
};

}  // namespace cardstock::fetch
