#include "admin_api.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <simdjson.h>

#include <cardstock/admin/metrics.hpp>
#include <cardstock/admin/page.hpp>
#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "envelope.hpp"
#include "preview_page.hpp"

namespace cardstock::http {
namespace {

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
          .content_type = kProblemType,
          .headers = std::string{kSafety} + (status == 503 ? "Retry-After: 5\r\n" : ""),
          .body = problem(status, error.public_detail, id.view(), false)};
}

constexpr std::size_t kTop = 50;
constexpr std::size_t kAuditShown = 50;

// Everything from this listener and nothing from elsewhere; the charts draw on a canvas.
constexpr std::string_view kPageHeaders =
    "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src "
    "'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n";
constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kCardStyle = "card.css";

std::string_view type_of_file(std::string_view name) noexcept {
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return kPageType;
}

void send_file(std::string_view name, Responder& responder, const RequestId& id) {
  const auto send = [&](std::string_view content) {
    responder.send({.content_type = type_of_file(name), .headers = kPageHeaders}, content);
  };
  if (name == kCardStyle) return send(preview_style());
  const auto files = admin::page_files();
  const auto found = std::ranges::find(files, name, &EmbeddedFile::name);
  if (found == files.end()) return send_problem(responder, 404, "There is no such file.", id);
  send(found->content);
}

/// The token of `{"token":"…"}`; empty: there is none.
Secret token_in(std::string_view body) {
  simdjson::dom::parser parser;
  std::string_view token;
  if (parser.parse(body.data(), body.size())["token"].get(token) != simdjson::SUCCESS) return {};
  return Secret{token};
}

/// The listener has no TLS; a proxy before it that has says so.
Transport transport_of(const Request& request) noexcept {
  return equal_ignoring_case(trim(request.header("X-Forwarded-Proto")), "https") ? Transport::Tls
                                                                                 : Transport::Plain;
}

/// nullopt: not one of the two.
std::optional<admin::History::Span> span_of(std::string_view query) noexcept {
  if (query.empty() || query == "span=hour") return admin::History::Span::Hour;
  if (query == "span=day") return admin::History::Span::Day;
  return std::nullopt;
}

std::string spool_prefix(const ApiSettings& settings) {
  if (!settings.prewarm_spool.empty()) return settings.prewarm_spool;
  return (std::filesystem::temp_directory_path() / "cardstock-prewarm").string();
}

std::string session_json(const Caller& caller, bool has_session) {
  std::string out;
  JsonWriter{out}
      .begin_object()
      .field("caller", std::string_view{caller.name})
      .field("session", has_session)
      .end_object();
  return out;
}

}  // namespace

AdminApi::AdminApi(const ApiSettings& settings,
                   const ApiParts& parts,
                   admin::RequestCounters& requests,
                   admin::TopIndicators& top,
                   CardService& cards)
    : settings_{settings},
      parts_{parts},
      requests_{requests},
      top_{top},
      cards_{cards},
      started_at_{parts.clock.wall()},
      sessions_{parts.random},
      audit_{settings.audit_file, parts.log, parts.clock},
      purges_{parts.enricher, audit_},
      prewarm_asker_{settings, parts, requests},
      jobs_{{.asker = prewarm_asker_,
             .enricher = parts.enricher,
             .tenant = parts.tenants.own(),
             .top = top_,
             .audit = audit_,
             .clock = parts.clock,
             .random = parts.random,
             .spool_prefix = spool_prefix(settings)}},
      prewarm_{jobs_},
      recorder_{settings.history_file,
                {[this] { return figures(); }, history_, top_, settings.top_file, parts.clock,
                 parts.log}} {}

