#pragma once
/// \file tls_stream.hpp
/// \brief The server's end of TLS over a socket. As stream.hpp has it.
#include <span>
#include <string_view>

#include "stream.hpp"
#include "tls_context.hpp"

namespace cardstock::http {

class TlsStream {
 public:
  TlsStream(int descriptor, const TlsIdentity& identity);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  Moved receive(std::span<char> into);
  Moved send(std::string_view bytes);
  void say_goodbye();
  bool is_handshaking() const;
  bool reading_wants_room() const { return reading_wants_room_; }

 private:
  Moved judge(int result, std::size_t bytes);

  int descriptor_;
  TlsSession session_;  ///< its BIO points to descriptor_
  bool broken_ = false;
  bool reading_wants_room_ = false;
  bool said_goodbye_ = false;
};

}  // namespace cardstock::http
