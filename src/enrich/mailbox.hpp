#pragma once
/// \file mailbox.hpp
/// \brief The way to the enricher's thread.
///
/// Threads: any. Blocking: none but its lock.
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <cardstock/util/mutex.hpp>

#include "dispatcher.hpp"

namespace cardstock::enrich {

/// Commands on their way to the enricher's thread. Outlives the enricher for as long as the client
/// holds a callback. Bounded by its senders: one command a waiting caller, one an open call, one
/// refresh an entry and pause.
struct Mailbox {
  Mutex mutex;
  Condition changed;
  std::vector<Command> commands CARDSTOCK_GUARDED_BY(mutex);
  bool closed CARDSTOCK_GUARDED_BY(mutex) = false;

  /// False, and the command left alone, when nobody will read it.
  bool post(Command&& command) CARDSTOCK_EXCLUDES(mutex) {
    {
      const LockGuard lock{mutex};
      if (closed) return false;
      commands.push_back(std::move(command));
    }
    changed.notify_all();
    return true;
  }
  /// All or, when nobody will read them, none.
  bool post_all(std::vector<Command>& more) CARDSTOCK_EXCLUDES(mutex) {
    {
      const LockGuard lock{mutex};
      if (closed) return false;
      std::ranges::move(more, std::back_inserter(commands));
    }
    changed.notify_all();
    return true;
  }
  /// Wakes the reader, who looks at everything again. Under the lock: it cannot slip between his
  /// look and his sleep.
  void wake() CARDSTOCK_EXCLUDES(mutex) {
    const LockGuard lock{mutex};
    changed.notify_all();
  }
  std::vector<Command> take() CARDSTOCK_EXCLUDES(mutex) {
    const LockGuard lock{mutex};
    return std::exchange(commands, {});
  }
  std::vector<Command> close() CARDSTOCK_EXCLUDES(mutex) {
    const LockGuard lock{mutex};
    closed = true;
    return std::exchange(commands, {});
  }
};

}  // namespace cardstock::enrich
