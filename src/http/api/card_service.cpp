#include "card_service.hpp"

#include <atomic>
#include <utility>

#include <cardstock/util/json_writer.hpp>

#include "preview_page.hpp"

namespace cardstock::http {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

void append_retry_after(std::string& headers,
                        const Error& error,
                        std::chrono::seconds retry_after) {
  if (error.code != ErrorCode::Busy && error.code != ErrorCode::RateLimited &&
      error.code != ErrorCode::Cancelled)
    return;
  constexpr std::chrono::seconds kUnknown{30};
  const auto wait = retry_after.count() > 0                ? retry_after
                    : error.code == ErrorCode::RateLimited ? kUnknown
                                                           : std::chrono::seconds{1};
  headers += "Retry-After: " + std::to_string(wait.count()) + "\r\n";
}

}  // namespace

Terms terms_of(const Request& request, SteadyTime now, const RequestId& id) noexcept {
  return {.wish = wish_of(request),
          .lane = lane_of(request),
          .started = now,
          .id = id,
          .detail = detail_of(request)};
}

/// A batch whose answers come in from the enricher's thread; the last one sends.
struct CardService::Batch {
  Batch(std::size_t size, RequestId request_id, Deferred answer)
      : envelopes(size), left{size}, id{request_id}, deferred{std::move(answer)} {}
  std::vector<std::string> envelopes;
  std::atomic<std::size_t> left;
  RequestId id;
  Deferred deferred;

