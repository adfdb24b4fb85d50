#include <cardstock/prewarm/gunzip.hpp>

#include <array>

#include <zlib.h>

namespace cardstock::prewarm {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;
constexpr int kGzipOnly = 16 + MAX_WBITS;  // zlib.h, inflateInit2

std::unexpected<Error> damaged() {
  return fail(ErrorCode::MalformedRequest, "its compressed data is damaged");
}

}  // namespace

struct Gunzip::Stream {
  Stream() { usable = inflateInit2(&state, kGzipOnly) == Z_OK; }
  ~Stream() {
    if (usable) inflateEnd(&state);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream state{};
  bool usable = false;
  bool between = true;  ///< members: the next byte begins one, or there is no more
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::array<char, kPieceBytes> piece{};
};

Gunzip::Gunzip() : stream_{std::make_unique<Stream>()} {}
Gunzip::~Gunzip() = default;

Status Gunzip::feed(std::string_view packed, const Sink& sink) {
  Stream& s = *stream_;
  if (!s.usable) return fail(ErrorCode::Internal, "there is no memory to unpack it");
  s.in += packed.size();
  std::string bytes{packed};  // zlib's next_in is not const
  s.state.next_in = reinterpret_cast<Bytef*>(bytes.data());
  s.state.avail_in = static_cast<uInt>(bytes.size());
  for (bool more = true; more;) {
    if (s.between) {
      // Some writers pad with zeros behind the last member.
      while (s.state.avail_in > 0 && *s.state.next_in == 0 && s.out > 0) {
        ++s.state.next_in;
        --s.state.avail_in;
      }
      if (s.state.avail_in == 0) return {};
      if (inflateReset(&s.state) != Z_OK) return damaged();
      s.between = false;
    }
    s.state.next_out = reinterpret_cast<Bytef*>(s.piece.data());
    s.state.avail_out = kPieceBytes;
    const int code = inflate(&s.state, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return damaged();
    const std::size_t made = kPieceBytes - s.state.avail_out;
    s.out += made;
    if (s.out > kFreeBytes && s.out / kMostTimes > s.in) {
      return fail(ErrorCode::MalformedRequest,
                  "it unpacks to more than 200 times its size, as no list does");
    }
    if (auto status = sink({s.piece.data(), made}); !status) return status;
    s.between = code == Z_STREAM_END;
    more = s.between ? s.state.avail_in > 0 : s.state.avail_in > 0 || s.state.avail_out == 0;
  }
  return {};
}

Status Gunzip::finish() const {
  if (!stream_->between) {
    return fail(ErrorCode::MalformedRequest, "its compressed data is cut off");
  }
  return {};
}

}  // namespace cardstock::prewarm
