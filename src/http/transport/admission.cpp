#include "admission.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace cardstock::http {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

bool PeerAddress::of(int descriptor, PeerAddress& out) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return false;
  std::array<std::uint8_t, 16> bytes{};
  bool is_ipv4 = false;
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
    std::memcpy(bytes.data() + kMappedPrefix.size(), &address.sin_addr, 4);
    is_ipv4 = true;
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof address);
    std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
    is_ipv4 = std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
  } else {
    return false;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* const network = is_ipv4 ? bytes.data() + kMappedPrefix.size() : bytes.data();
  if (::inet_ntop(is_ipv4 ? AF_INET : AF_INET6, network, text.data(), text.size()) == nullptr)
    return false;
  out.text = text.data();
  out.is_loopback = is_ipv4 ? bytes[12] == 127 : out.text == "::1";
  out.group = bytes;
  if (!is_ipv4) std::fill(out.group.begin() + 8, out.group.end(), std::uint8_t{0});
  return true;
}

bool Admission::enter(const PeerAddress& peer) {
  const LockGuard lock{mutex_};
  if (open_ >= connections_) return false;
  std::size_t& held = by_group_[peer.group];
  if (held >= per_address_) {
    if (held == 0) by_group_.erase(peer.group);
    return false;
  }
  ++held;
  ++open_;
  return true;
}

void Admission::leave(const PeerAddress& peer) {
  const LockGuard lock{mutex_};
  const auto held = by_group_.find(peer.group);
  if (held != by_group_.end() && --held->second == 0) by_group_.erase(held);
  if (--open_ == 0) emptied_.notify_all();
}

std::size_t Admission::open() const {
  const LockGuard lock{mutex_};
  return open_;
}

bool Admission::wait_until_empty(SteadyTime deadline) {
  const LockGuard lock{mutex_};
  while (open_ != 0 && std::chrono::steady_clock::now() < deadline)
    emptied_.wait_until(mutex_, deadline);
  return open_ == 0;
}

}  // namespace cardstock::http
