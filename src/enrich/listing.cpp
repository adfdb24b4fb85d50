/// Pages of a query of the operator's own: which indicators it finds. A part of Dispatcher.
///
/// Each page is a call aside, like those of learn.cpp: only when nothing waits and half of the
/// minute is free, so that it delays nobody.
#include <utility>

#include "dispatcher.hpp"
#include "read_answer.hpp"

namespace cardstock::enrich {

void Dispatcher::on_list(ListCommand command) {
  const Tenant& tenant = *command.listing.tenant;
  const auto known = forms_.find(instance_name(tenant.base));
  ask_list(std::move(command), known == forms_.end() ? tenant.base : known->second);
}

void Dispatcher::ask_list(ListCommand command, const threatconnect::BaseUrl& base) {
  const SteadyTime now = parts_.clock.steady();
  const Enricher::Listing& listing = command.listing;
  Instance* const instance = instance_of(base, now);
  if (ledger_.of(listing.tenant->id)->refused(now)) {
    return command.done(fail(ErrorCode::AuthFailed,
                             "ThreatConnect refused these credentials a moment ago.",
                             "refused within the last 30 seconds"));
  }
  if (instance == nullptr || !instance->idle(now))
    return command.done(fail(ErrorCode::Busy, "There was no quiet moment to ask ThreatConnect."));
  const std::optional<std::string> target = listing.next.empty()
                                                ? threatconnect::names_target(base, listing.tql)
                                                : threatconnect::next_target(base, listing.next);
  if (!target) {
    return command.done(
        listing.next.empty()
            ? fail(ErrorCode::MalformedRequest, "The query is too long for one request.")
            : fail(ErrorCode::UpstreamFailed,
                   "ThreatConnect's answer continues at another address, which is not followed.",
                   "next link leaves the origin"));
  }
  const SteadyTime counted = instance->begin_aside(now);
  counters_->calls.fetch_add(1, std::memory_order_relaxed);
  fetch::HttpRequest request =
      signed_request(*listing.tenant, base, {*target, {}}, parts_.clock.wall());
  parts_.client.send(std::move(request),
                     [post = post_, base, counted,
                      command = std::move(command)](Result<fetch::HttpResponse> response) mutable {
                       post(ListDone{std::move(command), base, counted, std::move(response)});
                     });
}

void Dispatcher::on_listed(ListDone done) {
  const SteadyTime now = parts_.clock.steady();
  Instance& instance = *instance_of(done.base, now);
  instance.end_aside(done.counted_at, now);
  const Tenant& tenant = *done.command.listing.tenant;
  const auto failed = [&](const Error& error) {
    counters_->failed(error, parts_.clock.wall());
    done.command.done(std::unexpected(error));
  };
  if (!done.response) return failed(done.response.error());
  const fetch::HttpResponse& response = *done.response;
  counters_->latency.record(response.elapsed);
  if (response.status == 429 || response.status == 503)
    pace(instance, done.counted_at - RateLimiter::kSettle, response);
  auto page = read_answer(response, tenant.credentials, threatconnect::read_indicators);
  if (page) {
    note_accepted(tenant, done.base);
    return done.command.done(*std::move(page));
  }
  const Error& error = page.error();
  if (error.code == ErrorCode::WrongBaseUrl && !done.command.other_form_tried &&
      done.command.listing.next.empty() && !forms_.contains(instance_name(done.base))) {
    done.command.other_form_tried = true;
    return ask_list(std::move(done.command), done.base.other_form());
  }
  if (error.code == ErrorCode::AuthFailed) note_refused(instance, tenant, error);
  failed(error);
}

}  // namespace cardstock::enrich
