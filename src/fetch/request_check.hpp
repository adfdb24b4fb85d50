#pragma once
/// \file request_check.hpp
/// \brief Whether a request can be put on the wire as it is given, so that libcurl never has to
/// mend or refuse it. Threads: pure. Blocking: no. Errors: Internal: a request that fails here is a
/// fault of our own caller. Limits: target 32 KiB, headers 32 KiB in all (HTTP/2's frame of headers
/// is 60 kB in libcurl), body 16 MiB.
#include <string>
#include <string_view>

#include <cardstock/fetch/http_client.hpp>

namespace cardstock::fetch {

struct Origin {
  bool tls = false;
  std::string host;       ///< as given; an IPv6 address keeps its brackets
  std::string authority;  ///< host and, when given, port
};

/// `http://host`, `https://host:port`; no user, no path, ASCII only.
Result<Origin> read_origin(std::string_view text);

/// Method, target, headers and body. Refused: control characters, blanks and bytes above 0x7E in
/// the target; control characters in a header; headers that frame the message (Host,
/// Content-Length, …), which libcurl writes.
Status check_request(const HttpRequest& request);

/// No control character: fit to stand in a header.
bool is_header_text(std::string_view text) noexcept;

}  // namespace cardstock::fetch
