#include <cardstock/http/api/api.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "admin_api.hpp"
#include "callers.hpp"
#include "card_request.hpp"
#include "card_service.hpp"
#include "envelope.hpp"
#include "openapi.hpp"
#include "plain_answer.hpp"

namespace cardstock::http {
namespace {

enum class Route { Card, Cards, Health, Ready, Version, OpenApi };

struct RouteRow {
  std::string_view path;
  std::variant<Route, AdminRoute> route;
  std::string_view methods;  ///< as in Allow
};

constexpr std::array kPublicRoutes{RouteRow{"/v1/card", Route::Card, "GET, HEAD, POST"},
                                   RouteRow{"/v1/cards", Route::Cards, "POST"},
                                   RouteRow{"/healthz", Route::Health, "GET, HEAD"},
                                   RouteRow{"/readyz", Route::Ready, "GET, HEAD"},
                                   RouteRow{"/version", Route::Version, "GET, HEAD"},
                                   RouteRow{"/openapi.yaml", Route::OpenApi, "GET, HEAD"}};
constexpr std::array kAdminRoutes{
    RouteRow{"/v1/admin/stats", AdminRoute::Stats, "GET, HEAD"},
    RouteRow{"/v1/admin/purge", AdminRoute::Purge, "POST"},
    RouteRow{"/v1/admin/prewarm", AdminRoute::Prewarm, "GET, HEAD, POST"},
    RouteRow{"/v1/admin/prewarm/{id}", AdminRoute::PrewarmJob, "GET, HEAD, POST, DELETE"},
    RouteRow{"/v1/preview", AdminRoute::Preview, "GET, HEAD"},
    RouteRow{"/metrics", AdminRoute::Metrics, "GET, HEAD"},
    RouteRow{"/v1/admin/history", AdminRoute::History, "GET, HEAD"},
    RouteRow{"/v1/admin/top", AdminRoute::Top, "GET, HEAD"},
    RouteRow{"/v1/admin/audit", AdminRoute::Audit, "GET, HEAD"},
    RouteRow{"/v1/admin/session", AdminRoute::Session, "GET, HEAD"},
    RouteRow{"/v1/admin/login", AdminRoute::Login, "POST"},
    RouteRow{"/v1/admin/logout", AdminRoute::Logout, "POST"},
    RouteRow{"/admin", AdminRoute::PageMoved, "GET, HEAD"},
    RouteRow{"/admin/", AdminRoute::Page, "GET, HEAD"},
    RouteRow{"/admin/{file}", AdminRoute::PageFile, "GET, HEAD"},
    RouteRow{"/healthz", Route::Health, "GET, HEAD"},
    RouteRow{"/readyz", Route::Ready, "GET, HEAD"},
    RouteRow{"/version", Route::Version, "GET, HEAD"},
    RouteRow{"/openapi.yaml", Route::OpenApi, "GET, HEAD"}};

/// `/admin/{file}` fits one segment, which is not empty.
bool fits(std::string_view route, std::string_view path) noexcept {
  const std::size_t open = route.find('{');
  if (open == std::string_view::npos) return route == path;
  return path.size() > open && path.starts_with(route.substr(0, open)) &&
         path.find('/', open) == std::string_view::npos;
}

bool allows(std::string_view methods, std::string_view method) noexcept {
  while (!methods.empty()) {
    const std::size_t comma = methods.find(", ");
    if (methods.substr(0, comma) == method) return true;
    methods.remove_prefix(comma == std::string_view::npos ? methods.size() : comma + 2);
  }
  return false;
}

SipKey hash_key(Random& random) {
  std::array<std::byte, sizeof(SipKey)> bytes{};
  random.fill(bytes);
  return std::bit_cast<SipKey>(bytes);
}

bool is_json(std::string_view content_type) noexcept {
  return equal_ignoring_case(trim(content_type.substr(0, content_type.find(';'))),
                             "application/json");
}

/// Empty: the body's type will do; else which is wanted.
std::string_view wanted_type(const RouteRow& row, const Request& request) noexcept {
  if (request.method != "POST") return {};
  const std::string_view type = request.header("Content-Type");
  const auto* const route = std::get_if<AdminRoute>(&row.route);
  const bool lists =
      route != nullptr && (*route == AdminRoute::Prewarm || *route == AdminRoute::PrewarmJob);
  if (lists && is_list_type(type)) return {};
  if (route != nullptr && *route == AdminRoute::PrewarmJob)
    return "Send a part of a list as application/octet-stream.";
  if (is_json(type)) return {};
  return lists ? "Send Content-Type: application/json, or a list as application/octet-stream."
               : "Send Content-Type: application/json.";
}

}  // namespace

enrich::Render make_renderer(card::CardSettings settings) {
  return [settings = std::move(settings)](
             const enrich::Tenant& tenant, const enrich::OwnerProfile& profile,
             const Indicator& indicator,
             const threatconnect::Record& record) -> std::unique_ptr<const enrich::Rendered> {
    card::CardSettings own = settings;
    if (own.owners.default_owner.empty()) own.owners.default_owner = profile.organization;
    own.owners.kinds = profile.kinds;
    own.portal_origin = tenant.portal_origin;
    return std::make_unique<ReadyCard>(card::render(record, own, &indicator), indicator);
  };
}

struct Api::Impl {
  Impl(ApiSettings given, const ApiParts& with)
      : settings{std::move(given)},
        parts{with},
        top{hash_key(with.random)},
        cards{settings, parts, counters, top},
        admin_api{settings, parts, counters, top, cards} {
    std::array<std::byte, 8> seed{};
    parts.random.fill(seed);
    run_id = std::bit_cast<std::uint64_t>(seed);
  }

