#pragma once
/// \file punycode.hpp
/// \brief A-labels by libidn2, and those few that UTS #46 allows and libidn2 does not (emoji).
///
/// Pure. Threads: any. Errors: InvalidIndicator only. Limits: a label of at most 512 bytes, before
/// any of it is mapped.
#include <string>
#include <string_view>

#include "text_rules.hpp"

namespace cardstock::indicator {

/// One label that is not plain ASCII, or begins with `xn--` (lower case), mapped by UTS #46. May
/// yield plain ASCII of any kind (full-width letters, but also a slash): the caller checks it. An
/// `xn--` result is valid and maps to itself.
Result<std::string> map_label(std::string_view label);

}  // namespace cardstock::indicator
