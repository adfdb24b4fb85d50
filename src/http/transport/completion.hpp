#pragma once
/// \file completion.hpp
/// \brief Answers that other threads have ready for one worker's connections.
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::http {

/// Names a connection for its life. A descriptor's number is used again as soon as it is closed; a
/// generation never is.
struct ConnectionId {
  int descriptor = -1;
  std::uint64_t generation = 0;
  bool operator==(const ConnectionId&) const = default;
};

struct Completion {
  ConnectionId to;
  int status = 500;
  std::string content_type;
  std::string headers;
  std::string body;
  bool broken = false;  ///< `body` goes out as it is, then the connection is closed
};

/// Threads: push() any; take() and wake() the worker. Blocking: no. Errors: none.
/// Owns / lifetime: shared by its worker and by every Deferred of it, so that a Deferred may
/// outlive the worker; closed by the worker, from when on push() drops what it is given. Limits:
/// one entry for each answer owed, and a connection is owed at most one.
class CompletionQueue {
 public:
  CompletionQueue();
  ~CompletionQueue();
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;

  /// Readable when there is something to take; -1 when the system had no descriptor left.
  int descriptor() const noexcept { return descriptor_; }
  void push(Completion completion) CARDSTOCK_EXCLUDES(mutex_);
  /// Makes the descriptor readable without an entry.
  void wake() const noexcept;
  /// Swaps the entries into `out`, which is empty. Quiets the descriptor *before* it looks: an
  /// entry pushed between the two makes it readable again, where the other order would lose that
  /// wake-up.
  void take(std::vector<Completion>& out) CARDSTOCK_EXCLUDES(mutex_);
  void close() CARDSTOCK_EXCLUDES(mutex_);

  std::atomic<std::size_t> owed{0};  ///< Deferreds that are neither answered nor dropped

 private:
  const int descriptor_;
  Mutex mutex_;  ///< guards the entries and whether more are taken
  std::vector<Completion> entries_ CARDSTOCK_GUARDED_BY(mutex_);
  bool closed_ CARDSTOCK_GUARDED_BY(mutex_) = false;
};

struct Deferred::State {
  std::shared_ptr<CompletionQueue> queue;
  ConnectionId to;
};

}  // namespace cardstock::http
