#include <cardstock/enrich/tenant.hpp>

#include <algorithm>

#include <cardstock/util/text.hpp>

namespace cardstock::enrich {
namespace {

using threatconnect::BaseUrl;
using threatconnect::Credentials;

/// A field that no other field can run into: its length stands before it.
void append_field(std::string& out, std::string_view field) {
  out += std::to_string(field.size());
  out += ':';
  out += field;
}

}  // namespace

Tenants::Tenants(TenantSettings settings,
                 BaseUrl own_base,
                 std::string own_portal,
                 Secret installation_key)
    : settings_{std::move(settings)},
      own_base_{std::move(own_base)},
      own_portal_{std::move(own_portal)},
      installation_key_{std::move(installation_key)} {}

Result<Tenants> Tenants::create(TenantSettings settings, Secret installation_key) {
  Result<BaseUrl> base = BaseUrl::parse(settings.own_base_url);
  if (!base)
    return fail(ErrorCode::InvalidConfig, "threatconnect.base_url: " + base.error().public_detail);
  std::string portal = base->portal_origin();
  if (!settings.portal_url.empty()) {
    Result<BaseUrl> given = BaseUrl::parse(settings.portal_url);
    if (!given)
      return fail(ErrorCode::InvalidConfig,
                  "threatconnect.portal_url: " + given.error().public_detail);
    portal = given->origin();
  }
  Tenants tenants{std::move(settings), *std::move(base), std::move(portal),
                  std::move(installation_key)};
  if (const Credentials& credentials = tenants.settings_.own_credentials; !credentials.empty()) {
    auto own = std::make_shared<Tenant>();
    tenants.operator_id_ = tenants.id_of(tenants.own_base_, credentials);
    own->id = tenants.own_id();
    own->base = tenants.own_base_;
    own->credentials = credentials;
    own->portal_origin = tenants.own_portal_;
    own->reach = Reach::Any;
    own->configured = true;
    tenants.own_ = std::move(own);
  }
  return tenants;
}

Result<TenantPtr> Tenants::of(const GivenCredentials& given) const {
  const std::string_view api_id = trim(given.api_id);
  const std::string_view api_secret = trim(given.api_secret);
  const std::string_view api_token = trim(given.api_token);
  if (api_token.empty() && (api_id.empty() || api_secret.empty())) {
    return fail(
        ErrorCode::MissingCredentials,
        "Enter your ThreatConnect API ID, API secret and base URL in the extension's settings.");
  }
  constexpr std::size_t kLongestId = 256;
  constexpr std::size_t kLongestSecret = 4096;  // tokens of the platform are some hundred bytes
  if (api_id.size() > kLongestId || api_secret.size() > kLongestSecret ||
      api_token.size() > kLongestSecret) {
    return fail(ErrorCode::AuthFailed,
                "The ThreatConnect API ID, secret or token is longer than any such key; copy it "
                "again.");
  }
  // The id and a token become part of a header; a secret only signs.
  const auto visible = [](char c) { return c > 0x20 && c < 0x7F; };
  const auto no_control = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; };
  if (!std::ranges::all_of(api_id, visible) || !std::ranges::all_of(api_secret, no_control) ||
      !std::ranges::all_of(api_token, visible) || api_id.contains(':')) {
    return fail(ErrorCode::AuthFailed,
                "The ThreatConnect API ID, secret or token holds characters that no such key has; "
                "copy it again.");
  }
  if (!settings_.pass_through)
    return fail(ErrorCode::Forbidden,
                "This service does not take ThreatConnect credentials of its callers.");
  const std::string_view base_text = trim(given.base_url);
  Result<BaseUrl> base = base_text.empty() ? own_base_ : BaseUrl::parse(base_text);
  if (!base) return std::unexpected(base.error());
  const std::string origin = base->origin();
  const bool configured =
      origin == own_base_.origin() ||
      std::ranges::find(settings_.pass_through_hosts, origin) != settings_.pass_through_hosts.end();
  if (!configured && !threatconnect::host_allowed(*base, settings_.pass_through_hosts)) {
    return fail(ErrorCode::MalformedRequest,
                "This service may not call that ThreatConnect base URL; check it, or ask the "
                "operator to allow its host.");
  }
  auto tenant = std::make_shared<Tenant>();
  tenant->base = *std::move(base);
  tenant->credentials = api_token.empty() ? Credentials{std::string{api_id}, Secret{api_secret}}
                                          : Credentials{std::string{}, Secret{api_token}};
  tenant->id = id_of(tenant->base, tenant->credentials);
  // Who sends what the operator has configured is that tenant.
  if (own_ && tenant->id == operator_id_) return own_;
  tenant->portal_origin = portal_of(tenant->base);
  tenant->reach = configured ? Reach::Any : Reach::PublicOnly;
  return tenant;
}

TenantId Tenants::own_id() const {
  if (settings_.scope == TenantSettings::Scope::Credential) return operator_id_;
  return id_of(own_base_, {.api_id = {}, .secret = {}});  // which no caller can give
}

TenantId Tenants::id_of(const BaseUrl& base, const Credentials& credentials) const {
  std::string message;
  constexpr std::size_t kLengths = 64;
  message.reserve(instance_name(base).size() + credentials.api_id.size() +
                  credentials.secret.reveal().size() + kLengths);  // one buffer, to be wiped
  append_field(message, instance_name(base));
  append_field(message, credentials.is_token() ? "token" : "hmac");
  append_field(message, credentials.api_id);
  append_field(message, credentials.secret.reveal());
  const threatconnect::Digest digest =
      threatconnect::hmac_sha256(installation_key_.reveal(), message);
  wipe(message);
  TenantId id{};
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

std::string Tenants::portal_of(const BaseUrl& base) const {
  return base.origin() == own_base_.origin() ? own_portal_ : base.portal_origin();
}

std::string instance_name(const BaseUrl& base) {
  std::string_view path = base.path();
  if (path.ends_with("/api")) path.remove_suffix(4);
  return base.origin() + std::string{path};
}

std::optional<TenantId> tenant_id(std::string_view text) noexcept {
  TenantId id{};
  if (text.size() != 2 * id.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return id;
}

std::string to_text(const TenantId& id) {
  return to_hex({reinterpret_cast<const char*>(id.data()), id.size()});
}

}  // namespace cardstock::enrich
