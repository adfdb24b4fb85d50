#pragma once
/// \file siphash.hpp
/// \brief Keyed 64-bit hash for tables whose keys strangers choose. SipHash-2-4, Aumasson and
/// Bernstein 2012 (https://www.aumasson.jp/siphash/siphash.pdf). Not a signature.
#include <array>
#include <cstdint>
#include <string_view>

namespace cardstock {

using SipKey = std::array<std::uint64_t, 2>;

/// Stored: the SQLite rowid of a record is this value; it may never change for a given key and
/// text.
std::uint64_t siphash(const SipKey& key, std::string_view text) noexcept;

}  // namespace cardstock
