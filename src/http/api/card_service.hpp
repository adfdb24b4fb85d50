#pragma once
/// \file card_service.hpp
/// \brief One card, or many, from the cache at once or from upstream later.
///
/// Threads: any. Blocking: store reads only. Errors: each becomes the envelope of its card.
#include <string_view>

#include <cardstock/admin/top_indicators.hpp>
#include <cardstock/http/api/api.hpp>

#include "callers.hpp"
#include "card_request.hpp"
#include "envelope.hpp"
#include "plain_answer.hpp"

namespace cardstock::http {

/// As what an answer is sent.
enum class Form {
  Envelope,  ///< JSON
  Page,      ///< the preview page
};
inline constexpr std::string_view kPageType = "text/html; charset=utf-8";

/// How a request wants to be served, beside what it asks.
struct Terms {
  Wish wish = Wish::Ordinary;
  enrich::Lane lane = enrich::Lane::Analyst;
  SteadyTime started;
  RequestId id;
  Explain explain = Explain::Nothing;
  Form form = Form::Envelope;
  Detail detail = Detail::Full;
};
/// What the headers of a request say of that.
Terms terms_of(const Request& request, SteadyTime now, const RequestId& id) noexcept;

class CardService {
 public:
  CardService(const ApiSettings& settings,
              const ApiParts& parts,
              admin::RequestCounters& counters,
              admin::TopIndicators& top);

  /// `auth` null: the service's own credentials are meant (the caller's right has been checked).
  void one(const Caller& caller,
           Entity entity,
           const GivenAuth* auth,
           const Terms& terms,
           Responder& responder);
  void many(const Caller& caller, BatchRequest request, const Terms& terms, Responder& responder);

 private:
  struct Credentials {
    enrich::TenantPtr tenant;
    CredentialsOf whose = CredentialsOf::Service;
  };
  /// One card on its way: all that its envelope needs beside the reply.
  struct Card {
    Entity entity;
    std::optional<EntityType> type;
    std::optional<Indicator> indicator;
    CredentialsOf whose = CredentialsOf::Caller;
    enrich::Lane lane = enrich::Lane::Analyst;
    SteadyTime started;
    RequestId id;
    Explain explain = Explain::Nothing;
    Form form = Form::Envelope;
    Detail detail = Detail::Full;
    bool counted = true;  ///< among the requests; a look before prewarming is nobody's request
    Asked asked() const noexcept {
      return {entity.type, entity.name, indicator ? &*indicator : nullptr, explain, detail};
    }
  };
  struct Batch;

  Result<Credentials> credentials_of(const Caller& caller, const GivenAuth* auth) const;
  /// Reads type and name; the error is the card's outcome.
  static Result<const Indicator*> parse(Card& card);
  enrich::AskMode mode_of(const Caller& caller, const Credentials& credentials, Wish wish);
  Written finish(std::string& out,
                 const Card& card,
                 const enrich::Reply& reply,
                 WallTime now) const;
  Written finish(std::string& out, const Card& card, const Error& error) const;
  void count(const Card& card, Outcome outcome) const;
  /// `answer` is a Responder or a Deferred; `reply` null: there was none.
  template <class Answer>
  void send(Answer& answer,
            const Card& card,
            int status,
            const enrich::Reply* reply,
            WallTime now,
            std::string_view envelope) const;
  std::string headers_of(const RequestId& id, const enrich::Reply* reply, WallTime now) const;

  const ApiSettings& settings_;
  const ApiParts& parts_;
  admin::RequestCounters& counters_;
  admin::TopIndicators& top_;
  RefreshAllowance refreshes_;
};

}  // namespace cardstock::http
