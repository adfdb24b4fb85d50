#pragma once
/// \file connection.hpp
/// \brief One client's connection: reads requests, has them answered in order, writes, closes.
///
/// No Pistache here.
/// Threads: its worker's only. Blocking: no.
/// Errors: none; a connection that cannot go on asks to be closed.
/// Owns / lifetime: owns its bytes, not its socket (the Worker closes that); dies with its worker
/// at the latest.
/// Time: steady, from WorkerContext::now.
/// Limits: under TLS, OpenSSL holds up to two records (32 KiB) more while they move. Holds at most
/// one head, one body and 64 KiB of input, and `unsent_bytes` plus one answer of output. In steady
/// state a kept connection holds no bytes and a request costs no allocation: both ends use the
/// worker's buffers.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "admission.hpp"
#include "answer.hpp"
#include "completion.hpp"
#include "framing.hpp"
#include "stream.hpp"

namespace cardstock::http {

/// Written by one worker, read by anybody.
struct alignas(64) WorkerCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> failed_handshakes{0};

  static void count(
      std::atomic<std::uint64_t>& counter) {  // one writer: no locked instruction needed
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
};

/// What a worker lends to the connection whose turn it is.
struct WorkerContext {
  WorkerContext(const Handler& use_handler,
                const TransportLimits& use_limits,
                const TlsIdentity* use_tls);

  const Handler& handler;
  const TransportLimits& limits;
  const FramingLimits framing_limits;
  const TlsIdentity* const tls;  ///< nullptr: plain HTTP
  std::size_t handshakes = 0;    ///< in progress
  WorkerCounters counters;
  std::shared_ptr<CompletionQueue> completions = std::make_shared<CompletionQueue>();
  DateLine date;
  SteadyTime now;
  bool draining = false;
  std::vector<char> input;          ///< what one receive brings
  std::string output;               ///< answers of one turn, sent together
  std::vector<HeaderView> headers;  ///< of the request in hand
};

/// Counts as one of the handshakes in progress, from its making to its end.
class HandshakeSlot {
 public:
  explicit HandshakeSlot(std::size_t& count) : count_{count} { ++count_; }
  ~HandshakeSlot() { --count_; }
  HandshakeSlot(const HandshakeSlot&) = delete;
  HandshakeSlot& operator=(const HandshakeSlot&) = delete;

 private:
  std::size_t& count_;
};

class Connection {
 public:
  /// What the connection needs next from its worker.
  enum class Next {
    Wait,   ///< an event, a completion or its deadline
    Again,  ///< another turn, when the other connections have had theirs
    Close,  ///< its socket to be closed
    Abort,  ///< its socket to be reset, so that the kernel keeps nothing for a client that does not
            ///< read
  };
  /// `Some`: there may be more behind what is read (the client's end, say). `ToTheEnd`: read until
  /// told that it is all.
  enum class Readable { No, Some, ToTheEnd };

  /// `context` outlives it.
  Connection(ConnectionId id, PeerAddress peer, WorkerContext& context);

  Next on_event(WorkerContext& context, Readable readable, bool writable);
  Next on_completion(WorkerContext& context, const Completion& completion);
  Next on_again(WorkerContext& context) { return turn(context); }
  /// When the worker drains: an idle connection goes, unless a request has just arrived.
  Next on_drain(WorkerContext& context);
  /// When deadline() has passed.
  Next on_deadline(WorkerContext& context);

  SteadyTime deadline() const { return deadline_; }
  /// True once: the socket is full, its worker has to listen for room from now on.
  bool take_wants_room();
  const ConnectionId& id() const { return id_; }
  const PeerAddress& peer() const { return peer_; }

 private:
  friend class Responder;
  enum class Phase {
    Handshake,  ///< TLS
    Head,       ///< of the first request from the start, of later ones from their first byte
    Body,       ///< head known, body coming
    Idle,       ///< between requests
    Owed,       ///< a Deferred is out; no deadline is ours to set
    Writing,    ///< the socket is full
    Linger,     ///< all is said; the client's remaining bytes are thrown away so that no reset
                ///< overtakes the answer
  };
  enum class Sent { All, Blocked, Failed };

  Next turn(WorkerContext& context);
  Next linger(WorkerContext& context) const;
  Next begin_linger(WorkerContext& context);
  Next settle(WorkerContext& context);
  bool may_serve() const { return !owed_ && unsent_.empty() && !closing_; }
  bool receive(WorkerContext& context);
  void keep_input(WorkerContext& context, std::size_t size);
  void take_input(WorkerContext& context, std::span<char> bytes);
  std::span<char> serve(WorkerContext& context, std::span<char> bytes);
  void handle(WorkerContext& context);
  void refuse(WorkerContext& context, int status);
  Sent flush(WorkerContext& context);
  void finish_request(const WorkerContext& context);
  void listen_for_room() { wants_room_ = !std::exchange(listens_for_room_, true); }
  AnswerForm form(const WorkerContext& context) const;
  /// Behind what is still unsent, or in the worker's buffer.
  std::string& output(WorkerContext& context) { return unsent_.empty() ? context.output : unsent_; }

  const ConnectionId id_;
  const PeerAddress peer_;
  Stream stream_;
  std::optional<HandshakeSlot> handshake_;
  Framer framer_;
  std::string input_;   ///< received, and not yet a whole request
  std::string unsent_;  ///< from sent_ on
  std::size_t sent_ = 0;
  SteadyTime deadline_;
  Phase phase_ = Phase::Head;
  unsigned served_in_turn_ = 0;
  bool fresh_ = true;        ///< no request has been served yet
  bool moved_ = false;       ///< some bytes went out in this turn
  bool unread_ = false;      ///< the socket may hold more
  bool to_the_end_ = false;  ///< a short read does not mean that the socket is empty
  bool ended_ = false;       ///< the client has sent its last byte
  bool starved_ = true;      ///< input_ holds no whole request
  bool owed_ = false;
  bool closing_ = false;  ///< no request is served any more
  bool listens_for_room_ = false;
  bool wants_room_ = false;
  bool head_only_ = false;  ///< of the request in hand, as the next three
  bool keep_ = true;
  bool http_1_0_ = false;
};

}  // namespace cardstock::http
