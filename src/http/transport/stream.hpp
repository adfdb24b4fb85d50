#pragma once
/// \file stream.hpp
/// \brief The bytes of a connection: its socket, with TLS laid over it or without.
///
/// Threads: its worker's only. Blocking: no. Errors: Moved::Failed. SIGPIPE is never raised.
/// Owns / lifetime: not the socket. Its end says goodbye (close_notify) if that is still possible.
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <cardstock/http/transport/tls.hpp>

namespace cardstock::http {

struct Moved {
  enum class Kind {
    Some,     ///< so many bytes
    End,      ///< the client has sent its last byte
    Blocked,  ///< not now
    Failed,   ///< never again
  };
  Kind kind = Kind::Failed;
  std::size_t bytes = 0;
};

class TlsStream;

class Stream {
 public:
  /// `tls`: nullptr for plain bytes.
  Stream(int descriptor, const TlsIdentity* tls);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Moved receive(std::span<char> into);
  /// A part may be taken. What was Blocked is to be offered again, with or without more behind it.
  Moved send(std::string_view bytes);
  /// Tells the client that nothing more comes.
  void end();

  /// Until a receive() has finished it. Never for plain bytes.
  bool is_handshaking() const;
  /// The last receive() is Blocked because TLS has to send something first.
  bool reading_wants_room() const;
  /// Whether a receive() of `size` into `room` bytes leaves the socket empty. A TLS record is read
  /// whole, and more records may stand behind it.
  bool is_drained(std::size_t size, std::size_t room) const {
    return tls_ == nullptr && size < room;
  }

 private:
  const int descriptor_;
  std::unique_ptr<TlsStream> tls_;
};

}  // namespace cardstock::http
