#pragma once
/// \file raw_server.hpp
/// \brief A TCP server on loopback whose every byte the test decides.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <cardstock/util/mutex.hpp>

namespace cardstock::test {

/// Carries the bytes of one connection; replaced when TLS is laid over it.
class RawTransport {
 public:
  virtual ~RawTransport() = default;
  /// Blocks for at least one byte; 0 when the peer has closed or the server stops.
  virtual std::size_t read_some(char* into, std::size_t size) = 0;
  virtual bool write_all(std::string_view bytes) = 0;
};

class RawSocket final : public RawTransport {
 public:
  explicit RawSocket(int descriptor) : descriptor_{descriptor} {}
  std::size_t read_some(char* into, std::size_t size) override {
    const ssize_t got = recv(descriptor_, into, size, 0);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  bool write_all(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }

 private:
  int descriptor_;
};

/// One accepted connection. Used by its own thread alone. Closed when its behaviour returns.
class RawConnection {
 public:
  RawConnection(int descriptor, std::size_t number)
      : descriptor_{descriptor},
        number_{number},
        transport_{std::make_unique<RawSocket>(descriptor)} {}

  /// The how-manieth connection of the server this is, from 0.
  std::size_t number() const { return number_; }
  int descriptor() const { return descriptor_; }
  std::unique_ptr<RawTransport> take_transport() { return std::move(transport_); }
  void lay_over(std::unique_ptr<RawTransport> transport) { transport_ = std::move(transport); }

  /// A request's head with its blank line; empty when the peer closed first.
  std::string read_head() {
    for (;;) {
      const std::size_t end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) return take(end + 4);
      if (!fill()) return {};
    }
  }
  /// Exactly `size` bytes; fewer when the peer closed first.
  std::string read_bytes(std::size_t size) {
    while (buffer_.size() < size && fill()) {
    }
    return take(std::min(size, buffer_.size()));
  }
  bool write(std::string_view bytes) { return transport_->write_all(bytes); }
  /// Until the peer closes or the server stops.
  void wait_for_close() {
    while (fill()) buffer_.clear();
  }
  /// The close that follows sends RST, not FIN.
  void reset_at_close() {
    const linger at_once{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

 private:
  bool fill() {
    char chunk[4096];
    const std::size_t got = transport_->read_some(chunk, sizeof chunk);
    buffer_.append(chunk, got);
    return got != 0;
  }
  std::string take(std::size_t size) {
    std::string bytes = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return bytes;
  }

  int descriptor_;
  std::size_t number_;
  std::unique_ptr<RawTransport> transport_;
  std::string buffer_;
};

/// Listens on a free port of 127.0.0.1 (or ::1); every connection runs `behaviour` on a thread of
/// its own. Threads: all methods from any thread. The destructor cuts every connection and waits
/// for its behaviour to return.
class RawServer {
 public:
  using Behaviour = std::function<void(RawConnection&)>;

  explicit RawServer(Behaviour behaviour) : behaviour_{std::move(behaviour)} {
    std::signal(SIGPIPE, SIG_IGN);  // a TLS layer writes without MSG_NOSIGNAL
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || bind(listener_, generic, size) != 0 || listen(listener_, 512) != 0 ||
        getsockname(listener_, generic, &size) != 0)
      throw std::runtime_error{"no listening socket"};
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread{[this] { accept_all(); }};
  }
  ~RawServer() {
    {
      const LockGuard lock{mutex_};
      stopping_ = true;
      for (const int descriptor : live_) shutdown(descriptor, SHUT_RDWR);
    }
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    for (std::thread& thread : threads_) thread.join();
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  int port() const { return port_; }
  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string origin() const { return "http://" + authority(); }
  std::size_t connection_count() const {
    const LockGuard lock{mutex_};
    return accepted_;
  }

 private:
  void accept_all() {
    for (;;) {
      const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const LockGuard lock{mutex_};
      if (stopping_) {
        close(descriptor);
        return;
      }
      live_.push_back(descriptor);
      threads_.emplace_back([this, descriptor, number = accepted_] { serve(descriptor, number); });
      ++accepted_;
    }
  }

  void serve(int descriptor, std::size_t number) {
    {
      RawConnection connection{descriptor, number};
      behaviour_(connection);
    }
    const LockGuard lock{mutex_};
    live_.remove(descriptor);
    close(descriptor);
  }

  Behaviour behaviour_;
  int listener_ = -1;
  int port_ = 0;
  mutable Mutex mutex_;  ///< guards the members below but the acceptor; `threads_` is the
                         ///< acceptor's until it has ended
  std::list<int> live_ CARDSTOCK_GUARDED_BY(mutex_);
  std::size_t accepted_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  bool stopping_ CARDSTOCK_GUARDED_BY(mutex_) = false;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

/// A whole answer with Content-Length; `headers` are lines with their CRLF.
inline std::string raw_answer(std::string_view body,
                              std::string_view headers = {},
                              std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string{status} + "\r\n" + std::string{headers} +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

/// Answers every request of a connection with `answer`, for as long as the peer asks.
inline RawServer::Behaviour always(std::string answer) {
  return [answer = std::move(answer)](RawConnection& connection) {
    while (!connection.read_head().empty())
      if (!connection.write(answer)) return;
  };
}

}  // namespace cardstock::test
