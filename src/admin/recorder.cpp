#include <cardstock/admin/recorder.hpp>

#include <utility>

#include <pthread.h>

namespace cardstock::admin {
namespace {

constexpr std::chrono::hours kDay{24};

}  // namespace

Recorder::Recorder(std::string path, Parts parts)
    : path_{std::move(path)}, parts_{std::move(parts)} {
  if (!path_.empty()) {
    const Status loaded = parts_.history.load(path_, parts_.clock.wall());
    if (!loaded) parts_.log.warning("history_not_read", {{"cause", loaded.error().cause}});
  }
  if (!parts_.top_path.empty()) {
    const Status loaded = parts_.top.load(parts_.top_path);
    if (!loaded) parts_.log.warning("asked_most_not_read", {{"cause", loaded.error().cause}});
  }
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

Recorder::~Recorder() {
  thread_.request_stop();
  {
    const LockGuard lock{mutex_};
    stopped_.notify_all();
  }
  thread_.join();
  save();
}

void Recorder::save() {
  Status saved = path_.empty() ? Status{} : parts_.history.save(path_);
  if (saved && !parts_.top_path.empty()) saved = parts_.top.save(parts_.top_path);
  if (!saved && !told_) parts_.log.warning("history_not_kept", {{"cause", saved.error().cause}});
  told_ = !saved;
}

void Recorder::pause(const std::stop_token& stop) {
  const SteadyTime until = std::chrono::steady_clock::now() + History::kHourStep;
  const LockGuard lock{mutex_};
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < until)
    stopped_.wait_until(mutex_, until);
}

void Recorder::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "cs-history");
  SteadyTime halved = parts_.clock.steady();
  while (!stop.stop_requested()) {
    const SteadyTime now = parts_.clock.steady();
    if (parts_.history.take(parts_.figures(), now)) save();
    if (now - halved >= kDay) {
      parts_.top.halve();
      halved = now;
    }
    pause(stop);
  }
}

}  // namespace cardstock::admin
