#include "connection.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace cardstock::http {
namespace {

constexpr std::size_t kReceiveBytes = std::size_t{64} * 1024;
/// A worker's or connection's buffer that has grown beyond this is given back when it is empty.
constexpr std::size_t kKeptBytes = std::size_t{256} * 1024;
constexpr std::size_t kKeptInputBytes = std::size_t{16} * 1024;
/// After so many of either, the other connections have their turn.
constexpr unsigned kRequestsPerTurn = 64;
constexpr unsigned kReceivesPerTurn = 8;
/// How long a refused or closed connection is read on: long enough for a client that first sends
/// all and then reads.
constexpr std::chrono::seconds kLinger{5};
constexpr std::chrono::seconds kLingerWhileDraining{1};

void empty(std::string& buffer, std::size_t kept) {
  buffer.clear();
  if (buffer.capacity() > kept) buffer = std::string{};
}

}  // namespace

WorkerContext::WorkerContext(const Handler& use_handler,
                             const TransportLimits& use_limits,
                             const TlsIdentity* use_tls)
    : handler{use_handler},
      limits{use_limits},
      framing_limits{use_limits.head_bytes, use_limits.headers, use_limits.body_bytes},
      tls{use_tls},
      now{std::chrono::steady_clock::now()},
      input(kReceiveBytes),
      headers(use_limits.headers) {
  date.update(SystemClock{}.wall());
}

Connection::Connection(ConnectionId id, PeerAddress peer, WorkerContext& context)
    : id_{id},
      peer_{std::move(peer)},
      stream_{id.descriptor, context.tls},
      deadline_{context.now + context.limits.head_timeout} {
  if (context.tls == nullptr) return;
  phase_ = Phase::Handshake;
  handshake_.emplace(context.handshakes);
  deadline_ = context.now + context.limits.handshake_timeout;
}

Connection::Next Connection::on_event(WorkerContext& context, Readable readable, bool writable) {
  if (readable != Readable::No) unread_ = true;
  if (readable == Readable::ToTheEnd) to_the_end_ = true;
  if (writable && stream_.reading_wants_room()) unread_ = true;
  if (!unread_ && (!writable || unsent_.empty())) return Next::Wait;
  return turn(context);
}

Connection::Next Connection::on_completion(WorkerContext& context, const Completion& completion) {
  if (!owed_) return Next::Wait;
  const std::string_view body = completion.body;
  if (completion.broken) {
    output(context) += body;
    owed_ = false;
    keep_ = false;
    finish_request(context);
    return turn(context);
  }
  const Response response{completion.status, completion.content_type, completion.headers};
  append_answer(output(context), response, {&body, 1}, form(context), context.date);
  owed_ = false;
  finish_request(context);
  return turn(context);
}

Connection::Next Connection::on_drain(WorkerContext& context) {
  const auto is_idle = [this] {
    return phase_ == Phase::Idle || phase_ == Phase::Handshake ||
           (phase_ == Phase::Head && input_.empty());
  };
  if (!is_idle()) return Next::Wait;
  unread_ = to_the_end_ = true;
  const Next next = turn(context);
  return next == Next::Wait && is_idle() ? Next::Close : next;
}

Connection::Next Connection::on_deadline(WorkerContext& context) {
  switch (phase_) {
    case Phase::Owed:
      return Next::Wait;
    case Phase::Idle:
    case Phase::Linger:
      return Next::Close;
    case Phase::Writing:
      WorkerCounters::count(context.counters.timed_out);
      return Next::Abort;
    case Phase::Handshake:
    case Phase::Head:
    case Phase::Body:
      break;
  }
  WorkerCounters::count(context.counters.timed_out);
  if (input_.empty()) return Next::Close;  // never said a word: nothing to answer
  head_only_ = input_.starts_with("HEAD ");
  refuse(context, 408);
  return turn(context);
}

bool Connection::take_wants_room() {
  return std::exchange(wants_room_, false);
}

