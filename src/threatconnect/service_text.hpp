#pragma once
/// \file service_text.hpp
/// \brief What the service said, fit to be repeated.
///
/// Pure. Threads: any. Errors: none.
#include <string>
#include <string_view>

namespace cardstock::threatconnect {

inline constexpr std::size_t kMaxSaidBytes = 200;

/// One line of at most kMaxSaidBytes of valid UTF-8: no control or invisible format characters, no
/// angle brackets, blanks folded. An answer may echo the request, so what looks like a credential
/// is cut: `TC id:signature`, `TC-Token …`, `APIV2:…`, all behind `Authorization:`, and any run of
/// 32 characters and more that base64 could have written.
std::string said(std::string_view text);

}  // namespace cardstock::threatconnect
