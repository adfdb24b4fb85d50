#pragma once
/// \file evaluate.hpp
/// \brief Which copies a TQL query selects.
///
/// typeName compares without regard to ASCII case, everything else exactly, unless told otherwise
/// for summary and value1…3. A comparison with something that a copy does not have is false, its
/// negation too; only `is null` is true then. Of a list (tags, labels, groups) one that fits is
/// enough, and for a negation none may. Pure. Threads: any.
#include <cstddef>
#include <vector>

#include "data.hpp"
#include "tql.hpp"

namespace cardstock::simulator {

enum class ValueCase : std::uint8_t { Exact, Ignored };

bool matches(const Node& query, const Copy& copy, ValueCase value_case);

/// Indexes of the matching copies of these owners (by index), ascending. Copies that are not active
/// are left out unless the query names indicatorActive.
std::vector<std::size_t> select(const Instance& instance,
                                const Node& query,
                                const std::vector<bool>& owners,
                                ValueCase value_case);

}  // namespace cardstock::simulator
