#pragma once
/// \file base_url.hpp
/// \brief The address of a ThreatConnect instance, as people type it, in one form.
///
/// Pure. Errors: MalformedRequest, with a sentence that shows the two documented forms.
/// Stored: `canonical()` is part of the tenant key.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <cardstock/util/result.hpp>

namespace cardstock::threatconnect {

class BaseUrl {
 public:
  static constexpr std::size_t kMaxBytes = 512;

  /// Understood: `https://host[:port]` with nothing, `/`, `/api`, `/api/`, `/api/v2`, `/api/v3`,
  /// `/v2`, `/v3` behind it, any letter case of scheme and host, a context path before `/api` or
  /// alone (`/tc/api`, `/tc`). Refused: user info, query, fragment, no scheme, another scheme, a
  /// deeper path, a host that is no DNS name or strict IP address. `http` is read (a full origin in
  /// the configuration may use it); whether it is allowed is `host_allowed`'s to say.
  static Result<BaseUrl> parse(std::string_view text);

  const std::string& scheme() const noexcept { return scheme_; }
  const std::string& host() const noexcept {
    return host_;
  }  ///< lower case; an IPv6 literal keeps its brackets
  std::uint16_t port() const noexcept { return port_; }
  /// `https://host` or `https://host:8443`: the default port is left out.
  std::string origin() const;
  /// "" or "/api": what stands before `/v3` in the request target.
  const std::string& path() const noexcept { return path_; }
  std::string canonical() const { return origin() + path_; }
  /// The same instance in the other documented form ("" for "/api" and back).
  BaseUrl other_form() const;
  /// Host of the portal for links, derived: `app.threatconnect.com` for `api.threatconnect.com`,
  /// else the host with its port.
  std::string portal_origin() const;
  bool operator==(const BaseUrl&) const = default;

 private:
  std::string scheme_;
  std::string host_;
  std::uint16_t port_ = 0;
  std::string path_;
};

/// Whether callers may name this instance: it is https and its host matches a pattern
/// (`*.threatconnect.com` matches any depth below, not the bare domain; without `*.` exactly), or
/// its origin equals a pattern that is a full origin.
bool host_allowed(const BaseUrl& url, std::span<const std::string> patterns) noexcept;

}  // namespace cardstock::threatconnect
