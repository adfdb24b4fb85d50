#pragma once
/// \file values.hpp
/// \brief The text forms of setting values, both ways. Pure; Threads: any. Errors: nullopt, or a
/// complaint in words.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/cli/config.hpp>

namespace cardstock::cli {

/// `250ms`, `5s`, `5m`, `2h`, `7d`: one whole number and its unit. nullopt also when it exceeds a
/// century.
std::optional<milliseconds> parse_duration(std::string_view text) noexcept;
/// The shortest form that reads back: the largest unit without a remainder.
std::string duration_text(milliseconds span);

/// `512B`, `4KiB`, `64MiB`, `2GiB`. nullopt also when it exceeds 2^53.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
std::string size_text(std::uint64_t bytes);

/// `127.0.0.1:8080`, `[::1]:8080`: a literal address and a port. Port 0 is read: the system picks
/// one.
std::optional<Endpoint> parse_endpoint(std::string_view text);

template <class Range, class Value>
bool holds(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

/// A TOML basic string with its quotes; what TOML does not allow raw is escaped.
std::string quoted(std::string_view text);
/// What a message may show of a value: quoted, at most 60 bytes of it.
std::string shown(std::string_view text);
/// `http://user:***@host:3128` for a proxy whose URL holds a password.
std::string without_password(std::string_view url);

/// Complaints complete the sentence "KEY must be …"; nullopt: nothing to complain of.
using Check = std::optional<std::string> (*)(std::string_view text);
std::optional<std::string> check_any(std::string_view text);
std::optional<std::string> check_filled(std::string_view text);
/// `https://host[:port][/path]` or http, no user info, query or fragment.
std::optional<std::string> check_base_url(std::string_view text);
/// The same; may be empty.
std::optional<std::string> check_portal_url(std::string_view text);
/// A path or an https URL in which `{name}` and `{type}` are filled in later, behind the host; may
/// be empty.
std::optional<std::string> check_link_pattern(std::string_view text);
/// `http://[user:password@]host:port` or https; may be empty.
std::optional<std::string> check_proxy(std::string_view text);
/// `*.example.com`, `tc.example.com`, or a full origin such as `http://127.0.0.1:9000`.
std::optional<std::string> check_host_pattern(std::string_view text);
std::optional<std::string> check_type_name(std::string_view text);
std::optional<std::string> check_right(std::string_view text);
std::optional<std::string> check_scope(std::string_view text);
std::optional<std::string> check_backend(std::string_view text);

}  // namespace cardstock::cli