  void done_one(const CardService& service) {
    if (left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    std::string body = R"({"results":[)";
    for (std::size_t i = 0; i < envelopes.size(); ++i) {
      if (i != 0) body += ',';
      body += envelopes[i];
    }
    body += "]}";
    const std::string headers = service.headers_of(id, nullptr, {});
    deferred.send({.headers = headers}, body);
  }
};

CardService::CardService(const ApiSettings& settings,
                         const ApiParts& parts,
                         admin::RequestCounters& counters,
                         admin::TopIndicators& top)
    : settings_{settings}, parts_{parts}, counters_{counters}, top_{top} {}

Result<CardService::Credentials> CardService::credentials_of(const Caller& caller,
                                                             const GivenAuth* auth) const {
  if (auth != nullptr) {
    const enrich::GivenCredentials given{auth->base_url, auth->api_id, auth->api_secret.reveal(),
                                         auth->api_token.reveal()};
    if (!given.blank() || !caller.may_use_service) {
      Result<enrich::TenantPtr> tenant = parts_.tenants.of(given);
      if (!tenant) return std::unexpected(tenant.error());
      return Credentials{*std::move(tenant), CredentialsOf::Caller};
    }
  }
  if (!parts_.tenants.own()) {
    return fail(ErrorCode::MissingCredentials,
                "This service has no ThreatConnect credentials of its own; send yours, or ask its "
                "operator to set them.");
  }
  return Credentials{parts_.tenants.own(), CredentialsOf::Service};
}

Result<const Indicator*> CardService::parse(Card& card) {
  card.type = entity_type(card.entity.type);
  if (!card.type) {
    return fail(ErrorCode::UnsupportedType,
                "ThreatConnect cards exist for IpAddress, InternetDomainName, URL, Hash and "
                "EmailAddress only.");
  }
  Result<Indicator> indicator = Indicator::parse(*card.type, card.entity.name);
  if (!indicator) return std::unexpected(indicator.error());
  return &card.indicator.emplace(*std::move(indicator));
}

enrich::AskMode CardService::mode_of(const Caller& caller,
                                     const Credentials& credentials,
                                     Wish wish) {
  if (wish == Wish::OnlyIfCached) return enrich::AskMode::OnlyIfCached;
  if (wish == Wish::Ordinary || !caller.may_refresh) return enrich::AskMode::Normal;
  const std::string who = credentials.whose == CredentialsOf::Caller
                              ? enrich::to_text(credentials.tenant->id)
                              : caller.name;
  return refreshes_.take(who, parts_.clock.steady()) ? enrich::AskMode::Refresh
                                                     : enrich::AskMode::Normal;
}

void CardService::count(const Card& card, Outcome outcome) const {
  if (!card.counted) return;
  counters_.count(card.type, outcome,
                  duration_cast<microseconds>(parts_.clock.steady() - card.started));
  if (card.indicator && card.lane == enrich::Lane::Analyst) top_.count(*card.indicator);
}

Written CardService::finish(std::string& out,
                            const Card& card,
                            const enrich::Reply& reply,
                            WallTime now) const {
  const Written written = write_reply(out, card.asked(), reply, card.whose, now, card.id.view());
  count(card, written.outcome);
  return written;
}

Written CardService::finish(std::string& out, const Card& card, const Error& error) const {
  const Written written = write_error(out, card.asked(), error, card.whose, card.id.view());
  count(card, written.outcome);
  return written;
}

std::string CardService::headers_of(const RequestId& id,
                                    const enrich::Reply* reply,
                                    WallTime now) const {
  std::string headers =
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: ";
  headers += id.view();
  headers += "\r\n";
  if (reply != nullptr) {
    append_cache_headers(headers, *reply, now);
    if (!reply->entry && reply->error)
      append_retry_after(headers, *reply->error, reply->retry_after);
  }
  return headers;
}

template <class Answer>
void CardService::send(Answer& answer,
                       const Card& card,
                       int status,
                       const enrich::Reply* reply,
                       WallTime now,
                       std::string_view envelope) const {
  std::string headers = headers_of(card.id, reply, now);
  switch (card.form) {
    case Form::Envelope:
      return answer.send({.status = status, .headers = headers}, envelope);
    case Form::Page:
      headers += kPreviewHeaders;
      return answer.send({.status = status, .content_type = kPageType, .headers = headers},
                         preview_of_envelope(envelope));
  }
}

void CardService::one(const Caller& caller,
                      Entity entity,
                      const GivenAuth* auth,
                      const Terms& terms,
                      Responder& responder) {
  Card card{.entity = std::move(entity),
            .lane = terms.lane,
            .started = terms.started,
            .id = terms.id,
            .explain = terms.explain,
            .form = terms.form};
  const auto refuse = [&](const Error& error) {
    std::string body;
    const Written written = finish(body, card, error);
    send(responder, card, written.status, nullptr, {}, body);
  };
  const Result<const Indicator*> indicator = parse(card);
  if (!indicator) return refuse(indicator.error());
  Result<Credentials> credentials = credentials_of(caller, auth);
  if (!credentials) return refuse(credentials.error());
  card.whose = credentials->whose;
  enrich::Ask ask{.tenant = credentials->tenant,
                  .indicator = **indicator,
                  .mode = mode_of(caller, *credentials, terms.wish),
                  .lane = terms.lane,
                  .deadline = terms.started + settings_.card_timeout};
  enrich::Enricher::Looked looked = parts_.enricher.look(ask);
  if (looked.reply) {
    const WallTime now = parts_.clock.wall();
    std::string body;
    const Written written = finish(body, card, *looked.reply, now);
    return send(responder, card, written.status, &*looked.reply, now, body);
  }
  parts_.enricher.fetch(std::move(ask), std::move(looked.held),
                        [this, card = std::move(card),
                         deferred = responder.defer()](const enrich::Reply& reply) mutable {
                          const WallTime now = parts_.clock.wall();
                          std::string body;
                          const Written written = finish(body, card, reply, now);
                          send(deferred, card, written.status, &reply, now, body);
                        });
}

void CardService::many(const Caller& caller,
                       BatchRequest request,
                       const Terms& terms,
                       Responder& responder) {
  const std::size_t size = request.entities.size();
  const auto batch = std::make_shared<Batch>(size, terms.id, responder.defer());
  const Result<Credentials> credentials = credentials_of(caller, &request.auth);
  const bool counted = terms.lane != enrich::Lane::Prewarm || terms.wish != Wish::OnlyIfCached;
  std::vector<enrich::Enricher::Fetch> fetches;
  for (std::size_t i = 0; i < size; ++i) {
    Card card{.lane = terms.lane,
              .started = terms.started,
              .id = terms.id,
              .detail = terms.detail,
              .counted = counted};
    std::string& out = batch->envelopes[i];
    const auto refuse = [&](const Error& error) {
      finish(out, card, error);
      batch->done_one(*this);
    };
    if (!request.entities[i]) {
      refuse(request.entities[i].error());
      continue;
    }
    card.entity = *std::move(request.entities[i]);
    const Result<const Indicator*> indicator = parse(card);
    if (!indicator) {
      refuse(indicator.error());
      continue;
    }
    if (!credentials) {
      refuse(credentials.error());
      continue;
    }
    card.whose = credentials->whose;
    enrich::Ask ask{.tenant = credentials->tenant,
                    .indicator = **indicator,
                    .mode = mode_of(caller, *credentials, terms.wish),
                    .lane = terms.lane,
                    .deadline = terms.started + settings_.card_timeout};
    enrich::Enricher::Looked looked = parts_.enricher.look(ask);
    if (looked.reply) {
      finish(out, card, *looked.reply, parts_.clock.wall());
      batch->done_one(*this);
      continue;
    }
    fetches.push_back({std::move(ask), std::move(looked.held),
                       [this, i, batch, card = std::move(card)](const enrich::Reply& reply) {
                         finish(batch->envelopes[i], card, reply, parts_.clock.wall());
                         batch->done_one(*this);
                       }});
  }
  if (!fetches.empty()) parts_.enricher.fetch_all(std::move(fetches));
}

}  // namespace cardstock::http
