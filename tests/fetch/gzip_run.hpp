#pragma once
/// \file gzip_run.hpp
/// \brief gzip data that unpacks to one byte repeated, about 1 byte for every 158 of it.
#include <cstddef>
#include <cstdint>
#include <string>

namespace cardstock::test {

/// `blocks` * 258 + 1 times `c`, which is below 144. One block of fixed Huffman codes (RFC 1951
/// §3.2.6): the literal, then matches of length 258 at distance 1; wrapped as RFC 1952 says.
inline std::string gzip_run(char c, std::size_t blocks) {
  std::string out{"\x1f\x8b\x08\0\0\0\0\0\0\x03", 10};
  std::uint32_t bits = 0;
  unsigned held = 0;
  const auto put = [&](unsigned value, unsigned count) {
    bits |= value << held;
    for (held += count; held >= 8; held -= 8, bits >>= 8U) out += static_cast<char>(bits & 0xFFU);
  };
  const auto put_code = [&](unsigned code,
                            unsigned count) {  // Huffman codes stand with their first bit lowest
    for (unsigned i = count; i-- > 0;) put(code >> i & 1U, 1);
  };
  put(1, 1);  // the last block
  put(1, 2);  // fixed codes
  put_code(0x30U + static_cast<unsigned char>(c), 8);
  for (std::size_t i = 0; i < blocks; ++i) {
    put_code(0xC5, 8);  // length 258
    put_code(0, 5);     // distance 1
  }
  put_code(0, 7);  // end of block
  if (held != 0) put(0, 8 - held);

  const std::size_t size = blocks * 258 + 1;
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  crc = ~crc;
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(crc >> 8U * i & 0xFFU);
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(size >> 8U * i & 0xFFU);
  return out;
}

}  // namespace cardstock::test
