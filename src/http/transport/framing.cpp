#include "framing.hpp"

#include <algorithm>
#include <cstring>

#include <cardstock/util/text.hpp>

#include "character_classes.hpp"

namespace cardstock::http {

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