std::optional<AdminApi::Administrator> AdminApi::administrator(Exposure exposure,
                                                               const Request& request,
                                                               Responder& responder,
                                                               const RequestId& id) {
  const bool changes = request.method != "GET" && request.method != "HEAD";
  const std::string_view cookie = request.has_header("Authorization")
                                      ? std::string_view{}
                                      : session_cookie(request.header("Cookie"));
  if (changes &&
      is_from_another_site(request, cookie.empty() ? OfBrowsers::AndOthers : OfBrowsers::Only)) {
    send_problem(responder, 403, "A page of another site has sent this.", id);
    return std::nullopt;
  }
  if (!cookie.empty()) {
    if (auto who = sessions_.find(cookie, parts_.clock.steady()))
      return Administrator{{.name = *std::move(who), .may_administer = true}, true};
  }
  Result<Caller> caller = identify(settings_, request, exposure);
  if (caller && caller->may_administer) return Administrator{*std::move(caller), false};
  refuse_caller(responder, "The admin listener needs its bearer token, or a log-in at /admin/.",
                id);
  return std::nullopt;
}

admin::Figures AdminApi::figures() const {
  return admin::read_figures({.version = settings_.version,
                              .started_at = started_at_,
                              .requests = requests_,
                              .logins = logins_,
                              .prewarm = jobs_.figures(),
                              .enricher = parts_.enricher,
                              .store = parts_.store,
                              .clock = parts_.clock});
}

bool AdminApi::serve_open(AdminRoute route,
                          const Request& request,
                          Responder& responder,
                          const RequestId& id) {
  if (route == AdminRoute::PageMoved) {
    responder.send({.status = 308, .content_type = {}, .headers = "Location: /admin/\r\n"}, "");
    return true;
  }
  if (route == AdminRoute::Page || route == AdminRoute::PageFile) {
    const std::string_view name = request.path.substr(request.path.rfind('/') + 1);
    send_file(route == AdminRoute::Page ? kIndex : name, responder, id);
    return true;
  }
  if (route == AdminRoute::Login) {
    log_in(request, responder, id);
    return true;
  }
  return false;
}

void AdminApi::serve(AdminRoute route,
                     Exposure exposure,
                     const Request& request,
                     Responder& responder,
                     const RequestId& id) {
  if (serve_open(route, request, responder, id)) return;
  const auto who = administrator(exposure, request, responder, id);
  if (!who) return;
  switch (route) {
    case AdminRoute::Stats:
      return send_json(responder, admin::stats_json(figures()));
    case AdminRoute::Metrics:
      return responder.send({.content_type = admin::kMetricsType, .headers = kSafety},
                            admin::metrics_text(figures()));
    case AdminRoute::History:
      return history(request, responder, id);
    case AdminRoute::Top:
      return top(responder);
    case AdminRoute::Audit:
      return audit(responder);
    case AdminRoute::Purge:
      return purge(who->caller, request, responder, id);
    case AdminRoute::Prewarm:
      return prewarm_.serve_all(who->caller, request, responder, id);
    case AdminRoute::PrewarmJob:
      return prewarm_.serve_one(who->caller, request, responder, id);
    case AdminRoute::Preview:
      return preview(who->caller, request, responder, id);
    case AdminRoute::Session:
      return send_json(responder, session_json(who->caller, who->has_session));
    case AdminRoute::Logout:
      return log_out(*who, request, responder, id);
    case AdminRoute::Login:
    case AdminRoute::PageMoved:
    case AdminRoute::Page:
    case AdminRoute::PageFile:
      break;  // served above
  }
}

void AdminApi::history(const Request& request, Responder& responder, const RequestId& id) const {
  const auto span = span_of(request.query);
  if (!span) return send_problem(responder, 400, "span is hour or day.", id);
  send_json(responder, history_.json(*span));
}

void AdminApi::top(Responder& responder) const {
  send_json(responder, admin::top_json(top_.top(kTop)));
}

void AdminApi::audit(Responder& responder) const {
  std::string out;
  JsonWriter json{out};
  json.begin_object().key("entries").begin_array();
  for (const std::string& line : audit_.recent(kAuditShown)) json.raw(line);
  json.end_array().end_object();
  send_json(responder, out);
}