  /// Sixteen hexadecimal digits: unlike within this run, and between runs by chance. No secret.
  RequestId next_id() noexcept {
    constexpr std::string_view kHex = "0123456789abcdef";
    // An odd factor makes the counter a permutation of all 64-bit values.
    std::uint64_t value =
        run_id + next.fetch_add(1, std::memory_order_relaxed) * 0x9E3779B97F4A7C15U;
    RequestId id;
    for (char& c : id.text) {
      c = kHex[value & 0xFU];
      value >>= 4U;
    }
    return id;
  }

  void serve(std::span<const RouteRow> routes,
             Exposure exposure,
             const Request& request,
             Responder& responder) {
    const RequestId id = next_id();
    for (const RouteRow& row : routes) {
      if (!fits(row.path, request.path)) continue;
      const auto* const route = std::get_if<Route>(&row.route);
      const bool card_route = route != nullptr && (*route == Route::Card || *route == Route::Cards);
      const At at = card_route ? At::Card : At::Elsewhere;
      if (!allows(row.methods, request.method)) {
        const std::string allow = "Allow: " + std::string{row.methods} + "\r\n";
        return send_problem(responder, 405, "This address does not take that method.", id, at,
                            allow);
      }
      if (const std::string_view wanted = wanted_type(row, request); !wanted.empty())
        return send_problem(responder, 415, wanted, id, at);
      if (route == nullptr)
        return admin_api.serve(std::get<AdminRoute>(row.route), exposure, request, responder, id);
      return serve_route(*route, exposure, request, responder, id);
    }
    send_problem(responder, 404, "There is nothing at this address.", id);
  }

  void serve_route(Route which,
                   Exposure exposure,
                   const Request& request,
                   Responder& responder,
                   const RequestId& id) {
    switch (which) {
      case Route::Health:
        return send_json(responder, R"({"status":"ok"})");
      case Route::Ready:
        if (draining.load(std::memory_order_relaxed))
          return send_problem(responder, 503, "The service is stopping.", id, At::Elsewhere,
                              "Retry-After: 1\r\n");
        return send_json(responder, readiness());
      case Route::Version:
        return send_json(responder, version_json());
      case Route::OpenApi:
        return responder.send({.content_type = "application/yaml", .headers = kSafety},
                              openapi_files().front().content);
      case Route::Card:
      case Route::Cards:
        break;
    }
    const Result<Caller> caller = identify(settings, request, exposure);
    if (!caller) return refuse_caller(responder, caller.error().public_detail, id, At::Card);
    // The extension's door; a batch is asked for by clients, who have tokens of their own.
    const bool has_proof = which == Route::Cards && caller->has_token;
    if (request.method == "POST" && !has_proof && !shared_secret_fits(request))
      return refuse_caller(responder, "This service needs its shared secret in X-Cardstock-Secret.",
                           id, At::Card);
    if (which == Route::Cards) return batch(*caller, request, responder, id);
    if (request.method == "POST") return post_card(*caller, request, responder, id);
    get_card(*caller, request, responder, id);
  }

