#include "request_check.hpp"

#include <algorithm>

#include <cardstock/util/text.hpp>

namespace cardstock::fetch {
namespace {

constexpr std::size_t kMaxTarget = std::size_t{32} * 1024;
constexpr std::size_t kMaxHeaders = std::size_t{32} * 1024;
constexpr std::size_t kMaxBody = std::size_t{16} * 1024 * 1024;
constexpr std::size_t kMaxHost = 255;

constexpr std::string_view kFraming[] = {
    "host",    "content-length",      "transfer-encoding", "connection", "expect",
    "upgrade", "proxy-authorization", "proxy-connection",  "te",         "trailer"};

std::unexpected<Error> unfit(std::string cause) {
  return fail(ErrorCode::Internal, "The request to ThreatConnect could not be built.",
              std::move(cause));
}

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alpha(c) || is_digit(c) || marks.find(c) != std::string_view::npos;
  });
}

bool is_host(std::string_view host) noexcept {
  if (host.empty() || host.size() > kMaxHost) return false;
  if (host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return false;
    const std::string_view inner = host.substr(1, host.size() - 2);
    return std::all_of(inner.begin(), inner.end(),
                       [](char c) { return is_hex(c) || c == ':' || c == '.'; });
  }
  return std::all_of(host.begin(), host.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

bool is_header_text(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

Result<Origin> read_origin(std::string_view text) {
  Origin origin;
  if (starts_with_ignoring_case(text, "https://")) {
    origin.tls = true;
    text.remove_prefix(8);
  } else if (starts_with_ignoring_case(text, "http://")) {
    text.remove_prefix(7);
  } else {
    return unfit("the origin is neither http nor https");
  }
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos)
    return unfit("the origin's address has no closing bracket");
  const std::size_t colon = text.find(':', bracket);
  const std::string_view host = text.substr(0, colon);
  if (!is_host(host)) return unfit("the origin's host is not one");
  if (colon != std::string_view::npos) {
    const auto port = parse_integer(text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return unfit("the origin's port is not one");
  }
  origin.host = host;
  origin.authority = text;
  return origin;
}

Status check_request(const HttpRequest& request) {
  if (!is_token(request.method)) return unfit("the method is not a token");
  if (!request.target.starts_with('/')) return unfit("the target does not begin with a slash");
  if (request.target.size() > kMaxTarget) return unfit("the target is too long");
  if (!std::all_of(request.target.begin(), request.target.end(),
                   [](char c) { return c > 0x20 && c < 0x7F; }))
    return unfit("the target holds a blank, a control character or a byte that is not ASCII");
  std::size_t size = 0;
  for (const Header& header : request.headers) {
    if (!is_token(header.name)) return unfit("a header's name is not a token");
    if (!is_header_text(header.value)) return unfit("a header's value holds a control character");
    if (std::any_of(std::begin(kFraming), std::end(kFraming),
                    [&](std::string_view name) { return equal_ignoring_case(name, header.name); }))
      return unfit("a header that frames the message is not the caller's to set");
    size += header.name.size() + header.value.size() + 4;
  }
  if (size > kMaxHeaders) return unfit("the headers are too long");
  if (request.body.size() > kMaxBody) return unfit("the body is too long");
  return {};
}

}  // namespace cardstock::fetch