void AdminApi::log_in(const Request& request, Responder& responder, const RequestId& id) {
  if (is_from_another_site(request, OfBrowsers::AndOthers))
    return send_problem(responder, 403, "A page of another site has sent this.", id);
  const std::string address{request.peer};
  const SteadyTime now = parts_.clock.steady();
  if (const std::chrono::seconds wait = guard_.attempt(address, now); wait.count() > 0) {
    logins_.held_off.fetch_add(1, std::memory_order_relaxed);
    return send_problem(responder, 429, "Too many wrong tokens; wait, and try again.", id,
                        At::Elsewhere, "Retry-After: " + std::to_string(wait.count()) + "\r\n");
  }
  const Secret token = token_in(request.body);
  const auto caller =
      token.empty() ? std::optional<Caller>{} : bearer_of(settings_, token.reveal());
  const bool fits = caller && caller->may_administer;
  (fits ? logins_.done : logins_.refused).fetch_add(1, std::memory_order_relaxed);
  audit_.record({.action = "login",
                 .who = caller ? caller->name : "unknown",
                 .address = address,
                 .what = {},
                 .outcome = fits ? "done" : "refused",
                 .request_id = std::string{id.view()}});
  if (!fits) return send_problem(responder, 401, "This token may not administer.", id);
  guard_.right(address);
  const Secret cookie = sessions_.open(caller->name, now);
  send_json(responder, session_json(*caller, true),
            set_cookie(cookie.reveal(), transport_of(request)));
}

void AdminApi::log_out(const Administrator& who,
                       const Request& request,
                       Responder& responder,
                       const RequestId& id) {
  sessions_.close(session_cookie(request.header("Cookie")));
  audit_.record({.action = "logout",
                 .who = who.caller.name,
                 .address = std::string{request.peer},
                 .what = {},
                 .outcome = "done",
                 .request_id = std::string{id.view()}});
  send_json(responder, R"({"session":false})", set_cookie({}, transport_of(request)));
}

void AdminApi::purge(const Caller& caller,
                     const Request& request,
                     Responder& responder,
                     const RequestId& id) {
  Result<admin::PurgeOrder> order = admin::read_purge_order(request.body, parts_.clock.wall());
  if (!order) return send_answer(responder, purge_refused(order.error(), id));
  auto deferred = std::make_shared<Deferred>(responder.defer());
  const Status started = purges_.start(
      *std::move(order), {caller.name, std::string{request.peer}, std::string{id.view()}},
      [deferred, id](const Result<std::int64_t>& purged) {
        send_answer(*deferred,
                    purged ? purge_done(*purged, id) : purge_refused(purged.error(), id));
      });
  if (!started) send_answer(*deferred, purge_refused(started.error(), id));
}

namespace {

/// nullopt: there is no such sample.
std::optional<std::string> page_of_samples(std::string_view name) {
  if (name.empty()) return preview_start();
  if (name == kEverySample) return preview_of_every_sample();
  const EmbeddedFile* const sample = find_sample(name);
  return sample == nullptr ? std::nullopt : std::optional{preview_of_sample(*sample)};
}

}  // namespace

void AdminApi::preview(const Caller& caller,
                       const Request& request,
                       Responder& responder,
                       const RequestId& id) {
  Result<PreviewQuery> read = read_preview_query(request.query);
  if (!read) return send_problem(responder, 400, read.error().public_detail, id);
  PreviewQuery& asked = *read;
  if (asked.entity) {
    Terms terms = terms_of(request, parts_.clock.steady(), id);
    terms.explain = Explain::Criteria;
    terms.form = Form::Page;
    return cards_.one(caller, *std::move(asked.entity), nullptr, terms, responder);
  }
  const std::optional<std::string> page = page_of_samples(asked.sample);
  if (!page) return send_problem(responder, 404, "There is no sample card of this name.", id);
  const std::string headers = std::string{kSafety} + std::string{kPreviewHeaders};
  responder.send({.content_type = kPageType, .headers = headers}, *page);
}

}  // namespace cardstock::http
