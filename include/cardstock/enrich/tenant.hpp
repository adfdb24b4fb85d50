#pragma once
/// \file tenant.hpp
/// \brief On whose behalf ThreatConnect is asked: one credential at one instance, and the cache
/// space that belongs to it.
///
/// Threads: any. Blocking: none. Errors: MissingCredentials, MalformedRequest (base URL), Forbidden
/// (an instance that callers may not name). Owns: the credentials, in memory only. Stored:
/// TenantId. Two spellings of one base URL are one tenant; another secret is another tenant and
/// finds nothing.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/store/record_store.hpp>
#include <cardstock/threatconnect/base_url.hpp>
#include <cardstock/threatconnect/credentials.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::enrich {

using store::TenantId;

/// Any address, or only public ones: a base URL that a caller chose must not reach into our own
/// network.
enum class Reach { PublicOnly, Any };

struct Tenant {
  TenantId id{};
  threatconnect::BaseUrl base;
  threatconnect::Credentials credentials;
  std::string portal_origin;
  Reach reach = Reach::PublicOnly;
  bool configured = false;  ///< by the operator: never a stranger
};

/// What ThreatConnect has said of the owners that a credential sees.
struct OwnerProfile {
  std::string organization;                  ///< its own; empty when not known
  std::map<std::string, std::string> kinds;  ///< owner -> Organization, Community, Source
  bool operator==(const OwnerProfile&) const = default;
};

using TenantPtr = std::shared_ptr<const Tenant>;

/// What a caller of the extension endpoint sent along. Views into the request.
struct GivenCredentials {
  std::string_view base_url;
  std::string_view api_id;
  std::string_view api_secret;
  std::string_view api_token;
  /// Nothing was given. A base URL alone is something: whoever names an instance wants no other's.
  bool blank() const noexcept {
    return base_url.empty() && api_id.empty() && api_secret.empty() && api_token.empty();
  }
};

struct TenantSettings {
  std::string own_base_url;  ///< also the instance of callers who give credentials and no base URL
  threatconnect::Credentials own_credentials;  ///< empty: the service has none of its own
  std::string portal_url;  ///< of own_base_url's instance; empty: derived from it
  bool pass_through = true;
  std::vector<std::string> pass_through_hosts;
  /// Whose rows are whose: each credential's its own, or those that the operator has configured for
  /// one instance share theirs (a new secret keeps the rows of the old one).
  enum class Scope { Credential, Instance };
  Scope scope = Scope::Credential;
};

class Tenants {
 public:
  /// `installation_key`: the secret of this installation, 32 bytes or more.
  static Result<Tenants> create(TenantSettings settings, Secret installation_key);

  /// The tenant of the service's own credentials; null when it has none.
  const TenantPtr& own() const noexcept { return own_; }
  /// The tenant of a caller's credentials: api_token, or api_id with api_secret.
  Result<TenantPtr> of(const GivenCredentials& given) const;

 private:
  Tenants(TenantSettings settings,
          threatconnect::BaseUrl own_base,
          std::string own_portal,
          Secret installation_key);
  TenantId own_id() const;
  TenantId id_of(const threatconnect::BaseUrl& base,
                 const threatconnect::Credentials& credentials) const;
  /// The configured portal belongs to the configured instance alone; others' is derived.
  std::string portal_of(const threatconnect::BaseUrl& base) const;

  TenantSettings settings_;
  threatconnect::BaseUrl own_base_;
  std::string own_portal_;  ///< the origin of links into the instance of own_base_
  Secret installation_key_;
  TenantPtr own_;
  TenantId operator_id_{};  ///< of own_base_ with the configured credentials, where there are any
};

/// Names the instance that a base URL speaks to: both documented forms, `https://host` and
/// `https://host/api`, are one.
std::string instance_name(const threatconnect::BaseUrl& base);

/// 32 hexadecimal digits, for stats and logs.
std::string to_text(const TenantId& id);
/// The inverse; either case. nullopt for anything else.
std::optional<TenantId> tenant_id(std::string_view text) noexcept;

}  // namespace cardstock::enrich
