#pragma once
/// \file dictionary.hpp
/// \brief Finds what bodies have in common.
///
/// Pure. Threads: any. Blocking: no; some hundred milliseconds of processor time. Stored: the
/// result is, once, beside the rows that are written with it.
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace cardstock::store {

/// A zstd dictionary of these bodies, in plain. nullopt: there are too few, or they are too alike.
std::optional<std::string> train_dictionary(std::span<const std::string> bodies);

inline constexpr std::size_t kDictionaryBytes = std::size_t{32} << 10U;
/// Beyond a hundred times the dictionary, more samples are said to bring little (zdict.h).
inline constexpr std::size_t kMaxSampleBytes = std::size_t{2} << 20U;
inline constexpr int kMaxSamples = 2000;

}  // namespace cardstock::store
