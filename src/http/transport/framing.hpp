#pragma once
/// \file framing.hpp
/// \brief Finds where an HTTP/1.1 request ends. Bytes in, views out.
///
/// No socket, no clock.
/// Threads: none. Blocking: no. Errors: a Refusal, never an exception.
/// Strict (RFC 9112): what two readers could frame differently is refused, and nothing behind it is
/// looked at. The way in which the bytes are cut into pieces changes neither the requests nor the
/// refusal.
/// Limits: FramingLimits, and kChunkLineBytes and kChunkExtensionBytes below.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "request_head.hpp"

namespace cardstock::http {

/// One line "size;extensions" with its CRLF.
inline constexpr std::size_t kChunkLineBytes = 256;
/// Extensions of all chunks of one request.
inline constexpr std::size_t kChunkExtensionBytes = 4096;

/// Follows one request after another through the bytes of one connection.
class Framer {
 public:
  enum class Step { NeedMore, Complete, Refused };

  /// `bytes`: everything held since the current request's first byte; the part seen by an earlier
  /// call must be what that call left. Chunked bodies are decoded in place, so that head and body
  /// stand together at the front.
  ///
  /// NeedMore: keep the first held() bytes, append what comes, call again.
  /// Complete: head() and body() are valid until the bytes change; consumed() bytes are its own.
  /// Refused: refusal() says why. Nothing behind may be read as a request.
  Step advance(std::span<char> bytes, const FramingLimits& limits, std::span<HeaderView> store);
  void reset() { *this = Framer{}; }

  const RequestHead& head() const { return head_; }
  std::string_view body() const { return body_; }
  std::size_t consumed() const { return raw_; }
  std::size_t held() const { return held_; }
  Refusal refusal() const { return refusal_; }
  /// The head is complete and was found good; its body is still coming.
  bool in_body() const { return phase_ != Phase::Head; }
  /// True once a request, as soon as its head is known: the client waits for "100 Continue" before
  /// it sends the body.
  bool take_expects_continue();

 private:
  enum class Phase { Head, Fixed, ChunkSize, ChunkData, ChunkEnd, Trailer };
  enum class Line { Found, Incomplete, TooLong, Bad };

  bool find_head(std::span<char> bytes, const FramingLimits& limits);
  bool read_chunks(std::span<char> bytes, const FramingLimits& limits);
  bool read_chunk_size(std::string_view line, const FramingLimits& limits);
  bool read_trailer(std::string_view line, const FramingLimits& limits);
  Line next_line(std::span<char> bytes, std::size_t longest, std::string_view& line);
  bool refuse(Refusal why);

  Phase phase_ = Phase::Head;
  Refusal refusal_ = Refusal::None;
  bool expects_continue_ = false;
  std::size_t line_begin_ = 0;   ///< of the head's line that is being looked for
  std::size_t scanned_ = 0;      ///< no line end before this
  std::size_t head_begin_ = 0;   ///< behind empty lines
  std::size_t head_end_ = 0;     ///< behind the empty line
  std::size_t body_end_ = 0;     ///< decoded so far
  std::size_t raw_ = 0;          ///< next byte that has not been understood
  std::uint64_t remaining_ = 0;  ///< of the body, or of the chunk
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t trailers_ = 0;
  std::size_t held_ = 0;
  RequestHead head_;
  std::string_view body_;
};

}  // namespace cardstock::http
