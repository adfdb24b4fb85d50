#include "worker.hpp"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace cardstock::http {
namespace {

using Pistache::Aio::FdSet;
using Pistache::Polling::Event;
using Pistache::Polling::NotifyOn;
using Pistache::Polling::Tag;

/// Resolution of time-outs, and how long a wake-up that Pistache's own queue has lost goes
/// unnoticed.
constexpr std::chrono::milliseconds kTick{50};

/// FdSet::Entry shows readable, writable and hang-up, but not that the client has ended its half,
/// which an edge-triggered reader needs to know. An Entry consists of its Event and nothing else.
const Event& event_of(const FdSet::Entry& entry) {
  static_assert(std::is_standard_layout_v<FdSet::Entry> && sizeof(FdSet::Entry) == sizeof(Event));
  return reinterpret_cast<const Event&>(entry);
}

Event readable_event(int descriptor) {
  Event event{Tag{static_cast<std::uint64_t>(descriptor)}};
  event.flags.setFlag(NotifyOn::Read);
  return event;
}

bool contains(const std::vector<int>& list, int value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

/// Tells its Worker of a new connection, on the worker's thread.
class Worker::Arrivals final : public Pistache::Tcp::Handler {
  PROTOTYPE_OF(Pistache::Tcp::Handler, Arrivals)
 public:
  void onInput(const char*, std::size_t, const std::shared_ptr<Pistache::Tcp::Peer>&) override {}
  void onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    static_cast<Worker*>(transport())->arrived(peer->fd());
  }
};

WorkerPool::WorkerPool(ServerConfig use_config, Handler use_handler)
    : config{std::move(use_config)},
      handler{std::move(use_handler)},
      admission{config.limits.connections, config.limits.connections_per_address} {}

void WorkerPool::add(std::shared_ptr<Worker> worker) {
  const LockGuard lock{mutex_};
  workers_.push_back(std::move(worker));
}

std::vector<std::shared_ptr<Worker>> WorkerPool::all() const {
  const LockGuard lock{mutex_};
  return workers_;
}

void WorkerPool::note_started() {
  const LockGuard lock{mutex_};
  ++started_;
  changed_.notify_all();
}

void WorkerPool::note_stopped() {
  const LockGuard lock{mutex_};
  ++stopped_;
  changed_.notify_all();
}

void WorkerPool::note_accepting_ended() {
  const LockGuard lock{mutex_};
  accepting_ended_ = true;
  changed_.notify_all();
}

bool WorkerPool::wait_started() {
  const LockGuard lock{mutex_};
  while (started_ < workers_.size() && !accepting_ended_) changed_.wait(mutex_);
  return started_ == workers_.size();
}

void WorkerPool::wait_stopped() {
  const LockGuard lock{mutex_};
  while (stopped_ < workers_.size()) changed_.wait(mutex_);
}

Worker::Worker(WorkerPool& pool, std::size_t number)
    : Pistache::Tcp::Transport{std::make_shared<Arrivals>()},
      pool_{pool},
      number_{number},
      context_{pool.handler, pool.config.limits, pool.config.tls.get()} {}

Worker::~Worker() {
  context_.completions->close();
  connections_.clear();  // they may still say goodbye on their sockets
  for (const auto& [descriptor, peer] : peers) ::close(descriptor);
  if (timer_ >= 0) ::close(timer_);
}

std::shared_ptr<Pistache::Aio::Handler> Worker::clone() const {
  auto worker = std::make_shared<Worker>(pool_, pool_.all().size());
  pool_.add(worker);
  return worker;
}

void Worker::registerPoller(Pistache::Polling::Epoll& poller) {
  Pistache::Tcp::Transport::registerPoller(poller);
  timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const timespec period{0, std::chrono::nanoseconds{kTick}.count()};
  const itimerspec ticks{period, period};
  if (timer_ < 0 || context_.completions->descriptor() < 0 ||
      ::timerfd_settime(timer_, 0, &ticks, nullptr) != 0)
    throw std::runtime_error{"no descriptor left"};  // on its way to Server::start
  for (const int descriptor : {timer_, context_.completions->descriptor()})
    poller.addFd(descriptor, Pistache::Flags<NotifyOn>{NotifyOn::Read},
                 Tag{static_cast<std::uint64_t>(descriptor)});
  context_.completions->wake();  // the first turn tells that the thread is there
}

void Worker::onReady(const FdSet& events) {
  if (!std::exchange(started_, true)) {
    const std::string name = pool_.config.name + "-" + std::to_string(number_);
    ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
    pool_.note_started();
  }
  context_.now = SystemClock{}.steady();
  bool completions = false;
  bool ticked = false;
  bool pistache = false;
  for (const FdSet::Entry& entry : events) {
    const Event& event = event_of(entry);
    const int descriptor = static_cast<int>(event.tag.value());
    if (Connection* const connection = find(descriptor)) {
      own_event(*connection, event.flags);
    } else if (descriptor == context_.completions->descriptor()) {
      completions = true;
    } else if (descriptor == timer_) {
      ticked = true;
    } else if (!contains(closed_in_turn_, descriptor)) {
      // Pistache's own. An event of a connection closed earlier in this very turn is not: passed
      // on, it would make Pistache read what belongs to the next connection with that number.
      pistache = true;
      if (!contains(pistache_descriptors_, descriptor)) pistache_descriptors_.push_back(descriptor);
    }
  }
  // Last, so that no number that was closed above is in use again before its stale events have been
  // passed over.
  if (completions) take_completions();
  if (ticked) tick();
  if (pistache || ticked) serve_pistache();
  closed_in_turn_.clear();
  if (stopping_.load(std::memory_order_acquire)) close_all();
}

void Worker::own_event(Connection& connection, Pistache::Flags<NotifyOn> flags) {
  using Readable = Connection::Readable;
  if (flags.hasFlag(NotifyOn::Hangup)) {  // reset, or ended at both sides: no byte can reach the
                                          // client any more
    follow(connection, Connection::Next::Close);
    return;
  }
  const bool writable = flags.hasFlag(NotifyOn::Write);
  Readable readable = Readable::No;
  if (flags.hasFlag(NotifyOn::Shutdown)) {
    readable = Readable::ToTheEnd;
  } else if (flags.hasFlag(NotifyOn::Read) ||
             !writable) {  // an error alone sets no flag: a read will tell
    readable = Readable::Some;
  }
  follow(connection, connection.on_event(context_, readable, writable));
}

/// Lets Pistache take in what its accept thread has queued. Called with every tick too, because its
/// queue reads its wake-up *after* it has looked for entries: (1) we find the queue empty, (2) the
/// accept thread adds an entry and wakes us, (3) we take that wake-up as done. The entry would stay
/// until the next connection comes.
void Worker::serve_pistache() {
  std::vector<Event> events;
  events.reserve(pistache_descriptors_.size());
  for (const int descriptor : pistache_descriptors_) events.push_back(readable_event(descriptor));
  if (events.empty()) return;
  try {
    Pistache::Tcp::Transport::onReady(FdSet{std::move(events)});
  } catch (const std::exception&) {
    // epoll refused a socket. Its connection is known here, hears of nothing, and goes at its first
    // deadline.
    WorkerCounters::count(context_.counters.refused);
  }
  for (const int descriptor : std::exchange(refused_, {})) close(descriptor);
}

void Worker::arrived(int descriptor) {
  PeerAddress peer;
  const bool still_there = PeerAddress::of(descriptor, peer);
  if (stopped_ || !still_there || context_.handshakes >= context_.limits.handshakes ||
      !pool_.admission.enter(peer)) {
    if (still_there) WorkerCounters::count(context_.counters.refused);
    refused_.push_back(descriptor);  // not closed here: Pistache is about to register it
    return;
  }
  WorkerCounters::count(context_.counters.accepted);
  const auto index = static_cast<std::size_t>(descriptor);
  if (connections_.size() <= index) connections_.resize(index + 1);
  connections_[index] = std::make_unique<Connection>(ConnectionId{descriptor, ++generations_},
                                                     std::move(peer), context_);
  next_sweep_ = std::min(next_sweep_, connections_[index]->deadline());
}

void Worker::take_completions() {
  completions_.clear();
  context_.completions->take(completions_);
  for (const Completion& completion : completions_) {
    Connection* const connection = find(completion.to.descriptor);
    if (connection == nullptr || connection->id() != completion.to)
      continue;  // whoever asked has gone
    follow(*connection, connection->on_completion(context_, completion));
  }
  completions_.clear();
  take_again();
}

void Worker::take_again() {
  again_now_.swap(again_);
  for (const ConnectionId& id : again_now_) {
    Connection* const connection = find(id.descriptor);
    if (connection != nullptr && connection->id() == id)
      follow(*connection, connection->on_again(context_));
  }
  again_now_.clear();
}

void Worker::tick() {
  std::uint64_t count = 0;
  if (::read(timer_, &count, sizeof count) != sizeof count) return;
  context_.date.update(SystemClock{}.wall());
  const bool draining = pool_.draining.load(std::memory_order_acquire);
  if (draining) {
    context_.draining = true;
    for (std::size_t i = 0; i < connections_.size(); ++i)
      if (Connection* const connection = connections_[i].get())
        follow(*connection, connection->on_drain(context_));
  }
  if (context_.now >= next_sweep_) sweep();
}

void Worker::sweep() {
  next_sweep_ = SteadyTime::max();
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    Connection* const connection = connections_[i].get();
    if (connection == nullptr) continue;
    if (connection->deadline() <= context_.now) {
      follow(*connection, connection->on_deadline(context_));
    } else {
      next_sweep_ = std::min(next_sweep_, connection->deadline());
    }
  }
}

