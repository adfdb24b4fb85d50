#include "stream.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "tls_stream.hpp"

namespace cardstock::http {
namespace {

Moved judge(ssize_t moved) {
  if (moved >= 0) return {Moved::Kind::Some, static_cast<std::size_t>(moved)};
  return {errno == EAGAIN ? Moved::Kind::Blocked : Moved::Kind::Failed, 0};
}

}  // namespace

Stream::Stream(int descriptor, const TlsIdentity* tls)
    : descriptor_{descriptor},
      tls_{tls == nullptr ? nullptr : std::make_unique<TlsStream>(descriptor, *tls)} {}

Stream::~Stream() = default;

Moved Stream::receive(std::span<char> into) {
  if (tls_ != nullptr) return tls_->receive(into);
  ssize_t got = -1;
  do {
    got = ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  return got == 0 ? Moved{Moved::Kind::End, 0} : judge(got);
}

Moved Stream::send(std::string_view bytes) {
  if (tls_ != nullptr) return tls_->send(bytes);
  ssize_t sent = -1;
  do {
    sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return judge(sent);
}

void Stream::end() {
  if (tls_ != nullptr) tls_->say_goodbye();
  ::shutdown(descriptor_, SHUT_WR);
}

bool Stream::is_handshaking() const {
  return tls_ != nullptr && tls_->is_handshaking();
}

bool Stream::reading_wants_room() const {
  return tls_ != nullptr && tls_->reading_wants_room();
}

}  // namespace cardstock::http
