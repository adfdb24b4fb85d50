#include "curl_call.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <new>

#include <cardstock/util/secret.hpp>
#include <cardstock/util/text.hpp>
#include "address_policy.hpp"

namespace cardstock::fetch {
namespace {

constexpr std::size_t kMaxHead = std::size_t{128} * 1024;

/// Proxies of these schemes are asked for `http` resources in the absolute form (RFC 9112 §3.2.2);
/// the SOCKS ones carry bytes.
bool asks_in_absolute_form(const std::string& proxy) {
  return starts_with_ignoring_case(proxy, "http");
}

std::string last_header(CURL* easy, const char* name) {
  curl_header* header = nullptr;
  if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return {};
  return header->value;
}

template <class T>
T info(CURL* easy, CURLINFO which) noexcept {
  T value{};
  curl_easy_getinfo(easy, which, &value);
  return value;
}

}  // namespace

CurlCall::CurlCall(HttpRequest request,
                   Origin origin,
                   HttpClient::Done done,
                   std::string lane,
                   SteadyTime give_up_at)
    : request_{std::move(request)},
      origin_{std::move(origin)},
      done_{std::move(done)},
      lane_{std::move(lane)},
      give_up_at_{give_up_at} {}

CurlCall::~CurlCall() {
  easy_.reset();
  for (curl_slist* line = headers_; line != nullptr; line = line->next)
    wipe(line->data, std::strlen(line->data));
  curl_slist_free_all(headers_);
  for (Header& header : request_.headers) wipe(header.value);
  wipe(request_.body);
}

bool CurlCall::add_header(const std::string& line) {
  curl_slist* const longer = curl_slist_append(headers_, line.c_str());
  if (longer == nullptr) return false;
  headers_ = longer;
  return true;
}

bool CurlCall::build_headers() {
  bool typed = false;
  for (const Header& header : request_.headers) {
    typed = typed || equal_ignoring_case(header.name, "content-type");
    // An empty value with a colon would take the header away; libcurl's word for "empty" is the
    // semicolon.
    std::string line = header.name + (trim(header.value).empty() ? ";" : ": " + header.value);
    const bool added = add_header(line);
    wipe(line);
    if (!added) return false;
  }
  if (!request_.body.empty() && !typed && !add_header("Content-Type: application/json"))
    return false;
  return add_header("Expect:");  // never asks for leave before a body
}

bool CurlCall::start(EasyHandle easy, const CurlSettings& settings, SteadyTime now) {
  easy_ = std::move(easy);
  by_proxy_ = !settings.proxy.empty();
  proxy_speaks_tls_ = starts_with_ignoring_case(settings.proxy, "https:");
  guards_addresses_ = request_.addresses == AddressPolicy::PublicOnly && !by_proxy_;
  max_body_ = settings.max_answer_bytes;
  if (!build_headers()) return false;

  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = good && curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
  };
  // What is asked.
  const std::string url = request_.origin + "/";
  const bool absolute = by_proxy_ && !origin_.tls && asks_in_absolute_form(settings.proxy);
  const std::string target = absolute ? request_.origin + request_.target : request_.target;
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_REQUEST_TARGET, target.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  if (!request_.body.empty()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());
  } else if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else {
    set(CURLOPT_HTTPGET, 1L);
  }
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_HEADEROPT,
      static_cast<long>(CURLHEADER_SEPARATE));  // a proxy does not see the request's headers
  set(CURLOPT_USERAGENT, settings.user_agent.c_str());
  set(CURLOPT_ACCEPT_ENCODING, "");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));

  // How it is reached.
  set(CURLOPT_PROXY, settings.proxy.c_str());
  set(CURLOPT_NOPROXY, "");  // the environment's no_proxy neither
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings.ca_file.empty()) {
    set(CURLOPT_CAINFO, settings.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  const std::string& proxy_ca =
      settings.proxy_ca_file.empty() ? settings.ca_file : settings.proxy_ca_file;
  if (!proxy_ca.empty()) {
    set(CURLOPT_PROXY_CAINFO, proxy_ca.c_str());
    set(CURLOPT_PROXY_CAPATH, static_cast<const char*>(nullptr));
  }
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlCall::on_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set(CURLOPT_PREREQFUNCTION, &CurlCall::on_connected);
  set(CURLOPT_PREREQDATA, static_cast<void*>(this));

  // Its bounds. The call's own end is watched by the client, which also counts the time in the
  // queue.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(give_up_at_ - now);
  const auto connect = std::clamp(left, std::chrono::milliseconds{1}, settings.connect_timeout);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // giving up a look-up must not wait for the resolver's thread
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(max_body_));
  set(CURLOPT_HEADERFUNCTION, &CurlCall::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &CurlCall::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, curl_text_.data());
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  return good;
}

