#pragma once
/// \file raw_client.hpp
/// \brief A blocking socket that says exactly the bytes it is given, and reads HTTP answers
/// strictly.
///
/// Threads: one. Blocking: each call at most `patience`. Errors: throws std::runtime_error, which
/// fails the test.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <cardstock/util/text.hpp>

namespace cardstock::test {

struct RawAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string header(std::string_view name) const {
    for (const auto& [have, value] : headers)
      if (equal_ignoring_case(have, name)) return value;
    return "";
  }
  bool has(std::string_view name) const {
    for (const auto& [have, value] : headers)
      if (equal_ignoring_case(have, name)) return true;
    return false;
  }
};

class RawClient {
 public:
  using Milliseconds = std::chrono::milliseconds;
  struct Options {
    Milliseconds patience{10000};
    int receive_buffer = 0;             ///< bytes; 0: the system's
    std::string address = "127.0.0.1";  ///< IPv4 or IPv6
    std::string from;                   ///< local IPv4 address; empty: any
    int socket = -1;                    ///< an IPv4 socket made before, taken over; -1: a new one
  };

  explicit RawClient(std::uint16_t port) : RawClient{port, Options{}} {}
  RawClient(std::uint16_t port, const Options& options) : patience_{options.patience} {
    const bool ipv6 = options.address.find(':') != std::string::npos;
    socket_ = options.socket >= 0
                  ? options.socket
                  : ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) throw std::runtime_error{"no socket"};
    if (options.receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer,
                   sizeof options.receive_buffer);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    if (!options.from.empty()) {
      ::inet_pton(AF_INET, options.from.c_str(), &v4.sin_addr);
      if (::bind(socket_, reinterpret_cast<sockaddr*>(&v4), sizeof v4) != 0)
        throw std::runtime_error{"bind failed"};
    }
    int connected = -1;
    if (ipv6) {
      sockaddr_in6 to{};
      to.sin6_family = AF_INET6;
      to.sin6_port = htons(port);
      ::inet_pton(AF_INET6, options.address.c_str(), &to.sin6_addr);
      connected = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to);
    } else {
      v4.sin_port = htons(port);
      ::inet_pton(AF_INET, options.address.c_str(), &v4.sin_addr);
      connected = ::connect(socket_, reinterpret_cast<sockaddr*>(&v4), sizeof v4);
    }
    if (connected != 0 && errno == EINTR &&
        wait_for(POLLOUT, std::chrono::steady_clock::now() + patience_)) {
      socklen_t size = sizeof connected;  // it went on without us
      ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &connected, &size);
    }
    if (connected != 0) {
      ::close(socket_);
      throw std::runtime_error{"connect failed"};
    }
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept
      : socket_{std::exchange(other.socket_, -1)},
        patience_{other.patience_},
        input_{std::move(other.input_)} {}
  RawClient& operator=(RawClient&&) = delete;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  int descriptor() const { return socket_; }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  /// Closes with a reset.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void half_close() { ::shutdown(socket_, SHUT_WR); }

  /// False when the other end no longer takes bytes.
  bool try_send(std::string_view bytes) {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN || errno == EINTR) {
        if (!wait_for(POLLOUT, deadline)) throw std::runtime_error{"send took too long"};
      } else {
        return false;
      }
    }
    return true;
  }
  void send(std::string_view bytes) {
    if (!try_send(bytes)) throw std::runtime_error{"send failed"};
  }
  /// Sends as much as the system takes at once.
  std::size_t send_what_fits(std::string_view bytes) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }

  /// One answer. Interim answers are returned like others.
  RawAnswer read_answer(bool to_head = false) {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    std::size_t end = std::string::npos;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos)
      if (!receive(deadline))
        throw std::runtime_error{"the connection ended before an answer: '" + input_ + "'"};
    RawAnswer answer = parse_head(input_.substr(0, end + 2));
    input_.erase(0, end + 4);
    if (to_head || answer.status < 200 || answer.status == 204 || answer.status == 304)
      return answer;
    const auto size = parse_integer(answer.header("Content-Length"));
    if (!size) throw std::runtime_error{"an answer without Content-Length"};
    while (input_.size() < static_cast<std::size_t>(*size))
      if (!receive(deadline)) throw std::runtime_error{"the connection ended inside a body"};
    answer.body = input_.substr(0, static_cast<std::size_t>(*size));
    input_.erase(0, static_cast<std::size_t>(*size));
    return answer;
  }
  RawAnswer ask(std::string_view bytes) {
    send(bytes);
    return read_answer();
  }

  enum class End { Closed, Reset, StillOpen };
  /// Reads until the other end closes, for `patience` at most; what came stands in buffered().
  End read_to_end() { return read_to_end(patience_); }
  End read_to_end(Milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
      std::array<char, 65536> bytes;
      const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got > 0) {
        input_.append(bytes.data(), static_cast<std::size_t>(got));
      } else if (got == 0) {
        return End::Closed;
      } else if (errno != EAGAIN && errno != EINTR) {
        return End::Reset;
      } else if (!wait_for(POLLIN, deadline)) {
        return End::StillOpen;
      }
    }
  }
  const std::string& buffered() const { return input_; }

  /// `head` with the line end of its last field.
  static RawAnswer parse_head(std::string_view head) {
    RawAnswer answer;
    std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const auto status = line.size() >= 12 ? parse_integer(line.substr(9, 3)) : std::nullopt;
    if (!line.starts_with("HTTP/1.1 ") || !status)
      throw std::runtime_error{"bad status line: " + std::string{line}};
    answer.status = static_cast<int>(*status);
    for (head.remove_prefix(end + 2); !head.empty(); head.remove_prefix(end + 2)) {
      end = head.find("\r\n");
      const std::string_view field = head.substr(0, end);
      const std::size_t colon = field.find(": ");
      if (colon == std::string_view::npos)
        throw std::runtime_error{"bad field: " + std::string{field}};
      answer.headers.emplace_back(field.substr(0, colon), field.substr(colon + 2));
    }
    return answer;
  }

 private:
  bool receive(std::chrono::steady_clock::time_point deadline) {
    std::array<char, 65536> bytes;
    while (true) {
      const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got > 0) {
        input_.append(bytes.data(), static_cast<std::size_t>(got));
        return true;
      }
      if (got == 0) return false;
      if (errno != EAGAIN && errno != EINTR) throw std::runtime_error{"the connection was reset"};
      if (!wait_for(POLLIN, deadline)) throw std::runtime_error{"no answer in time"};
    }
  }
  bool wait_for(short events, std::chrono::steady_clock::time_point deadline) {
    while (true) {
      const auto left =
          std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now())
              .count();
      if (left <= 0) return false;
      pollfd ready{socket_, events, 0};
      const int count = ::poll(&ready, 1, static_cast<int>(left));
      if (count > 0) return true;
      if (count < 0 && errno != EINTR) return false;
    }
  }

  int socket_ = -1;
  Milliseconds patience_;
  std::string input_;
};

/// Looks again and again until `condition` holds; false when it did not within `patience`.
template <class Condition>
bool eventually(const Condition& condition,
                std::chrono::milliseconds patience = std::chrono::seconds{10}) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace cardstock::test
