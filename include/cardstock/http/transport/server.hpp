#pragma once
/// \file server.hpp
/// \brief HTTP/1.1 server: framing, connections, time-outs, answers given now or later.
///
/// Knows no route. Pistache's listener, reactor, peers and threads; parsing, writing and deferral
/// are ours (docs/design-decisions.md says why). Strict: anything ambiguous in the framing is
/// refused (400, 413, 414, 417, 431, 501, 505) with a problem document (RFC 9457), nothing behind
/// it is read as a request, and the connection is closed after a lingering close, so that the
/// answer reaches a client that is still sending. Pipelined requests are answered in order.
/// `Content-Length` and `chunked` bodies; trailers are dropped. HEAD, `Expect: 100-continue`,
/// HTTP/1.0 and a client that ends its half are served as RFC 9110 and 9112 have it.
///
/// Threads: one accepting (`<name>-accept`), `workers` serving (`<name>-0`, …); a connection stays
/// with its worker. The handler runs on a worker and must not block: everybody on that worker
/// would wait. A Deferred may be answered or dropped from any thread; the answer is written by the
/// worker, and only to the connection that asked (a generation, not a descriptor, names it).
///
/// Blocking: start() until the workers run, drain() for its limit at most, ~Server() for the
/// handlers in progress.
///
/// Errors: start() as told there. Later faults cost a connection, never the process; SIGPIPE is
/// never raised.
///
/// Time: steady, in steps of 50 ms; wall for `Date`, in steps of a second.
///
/// TLS: where ServerConfig::tls is given (tls.hpp has its terms); one handshake costs its worker
/// about a millisecond with an RSA key and a tenth of it with an elliptic one. A client that speaks
/// plain HTTP to it is closed without an answer.
///
/// Limits: TransportLimits. A connection refused by its number is closed at once, without an
/// answer. That number is kept 64 below the process's limit of descriptors, because Pistache's
/// accept thread spins while there are none: several Servers, or many other descriptors, want a
/// limit of connections that leaves room for them. Each Server that is destroyed leaves
/// 2 * workers + 1 event descriptors behind, which Pistache forgets to close.
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <cardstock/http/transport/tls.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::http {

struct TransportLimits {
  std::size_t head_bytes =
      std::size_t{16} * 1024;  ///< request line and fields; trailers: as much again
  std::size_t headers = 100;   ///< fields
  std::size_t body_bytes = std::size_t{1} << 20U;    ///< decoded
  std::size_t unsent_bytes = std::size_t{1} << 20U;  ///< above this, no further request is read
  std::size_t connections = 10000;                   ///< of this Server; see above
  std::size_t connections_per_address = 10000;       ///< an IPv6 address counts with its whole /64
  /// TLS handshakes in progress at one worker; connections above are refused.
  std::size_t handshakes = 1000;
  /// From the connect to the handshake's end, under TLS. A cold Jython takes several seconds.
  std::chrono::milliseconds handshake_timeout{15000};
  /// From the request's first byte to its head's end; for the first request, from the connect, or
  /// under TLS from the handshake's end.
  std::chrono::milliseconds head_timeout{10000};
  /// From the head's end to the body's, however it drips.
  std::chrono::milliseconds body_timeout{15000};
  /// Without the client taking a byte; then the connection is reset.
  std::chrono::milliseconds write_timeout{15000};
  /// Between requests. An answer that is owed has no time-out here.
  std::chrono::milliseconds idle_timeout{60000};
};

struct ServerConfig {
  std::string address = "127.0.0.1";  ///< literal IPv4 or IPv6 (without brackets)
  std::uint16_t port = 0;             ///< 0: one that is free
  int workers = 1;                    ///< 1 to 128; others are taken as the nearest
  std::shared_ptr<TlsIdentity> tls;   ///< nullptr: plain HTTP
  std::string name = "http";          ///< prefix of thread names, which the system cuts at 15 bytes
  TransportLimits limits;
};

struct HeaderView {
  std::string_view name;
  std::string_view value;
};

/// Views into the connection's buffer: valid during the handler's call only.
struct Request {
  std::string_view method;
  std::string_view target;  ///< as received: origin-form, absolute-form or `*`
  std::string_view path;    ///< before `?`, not decoded; without scheme and authority
  std::string_view query;   ///< behind `?`, not decoded
  std::string_view body;
  std::span<const HeaderView> headers;
  std::string_view peer;  ///< address of the client without its port
  bool peer_is_loopback = false;

  /// First header of this name (case ignored); empty view when absent.
  std::string_view header(std::string_view name) const noexcept;
  bool has_header(std::string_view name) const noexcept;
};

/// `headers` is a block of complete lines, each ending in CRLF; nothing here checks it, so no
/// caller's bytes belong there unfiltered. The transport adds Content-Length, Date and, where it is
/// not the version's default, Connection. An empty content_type is left out. 204 and 304 are
/// written without body, type and length.
struct Response {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string_view headers;
};

class Connection;
struct Completion;
struct WorkerContext;

/// An answer that is still owed. Dropping it unanswered sends 500 with an empty body.
/// Threads: any, one at a time. Lifetime: may outlive connection and Server; nothing is sent then.
class Deferred {
 public:
  Deferred() noexcept;
  Deferred(Deferred&& other) noexcept;
  Deferred& operator=(Deferred&& other) noexcept;
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
  ~Deferred();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Exactly once; the body is copied. Nothing happens when the client has gone.
  void send(const Response& response, std::string_view body);
  /// For simulators of bad servers: these bytes and no more, then the connection is closed. In
  /// place of send().
  void break_off(std::string_view bytes);

 private:
  friend class Responder;
  struct State;
  void complete(Completion completion);
  explicit Deferred(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// How a handler answers: send() at once, or defer() and answer later. One of the two, once.
class Responder {
 public:
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  /// Written to the connection's buffer part by part, without an intermediate copy.
  void send(const Response& response, std::initializer_list<std::string_view> body);
  void send(const Response& response, std::string_view body) { send(response, {body}); }
  Deferred defer();

 private:
  friend class Connection;
  Responder(Connection& connection, WorkerContext& context)
      : connection_{connection}, context_{context} {}
  Connection& connection_;
  WorkerContext& context_;
  bool done_ = false;
};

/// Must not throw; whatever escapes is answered with 500 and an empty problem document. Called
/// concurrently by the workers.
using Handler = std::function<void(const Request&, Responder&)>;

struct ServerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;            ///< by a limit of connections or handshakes
  std::uint64_t failed_handshakes = 0;  ///< not TLS, no version or cipher in common, …
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;  ///< refused by framing
  std::uint64_t timed_out =
      0;  ///< in a handshake, a head, a body or an answer; idle ends are not counted
  std::size_t open = 0;
  std::size_t deferred = 0;  ///< answers owed now
};

/// Reason phrase of a status; "" for one that has none here.
std::string_view reason_phrase(int status) noexcept;

class Server {
 public:
  /// Errors: InvalidConfig when the address cannot be bound (says which and why).
  static Result<std::unique_ptr<Server>> start(ServerConfig config, Handler handler);
  /// Closes everything at once.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const noexcept;
  /// Stops accepting, closes idle connections, lets requests that are half here and owed answers
  /// be finished, and closes each connection behind its answer; true when all had gone before the
  /// time ran out. Cannot be undone.
  bool drain(std::chrono::milliseconds limit);
  ServerCounters counters() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cardstock::http
