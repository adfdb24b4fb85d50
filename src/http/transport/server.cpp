#include <cardstock/http/transport/server.hpp>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <thread>

#include <cardstock/util/text.hpp>

#include "worker.hpp"

namespace cardstock::http {
namespace {

constexpr int kBacklog = 4096;
constexpr int kMostWorkers = 128;  ///< Pistache numbers them with eight bits
/// Descriptors that are not connections: listener, event queues, files and sockets of the rest of
/// the program.
constexpr std::size_t kReservedDescriptors = 64;

/// Pistache's accept loop spins while the process is out of descriptors, so the limit is kept below
/// that point.
std::size_t affordable(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return connections;
  const std::size_t all = limit.rlim_cur;
  return std::min(connections,
                  all > 2 * kReservedDescriptors ? all - kReservedDescriptors : all / 2);
}

bool is_ipv4(const std::string& text) {
  in_addr unused{};
  return ::inet_pton(AF_INET, text.c_str(), &unused) == 1;
}

bool is_ipv6(const std::string& text) {
  in6_addr unused{};
  return ::inet_pton(AF_INET6, text.c_str(), &unused) == 1;
}

/// True when `descriptor` is a socket that listens at exactly this place.
bool listens_at(int descriptor, const std::string& address, std::uint16_t port) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
    return false;
  sockaddr_storage bound{};
  size = sizeof bound;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return false;
  if (bound.ss_family == AF_INET) {
    sockaddr_in have{};
    in_addr want{};
    std::memcpy(&have, &bound, sizeof have);
    return ::inet_pton(AF_INET, address.c_str(), &want) == 1 &&
           have.sin_addr.s_addr == want.s_addr && ntohs(have.sin_port) == port;
  }
  sockaddr_in6 have{};
  in6_addr want{};
  std::memcpy(&have, &bound, sizeof have);
  return ::inet_pton(AF_INET6, address.c_str(), &want) == 1 &&
         IN6_ARE_ADDR_EQUAL(&have.sin6_addr, &want) && ntohs(have.sin6_port) == port;
}

/// Pistache keeps its listening socket to itself; -1 when it is not to be found.
int find_listening_socket(const std::string& address, std::uint16_t port) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir("/proc/self/fd"), &::closedir};
  if (directory == nullptr) return -1;
  // The stream is this thread's own.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const dirent* const entry = ::readdir(directory.get())) {
    const auto number = parse_integer(entry->d_name);
    if (number && listens_at(static_cast<int>(*number), address, port))
      return static_cast<int>(*number);
  }
  return -1;
}

void name_thread(const std::string& name) {
  ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace

std::string_view Request::header(std::string_view name) const noexcept {
  for (const HeaderView& field : headers)
    if (equal_ignoring_case(field.name, name)) return field.value;
  return {};
}

bool Request::has_header(std::string_view name) const noexcept {
  return std::any_of(headers.begin(), headers.end(), [name](const HeaderView& field) {
    return equal_ignoring_case(field.name, name);
  });
}

struct Server::Impl {
  Impl(ServerConfig config, Handler handler) : pool{std::move(config), std::move(handler)} {}
  ~Impl();

  void listen();
  void run();
  void stop_accepting();

  WorkerPool pool;
  std::unique_ptr<Pistache::Tcp::Listener> listener;
  std::jthread accepting;
  int listening_socket = -1;
  std::uint16_t port = 0;
};

/// Throws what Pistache throws.
void Server::Impl::listen() {
  using Pistache::Tcp::Options;
  const ServerConfig& config = pool.config;
  const std::string host = is_ipv6(config.address) ? "[" + config.address + "]" : config.address;
  listener = std::make_unique<Pistache::Tcp::Listener>();
  listener->init(
      static_cast<std::size_t>(config.workers),
      Pistache::Flags<Options>{Options::ReuseAddr | Options::NoDelay | Options::CloseOnExec}, "",
      kBacklog);
  listener->setTransportFactory([this] { return std::make_shared<Worker>(pool, 0); });
  listener->bind(Pistache::Address{host, Pistache::Port{config.port}});
  port = listener->getPort();
  listening_socket = find_listening_socket(config.address, port);
  accepting = std::jthread{[this] {
    name_thread(pool.config.name + "-accept");
    run();
  }};
  if (!pool.wait_started()) throw std::runtime_error{"the workers could not be started"};
}

/// What ends it early is its socket being taken away in the middle of an accept (stop_accepting()),
/// or, before the workers run, a system without descriptors; the caller learns of the latter from
/// wait_started().
void Server::Impl::run() {
  try {
    listener->run();
  } catch (const std::exception&) {
    pool.note_accepting_ended();
  }
}

/// Pistache can stop its accept thread and its workers only together. So the listening socket is
/// closed behind its back, by putting /dev/null in its place: the accept loop, which waits for
/// events, hears of nothing more.
void Server::Impl::stop_accepting() {
  const int socket = std::exchange(listening_socket, -1);
  if (socket < 0) return;
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) {
    ::shutdown(socket, SHUT_RD);
    return;
  }
  ::dup3(nothing, socket, O_CLOEXEC);
  ::close(nothing);
}

Server::Impl::~Impl() {
  if (!accepting.joinable()) return;  // never got so far
  stop_accepting();
  if (pool.wait_started()) {
    for (const auto& worker : pool.all()) worker->stop();
    pool.wait_stopped();
  }
  listener->shutdown();
  accepting.join();
  listener.reset();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(ServerConfig config, Handler handler) {
  const std::string where = config.address + " port " + std::to_string(config.port);
  if (!is_ipv4(config.address) && !is_ipv6(config.address))
    return fail(ErrorCode::InvalidConfig,
                "Cannot listen on " + where + ": not a literal IPv4 or IPv6 address.");
  config.workers = std::clamp(config.workers, 1, kMostWorkers);
  config.limits.connections = affordable(config.limits.connections);
  auto impl = std::make_unique<Impl>(std::move(config), std::move(handler));
  try {
    impl->listen();
  } catch (const std::exception& e) {
    return fail(ErrorCode::InvalidConfig, "Cannot listen on " + where + ": " + e.what() + ".");
  }
  return std::unique_ptr<Server>{new Server{std::move(impl)}};
}

std::uint16_t Server::port() const noexcept {
  return impl_->port;
}

bool Server::drain(std::chrono::milliseconds limit) {
  const SteadyTime deadline = SystemClock{}.steady() + limit;
  impl_->stop_accepting();
  impl_->pool.draining.store(true, std::memory_order_release);
  return impl_->pool.admission.wait_until_empty(deadline);
}

ServerCounters Server::counters() const {
  ServerCounters sum;
  for (const auto& worker : impl_->pool.all()) {
    const WorkerCounters& counters = worker->counters();
    sum.accepted += counters.accepted.load(std::memory_order_relaxed);
    sum.refused += counters.refused.load(std::memory_order_relaxed);
    sum.requests += counters.requests.load(std::memory_order_relaxed);
    sum.bad_requests += counters.bad_requests.load(std::memory_order_relaxed);
    sum.failed_handshakes += counters.failed_handshakes.load(std::memory_order_relaxed);
    sum.timed_out += counters.timed_out.load(std::memory_order_relaxed);
    sum.deferred += worker->owed();
  }
  sum.open = impl_->pool.admission.open();
  return sum;
}

}  // namespace cardstock::http