Connection::Next Connection::turn(WorkerContext& context) {
  if (phase_ == Phase::Linger) return linger(context);
  served_in_turn_ = 0;
  moved_ = false;
  unsigned receives = 0;
  while (true) {
    if (may_serve() && !starved_) take_input(context, input_);
    const Sent sent = flush(context);
    if (sent == Sent::Failed) return Next::Close;
    if (sent == Sent::Blocked || !may_serve()) return settle(context);
    if (!starved_) {
      if (served_in_turn_ < kRequestsPerTurn) continue;
    } else {
      if (!unread_) return settle(context);
      if (receives++ < kReceivesPerTurn) {
        if (!receive(context)) return Next::Close;
        continue;
      }
    }
    const Next next = settle(context);
    return next == Next::Wait ? Next::Again : next;
  }
}

/// False when the connection is broken.
bool Connection::receive(WorkerContext& context) {
  const Moved got = stream_.receive(context.input);
  switch (got.kind) {
    case Moved::Kind::Failed:
      if (handshake_) WorkerCounters::count(context.counters.failed_handshakes);
      return false;
    case Moved::Kind::Blocked:
      unread_ = false;
      if (stream_.reading_wants_room()) listen_for_room();
      return true;
    case Moved::Kind::End:
      ended_ = true;
      unread_ = false;
      return true;
    case Moved::Kind::Some:
      break;
  }
  // What comes to an empty socket later is a new event.
  unread_ = to_the_end_ || !stream_.is_drained(got.bytes, context.input.size());
  keep_input(context, got.bytes);
  return true;
}

void Connection::keep_input(WorkerContext& context, std::size_t size) {
  if (input_.empty()) {
    take_input(context, std::span{context.input}.first(size));
  } else {
    input_.append(context.input.data(), size);
    take_input(context, input_);
  }
}

/// Serves the requests in `bytes` (input_ or the worker's buffer) and keeps the rest in input_.
void Connection::take_input(WorkerContext& context, std::span<char> bytes) {
  const std::span<char> rest = serve(context, bytes);
  if (rest.empty()) {
    empty(input_, kKeptInputBytes);
  } else if (bytes.data() == input_.data()) {
    input_.erase(0, static_cast<std::size_t>(rest.data() - bytes.data()));
    input_.resize(rest.size());
  } else {
    input_.assign(rest.data(), rest.size());
  }
}

/// Returns the bytes that are to be kept.
std::span<char> Connection::serve(WorkerContext& context, std::span<char> bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && may_serve() && served_in_turn_ < kRequestsPerTurn &&
         context.output.size() <= context.limits.unsent_bytes) {
    const std::span<char> rest = bytes.subspan(used);
    switch (framer_.advance(rest, context.framing_limits, context.headers)) {
      case Framer::Step::NeedMore:
        if (framer_.take_expects_continue()) context.output += "HTTP/1.1 100 Continue\r\n\r\n";
        starved_ = true;
        return rest.first(framer_.held());
      case Framer::Step::Refused:
        WorkerCounters::count(context.counters.bad_requests);
        head_only_ = std::string_view{rest.data(), rest.size()}.starts_with("HEAD ");
        refuse(context, static_cast<int>(framer_.refusal()));
        return {};
      case Framer::Step::Complete:
        handle(context);
        used += framer_.consumed();
        framer_.reset();
        break;
    }
  }
  starved_ = used == bytes.size();
  return bytes.subspan(used);
}

void Connection::handle(WorkerContext& context) {
  WorkerCounters::count(context.counters.requests);
  ++served_in_turn_;
  fresh_ = false;
  const RequestHead& head = framer_.head();
  head_only_ = head.method == "HEAD";
  http_1_0_ = head.http_1_0;
  keep_ = head.keep_alive;
  const Request request{head.method,    head.target,  head.path,  head.query,
                        framer_.body(), head.headers, peer_.text, peer_.is_loopback};
  const std::size_t answered_before = context.output.size();
  Responder responder{*this, context};
  try {
    context.handler(request, responder);
    if (responder.done_) return;
  } catch (...) {
    if (responder.done_) return;             // it threw after its answer
    context.output.resize(answered_before);  // it may have thrown in the middle of its answer
  }
  append_problem(context.output, 500, form(context), context.date);
  finish_request(context);
}

AnswerForm Connection::form(const WorkerContext& context) const {
  return {head_only_, !keep_ || context.draining, http_1_0_};
}

void Connection::finish_request(const WorkerContext& context) {
  if (!keep_ || context.draining) closing_ = true;
}

