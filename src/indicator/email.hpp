#pragma once
/// \file email.hpp
/// \brief E-mail addresses.
///
/// Pure. Threads: any. Errors: InvalidIndicator only. Limits: a local part of 64 bytes (RFC 5321
/// §4.5.3.1.1).
#include <string>
#include <string_view>
#include <vector>

#include "text_rules.hpp"

namespace cardstock::indicator {

/// An EmailAddress name after clean() and refang(). `typed` is the typed local part at the
/// canonical domain, where it differs from the canonical form.
Result<Canonical> parse_email(std::string_view text);

/// Whether parse_email() would take it, without asking what else it may look like.
bool is_email(std::string_view text);

}  // namespace cardstock::indicator
