#pragma once
/// \file request_head.hpp
/// \brief What the head of a request says: request line and fields.
///
/// Pure. Threads: any. Errors: a Refusal, never an exception. Strict (RFC 9112): what two readers
/// could frame differently is refused. Limits: FramingLimits.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <cardstock/http/transport/server.hpp>

namespace cardstock::http {

/// Why a request is not served. The value is the status of the answer.
enum class Refusal : int {
  None = 0,
  BadRequest = 400,
  ContentTooLarge = 413,
  UriTooLong = 414,         ///< the request line alone does not fit the head
  ExpectationFailed = 417,  ///< an expectation other than 100-continue
  HeadTooLarge = 431,       ///< too many bytes, or too many fields
  NotImplemented = 501,     ///< a transfer coding other than chunked
  VersionNotSupported = 505,
};

struct FramingLimits {
  std::size_t
      head_bytes;  ///< from the first byte to the empty line's end; trailers have as much again
  std::size_t headers;     ///< fields of a head; trailers may have as many again
  std::size_t body_bytes;  ///< decoded
};

/// What the head says. Views into the bytes it was read from.
struct RequestHead {
  std::string_view method;
  std::string_view target;
  std::string_view path;
  std::string_view query;
  std::span<const HeaderView> headers;
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = true;
  bool http_1_0 = false;
  bool expects_continue = false;
};

/// `head` is a whole head with its empty line and with CRLF line ends only (Framer sees to that).
/// `store` receives the fields and must hold `limits.headers` of them.
Refusal parse_head(std::string_view head,
                   const FramingLimits& limits,
                   std::span<HeaderView> store,
                   RequestHead& out);

/// A line without its CRLF, of a head or of trailers. False: it is no field.
bool parse_field(std::string_view line, HeaderView& out);

}  // namespace cardstock::http
