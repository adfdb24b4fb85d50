#include <cardstock/http/api/api.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <memory>
#include <optional>
#include <utility>

#include <cardstock/admin/purge.hpp>
#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "callers.hpp"
#include "card_request.hpp"
#include "card_service.hpp"
#include "envelope.hpp"
#include "openapi.hpp"
#include "preview_page.hpp"

namespace cardstock::http {
namespace {

constexpr std::string_view kProblem = "application/problem+json";
constexpr std::string_view kSafety =
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";

enum class Route { Card, Cards, Health, Ready, Version, AdminStats, AdminPurge, Preview, OpenApi };

struct RouteRow {
  std::string_view path;
  Route route;
  std::string_view methods;  ///< as in Allow
};

constexpr std::array kPublicRoutes{RouteRow{"/v1/card", Route::Card, "GET, HEAD, POST"},
                                   RouteRow{"/v1/cards", Route::Cards, "POST"},
                                   RouteRow{"/healthz", Route::Health, "GET, HEAD"},
                                   RouteRow{"/readyz", Route::Ready, "GET, HEAD"},
                                   RouteRow{"/version", Route::Version, "GET, HEAD"},
                                   RouteRow{"/openapi.yaml", Route::OpenApi, "GET, HEAD"}};
constexpr std::array kAdminRoutes{RouteRow{"/v1/admin/stats", Route::AdminStats, "GET, HEAD"},
                                  RouteRow{"/v1/admin/purge", Route::AdminPurge, "POST"},
                                  RouteRow{"/v1/preview", Route::Preview, "GET, HEAD"},
                                  RouteRow{"/healthz", Route::Health, "GET, HEAD"},
                                  RouteRow{"/readyz", Route::Ready, "GET, HEAD"},
                                  RouteRow{"/version", Route::Version, "GET, HEAD"},
                                  RouteRow{"/openapi.yaml", Route::OpenApi, "GET, HEAD"}};

bool allows(std::string_view methods, std::string_view method) noexcept {
  while (!methods.empty()) {
    const std::size_t comma = methods.find(", ");
    if (methods.substr(0, comma) == method) return true;
    methods.remove_prefix(comma == std::string_view::npos ? methods.size() : comma + 2);
  }
  return false;
}

/// A whole answer, for those that may come at once or later.
struct Answer {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string headers;
  std::string body;
};

template <class To>
void send_answer(To& to, const Answer& answer) {
  to.send({.status = answer.status, .content_type = answer.content_type, .headers = answer.headers},
          answer.body);
}

Answer purge_done(std::int64_t rows, const RequestId& id) {
  Answer answer{.headers = std::string{kSafety}, .body = {}};
  JsonWriter{answer.body}
      .begin_object()
      .field("purged", rows)
      .field("request_id", id.view())
      .end_object();
  return answer;
}

int purge_status(ErrorCode code) noexcept {
  if (code == ErrorCode::MalformedRequest) return 400;
  if (code == ErrorCode::InvalidIndicator || code == ErrorCode::UnsupportedType) return 422;
  if (code == ErrorCode::Busy || code == ErrorCode::StoreBusy || code == ErrorCode::Cancelled)
    return 503;
  return 500;
}

Answer purge_refused(const Error& error, const RequestId& id) {
  const int status = purge_status(error.code);
  return {.status = status,
          .content_type = kProblem,
          .headers = std::string{kSafety} + (status == 503 ? "Retry-After: 5\r\n" : ""),
          .body = problem(status, error.public_detail, id.view(), false)};
}

bool is_json(std::string_view content_type) noexcept {
  return equal_ignoring_case(trim(content_type.substr(0, content_type.find(';'))),
                             "application/json");
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
        started_at{with.clock.wall()},
        cards{settings, parts, counters},
        purges{parts.enricher, parts.log} {
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

  void send_problem(Responder& responder,
                    int status,
                    std::string_view detail,
                    const RequestId& id,
                    bool card_route,
                    std::string_view extra_headers = {}) const {
    const std::string headers = std::string{kSafety} + "X-Request-Id: " + std::string{id.view()} +
                                "\r\n" + std::string{extra_headers};
    responder.send({.status = status, .content_type = kProblem, .headers = headers},
                   problem(status, detail, id.view(), card_route));
  }

  void send_json(Responder& responder, std::string_view body, int status = 200) const {
    responder.send({.status = status, .headers = kSafety}, body);
  }

  void serve(std::span<const RouteRow> routes,
             Exposure exposure,
             const Request& request,
             Responder& responder) {
    const RequestId id = next_id();
    for (const RouteRow& row : routes) {
      if (row.path != request.path) continue;
      const bool card_route = row.route == Route::Card || row.route == Route::Cards;
      if (!allows(row.methods, request.method)) {
        const std::string allow = "Allow: " + std::string{row.methods} + "\r\n";
        return send_problem(responder, 405, "This address does not take that method.", id,
                            card_route, allow);
      }
      if (request.method == "POST" && !is_json(request.header("Content-Type")))
        return send_problem(responder, 415, "Send Content-Type: application/json.", id, card_route);
      return route(row.route, exposure, request, responder, id);
    }
    send_problem(responder, 404, "There is nothing at this address.", id, false);
  }

  void route(Route which,
             Exposure exposure,
             const Request& request,
             Responder& responder,
             const RequestId& id) {
    switch (which) {
      case Route::Health:
        return send_json(responder, R"({"status":"ok"})");
      case Route::Ready:
        if (draining.load(std::memory_order_relaxed))
          return send_problem(responder, 503, "The service is stopping.", id, false,
                              "Retry-After: 1\r\n");
        return send_json(responder, R"({"status":"ready"})");
      case Route::Version:
        return send_json(responder, version_json());
      case Route::OpenApi:
        return responder.send({.content_type = "application/yaml", .headers = kSafety},
                              openapi_files().front().content);
      case Route::AdminStats:
        return stats(exposure, request, responder, id);
      case Route::AdminPurge:
        return purge(exposure, request, responder, id);
      case Route::Preview:
        return preview(exposure, request, responder, id);
      case Route::Card:
      case Route::Cards:
        break;
    }
    const Result<Caller> caller = identify(settings, request, exposure);
    if (!caller) return refuse_caller(responder, caller.error().public_detail, id, true);
    // The extension's door; a batch is asked for by clients, who have tokens of their own.
    const bool has_proof = which == Route::Cards && caller->has_token;
    if (request.method == "POST" && !has_proof && !shared_secret_fits(request))
      return refuse_caller(responder, "This service needs its shared secret in X-Cardstock-Secret.",
                           id, true);
    if (which == Route::Cards) return batch(*caller, request, responder, id);
    if (request.method == "POST") return post_card(*caller, request, responder, id);
    get_card(*caller, request, responder, id);
  }

  void refuse_caller(Responder& responder,
                     std::string_view detail,
                     const RequestId& id,
                     bool card_route) const {
    send_problem(responder, 401, detail, id, card_route,
                 "WWW-Authenticate: Bearer realm=\"Cardstock\"\r\n");
  }

  std::string version_json() const {
    std::string out = R"({"name":"cardstock","version":)";
    return out + json_string(settings.version) + "}";
  }

  /// The caller who may administer; nullopt: he was refused.
  std::optional<Caller> administrator(Exposure exposure,
                                      const Request& request,
                                      Responder& responder,
                                      const RequestId& id) const {
    Result<Caller> caller = identify(settings, request, exposure);
    if (caller && caller->may_administer) return *std::move(caller);
    refuse_caller(responder, "The admin listener needs its bearer token.", id, false);
    return std::nullopt;
  }

  void purge(Exposure exposure, const Request& request, Responder& responder, const RequestId& id) {
    const std::optional<Caller> caller = administrator(exposure, request, responder, id);
    if (!caller) return;
    Result<admin::PurgeOrder> order = admin::read_purge_order(request.body, parts.clock.wall());
    if (!order) return send_answer(responder, purge_refused(order.error(), id));
    auto deferred = std::make_shared<Deferred>(responder.defer());
    const Status started = purges.start(
        *std::move(order), {caller->name, std::string{request.peer}, std::string{id.view()}},
        [deferred, id](const Result<std::int64_t>& purged) {
          send_answer(*deferred,
                      purged ? purge_done(*purged, id) : purge_refused(purged.error(), id));
        });
    if (!started) send_answer(*deferred, purge_refused(started.error(), id));
  }

  /// nullopt: there is no such sample.
  static std::optional<std::string> page_of_samples(std::string_view name) {
    if (name.empty()) return preview_start();
    if (name == kEverySample) return preview_of_every_sample();
    const EmbeddedFile* const sample = find_sample(name);
    return sample == nullptr ? std::nullopt : std::optional{preview_of_sample(*sample)};
  }

  void preview(Exposure exposure,
               const Request& request,
               Responder& responder,
               const RequestId& id) {
    const std::optional<Caller> caller = administrator(exposure, request, responder, id);
    if (!caller) return;
    Result<PreviewQuery> read = read_preview_query(request.query);
    if (!read) return send_problem(responder, 400, read.error().public_detail, id, false);
    PreviewQuery& asked = *read;
    if (asked.entity) {
      Terms terms = terms_of(request, id);
      terms.explain = Explain::Criteria;
      terms.form = Form::Page;
      return cards.one(*caller, *std::move(asked.entity), nullptr, terms, responder);
    }
    const std::optional<std::string> page = page_of_samples(asked.sample);
    if (!page)
      return send_problem(responder, 404, "There is no sample card of this name.", id, false);
    const std::string headers = std::string{kSafety} + std::string{kPreviewHeaders};
    responder.send({.content_type = kPageType, .headers = headers}, *page);
  }

  void stats(Exposure exposure, const Request& request, Responder& responder, const RequestId& id) {
    if (!administrator(exposure, request, responder, id)) return;
    send_json(responder, admin::stats_json({.version = settings.version,
                                            .started_at = started_at,
                                            .requests = counters,
                                            .enricher = parts.enricher,
                                            .store = parts.store,
                                            .clock = parts.clock}));
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
    const Terms terms = terms_of(request, id);
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
                           id, true);
    Terms terms = terms_of(request, id);
    Result<CardQuery> asked = read_card_query(request.query);
    if (!asked) return malformed(responder, asked.error(), terms);
    terms.explain = asked->explain;
    cards.one(caller, std::move(asked->entity), nullptr, terms, responder);
  }

  void batch(const Caller& caller,
             const Request& request,
             Responder& responder,
             const RequestId& id) {
    const Terms terms = terms_of(request, id);
    Result<BatchRequest> asked = read_batch_request(request.body, settings.max_batch);
    if (!asked) return malformed(responder, asked.error(), terms);
    cards.many(caller, *std::move(asked), terms, responder);
  }

  Terms terms_of(const Request& request, const RequestId& id) const {
    return {wish_of(request), lane_of(request), parts.clock.steady(), id};
  }

  void malformed(Responder& responder, const Error& error, const Terms& terms) {
    counters.count(std::nullopt, Outcome::Error,
                   std::chrono::duration_cast<std::chrono::microseconds>(parts.clock.steady() -
                                                                         terms.started));
    send_problem(responder, 400, error.public_detail, terms.id, true);
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
  const WallTime started_at;
  admin::RequestCounters counters;
  CardService cards;
  admin::Purges purges;
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
void Api::begin_drain() noexcept {
  impl_->draining.store(true, std::memory_order_relaxed);
}

}  // namespace cardstock::http