  /// A store that fails is no reason to ask elsewhere: the answers go on without it.
  std::string readiness() const {
    const std::string store = parts.store.state();
    std::string out;
    JsonWriter{out}
        .begin_object()
        .field("status", "ready")
        .field("store", std::string_view{store}.substr(0, store.find(':')))
        .end_object();
    return out;
  }

  std::string version_json() const {
    std::string out = R"({"name":"cardstock","version":)";
    return out + json_string(settings.version) + "}";
  }

  bool shared_secret_fits(const Request& request) const {
    return settings.shared_secret.empty() ||
           equal_in_constant_time(request.header("X-Cardstock-Secret"),
                                  settings.shared_secret.reveal());
  }

  void post_card(const Caller& caller,
                 const Request& request,
                 Responder& responder,
                 const RequestId& id) {
    const Terms terms = terms_of(request, parts.clock.steady(), id);
    Result<CardRequest> asked = read_card_request(request.body);
    if (!asked) return malformed(responder, asked.error(), terms);
    cards.one(caller, std::move(asked->entity), &asked->auth, terms, responder);
  }

  void get_card(const Caller& caller,
                const Request& request,
                Responder& responder,
                const RequestId& id) {
    if (!caller.may_use_service)
      return refuse_caller(responder, "This address needs a bearer token with the right to ask.",
                           id, At::Card);
    Terms terms = terms_of(request, parts.clock.steady(), id);
    Result<CardQuery> asked = read_card_query(request.query);
    if (!asked) return malformed(responder, asked.error(), terms);
    terms.explain = asked->explain;
    cards.one(caller, std::move(asked->entity), nullptr, terms, responder);
  }

  void batch(const Caller& caller,
             const Request& request,
             Responder& responder,
             const RequestId& id) {
    const Terms terms = terms_of(request, parts.clock.steady(), id);
    Result<BatchRequest> asked = read_batch_request(request.body, settings.max_batch);
    if (!asked) return malformed(responder, asked.error(), terms);
    cards.many(caller, *std::move(asked), terms, responder);
  }

  void malformed(Responder& responder, const Error& error, const Terms& terms) {
    counters.count(std::nullopt, Outcome::Error,
                   std::chrono::duration_cast<std::chrono::microseconds>(parts.clock.steady() -
                                                                         terms.started));
    send_problem(responder, 400, error.public_detail, terms.id, At::Card);
  }

  Handler handler(std::span<const RouteRow> routes, Exposure exposure) {
    return [this, routes, exposure](const Request& request, Responder& responder) {
      // The transport answers what escapes with a bare 500; here it is logged, for it is a bug.
      try {
        serve(routes, exposure, request, responder);
      } catch (const std::exception& e) {
        parts.log.error("handler_failed",
                        {{"path", std::string{request.path}}, {"cause", e.what()}});
        throw;
      }
    };
  }

  const ApiSettings settings;
  const ApiParts parts;
  admin::RequestCounters counters;
  admin::TopIndicators top;
  CardService cards;
  AdminApi admin_api;
  std::uint64_t run_id = 0;
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> draining{false};
};

Api::Api(ApiSettings settings, ApiParts parts)
    : impl_{std::make_unique<Impl>(std::move(settings), parts)} {}
Api::~Api() = default;
Handler Api::public_handler(Exposure exposure) {
  return impl_->handler(kPublicRoutes, exposure);
}
Handler Api::admin_handler(Exposure exposure) {
  return impl_->handler(kAdminRoutes, exposure);
}
void Api::begin_drain() {
  impl_->draining.store(true, std::memory_order_relaxed);
  impl_->admin_api.begin_stop();
}

}  // namespace cardstock::http
