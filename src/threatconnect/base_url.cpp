#include <cardstock/threatconnect/base_url.hpp>

#include <algorithm>
#include <vector>

#include <cardstock/util/text.hpp>

#include "origin_text.hpp"

namespace cardstock::threatconnect {
namespace {

constexpr std::string_view kApi = "/api";

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::MalformedRequest,
              "The base URL " + std::string{why} +
                  "; it looks like https://app.threatconnect.com/api or "
                  "https://api.threatconnect.com.");
}

std::string origin_text(std::string_view scheme, std::string_view host, std::uint16_t port) {
  std::string out{scheme};
  out.append("://").append(host);
  if (port != default_port(scheme)) out.append(":").append(std::to_string(port));
  return out;
}

/// A context path's segment: `tc`. A dot would make it a file or a step up.
bool is_context(std::string_view segment) {
  return std::ranges::all_of(
      segment, [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; });
}

bool is_version(std::string_view segment) {
  return equal_ignoring_case(segment, "v2") || equal_ignoring_case(segment, "v3");
}

bool is_api(std::string_view segment) {
  return equal_ignoring_case(segment, "api");
}

/// `/tc/api/v3/` -> `/tc/api`; nullopt for what is no base path.
std::optional<std::string> base_path(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  if (!segments.empty() && segments.back().empty()) segments.pop_back();
  if (!segments.empty() && is_version(segments.back())) segments.pop_back();
  const bool api = !segments.empty() && is_api(segments.back());
  if (api) segments.pop_back();
  std::string out;
  for (const std::string_view segment : segments) {
    if (segment.empty() || !is_context(segment) || is_version(segment) || is_api(segment))
      return std::nullopt;
    out.append("/").append(segment);
  }
  if (api) out += kApi;
  return out;
}

/// Whether `host` lies below `domain`, at any depth.
bool lies_below(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() + 1 && host[host.size() - domain.size() - 1] == '.' &&
         equal_ignoring_case(host.substr(host.size() - domain.size()), domain);
}

}  // namespace

Result<BaseUrl> BaseUrl::parse(std::string_view text) {
  text = trim(text);
  if (text.empty()) return refuse("is empty");
  if (text.size() > kMaxBytes)
    return refuse("is longer than " + std::to_string(kMaxBytes) + " bytes");
  if (text.find("://") == std::string_view::npos) return refuse("has no scheme such as https://");
  const auto split = split_url(text);
  if (!split)
    return refuse("is not an https address of a host, with a port at most and without a user name");
  if (split->rest.find_first_of("?#") != std::string_view::npos)
    return refuse("has a query or a fragment");
  auto path = base_path(split->rest);
  if (!path) return refuse("has a path that is none of the API's");
  BaseUrl url;
  url.scheme_ = split->origin.scheme;
  url.host_ = split->origin.host;
  url.port_ = split->origin.port;
  url.path_ = *std::move(path);
  return url;
}

std::string BaseUrl::origin() const {
  return origin_text(scheme_, host_, port_);
}

BaseUrl BaseUrl::other_form() const {
  BaseUrl other = *this;
  if (path_.ends_with(kApi)) {
    other.path_.resize(path_.size() - kApi.size());
  } else {
    other.path_ += kApi;
  }
  return other;
}

std::string BaseUrl::portal_origin() const {
  return origin_text(
      scheme_, host_ == "api.threatconnect.com" ? "app.threatconnect.com" : std::string_view{host_},
      port_);
}

bool host_allowed(const BaseUrl& url, std::span<const std::string> patterns) noexcept {
  for (const std::string& entry : patterns) {
    const std::string_view pattern = trim(entry);
    if (pattern.find("://") != std::string_view::npos) {
      const auto allowed = BaseUrl::parse(pattern);
      if (allowed && allowed->origin() == url.origin()) return true;
      continue;
    }
    if (url.scheme() != "https" || pattern.empty()) continue;
    if (pattern.starts_with("*.") ? pattern.size() > 2 && lies_below(url.host(), pattern.substr(2))
                                  : equal_ignoring_case(url.host(), pattern)) {
      return true;
    }
  }
  return false;
}

}  // namespace cardstock::threatconnect