void Connection::refuse(WorkerContext& context, int status) {
  append_problem(context.output, status, {head_only_, true, false}, context.date);
  closing_ = true;
  starved_ = true;
  empty(input_, 0);
}

Connection::Sent Connection::flush(WorkerContext& context) {
  const bool shared = unsent_.empty();
  std::string& from = shared ? context.output : unsent_;
  std::size_t& at = sent_;
  while (at < from.size()) {
    const Moved sent = stream_.send(std::string_view{from}.substr(at));
    if (sent.kind == Moved::Kind::Some) {
      at += sent.bytes;
      moved_ = true;
      continue;
    }
    if (sent.kind == Moved::Kind::Blocked) {
      if (shared) {
        unsent_.assign(from, at);
        at = 0;
        empty(context.output, kKeptBytes);
      }
      listen_for_room();
      return Sent::Blocked;
    }
    at = 0;
    empty(context.output, kKeptBytes);
    return Sent::Failed;
  }
  at = 0;
  empty(from, shared ? kKeptBytes : 0);
  return Sent::All;
}

/// The end of a turn: which phase the connection is in now, and until when it may stay there.
Connection::Next Connection::settle(WorkerContext& context) {
  if (!owed_ && unsent_.empty()) {
    if (ended_ && starved_ && !closing_ &&
        !input_.empty()) {  // the client ended in the middle of a request
      WorkerCounters::count(context.counters.bad_requests);
      head_only_ = input_.starts_with("HEAD ");
      refuse(context, 400);
      if (flush(context) == Sent::Blocked) return Next::Close;
    }
    if (ended_ && starved_) return Next::Close;
    if (closing_) return begin_linger(context);
  }
  if (handshake_ && !stream_.is_handshaking()) handshake_.reset();
  Phase phase = Phase::Idle;
  auto limit = context.limits.idle_timeout;
  if (handshake_) {
    phase = Phase::Handshake;
    limit = context.limits.handshake_timeout;
  } else if (!unsent_.empty()) {
    phase = Phase::Writing;
    limit = context.limits.write_timeout;
  } else if (owed_) {
    phase = Phase::Owed;
  } else if (framer_.in_body()) {
    phase = Phase::Body;
    limit = context.limits.body_timeout;
  } else if (fresh_ || !input_.empty()) {
    phase = Phase::Head;
    limit = context.limits.head_timeout;
  }
  const bool anew = phase != phase_ || served_in_turn_ > 0 || (phase == Phase::Writing && moved_);
  phase_ = phase;
  if (phase == Phase::Owed) {
    deadline_ = SteadyTime::max();
  } else if (anew) {
    deadline_ = context.now + limit;
  }
  return Next::Wait;
}

Connection::Next Connection::begin_linger(WorkerContext& context) {
  stream_.end();
  phase_ = Phase::Linger;
  deadline_ = context.now + (context.draining ? kLingerWhileDraining : kLinger);
  empty(input_, 0);
  return linger(context);
}

/// Closing with unread bytes in the socket would send a reset, and a reset makes the client forget
/// the answer.
Connection::Next Connection::linger(WorkerContext& context) const {
  for (unsigned receives = 0; receives < kReceivesPerTurn; ++receives) {
    const ssize_t got = ::recv(id_.descriptor, context.input.data(), context.input.size(),
                               MSG_DONTWAIT | MSG_TRUNC);
    if (got == 0) return Next::Close;
    if (got > 0 || errno == EINTR) continue;
    return errno == EAGAIN ? Next::Wait : Next::Close;
  }
  return Next::Again;
}

void Responder::send(const Response& response, std::initializer_list<std::string_view> body) {
  if (done_) return;
  append_answer(context_.output, response, {body.begin(), body.size()}, connection_.form(context_),
                context_.date);
  done_ = true;
  connection_.finish_request(context_);
}

Deferred Responder::defer() {
  if (done_) return Deferred{};
  Deferred deferred{std::make_unique<Deferred::State>(context_.completions, connection_.id_)};
  context_.completions->owed.fetch_add(1, std::memory_order_relaxed);
  connection_.owed_ = true;
  done_ = true;
  return deferred;
}

}  // namespace cardstock::http
