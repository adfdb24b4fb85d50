/// \file framing_fuzz.cpp
/// \brief Property: the way in which a stream is cut into pieces changes neither its requests nor
/// its refusal.
///
/// The first byte of the input says how the rest is cut. Small limits, so that the fuzzer reaches
/// them.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "http/frame_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using cardstock::test::frame;
  constexpr cardstock::http::FramingLimits kLimits{256, 6, 48};
  if (size == 0) return 0;
  const std::string_view stream{reinterpret_cast<const char*>(data + 1), size - 1};
  const std::string whole = frame(stream, {}, kLimits);
  std::vector<std::size_t> each;
  for (std::size_t i = 1; i < stream.size(); ++i) each.push_back(i);
  std::vector<std::size_t> some;
  for (std::size_t at = data[0] % 16U + 1; at < stream.size(); at += data[0] / 16U + 1U)
    some.push_back(at);
  if (frame(stream, each, kLimits) != whole || frame(stream, some, kLimits) != whole) {
    std::fprintf(stderr, "cut differently, framed differently; in one piece:\n%s\n", whole.c_str());
    std::abort();
  }
  return 0;
}
