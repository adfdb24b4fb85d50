#include "envelope.hpp"

#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::http {
namespace {

using enrich::CacheStatus;
using std::chrono::floor;
using std::chrono::seconds;

const ReadyCard& ready(const enrich::Entry& entry) {
  return static_cast<const ReadyCard&>(*entry.rendered);
}

std::int64_t age_of(const enrich::Entry& entry, WallTime now) {
  return std::max<std::int64_t>(0, floor<seconds>(now - entry.life.fetched_at).count());
}

card::Source source_of(const enrich::Reply& reply) {
  const bool cached = reply.status == CacheStatus::Hit || reply.status == CacheStatus::Stale;
  return cached ? card::Source::Cache : card::Source::Upstream;
}

void open_envelope(std::string& out,
                   Outcome outcome,
                   const Asked& asked,
                   std::string_view canonical_json) {
  out += R"({"outcome":")";
  out += admin::name_of(outcome);
  out += R"(","indicator":{"type":)";
  append_json_string(out, asked.type);
  out += R"(,"input":)";
  append_json_string(out, asked.input);
  if (!canonical_json.empty()) {
    out += R"(,"canonical":)";
    out += canonical_json;
  }
  out += '}';
}

void close_envelope(std::string& out,
                    std::string_view message_json,
                    std::string_view link_json,
                    std::string_view id) {
  out += R"(,"message":)";
  out += message_json;
  if (!link_json.empty()) {
    out += R"(,"link":)";
    out += link_json;
  }
  out += R"(,"request_id":")";
  out += id;
  out += "\"}";
}

void append_cache(std::string& out, const enrich::Reply& reply, WallTime now) {
  const enrich::Lifetime& life = reply.entry->life;
  out += R"(,"cache":{"status":")";
  out += enrich::name_of(reply.status);
  out += R"(","fetched_at":")";
  append_rfc3339(out, life.fetched_at);
  out += R"(","age_seconds":)";
  out += std::to_string(age_of(*reply.entry, now));
  out += R"(,"expires_at":")";
  append_rfc3339(out, life.fresh_until);
  out += '"';
  if (reply.status == CacheStatus::Stale) {
    out += R"(,"stale_reason":)";
    append_json_string(out, reply.stale_reason);
  }
  out += '}';
}

/// What a stale card says of itself, to the analyst.
std::string stale_note(const enrich::Reply& reply, WallTime now) {
  const std::string age = to_words(now - reply.entry->life.fetched_at);
  if (reply.stale_reason == "refreshing") return "Fetched " + age + " ago; a refresh is under way.";
  if (!reply.error) return "Fetched " + age + " ago; ThreatConnect was not asked again.";
  return "Fetched " + age +
         " ago; ThreatConnect could not be asked again: " + reply.error->public_detail;
}

/// Where was looked, and when.
std::string absent_message(const card::RenderedCard& card,
                           const enrich::Reply& reply,
                           WallTime now) {
  std::string message = card.absent + " Asked: ";
  card::append_freshness(message, reply.entry->life.fetched_at, now, source_of(reply));
  return message += '.';
}

std::string message_of(const card::RenderedCard& card) {
  if (!card.found) return {};  // said when it is told: its age moves
  if (card.owners == 1) return "Held by " + card.owner + ".";
  return "Held by " + std::to_string(card.owners) + " owners; shown is " + card.owner + ".";
}

}  // namespace

ReadyCard::ReadyCard(card::RenderedCard card, const Indicator& indicator)
    : card_{std::move(card)},
      message_json_{json_string(message_of(card_))},
      link_json_{card_.link.empty() ? std::string{} : json_string(card_.link)},
      canonical_json_{json_string(indicator.canonical())} {}

std::size_t ReadyCard::bytes() const noexcept {
  return sizeof(*this) + card_.members.capacity() + card_.notes.capacity() + card_.link.capacity() +
         card_.owner.capacity() + message_json_.capacity() + link_json_.capacity() +
         canonical_json_.capacity() + card_.criteria.capacity() + card_.absent.capacity();
}

Written write_reply(std::string& out,
                    const Asked& asked,
                    const enrich::Reply& reply,
                    CredentialsOf credentials,
                    WallTime now,
                    std::string_view request_id) {
  if (!reply.entry && reply.error)
    return write_error(out, asked, *reply.error, credentials, request_id);
  const ReadyCard& card = ready(*reply.entry);
  const Outcome outcome = card.card().found ? Outcome::Ok : Outcome::NoResult;
  open_envelope(out, outcome, asked, card.canonical_json());
  const bool stale = reply.status == CacheStatus::Stale;
  const std::string note = stale ? stale_note(reply, now) : std::string{};
  if (card.card().found && asked.detail == Detail::Full) {
    out += R"(,"card":)";
    card::append_card(out, card.card(), reply.entry->life.fetched_at, now, source_of(reply), note);
  }
  append_cache(out, reply, now);
  if (asked.explain == Explain::Criteria && card.card().found) {
    out += R"(,"criteria":[)";
    out += card.card().criteria;
    out += ']';
  }
  if (outcome == Outcome::NoResult) {
    close_envelope(out, json_string(absent_message(card.card(), reply, now)), card.link_json(),
                   request_id);
  } else {
    close_envelope(out, stale ? json_string(note) : card.message_json(), card.link_json(),
                   request_id);
  }
  return {outcome, 200};
}

Written write_error(std::string& out,
                    const Asked& asked,
                    const Error& error,
                    CredentialsOf credentials,
                    std::string_view request_id) {
  const OutcomeStatus what = outcome_of(error.code, credentials);
  open_envelope(
      out, what.outcome, asked,
      asked.indicator == nullptr ? std::string{} : json_string(asked.indicator->canonical()));
  const bool own_refused =
      error.code == ErrorCode::AuthFailed && credentials == CredentialsOf::Service;
  close_envelope(
      out,
      json_string(own_refused
                      ? "ThreatConnect refused this service's own credentials; tell its operator."
                      : std::string_view{error.public_detail}),
      {}, request_id);
  return {what.outcome, what.status};
}

void append_cache_headers(std::string& out, const enrich::Reply& reply, WallTime now) {
  if (!reply.entry) return;
  const auto ttl = [&] {
    return std::to_string(floor<seconds>(reply.entry->life.fresh_until - now).count());
  };
  out += "Cache-Status: Cardstock; ";
  switch (reply.status) {
    case CacheStatus::Hit:
      out += "hit; ttl=" + ttl();
      break;
    case CacheStatus::Stale:
      out += "hit; ttl=" + ttl() + "; detail=" + reply.stale_reason;
      break;
    case CacheStatus::Miss:
      out += "fwd=miss; stored";
      break;
    case CacheStatus::Coalesced:
      out += "fwd=miss; collapsed";
      break;
    case CacheStatus::Bypass:
      out += "fwd=request; stored";
      break;
  }
  out += "\r\nAge: ";
  out += std::to_string(age_of(*reply.entry, now));
  out += "\r\n";
}

std::string problem(int status,
                    std::string_view detail,
                    std::string_view request_id,
                    bool card_route) {
  std::string out;
  JsonWriter json{out};
  json.begin_object()
      .field("type", "about:blank")
      .field("title", reason_phrase(status))
      .field("status", status);
  if (!detail.empty()) json.field("detail", detail);
  if (card_route) json.field("outcome", admin::name_of(Outcome::Error)).field("message", detail);
  json.field("request_id", request_id).end_object();
  return out;
}

}  // namespace cardstock::http
