#include "tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace cardstock::http {
namespace {

/// OpenSSL's own socket BIO writes with write(), which raises SIGPIPE.
int descriptor_of(BIO* bio) {
  return *static_cast<const int*>(BIO_get_data(bio));
}

int write_socket(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t sent = -1;
  do {
    sent = ::send(descriptor_of(bio), bytes, static_cast<std::size_t>(size),
                  MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno == EAGAIN) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_socket(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t got = -1;
  do {
    got = ::recv(descriptor_of(bio), into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

long control_socket(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
      return 0;
  }
}

/// Made once and kept.
const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* const made =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "cardstock socket");
    if (made == nullptr) return made;
    BIO_meth_set_write(made, &write_socket);
    BIO_meth_set_read(made, &read_socket);
    BIO_meth_set_ctrl(made, &control_socket);
    return made;
  }();
  return kMethod;
}

}  // namespace

TlsStream::TlsStream(int descriptor, const TlsIdentity& identity)
    : descriptor_{descriptor}, session_{identity.impl_->new_session()} {
  BIO* const bio = socket_method() == nullptr ? nullptr : BIO_new(socket_method());
  if (session_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    broken_ = true;
    return;
  }
  BIO_set_data(bio, &descriptor_);
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
  SSL_set_accept_state(session_.get());
}

TlsStream::~TlsStream() {
  say_goodbye();
}

bool TlsStream::is_handshaking() const {
  return broken_ || SSL_is_init_finished(session_.get()) == 0;
}

Moved TlsStream::judge(int result, std::size_t bytes) {
  if (result == 1) return {Moved::Kind::Some, bytes};
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {Moved::Kind::Blocked, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Moved::Kind::End, 0};
    default:
      broken_ = true;
      return {Moved::Kind::Failed, 0};
  }
}

Moved TlsStream::receive(std::span<char> into) {
  if (broken_) return {};
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(session_.get(), into.data(), into.size(), &got);
  const Moved moved = judge(result, got);
  reading_wants_room_ = moved.kind == Moved::Kind::Blocked && SSL_want_write(session_.get());
  return moved;
}

Moved TlsStream::send(std::string_view bytes) {
  if (broken_) return {};
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &sent);
  const Moved moved = judge(result, sent);
  return moved.kind == Moved::Kind::End ? Moved{} : moved;
}

/// OpenSSL forbids it in the middle of a handshake and after a fatal error.
void TlsStream::say_goodbye() {
  if (is_handshaking() || std::exchange(said_goodbye_, true)) return;
  ERR_clear_error();
  SSL_shutdown(session_.get());
}

}  // namespace cardstock::http
