#include "completion.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace cardstock::http {

CompletionQueue::CompletionQueue() : descriptor_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {}

CompletionQueue::~CompletionQueue() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void CompletionQueue::push(Completion completion) {
  {
    const LockGuard lock{mutex_};
    if (closed_) return;
    entries_.push_back(std::move(completion));
    if (entries_.size() > 1) return;  // the first one's wake-up is still to be taken
  }
  wake();
}

void CompletionQueue::wake() const noexcept {
  // Fails only when the counter is full, and then the descriptor is readable already.
  static_cast<void>(::eventfd_write(descriptor_, 1));
}

void CompletionQueue::take(std::vector<Completion>& out) {
  eventfd_t count = 0;
  static_cast<void>(::eventfd_read(descriptor_, &count));
  const LockGuard lock{mutex_};
  out.swap(entries_);
}

void CompletionQueue::close() {
  const LockGuard lock{mutex_};
  closed_ = true;
  entries_.clear();
}

Deferred::Deferred() noexcept = default;
Deferred::Deferred(std::unique_ptr<State> state) : state_{std::move(state)} {}
Deferred::Deferred(Deferred&&) noexcept = default;

Deferred& Deferred::operator=(Deferred&& other) noexcept {
  if (this != &other) {
    Deferred old{std::move(state_)};  // answered by its destructor when it was still owed
    state_ = std::move(other.state_);
  }
  return *this;
}

Deferred::~Deferred() {
  if (state_ != nullptr) send(Response{500, "", ""}, "");
}

void Deferred::complete(Completion completion) {
  if (state_ == nullptr) return;
  const std::unique_ptr<State> state = std::move(state_);
  completion.to = state->to;
  state->queue->owed.fetch_sub(1, std::memory_order_relaxed);
  state->queue->push(std::move(completion));
}

void Deferred::send(const Response& response, std::string_view body) {
  complete({.status = response.status,
            .content_type = std::string{response.content_type},
            .headers = std::string{response.headers},
            .body = std::string{body}});
}

void Deferred::break_off(std::string_view bytes) {
  complete({.body = std::string{bytes}, .broken = true});
}

}  // namespace cardstock::http
