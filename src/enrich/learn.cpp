/// Learning whose a credential is: its own organization, and the kinds of the owners that it sees.
/// A part of Dispatcher. At most two calls a credential and day, and none that a card could want.
#include <algorithm>

#include "dispatcher.hpp"
#include "read_answer.hpp"

namespace cardstock::enrich {
namespace {

constexpr std::string_view kOrganization = "Organization";

/// Whether the order of owners says anything about this record that the configuration does not.
bool wants_owners(const threatconnect::Record& record, const std::string& default_owner) {
  if (record.absent()) return false;
  if (default_owner.empty()) return true;
  const auto& copies = record.copies;
  return copies.size() > 1 &&
         std::ranges::none_of(copies, [&](const auto& c) { return c.owner == default_owner; });
}

}  // namespace

void Dispatcher::learn_owners(const Call& call, const threatconnect::Record& record) {
  if (!settings_.learn_owners || !wants_owners(record, settings_.default_owner)) return;
  const SteadyTime now = parts_.clock.steady();
  const StandingPtr standing = ledger_.of(call.tenant->id);
  Instance& instance = *instance_of(call.base, now);
  if (standing->profile_fresh(now) || !instance.idle(now) || !standing->take_learning(now)) return;
  ask_aside(instance, {call.tenant, call.base, {}, {}, now}, LearnDone::Step::Owners);
}

void Dispatcher::ask_aside(Instance& instance, Learning learning, LearnDone::Step step) {
  const threatconnect::RequestLine line = step == LearnDone::Step::Owners
                                              ? threatconnect::owners_request(learning.base)
                                              : threatconnect::own_owner_request(learning.base);
  learning.counted_at = instance.begin_aside(parts_.clock.steady());
  counters_->calls.fetch_add(1, std::memory_order_relaxed);
  fetch::HttpRequest request =
      signed_request(*learning.tenant, learning.base, line, parts_.clock.wall());
  parts_.client.send(std::move(request), [post = post_, learning = std::move(learning),
                                          step](Result<fetch::HttpResponse> r) mutable {
    post(LearnDone{std::move(learning), step, std::move(r)});
  });
}

void Dispatcher::on_learned(LearnDone done) {
  const SteadyTime now = parts_.clock.steady();
  Learning& learning = done.learning;
  Instance& instance = *instance_of(learning.base, now);
  instance.end_aside(learning.counted_at, now);
  if (!done.response) return counters_->failed(done.response.error(), parts_.clock.wall());
  const fetch::HttpResponse& response = *done.response;
  if (response.status == 429 || response.status == 503)
    pace(instance, learning.counted_at - RateLimiter::kSettle, response);
  if (done.step == LearnDone::Step::Owners) {
    const auto owners =
        read_answer(response, learning.tenant->credentials, threatconnect::read_owners);
    if (!owners) return counters_->failed(owners.error(), parts_.clock.wall());
    for (const threatconnect::Owner& owner : *owners) {
      learning.profile.kinds.emplace(owner.name, owner.type);
      if (owner.type == kOrganization) learning.organizations.push_back(owner.name);
    }
    // One organization alone is the credential's own; of several, only ThreatConnect knows which.
    if (learning.organizations.size() != 1 && settings_.default_owner.empty() && instance.idle(now))
      return ask_aside(instance, std::move(learning), LearnDone::Step::OwnOwner);
    if (learning.organizations.size() == 1)
      learning.profile.organization = learning.organizations.front();
  } else {
    const auto own =
        read_answer(response, learning.tenant->credentials, threatconnect::read_own_owner);
    if (own) {
      learning.profile.organization = own->name;
      learning.profile.kinds.emplace(own->name, own->type);
    } else {
      counters_->failed(own.error(), parts_.clock.wall());
    }
  }
  const StandingPtr standing = ledger_.of(learning.tenant->id);
  if (!standing->learn(std::move(learning.profile), now)) return;
  // What was rendered without it is rendered anew from the store, which has every row.
  cache_.forget({.tenant = learning.tenant->id});
}

}  // namespace cardstock::enrich
