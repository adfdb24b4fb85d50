#pragma once
/// \file worker.hpp
/// \brief Where Pistache ends: its Tcp::Transport, with all above the sockets replaced.
///
/// Threads: one instance for each worker thread of Pistache's reactor, which alone calls onReady().
/// stop() and the counters: any.
/// Blocking: no. Errors: none leave onReady(), since Pistache would end the process.
/// Owns / lifetime: owned by Pistache's reactor and by WorkerPool; closes its sockets in stop()'s
/// turn, else at its end.
#include <memory>
#include <vector>

#include <pistache/listener.h>
#include <pistache/peer.h>
#include <pistache/tcp.h>
#include <pistache/transport.h>

#include "connection.hpp"

namespace cardstock::http {

class Worker;

/// What the workers of one Server share.
/// Threads: any. Owns / lifetime: outlives the workers' threads; keeps the workers so that the
/// Server can reach them.
class WorkerPool {
 public:
  WorkerPool(ServerConfig use_config, Handler use_handler);

  const ServerConfig config;
  const Handler handler;
  Admission admission;
  std::atomic<bool> draining{false};

  void add(std::shared_ptr<Worker> worker) CARDSTOCK_EXCLUDES(mutex_);
  std::vector<std::shared_ptr<Worker>> all() const CARDSTOCK_EXCLUDES(mutex_);
  void note_started() CARDSTOCK_EXCLUDES(mutex_);
  void note_stopped() CARDSTOCK_EXCLUDES(mutex_);
  /// The thread that starts the workers and then accepts has come to its end.
  void note_accepting_ended() CARDSTOCK_EXCLUDES(mutex_);
  /// Returns when every worker has begun its loop; false when that will not happen.
  bool wait_started() CARDSTOCK_EXCLUDES(mutex_);
  /// Returns when every worker has closed all that it had.
  void wait_stopped() CARDSTOCK_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;  ///< guards all below
  Condition changed_;
  std::vector<std::shared_ptr<Worker>> workers_ CARDSTOCK_GUARDED_BY(mutex_);
  std::size_t started_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  std::size_t stopped_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  bool accepting_ended_ CARDSTOCK_GUARDED_BY(mutex_) = false;
};

class Worker final : public Pistache::Tcp::Transport {
 public:
  Worker(WorkerPool& pool, std::size_t number);
  ~Worker() override;

  // Pistache makes one instance through the factory and a clone of it for each of its threads.
  std::shared_ptr<Pistache::Aio::Handler> clone() const override;
  void registerPoller(Pistache::Polling::Epoll& poller) override;
  void onReady(const Pistache::Aio::FdSet& events) override;

  /// The worker closes everything in its next turn and takes no more.
  void stop();
  const WorkerCounters& counters() const { return context_.counters; }
  std::size_t owed() const { return context_.completions->owed.load(std::memory_order_relaxed); }

 private:
  class Arrivals;

  void arrived(int descriptor);
  void own_event(Connection& connection, Pistache::Flags<Pistache::Polling::NotifyOn> flags);
  void serve_pistache();
  void take_completions();
  void take_again();
  void tick();
  void sweep();
  void close_all();
  Connection* find(int descriptor) const;
  void follow(Connection& connection, Connection::Next next);
  void close(int descriptor);

  WorkerPool& pool_;
  const std::size_t number_;
  WorkerContext context_;
  std::vector<std::unique_ptr<Connection>> connections_;  ///< by descriptor
  std::uint64_t generations_ = 0;
  int timer_ = -1;
  SteadyTime next_sweep_ = SteadyTime::max();  ///< no connection's deadline is before this
  std::vector<int>
      pistache_descriptors_;  ///< its own queues' wake-ups, as far as one has been seen
  std::vector<int> closed_in_turn_;
  std::vector<int> refused_;
  std::vector<ConnectionId> again_;
  std::vector<ConnectionId> again_now_;
  std::vector<Completion> completions_;
  std::atomic<bool> stopping_{false};
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace cardstock::http
