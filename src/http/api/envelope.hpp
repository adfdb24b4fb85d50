#pragma once
/// \file envelope.hpp
/// \brief Writes the one envelope of every card answer, and the problem document of everything
/// else.
///
/// Pure. Stored: the keys are public (docs/api.md).
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <cardstock/card/card.hpp>
#include <cardstock/enrich/enricher.hpp>
#include <cardstock/indicator/indicator.hpp>

#include "card_request.hpp"
#include "outcome.hpp"

namespace cardstock::http {

/// A card kept ready in the memory tier, with the parts of the envelope that never change.
class ReadyCard final : public enrich::Rendered {
 public:
  ReadyCard(card::RenderedCard card, const Indicator& indicator);
  std::size_t bytes() const noexcept override;
  const card::RenderedCard& card() const noexcept { return card_; }
  const std::string& message_json() const noexcept { return message_json_; }
  const std::string& link_json() const noexcept { return link_json_; }
  const std::string& canonical_json() const noexcept { return canonical_json_; }

 private:
  card::RenderedCard card_;
  std::string message_json_;
  std::string link_json_;
  std::string canonical_json_;
};

/// What was asked, for the echo.
struct Asked {
  std::string_view type;
  std::string_view input;
  const Indicator* indicator = nullptr;  ///< null when it could not be parsed
  Explain explain = Explain::Nothing;
  Detail detail = Detail::Full;
};

struct Written {
  Outcome outcome;
  int status;
};

/// Appends the envelope of an enricher's reply.
Written write_reply(std::string& out,
                    const Asked& asked,
                    const enrich::Reply& reply,
                    CredentialsOf credentials,
                    WallTime now,
                    std::string_view request_id);
/// Appends the envelope of a refusal.
Written write_error(std::string& out,
                    const Asked& asked,
                    const Error& error,
                    CredentialsOf credentials,
                    std::string_view request_id);

/// Appends `Cache-Status` (RFC 9211) and `Age` header lines; nothing for a reply without an entry.
void append_cache_headers(std::string& out, const enrich::Reply& reply, WallTime now);

/// A problem document (RFC 9457) with type about:blank; `detail` may be empty. The members
/// `outcome` and `message` join when the route answers cards, so that a caller of cards reads every
/// answer alike.
std::string problem(int status,
                    std::string_view detail,
                    std::string_view request_id,
                    bool card_route);

}  // namespace cardstock::http
