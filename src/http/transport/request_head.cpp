#include "request_head.hpp"

#include <algorithm>

#include <cardstock/util/text.hpp>

#include "character_classes.hpp"

namespace cardstock::http {
namespace {

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes the line before the first CRLF off `rest`. A CR without LF stays in the line, where no
/// class allows it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');  // the Framer has seen a CR before every LF
  const std::string_view line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  return line;
}

Refusal parse_version(std::string_view text, bool& http_1_0) {
  if (text == "HTTP/1.1") {
    http_1_0 = false;
    return Refusal::None;
  }
  if (text == "HTTP/1.0") {
    http_1_0 = true;
    return Refusal::None;
  }
  const bool well_formed = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                           text[6] == '.' && is_digit(text[7]);
  return well_formed ? Refusal::VersionNotSupported : Refusal::BadRequest;
}

/// RFC 9112 §3.2: origin-form, absolute-form (http and https, no user), and `*` for OPTIONS.
bool parse_target(RequestHead& out) {
  if (out.target.empty() || !all(out.target, kTarget)) return false;
  std::string_view path = out.target;
  if (path == "*") {
    out.path = path;
    return out.method == "OPTIONS";
  }
  if (path.front() != '/') {
    if (starts_with_ignoring_case(path, "http://")) {
      path.remove_prefix(7);
    } else if (starts_with_ignoring_case(path, "https://")) {
      path.remove_prefix(8);
    } else {
      return false;
    }
    const std::size_t end = std::min(path.find_first_of("/?"), path.size());
    if (end == 0 || !all(path.substr(0, end), kHost)) return false;
    path.remove_prefix(end);
  }
  const std::size_t mark = path.find('?');
  out.path = path.substr(0, mark);
  if (out.path.empty()) out.path = "/";
  out.query = mark == std::string_view::npos ? std::string_view{} : path.substr(mark + 1);
  return true;
}

Refusal parse_request_line(std::string_view line, RequestHead& out) {
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos) return Refusal::BadRequest;
  const std::size_t second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return Refusal::BadRequest;
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, second - first - 1);
  if (out.method.empty() || !all(out.method, kToken)) return Refusal::BadRequest;
  if (const Refusal bad = parse_version(line.substr(second + 1), out.http_1_0);
      bad != Refusal::None)
    return bad;
  return parse_target(out) ? Refusal::None : Refusal::BadRequest;
}

/// Digits only: no sign, no list, no blank inside. A number that does not fit is too large, not
/// malformed.
Refusal parse_content_length(std::string_view text, std::size_t most, std::uint64_t& out) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return Refusal::BadRequest;
  std::uint64_t value = 0;
  for (const char c : text) {
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    if (value > most) return Refusal::ContentTooLarge;
  }
  out = value;
  return Refusal::None;
}

/// What the fields that matter for framing have said so far.
struct Framing {
  unsigned hosts = 0;
  unsigned lengths = 0;
  unsigned codings = 0;
  bool close = false;
  bool keep_alive = false;
  bool expects_continue = false;
  Refusal length_refusal = Refusal::None;
  Refusal coding_refusal = Refusal::None;
  Refusal expectation_refusal = Refusal::None;
  bool bad = false;

  void note(const HeaderView& field, std::size_t body_bytes, RequestHead& out) {
    switch (field.name.size()) {
      case 4:
        if (equal_ignoring_case(field.name, "host")) {
          ++hosts;
          bad = bad || !all(field.value, kHost);
        }
        break;
      case 6:
        if (equal_ignoring_case(field.name, "expect")) note_expect(field.value);
        break;
      case 10:
        if (equal_ignoring_case(field.name, "connection")) note_connection(field.value);
        break;
      case 14:
        if (equal_ignoring_case(field.name, "content-length")) {
          ++lengths;
          length_refusal = parse_content_length(field.value, body_bytes, out.content_length);
        }
        break;
      case 17:
        if (equal_ignoring_case(field.name, "transfer-encoding")) note_coding(field.value);
        break;
      default:
        break;
    }
  }
  void note_expect(std::string_view value) {
    if (equal_ignoring_case(value, "100-continue")) {
      expects_continue = true;
    } else {
      expectation_refusal = Refusal::ExpectationFailed;
    }
  }
  void note_connection(std::string_view list) {
    while (!list.empty()) {
      const std::size_t comma = list.find(',');
      const std::string_view option = without_blanks(list.substr(0, comma));
      close = close || equal_ignoring_case(option, "close");
      keep_alive = keep_alive || equal_ignoring_case(option, "keep-alive");
      list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
  }
  void note_coding(std::string_view value) {
    ++codings;
    if (value.empty()) {
      bad = true;
    } else if (!equal_ignoring_case(value, "chunked")) {
      coding_refusal = Refusal::NotImplemented;
    }
  }

  /// RFC 9112 §6: one length or one coding, never both; a coding is not HTTP/1.0's.
  Refusal verdict(const RequestHead& head) const {
    if (bad || hosts > 1 || lengths > 1 || codings > 1 || (lengths != 0 && codings != 0))
      return Refusal::BadRequest;
    if (!head.http_1_0 && hosts == 0) return Refusal::BadRequest;
    if (head.http_1_0 && codings != 0) return Refusal::BadRequest;
    if (coding_refusal != Refusal::None) return coding_refusal;
    if (length_refusal != Refusal::None) return length_refusal;
    return expectation_refusal;
  }
};

}  // namespace

bool parse_field(std::string_view line, HeaderView& out) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  out.name = line.substr(0, colon);
  out.value = without_blanks(line.substr(colon + 1));
  return all(out.name, kToken) && all(out.value, kField);
}

Refusal parse_head(std::string_view head,
                   const FramingLimits& limits,
                   std::span<HeaderView> store,
                   RequestHead& out) {
  out = RequestHead{};
  std::string_view rest = head;
  if (const Refusal bad = parse_request_line(take_line(rest), out); bad != Refusal::None)
    return bad;
  Framing framing;
  std::size_t count = 0;
  for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest)) {
    if (count == limits.headers) return Refusal::HeadTooLarge;
    if (!parse_field(line, store[count])) return Refusal::BadRequest;
    framing.note(store[count], limits.body_bytes, out);
    ++count;
  }
  if (const Refusal bad = framing.verdict(out); bad != Refusal::None) return bad;
  out.headers = store.first(count);
  out.chunked = framing.codings != 0;
  out.keep_alive = !framing.close && (!out.http_1_0 || framing.keep_alive);
  out.expects_continue = framing.expects_continue && !out.http_1_0;
  return Refusal::None;
}

}  // namespace cardstock::http
