#include "curl_errors.hpp"

#include <algorithm>
#include <cstdlib>

namespace cardstock::fetch {
namespace {

constexpr CURLcode kTls[] = {
    CURLE_SSL_CONNECT_ERROR,     CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
    CURLE_SSL_CERTPROBLEM,       CURLE_SSL_CIPHER,          CURLE_USE_SSL_FAILED,
    CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE,  CURLE_SSL_SHUTDOWN_FAILED,
    CURLE_SSL_CRL_BADFILE,       CURLE_SSL_ISSUER_ERROR,    CURLE_SSL_PINNEDPUBKEYNOTMATCH,
    CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT};
/// The peer or the network ended the exchange: how far it had come decides what it is called.
constexpr CURLcode kCutOff[] = {CURLE_GOT_NOTHING, CURLE_SEND_ERROR,   CURLE_RECV_ERROR,
                                CURLE_HTTP2,       CURLE_HTTP2_STREAM, CURLE_PARTIAL_FILE,
                                CURLE_HTTP3,       CURLE_AGAIN};
/// The peer does not speak HTTP as we understand it. Unsupported protocol is how 7.88 calls an
/// HTTP/0.9 answer; the origin's scheme was checked before.
constexpr CURLcode kNotHttp[] = {CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL,
                                 CURLE_BAD_CONTENT_ENCODING};

template <std::size_t N>
bool in(const CURLcode (&codes)[N], CURLcode code) noexcept {
  return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

}  // namespace

Error error_of(const Failure& failure) {
  const CURLcode code = failure.code;
  const std::string host{failure.host};
  std::string cause =
      "curl " + std::to_string(static_cast<int>(code)) + ": " +
      (failure.curl_text.empty() ? curl_easy_strerror(code) : std::string{failure.curl_text});
  const auto error = [&](ErrorCode ours, std::string sentence) {
    return Error{ours, std::move(sentence), std::move(cause)};
  };
  // A header line that is longer than libcurl takes is told as memory that it could not have.
  if (failure.answer_too_large || code == CURLE_FILESIZE_EXCEEDED || code == CURLE_OUT_OF_MEMORY)
    return error(ErrorCode::AnswerTooLarge, "The answer of " + host + " is larger than the limit.");
  if (failure.address_refused)
    return error(ErrorCode::AddressRefused,
                 host + " is at an address inside a private network, which is not called.");
  if (code == CURLE_OPERATION_TIMEDOUT) return timeout_error(failure.host, failure.stage);
  if (code == CURLE_COULDNT_RESOLVE_HOST)
    return error(ErrorCode::ResolveFailed, "The name " + host + " could not be resolved.");
  if (code == CURLE_COULDNT_RESOLVE_PROXY)
    return error(ErrorCode::ResolveFailed, "The name of the proxy could not be resolved.");
  const std::string peer = failure.in_proxy_tls ? "the proxy" : host;
  if (in(kTls, code))
    return error(ErrorCode::TlsFailed, "No secure (TLS) connection to " + peer + " could be made.");
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    return error(ErrorCode::TlsFailed, "The TLS certificate of " + peer + " was not accepted.");
  if (code == CURLE_PROXY)
    return error(ErrorCode::ConnectFailed, "The proxy did not open a connection to " + host + ".");
  if (code == CURLE_COULDNT_CONNECT)
    return error(ErrorCode::ConnectFailed, failure.by_proxy ? "The proxy could not be connected to."
                                                            : host + " could not be connected to.");
  if (in(kCutOff, code) && failure.answer_begun)
    return error(ErrorCode::ConnectionLost,
                 host + " closed the connection in the middle of its answer.");
  if (in(kCutOff, code) && failure.by_proxy)
    return error(ErrorCode::ConnectFailed,
                 "The proxy or " + host + " closed the connection before an answer.");
  if (in(kCutOff, code))
    return error(ErrorCode::ConnectFailed, host + " closed the connection before an answer.");
  if (in(kNotHttp, code))
    return error(ErrorCode::ConnectionLost, "The answer of " + host + " is not readable as HTTP.");
  return error(ErrorCode::Internal, "The request to " + host + " could not be made.");
}

Error timeout_error(std::string_view name, Stage stage) {
  const std::string host{name};
  const auto error = [](std::string sentence, std::string cause) {
    return Error{ErrorCode::Timeout, std::move(sentence), std::move(cause)};
  };
  switch (stage) {
    case Stage::Queued:
      return error("No connection to " + host + " became free in time.",
                   "time was up while waiting for a connection");
    case Stage::Resolving:
      return error("The name " + host + " was not resolved in time.",
                   "time was up while resolving");
    case Stage::Connecting:
      return error("No connection to " + host + " was made in time.",
                   "time was up while connecting or in the TLS handshake");
    case Stage::Waiting:
      return error(host + " did not answer in time.",
                   "time was up before the first byte of an answer");
    case Stage::Reading:
      return error(host + " did not finish its answer in time.",
                   "time was up in the middle of the answer");
  }  // no default: a new stage must be named here
  std::abort();
}

}  // namespace cardstock::fetch
