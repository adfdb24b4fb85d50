#include "authenticate.hpp"

#include <algorithm>
#include <optional>

#include <cardstock/threatconnect/credentials.hpp>
#include <cardstock/util/text.hpp>

namespace cardstock::simulator {
namespace {

struct Claim {
  std::string_view api_id;  ///< empty: `proof` is a token
  std::string_view proof;
};

std::optional<Claim> claim_of(const http::Request& request) {
  std::string_view text = request.header("Authorization");
  constexpr std::string_view kToken = "TC-Token ";
  constexpr std::string_view kHmac = "TC ";
  if (text.starts_with(kToken)) return Claim{{}, text.substr(kToken.size())};
  if (!text.starts_with(kHmac)) return std::nullopt;
  text.remove_prefix(kHmac.size());
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  return Claim{text.substr(0, colon), text.substr(colon + 1)};
}

const Credential* credential_of(const Instance& instance, const Claim& claim) {
  const auto at = std::ranges::find_if(instance.credentials, [&](const Credential& one) {
    return claim.api_id.empty()
               ? one.api_id.empty() && equal_in_constant_time(one.secret.reveal(), claim.proof)
               : one.api_id == claim.api_id;
  });
  return at == instance.credentials.end() ? nullptr : &*at;
}

}  // namespace

std::string claimed_credential(const Instance& instance, const http::Request& request) {
  const auto claim = claim_of(request);
  const Credential* const credential = claim ? credential_of(instance, *claim) : nullptr;
  return credential == nullptr ? std::string{} : credential->name;
}

Result<const Credential*> authenticate(const Instance& instance,
                                       const http::Request& request,
                                       WallTime now) {
  const auto claim = claim_of(request);
  if (!claim) return fail(ErrorCode::AuthFailed, "Access Denied");
  const Credential* const credential = credential_of(instance, *claim);
  if (credential == nullptr) return fail(ErrorCode::AuthFailed, "Access Denied");
  if (claim->api_id.empty()) return credential;
  const auto timestamp = parse_integer(request.header("Timestamp"));
  if (!timestamp) return fail(ErrorCode::AuthFailed, "Invalid timestamp");
  const WallTime stamped{std::chrono::seconds{*timestamp}};
  if (stamped < now - kClockWindow || stamped > now + kClockWindow)
    return fail(ErrorCode::AuthFailed, "Timestamp out of acceptable time range");
  const std::string wanted =
      threatconnect::signature(credential->secret, request.target, request.method, *timestamp);
  if (!equal_in_constant_time(wanted, claim->proof))
    return fail(ErrorCode::AuthFailed, "Signature data did not match expected result");
  return credential;
}

}  // namespace cardstock::simulator
