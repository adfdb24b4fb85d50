#include "test_resolver.hpp"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

#include <cardstock/util/mutex.hpp>

namespace {

cardstock::Mutex mutex;
cardstock::Condition changed;
std::size_t held CARDSTOCK_GUARDED_BY(mutex) = 0;
bool holding CARDSTOCK_GUARDED_BY(mutex) = true;
std::vector<std::string> moved_to CARDSTOCK_GUARDED_BY(mutex);
std::size_t lookups_of_moved CARDSTOCK_GUARDED_BY(mutex) = 0;
/// Sockets connected to loopback in place of an address of documentation, and that address.
std::map<int, sockaddr_storage> redirected CARDSTOCK_GUARDED_BY(mutex);

void hold() {
  const cardstock::LockGuard lock{mutex};
  ++held;
  changed.notify_all();
  while (holding) changed.wait(mutex);
  --held;
  changed.notify_all();
}

using Lookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
using Connect = int (*)(int, const sockaddr*, socklen_t);
using Peer = int (*)(int, sockaddr*, socklen_t*);

/// One list of all that `moves.test` is; freeaddrinfo frees its items one by one.
int look_up_moved(Lookup real, const char* service, const addrinfo* hints, addrinfo** result) {
  std::vector<std::string> addresses;
  {
    const cardstock::LockGuard lock{mutex};
    ++lookups_of_moved;
    addresses = moved_to;
  }
  addrinfo** end = result;
  for (const std::string& address : addresses) {
    const int code = real(address.c_str(), service, hints, end);
    if (code != 0) return code;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return addresses.empty() ? EAI_NONAME : 0;
}

/// An address of documentation, as text; empty for any other.
std::string documentation_address(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  const std::string_view seen{text};
  return seen.starts_with("192.0.2.") || seen.starts_with("2001:db8:") ? text : "";
}

int connect_to_loopback(Connect real, int socket, const sockaddr* address, socklen_t size) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return real(socket, reinterpret_cast<const sockaddr*>(&v4), size);
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &v6.sin6_addr);
  return real(socket, reinterpret_cast<const sockaddr*>(&v6), size);
}

}  // namespace

namespace cardstock::test {

void wait_for_held_lookups(std::size_t count) {
  const LockGuard lock{mutex};
  while (held < count) changed.wait(mutex);
}

void release_held_lookups() {
  const LockGuard lock{mutex};
  holding = false;
  changed.notify_all();
  while (held != 0) changed.wait(mutex);
  holding = true;
}

void move_name(std::vector<std::string> addresses) {
  const LockGuard lock{mutex};
  moved_to = std::move(addresses);
  lookups_of_moved = 0;
}

std::size_t lookups_since_move() {
  const LockGuard lock{mutex};
  return lookups_of_moved;
}

}  // namespace cardstock::test

/// Takes the place of the C library's for the whole program, libcurl included.
extern "C" int getaddrinfo(const char* name,
                           const char* service,
                           const addrinfo* hints,
                           addrinfo** result) {
  static const auto real = reinterpret_cast<Lookup>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view host = name == nullptr ? std::string_view{} : name;
  if (host == "inside.test") return real("127.0.0.1", service, hints, result);
  if (host == "moves.test") return look_up_moved(real, service, hints, result);
  if (host == "held.test") hold();
  if (host.ends_with(".test")) return EAI_NONAME;
  return real(name, service, hints, result);
}

/// Likewise.
extern "C" int connect(int socket, const sockaddr* address, socklen_t size) {
  static const auto real = reinterpret_cast<Connect>(dlsym(RTLD_NEXT, "connect"));
  const std::string documented = documentation_address(address);
  {
    const cardstock::LockGuard lock{mutex};
    redirected.erase(socket);
    if (!documented.empty()) std::memcpy(&redirected[socket], address, size);
  }
  if (documented.empty()) return real(socket, address, size);
  if (documented != cardstock::test::kDeafAddress)
    return connect_to_loopback(real, socket, address, size);
  errno = ECONNREFUSED;
  return -1;
}

/// Likewise: whoever was redirected does not see it.
extern "C" int getpeername(int socket, sockaddr* address, socklen_t* size) {
  static const auto real = reinterpret_cast<Peer>(dlsym(RTLD_NEXT, "getpeername"));
  {
    const cardstock::LockGuard lock{mutex};
    if (const auto found = redirected.find(socket); found != redirected.end()) {
      const std::size_t whole =
          found->second.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
      std::memcpy(address, &found->second, std::min<std::size_t>(*size, whole));
      *size = static_cast<socklen_t>(whole);
      return 0;
    }
  }
  return real(socket, address, size);
}
