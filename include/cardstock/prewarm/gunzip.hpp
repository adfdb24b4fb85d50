#pragma once
/// \file gunzip.hpp
/// \brief Unpacks gzip (RFC 1952) piece by piece, several members in a row included.
///
/// Threads: none of its own. Blocking: none. Errors: MalformedRequest for data that is damaged, cut
/// off, or that unpacks to more than kMostTimes its size (a bomb: no list of indicators packs so
/// well), and whatever the sink answers. Limits: memory of about 110 KiB whatever is unpacked.
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include <cardstock/util/result.hpp>

namespace cardstock::prewarm {

class Gunzip {
 public:
  using Sink = std::function<Status(std::string_view)>;

  static constexpr std::string_view kMagic = "\x1F\x8B";
  /// Lists pack to a tenth or a thirtieth; the format allows a thousandth.
  static constexpr std::uint64_t kMostTimes = 200;
  /// What may come out before the ratio counts.
  static constexpr std::uint64_t kFreeBytes = std::uint64_t{16} << 20U;

  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  /// The next bytes, cut anywhere; what they unpack to goes to `sink` in pieces.
  Status feed(std::string_view packed, const Sink& sink);
  /// No more bytes: an error when a member is not at its end.
  Status finish() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace cardstock::prewarm
