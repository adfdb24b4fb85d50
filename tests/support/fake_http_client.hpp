#pragma once
/// \file fake_http_client.hpp
/// \brief An HttpClient without a network: records what is sent and answers when the test says so.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <cardstock/fetch/http_client.hpp>
#include <cardstock/util/mutex.hpp>

namespace cardstock::test {

/// Keeps the contract of HttpClient: `done` is called exactly once for every send, on the fake's
/// own thread and one at a time, never from inside send() or cancel(); the destructor gives every
/// open call Cancelled. Threads: all methods from any thread. Blocking: answer() until `done` has
/// returned; wait_for_request(). Errors: request(), answer() and cancelled() throw
/// std::out_of_range for a request that was never sent. Time: real steady time as the limit of
/// waits only; the deadline of a request is recorded, not enforced.
class FakeHttpClient final : public fetch::HttpClient {
 public:
  /// nullopt leaves the call open until answer() or cancel(). Runs on the fake's thread, without a
  /// lock.
  using Responder =
      std::function<std::optional<Result<fetch::HttpResponse>>(const fetch::HttpRequest&)>;

  FakeHttpClient() : thread_{[this] { run(); }} {}
  explicit FakeHttpClient(Responder responder) : FakeHttpClient{} {
    respond_with(std::move(responder));
  }
  ~FakeHttpClient() override {
    {
      const LockGuard lock{mutex_};
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  FakeHttpClient(const FakeHttpClient&) = delete;
  FakeHttpClient& operator=(const FakeHttpClient&) = delete;

  Ticket send(fetch::HttpRequest request, Done done) override {
    Ticket ticket = 0;
    {
      const LockGuard lock{mutex_};
      requests_.push_back(std::move(request));
      ticket = requests_.size();
      open_.emplace(ticket, std::move(done));
      work_.push_back({ticket, std::nullopt});
    }
    changed_.notify_all();
    return ticket;
  }

  void cancel(Ticket ticket) override {
    {
      const LockGuard lock{mutex_};
      if (!open_.contains(ticket)) return;
      work_.push_back({ticket, fail(ErrorCode::Cancelled, "The request was given up.")});
      cancelled_.push_back(ticket);
    }
    changed_.notify_all();
  }

  /// Every request sent from now on is offered to `responder`; those sent before are not. Empty:
  /// all stay open.
  void respond_with(Responder responder) {
    const LockGuard lock{mutex_};
    responder_ = std::move(responder);
    responder_from_ = requests_.size() + 1;
  }

  /// Until `count` requests have been sent in all. False when `limit` passes first: a failure, not
  /// a means of timing.
  [[nodiscard]] bool wait_for_request(std::size_t count,
                                      std::chrono::milliseconds limit = std::chrono::seconds{20}) {
    const SteadyTime until = std::chrono::steady_clock::now() + limit;
    const LockGuard lock{mutex_};
    while (requests_.size() < count) {
      if (std::chrono::steady_clock::now() >= until) return false;
      changed_.wait_until(mutex_, until);
    }
    return true;
  }

  std::size_t request_count() const {
    const LockGuard lock{mutex_};
    return requests_.size();
  }
  /// Calls whose `done` has not been called.
  std::size_t open_count() const {
    const LockGuard lock{mutex_};
    return open_.size();
  }
  /// A copy of the request sent as number `index`, from 0.
  fetch::HttpRequest request(std::size_t index) const {
    const LockGuard lock{mutex_};
    return requests_.at(index);
  }
  /// Whether cancel() was called while the call was open.
  bool cancelled(std::size_t index) const {
    const LockGuard lock{mutex_};
    if (index >= requests_.size()) throw std::out_of_range{"no such request"};
    return std::find(cancelled_.begin(), cancelled_.end(), index + 1) != cancelled_.end();
  }

  /// Answers request number `index`, from 0, and returns when its `done` has returned (at once when
  /// called from inside a `done` or a responder: the answer then follows). False when the call was
  /// no longer open.
  bool answer(std::size_t index, Result<fetch::HttpResponse> result) {
    const LockGuard lock{mutex_};
    if (index >= requests_.size()) throw std::out_of_range{"no such request"};
    const Ticket ticket = index + 1;
    if (!open_.contains(ticket)) return false;
    const std::uint64_t number = taken_ + work_.size() + 1;
    work_.push_back({ticket, std::move(result)});
    changed_.notify_all();
    if (std::this_thread::get_id() == thread_.get_id()) return true;
    while (finished_ < number) changed_.wait(mutex_);
    return true;
  }

  /// The common answer.
  static fetch::HttpResponse json(std::string body, int status = 200) {
    fetch::HttpResponse response;
    response.status = status;
    response.content_type = "application/json";
    response.body = std::move(body);
    return response;
  }

 private:
  /// Something for the fake's thread: offer the call to the responder, or give it `result`.
  struct Work {
    Ticket ticket;
    std::optional<Result<fetch::HttpResponse>> result;
  };

  void run() {
    for (;;) {
      Work work{0, std::nullopt};
      Responder responder;
      fetch::HttpRequest request;
      {
        const LockGuard lock{mutex_};
        while (work_.empty() && !stopping_) changed_.wait(mutex_);
        if (work_.empty()) break;
        work = std::move(work_.front());
        work_.pop_front();
        ++taken_;
        if (!work.result && work.ticket >= responder_from_) {
          responder = responder_;
          request = requests_[work.ticket - 1];
        }
      }
      if (responder) work.result = responder(request);
      if (work.result) finish(work.ticket, *std::move(work.result));
      {
        const LockGuard lock{mutex_};
        ++finished_;
      }
      changed_.notify_all();
    }
    for (;;) {
      Ticket ticket = 0;
      {
        const LockGuard lock{mutex_};
        if (open_.empty()) return;
        ticket = open_.begin()->first;
      }
      finish(ticket, fail(ErrorCode::Cancelled, "The request was given up."));
    }
  }

  void finish(Ticket ticket, Result<fetch::HttpResponse> result) {
    Done done;
    {
      const LockGuard lock{mutex_};
      const auto it = open_.find(ticket);
      if (it == open_.end()) return;
      done = std::move(it->second);
      open_.erase(it);
    }
    done(std::move(result));
  }

  mutable Mutex mutex_;  ///< guards every member below but the thread
  Condition changed_;
  std::deque<fetch::HttpRequest> requests_ CARDSTOCK_GUARDED_BY(mutex_);
  std::map<Ticket, Done> open_ CARDSTOCK_GUARDED_BY(mutex_);
  std::deque<Ticket> cancelled_ CARDSTOCK_GUARDED_BY(mutex_);
  std::deque<Work> work_ CARDSTOCK_GUARDED_BY(mutex_);
  std::uint64_t taken_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  std::uint64_t finished_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  Responder responder_ CARDSTOCK_GUARDED_BY(mutex_);
  Ticket responder_from_ CARDSTOCK_GUARDED_BY(mutex_) = 1;
  bool stopping_ CARDSTOCK_GUARDED_BY(mutex_) = false;
  std::thread thread_;  ///< last: it reads the members above from the first moment
};

}  // namespace cardstock::test
