#pragma once
/// \file terminal_text.hpp
/// \brief Foreign text made fit for a terminal. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cardstock::app {

/// One line that cannot move the cursor, change colours or turn the reading direction: control
/// characters, line separators and bidirectional marks are written as `\u001b`, ill-formed UTF-8
/// becomes U+FFFD.
std::string printable(std::string_view text);
/// The same for a JSON document: what JSON allows raw and a terminal does not becomes an escape;
/// the document means the same.
std::string printable_json(std::string_view json);

/// Width on a terminal, in code points.
std::size_t width(std::string_view text) noexcept;
/// `text` and blanks up to `columns`.
std::string padded(std::string_view text, std::size_t columns);

/// `text` in lines of at most `columns`, broken at blanks, a longer word anywhere; 0: one line. At
/// least one line.
std::vector<std::string> broken(std::string_view text, std::size_t columns);

/// `1,234,567`.
std::string count_text(std::uint64_t number);
/// `12.3 MiB`.
std::string bytes_text(std::uint64_t bytes);
/// `0.21 ms`, `340 ms`, `1.2 s`.
std::string seconds_text(double seconds);

}  // namespace cardstock::app
