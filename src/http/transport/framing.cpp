#include "framing.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <cardstock/util/text.hpp>

namespace cardstock::http {
namespace {

constexpr std::uint8_t kToken = 1;   // RFC 9110 §5.6.2 tchar
constexpr std::uint8_t kField = 2;   // RFC 9110 §5.5 field-value, blanks and obs-text included
constexpr std::uint8_t kTarget = 4;  // visible ASCII; no '#', which would begin a fragment
constexpr std::uint8_t kHost = 8;    // RFC 3986 §3.2 host and port, without a user and without ','

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view characters, std::uint8_t bit) {
    for (const char c : characters) classes[static_cast<unsigned char>(c)] |= bit;
  };
  for (unsigned c = 0; c < 256; ++c) {
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes[c] |= kField;
    if (c > 0x20 && c < 0x7f && c != '#') classes[c] |= kTarget;
    if (is_digit(static_cast<char>(c)) || is_alpha(static_cast<char>(c)))
      classes[c] |= kToken | kHost;
  }
  add("!#$%&'*+-.^_`|~", kToken);
  add("-._~%!$&'()*+;=:[]", kHost);
  return classes;
}();

constexpr bool is(char c, std::uint8_t bit) {
  return (kClasses[static_cast<unsigned char>(c)] & bit) != 0;
}

bool all(std::string_view text, std::uint8_t bit) {
  return std::all_of(text.begin(), text.end(), [bit](char c) { return is(c, bit); });
}

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

bool parse_field(std::string_view line, HeaderView& out) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  out.name = line.substr(0, colon);
  out.value = without_blanks(line.substr(colon + 1));
  return all(out.name, kToken) && all(out.value, kField);
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

bool Framer::refuse(Refusal why) {
  refusal_ = why;
  return false;
}

bool Framer::take_expects_continue() {
  const bool expects = expects_continue_;
  expects_continue_ = false;
  return expects;
}

Framer::Step Framer::advance(std::span<char> bytes,
                             const FramingLimits& limits,
                             std::span<HeaderView> store) {
  held_ = bytes.size();
  bool head_is_read = false;
  if (phase_ == Phase::Head) {
    if (!find_head(bytes, limits))
      return refusal_ == Refusal::None ? Step::NeedMore : Step::Refused;
    const std::string_view text{bytes.data() + head_begin_, head_end_ - head_begin_};
    refusal_ = parse_head(text, limits, store, head_);
    if (refusal_ != Refusal::None) return Step::Refused;
    head_is_read = true;
    phase_ = head_.chunked ? Phase::ChunkSize : Phase::Fixed;
    remaining_ = head_.content_length;
    raw_ = body_end_ = scanned_ = head_end_;
    expects_continue_ = head_.expects_continue && (head_.chunked || head_.content_length > 0);
  }
  if (phase_ == Phase::Fixed) {
    if (bytes.size() - head_end_ < remaining_) return Step::NeedMore;
    body_end_ = raw_ = head_end_ + remaining_;
  } else if (!read_chunks(bytes, limits)) {
    return refusal_ == Refusal::None ? Step::NeedMore : Step::Refused;
  }
  // The views of an earlier call point into bytes that have moved since.
  if (!head_is_read)
    parse_head({bytes.data() + head_begin_, head_end_ - head_begin_}, limits, store, head_);
  body_ = {bytes.data() + head_end_, body_end_ - head_end_};
  return Step::Complete;
}

/// True when the head's end is known. Looks at no byte beyond the limit, so that the answer does
/// not depend on how many of them happen to be here already.
bool Framer::find_head(std::span<char> bytes, const FramingLimits& limits) {
  const std::size_t window = std::min(bytes.size(), limits.head_bytes);
  while (true) {
    if (line_begin_ == head_begin_ && head_begin_ < window && !is(bytes[head_begin_], kToken) &&
        bytes[head_begin_] != '\r') {
      return refuse(Refusal::BadRequest);  // a TLS hello, say: no need to wait for its line end
    }
    const void* found =
        scanned_ < window ? std::memchr(bytes.data() + scanned_, '\n', window - scanned_) : nullptr;
    if (found == nullptr) {
      scanned_ = window;
      if (bytes.size() <= limits.head_bytes) return false;
      return refuse(line_begin_ == head_begin_ ? Refusal::UriTooLong : Refusal::HeadTooLarge);
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == line_begin_ || bytes[at - 1] != '\r') return refuse(Refusal::BadRequest);
    const bool empty = at - 1 == line_begin_;
    const bool before_request_line = line_begin_ == head_begin_;
    line_begin_ = scanned_ = at + 1;
    if (!empty) continue;
    if (!before_request_line) {
      head_end_ = at + 1;
      return true;
    }
    head_begin_ = at + 1;  // RFC 9112 §2.2: empty lines before the request line are skipped
  }
}

