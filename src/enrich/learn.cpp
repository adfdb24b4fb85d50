/// Learning whose a credential is: its own organization, and the owners that it sees with their
/// kinds. A part of Dispatcher. At most two calls a credential and day, and none that a card could
/// want.
///
/// Asked for at once when the order of a record's owners depends on it. What nobody holds has no
/// order, but says how many owners were looked through: that waits for a quiet moment, so that an
/// unknown indicator costs the one call that it always costs.
#include <algorithm>

#include "dispatcher.hpp"
#include "read_answer.hpp"

namespace cardstock::enrich {
namespace {

constexpr std::string_view kOrganization = "Organization";

constexpr std::chrono::minutes kLearnAfter{1};       // and again, when there was no quiet moment
constexpr std::chrono::minutes kLearnLaterKept{15};  // credentials are not kept for ever
constexpr std::size_t kMaxLearnLater = 1000;         // credentials; one more is not noted

/// Whether the order of owners says anything about this record that the configuration does not.
bool order_wants_owners(const threatconnect::Record& record, const std::string& default_owner) {
  if (record.absent()) return false;
  if (default_owner.empty()) return true;
  const auto& copies = record.copies;
  return copies.size() > 1 &&
         std::ranges::none_of(copies, [&](const auto& c) { return c.owner == default_owner; });
}

}  // namespace

void Dispatcher::learn_owners(const Call& call, const threatconnect::Record& record) {
  if (!settings_.learn_owners) return;
  const SteadyTime now = parts_.clock.steady();
  if (order_wants_owners(record, settings_.default_owner)) {
    try_learning(call.tenant, call.base, now);
  } else if (record.absent()) {
    learn_later(call, now);
  }
}

void Dispatcher::learn_later(const Call& call, SteadyTime now) {
  if (learn_later_.size() >= kMaxLearnLater || ledger_.of(call.tenant->id)->profile_fresh(now))
    return;
  learn_later_.try_emplace(call.tenant->id, LearnLater{call.tenant, call.base, now + kLearnAfter,
                                                       now + kLearnLaterKept});
  learn_due_ = std::min(learn_due_, now + kLearnAfter);
}

void Dispatcher::learn_what_is_due(SteadyTime now) {
  if (now < learn_due_) return;
  learn_due_ = SteadyTime::max();
  for (auto it = learn_later_.begin(); it != learn_later_.end();) {
    LearnLater& later = it->second;
    if (now >= later.due) {
      const StandingPtr standing = ledger_.of(it->first);
      if (standing->profile_fresh(now) || standing->blocked() || now >= later.until ||
          try_learning(later.tenant, later.base, now)) {
        it = learn_later_.erase(it);
        continue;
      }
      later.due = now + kLearnAfter;
    }
    learn_due_ = std::min(learn_due_, later.due);
    ++it;
  }
}

bool Dispatcher::try_learning(const TenantPtr& tenant,
                              const threatconnect::BaseUrl& base,
                              SteadyTime now) {
  const StandingPtr standing = ledger_.of(tenant->id);
  Instance* const instance = instance_of(base, now);
  if (instance == nullptr || standing->profile_fresh(now) || !instance->idle(now) ||
      !standing->take_learning(now))
    return false;
  ask_aside(*instance, {tenant, base, {}, {}, now}, LearnDone::Step::Owners);
  return true;
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
    for (const threatconnect::Owner& owner : owners->listed) {
      learning.profile.kinds.emplace(owner.name, owner.type);
      if (owner.type == kOrganization) learning.organizations.push_back(owner.name);
    }
    // Some of the owners say neither how many there are nor which one is not visible.
    if (!owners->all) {
      learning.profile.kinds.clear();
      learning.organizations.clear();
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
      if (!learning.profile.kinds.empty())  // it alone would pass for all that are visible
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