EasyHandle CurlCall::release() noexcept {
  if (easy_) curl_easy_reset(easy_.get());
  return std::move(easy_);
}

size_t CurlCall::on_header(char*, size_t size, size_t count, void* self) noexcept {
  auto& call = *static_cast<CurlCall*>(self);
  call.head_bytes_ += size * count;
  if (call.head_bytes_ <= kMaxHead) return size * count;
  call.too_large_ = true;
  return 0;
}

size_t CurlCall::on_body(char* data, size_t size, size_t count, void* self) noexcept {
  auto& call = *static_cast<CurlCall*>(self);
  const std::size_t bytes = size * count;
  if (bytes > call.max_body_ - call.body_.size()) {
    call.too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  try {
    call.body_.append(data, bytes);
  } catch (const std::bad_alloc&) {
    return CURL_WRITEFUNC_ERROR;
  }
  return bytes;
}

curl_socket_t CurlCall::on_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& call = *static_cast<CurlCall*>(self);
  if (call.guards_addresses_ && !is_public(&address->addr, address->addrlen)) {
    ++call.sockets_refused_;
    return CURL_SOCKET_BAD;
  }
  ++call.sockets_opened_;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Also runs for a connection taken over from another call, which may have been allowed more.
int CurlCall::on_connected(void* self, char* remote, char*, int, int) noexcept {
  auto& call = *static_cast<CurlCall*>(self);
  if (call.guards_addresses_ && !is_public_literal(remote)) {
    ++call.sockets_refused_;
    call.sockets_opened_ = 0;
    return CURL_PREREQFUNC_ABORT;
  }
  call.connected_ = true;
  return CURL_PREREQFUNC_OK;
}

Result<HttpResponse> CurlCall::result(CURLcode code) {
  if (code != CURLE_OK) {
    Failure failure;
    failure.code = code;
    failure.host = origin_.host;
    failure.curl_text = curl_text_.data();
    failure.stage = stage();
    failure.by_proxy = by_proxy_;
    failure.in_proxy_tls =
        proxy_speaks_tls_ && !connected_ && info<long>(easy_.get(), CURLINFO_HTTP_CONNECTCODE) == 0;
    failure.answer_begun = head_bytes_ > 0;
    failure.answer_too_large = too_large_;
    failure.address_refused = sockets_refused_ > 0 && sockets_opened_ == 0;
    return std::unexpected(error_of(failure));
  }
  CURL* const easy = easy_.get();
  HttpResponse response;
  response.status = static_cast<int>(info<long>(easy, CURLINFO_RESPONSE_CODE));
  response.content_type = last_header(easy, "Content-Type");
  response.retry_after = last_header(easy, "Retry-After");
  response.date = last_header(easy, "Date");
  response.body = std::move(body_);
  response.elapsed = std::chrono::microseconds{info<curl_off_t>(easy, CURLINFO_TOTAL_TIME_T)};
  return response;
}

bool CurlCall::over_http2() const noexcept {
  return info<long>(easy_.get(), CURLINFO_HTTP_VERSION) == CURL_HTTP_VERSION_2_0;
}

Stage CurlCall::stage() const noexcept {
  if (!easy_) return Stage::Queued;
  if (head_bytes_ > 0) return Stage::Reading;
  if (connected_) return Stage::Waiting;
  return sockets_opened_ > 0 ? Stage::Connecting : Stage::Resolving;
}

std::uint64_t CurlCall::connections_opened() const noexcept {
  return easy_ ? static_cast<std::uint64_t>(
                     std::max(0L, info<long>(easy_.get(), CURLINFO_NUM_CONNECTS)))
               : 0;
}

}  // namespace cardstock::fetch
