#pragma once
/// \file wrong_client.hpp
/// \brief Looks for an answer that reaches a client who did not ask for it.
///
/// Half of the clients ask for a deferred answer and leave before it is there, so that their
/// descriptors' numbers are used again while answers are owed; the other half ask with a text of
/// their own and compare what they get.
#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/mutex.hpp>

#include "support/raw_client.hpp"

namespace cardstock::test {

struct WrongClientResult {
  std::uint64_t connections = 0;
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  std::uint64_t unanswered = 0;
  std::string first_fault;
  http::ServerCounters counters;
};

/// Answers deferred requests from threads of its own, late ones after early ones.
class LateAnswers {
 public:
  LateAnswers() {
    for (unsigned i = 0; i < 2; ++i) threads_.emplace_back([this] { run(); });
  }
  ~LateAnswers() {
    {
      const LockGuard lock{mutex_};
      stopping_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }
  LateAnswers(const LateAnswers&) = delete;
  LateAnswers& operator=(const LateAnswers&) = delete;
  /// The answer is the target, not before `delay` has passed.
  void add(std::string_view target, std::chrono::microseconds delay, http::Deferred deferred) {
    const LockGuard lock{mutex_};
    entries_.push_back(
        {std::chrono::steady_clock::now() + delay, std::string{target}, std::move(deferred)});
    changed_.notify_one();
  }

 private:
  struct Entry {
    SteadyTime due;
    std::string target;
    http::Deferred deferred;
  };

  void run() {
    std::vector<Entry> due;
    while (true) {
      {
        const LockGuard lock{mutex_};
        while (!stopping_ &&
               (entries_.empty() || entries_.front().due > std::chrono::steady_clock::now())) {
          if (entries_.empty()) {
            changed_.wait(mutex_);
          } else {
            changed_.wait_until(mutex_, entries_.front().due);
          }
        }
        if (entries_.empty()) return;
        for (const auto now = std::chrono::steady_clock::now();
             !entries_.empty() && (stopping_ || entries_.front().due <= now); entries_.pop_front())
          due.push_back(std::move(entries_.front()));
      }
      for (Entry& entry : due) entry.deferred.send({}, entry.target);
      due.clear();
    }
  }

  Mutex mutex_;  ///< guards the entries and the wish to stop
  Condition changed_;
  std::deque<Entry> entries_ CARDSTOCK_GUARDED_BY(mutex_);
  bool stopping_ CARDSTOCK_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

inline WrongClientResult hunt_wrong_client(std::uint64_t connections, int workers) {
  LateAnswers late;
  http::ServerConfig config;
  config.workers = workers;
  auto server = http::Server::start(
      config, [&late](const http::Request& request, http::Responder& responder) {
        const auto delay = std::chrono::microseconds{request.path.size() % 3 * 500};
        late.add(request.target, delay, responder.defer());
      });
  if (!server) throw std::runtime_error{server.error().public_detail};
  const std::uint16_t port = (*server)->port();

  std::atomic<std::uint64_t> next_to_leave{0};
  std::atomic<std::uint64_t> next_to_ask{0};
  Mutex mutex;  // guards the result
  WrongClientResult result;
  const auto leave_early = [&](std::uint64_t number) {
    // Leaving is quicker than being served: wait, lest the limit of connections turns the others
    // away.
    while ((*server)->counters().open > 1000) std::this_thread::yield();
    RawClient client{port};
    client.try_send("GET /left/" + std::to_string(number) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    if (number % 3 == 0) client.reset();
  };
  const auto ask = [&](std::uint64_t number) {
    RawClient client{port};
    for (int i = 0; i < 2; ++i) {
      const std::string target =
          "/mine/" + std::to_string(number) + "/" + std::string(static_cast<std::size_t>(i), 'x');
      std::string got;
      bool answered = true;
      const auto begin = std::chrono::steady_clock::now();
      try {
        got = client.ask("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").body;
      } catch (const std::runtime_error& error) {
        got = error.what();
        answered = false;
      }
      const LockGuard lock{mutex};
      std::uint64_t& counter = !answered       ? result.unanswered
                               : got == target ? result.right
                                               : result.wrong;
      ++counter;
      if (&counter != &result.right && result.first_fault.empty()) {
        const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begin);
        result.first_fault =
            target + " got " + got + " after " + std::to_string(waited.count()) + " ms";
      }
      if (!answered) return;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const bool leaves = i % 2 == 0;
      std::atomic<std::uint64_t>& next = leaves ? next_to_leave : next_to_ask;
      for (std::uint64_t number = next++; number < connections / 2; number = next++) {
        if (leaves) {
          leave_early(number);
        } else {
          ask(number);
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  const LockGuard lock{mutex};
  result.connections = connections;
  result.counters = (*server)->counters();
  return result;
}

}  // namespace cardstock::test