void Worker::stop() {
  stopping_.store(true, std::memory_order_release);
  context_.completions->wake();
}

void Worker::close_all() {
  if (std::exchange(stopped_, true)) return;
  serve_pistache();
  for (std::size_t i = 0; i < connections_.size(); ++i)
    if (connections_[i] != nullptr) close(static_cast<int>(i));
  closed_in_turn_.clear();
  context_.completions->close();
  pool_.note_stopped();
}

Connection* Worker::find(int descriptor) const {
  const auto index = static_cast<std::size_t>(descriptor);
  return index < connections_.size() ? connections_[index].get() : nullptr;
}

void Worker::follow(Connection& connection, Connection::Next next) {
  const int descriptor = connection.id().descriptor;
  switch (next) {
    case Connection::Next::Again:
      if (again_.empty()) context_.completions->wake();
      again_.push_back(connection.id());
      [[fallthrough]];
    case Connection::Next::Wait:
      // Once is enough: edge-triggered, it tells only of a full socket that has room again.
      if (connection.take_wants_room())
        reactor()->modifyFd(key(), descriptor,
                            NotifyOn::Read | NotifyOn::Write | NotifyOn::Shutdown,
                            Pistache::Polling::Mode::Edge);
      next_sweep_ = std::min(next_sweep_, connection.deadline());
      return;
    case Connection::Next::Abort: {
      const linger at_once{1, 0};
      ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      [[fallthrough]];
    }
    case Connection::Next::Close:
      close(descriptor);
      return;
  }
}

/// Also of a refused socket, which has no Connection.
void Worker::close(int descriptor) {
  closed_in_turn_.push_back(descriptor);
  if (Connection* const connection = find(descriptor)) {
    pool_.admission.leave(connection->peer());
    connections_[static_cast<std::size_t>(descriptor)].reset();
  }
  const auto held = peers.find(descriptor);
  if (held == peers.end()) return;
  const std::shared_ptr<Pistache::Tcp::Peer> peer =
      held->second;  // removePeer() destroys the entry
  try {
    removePeer(peer);
  } catch (const std::exception&) {
    ::close(descriptor);  // it was not registered: Pistache gave up before its own close()
  }
}

}  // namespace cardstock::http
