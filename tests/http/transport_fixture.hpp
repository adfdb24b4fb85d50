#pragma once
/// \file transport_fixture.hpp
/// \brief A Server with a handler that a test can steer by the path.
#include <atomic>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/text.hpp>

#include "support/raw_client.hpp"

namespace cardstock::test {

inline std::string get(std::string_view target, std::string_view more = "") {
  return "GET " + std::string{target} + " HTTP/1.1\r\nHost: test\r\n" + std::string{more} + "\r\n";
}
inline std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string{target} +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string{body};
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"})
    ++count;
  return count;
}
/// Without the event descriptors, of which Pistache forgets a few with every listener that is
/// destroyed.
inline std::size_t open_sockets() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry, gone).string().starts_with("socket:")) ++count;
  }
  return count;
}

/// `/later/…` is deferred until the test answers it; `/size/N` has N bytes; `/throw`, `/throw-int`,
/// `/throw-after`,
/// `/throw-deferred`, `/nothing`, `/drop`, `/empty` (204), `/peer`, `/headers`; the rest echoes
/// "METHOD path?query|body".
class TransportFixture {
 public:
  struct Owed {
    std::string target;
    http::Deferred deferred;
  };

  explicit TransportFixture(http::ServerConfig config = {}) {
    auto started = http::Server::start(
        std::move(config), [this](const http::Request& request, http::Responder& responder) {
          handle(request, responder);
        });
    if (!started) throw std::runtime_error{started.error().public_detail};
    server_ = *std::move(started);
  }
  explicit TransportFixture(const http::TransportLimits& limits) : TransportFixture{with(limits)} {}

  static http::ServerConfig with(const http::TransportLimits& limits) {
    http::ServerConfig config;
    config.limits = limits;
    return config;
  }

  http::Server& server() { return *server_; }
  void destroy_server() { server_.reset(); }
  std::uint16_t port() const { return server_->port(); }
  RawClient client() const { return RawClient{port()}; }
  http::ServerCounters counters() const { return server_->counters(); }

  std::size_t owed() const {
    const LockGuard lock{mutex_};
    return owed_.size();
  }
  /// Waits until `count` deferred answers are owed and takes them.
  std::vector<Owed> take_owed(std::size_t count) {
    if (!eventually([&] { return owed() >= count; }))
      throw std::runtime_error{"nothing was deferred"};
    const LockGuard lock{mutex_};
    return std::move(owed_);
  }
  void answer(std::size_t count = 1) {
    for (Owed& one : take_owed(count)) one.deferred.send({}, "later " + one.target);
  }

 private:
  void handle(const http::Request& request, http::Responder& responder) {
    const std::string_view path = request.path;
    if (path.starts_with("/later/")) {
      http::Deferred deferred = responder.defer();
      const LockGuard lock{mutex_};
      owed_.push_back({std::string{request.target}, std::move(deferred)});
    } else if (path.starts_with("/size/")) {
      responder.send(
          {},
          std::string(static_cast<std::size_t>(parse_integer(path.substr(6)).value_or(0)), 'x'));
    } else if (path == "/throw") {
      throw std::runtime_error{"secret detail"};
    } else if (path == "/throw-int") {
      throw 42;
    } else if (path == "/throw-after") {
      responder.send({}, "said");
      throw std::runtime_error{"secret detail"};
    } else if (path == "/throw-deferred") {
      const http::Deferred deferred = responder.defer();
      throw std::runtime_error{"secret detail"};
    } else if (path == "/drop") {
      responder.defer();
    } else if (path == "/empty") {
      responder.send({204, "", ""}, "");
    } else if (path == "/peer") {
      responder.send({}, {request.peer, request.peer_is_loopback ? " loopback" : ""});
    } else if (path == "/headers") {
      std::string text;
      for (const http::HeaderView& field : request.headers)
        text += std::string{field.name} + "=" + std::string{field.value} + ";";
      responder.send({200, "text/plain", "X-First: 1\r\nX-Second: 2\r\n"}, text);
    } else if (path != "/nothing") {
      responder.send({},
                     {request.method, " ", request.path, "?", request.query, "|", request.body});
    }
  }

  mutable Mutex mutex_;  ///< guards the answers that the test still owes
  std::vector<Owed> owed_ CARDSTOCK_GUARDED_BY(mutex_);
  std::unique_ptr<http::Server> server_;  // last: its threads use the above
};

}  // namespace cardstock::test
