#pragma once
/// \file portal.hpp
/// \brief Links into ThreatConnect's portal, and no link to anywhere else.
///
/// Pure. Threads: any. Errors: none; no link is an empty text. Limits: kMaxLinkBytes.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/indicator/indicator.hpp>

namespace cardstock::card {

class Portal {
 public:
  static constexpr std::size_t kMaxLinkBytes = 2048;

  /// `https://host[:port]`, a slash behind it allowed; `http` for a portal on the own machine.
  /// Anything else: a portal that is not known, to which no link leads.
  explicit Portal(std::string_view origin);

  /// `web_link` when it is https and on exactly this host and port; else the portal's page of that
  /// id.
  std::string indicator_link(std::string_view web_link, std::int64_t id) const;
  std::string group_link(std::string_view web_link, std::int64_t id) const;
  /// Where an indicator that nobody holds is searched for or created: `pattern` with `{type}`
  /// (ThreatConnect's name) and `{name}` filled in, percent-encoded. A path of this portal, or an
  /// https URL on exactly its host and port; everything else is no link.
  std::string search_link(std::string_view pattern, const Indicator& indicator) const;

 private:
  std::string link(std::string_view web_link, std::string_view page, std::int64_t id) const;
  /// https, on exactly this host and port, and not too long.
  bool is_own(std::string_view link) const;

  std::string origin_;     ///< empty: not known
  std::string authority_;  ///< host in lower case and port, always with the port
};

/// Scheme (lower case) and `host:port` of an absolute http or https URL of RFC 3986 characters
/// alone, without user information. nullopt for everything else.
struct Location {
  std::string scheme;
  std::string authority;
  std::string_view rest;  ///< from the path on
};
std::optional<Location> locate(std::string_view url);

}  // namespace cardstock::card