/// A line of a chunked body that begins at raw_, at most `longest` bytes long with its CRLF.
Framer::Line Framer::next_line(std::span<char> bytes, std::size_t longest, std::string_view& line) {
  const std::size_t window = std::min(bytes.size(), raw_ + longest);
  scanned_ = std::max(scanned_, raw_);
  const void* found =
      scanned_ < window ? std::memchr(bytes.data() + scanned_, '\n', window - scanned_) : nullptr;
  if (found == nullptr) {
    scanned_ = window;
    return bytes.size() - raw_ >= longest ? Line::TooLong : Line::Incomplete;
  }
  const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
  if (at == raw_ || bytes[at - 1] != '\r') return Line::Bad;
  line = {bytes.data() + raw_, at - 1 - raw_};
  raw_ = scanned_ = at + 1;
  return Line::Found;
}

bool Framer::read_chunks(std::span<char> bytes, const FramingLimits& limits) {
  std::string_view line;
  Line got = Line::Found;
  while (got == Line::Found) {
    switch (phase_) {
      case Phase::Head:
      case Phase::Fixed:
        return false;
      case Phase::ChunkSize:
        got = next_line(bytes, kChunkLineBytes, line);
        if (got == Line::TooLong) return refuse(Refusal::BadRequest);
        if (got == Line::Found && !read_chunk_size(line, limits)) return false;
        break;
      case Phase::ChunkData: {
        const std::size_t size = std::min<std::uint64_t>(remaining_, bytes.size() - raw_);
        std::memmove(bytes.data() + body_end_, bytes.data() + raw_, size);
        body_end_ += size;
        raw_ += size;
        remaining_ -= size;
        if (remaining_ == 0) {
          phase_ = Phase::ChunkEnd;
        } else {
          got = Line::Incomplete;
        }
        break;
      }
      case Phase::ChunkEnd:
        got = next_line(bytes, 2, line);
        if (got == Line::TooLong || (got == Line::Found && !line.empty()))
          return refuse(Refusal::BadRequest);
        if (got == Line::Found) phase_ = Phase::ChunkSize;
        break;
      case Phase::Trailer: {
        const std::size_t begin = raw_;
        got = next_line(bytes, limits.head_bytes - trailer_bytes_, line);
        if (got == Line::TooLong) return refuse(Refusal::HeadTooLarge);
        if (got != Line::Found) break;
        if (line.empty()) return true;
        trailer_bytes_ += raw_ - begin;
        if (!read_trailer(line, limits)) return false;
        break;
      }
    }
  }
  if (got == Line::Bad) return refuse(Refusal::BadRequest);
  // What stood between the decoded body and the bytes not yet understood is of no more use.
  const std::size_t gap = raw_ - body_end_;
  std::memmove(bytes.data() + body_end_, bytes.data() + raw_, bytes.size() - raw_);
  raw_ -= gap;
  scanned_ = scanned_ > gap ? std::max(scanned_ - gap, raw_) : raw_;
  held_ = bytes.size() - gap;
  return false;
}

/// RFC 9112 §7.1, without the optional blanks around extensions.
bool Framer::read_chunk_size(std::string_view line, const FramingLimits& limits) {
  constexpr std::size_t kDigits = 16;
  const std::size_t digits = std::min(line.find(';'), line.size());
  if (digits == 0 || digits > kDigits) return refuse(Refusal::BadRequest);
  std::uint64_t size = 0;
  for (const char c : line.substr(0, digits)) {
    if (!is_hex(c)) return refuse(Refusal::BadRequest);
    size = size * 16 + static_cast<std::uint64_t>(hex_value(c));
  }
  const std::string_view extensions = line.substr(digits);
  if (!all(extensions, kField)) return refuse(Refusal::BadRequest);
  if (!extensions.empty() && (extensions.size() == 1 || !is(extensions[1], kToken)))
    return refuse(Refusal::BadRequest);
  extension_bytes_ += extensions.size();
  if (extension_bytes_ > kChunkExtensionBytes) return refuse(Refusal::BadRequest);
  if (size > limits.body_bytes - (body_end_ - head_end_)) return refuse(Refusal::ContentTooLarge);
  remaining_ = size;
  phase_ = size == 0 ? Phase::Trailer : Phase::ChunkData;
  return true;
}

/// Trailers are checked and dropped: nobody here has a use for them. One that speaks of framing
/// would be understood by somebody (RFC 9110 §6.5.1 forbids it).
bool Framer::read_trailer(std::string_view line, const FramingLimits& limits) {
  HeaderView dropped;
  if (++trailers_ > limits.headers) return refuse(Refusal::HeadTooLarge);
  const bool good = parse_field(line, dropped) &&
                    !equal_ignoring_case(dropped.name, "content-length") &&
                    !equal_ignoring_case(dropped.name, "transfer-encoding");
  return good || refuse(Refusal::BadRequest);
}

}  // namespace cardstock::http
