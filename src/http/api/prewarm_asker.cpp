#include "prewarm_asker.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <cardstock/util/mutex.hpp>

#include "outcome.hpp"

namespace cardstock::http {
namespace {

using prewarm::Asker;

Asker::Word refusal(const Error& error) {
  // As to a caller: credentials that are refused end the job, whosever they are.
  return {
      .outcome = std::string{admin::name_of(outcome_of(error.code, CredentialsOf::Caller).outcome)},
      .message = error.public_detail,
      .cache = {},
      .stale_reason = {}};
}

Outcome counted_outcome(const enrich::Reply& reply) {
  if (!reply.entry && reply.error)
    return outcome_of(reply.error->code, CredentialsOf::Service).outcome;
  return reply.entry->absent ? Outcome::NoResult : Outcome::Ok;
}

Asker::Word word_of(const enrich::Reply& reply) {
  if (!reply.entry && reply.error) return refusal(*reply.error);
  return {.outcome = std::string{admin::name_of(counted_outcome(reply))},
          .message = reply.error ? reply.error->public_detail : std::string{},
          .cache = std::string{enrich::name_of(reply.status)},
          .stale_reason = reply.stale_reason};
}

}  // namespace

/// A batch whose answers come in from the enricher's thread; the last one tells.
struct CachePrewarmAsker::Batch {
  Batch(std::size_t size, Done tell) : done{std::move(tell)}, left{size} {
    answer.words.resize(size);
    answer.retry_after = std::chrono::seconds{0};
  }

  void put(std::size_t at, Word word, std::chrono::seconds retry_after = {}) {
    {
      const LockGuard lock{mutex};
      answer.words[at] = std::move(word);
      answer.retry_after = std::max(answer.retry_after, retry_after);
      if (--left > 0) return;
      if (answer.retry_after.count() == 0) answer.retry_after = Answer{}.retry_after;
    }
    done(std::move(answer));
  }

  Done done;
  Mutex mutex;  ///< guards the answer until the last word is in it
  std::size_t left CARDSTOCK_GUARDED_BY(mutex);
  Answer answer;
};

void CachePrewarmAsker::ask(Kind kind, const std::vector<prewarm::Item>& items, Done done) {
  const std::size_t size = items.size();
  if (size == 0) return done({});
  const enrich::TenantPtr& tenant = parts_.tenants.own();
  if (!tenant) {
    return done({.trouble = Trouble::Refused,
                 .words = {},
                 .error = {ErrorCode::MissingCredentials,
                           "This service has no ThreatConnect credentials of its own.",
                           {}}});
  }
  const SteadyTime started = parts_.clock.steady();
  const auto batch = std::make_shared<Batch>(size, std::move(done));
  std::vector<enrich::Enricher::Fetch> fetches;
  for (std::size_t i = 0; i < size; ++i) {
    const EntityType type = items[i].type;
    const auto tell = [this, kind, type, started, i, batch](const enrich::Reply& reply) {
      if (kind == Kind::Ask) {
        counters_.count(
            type, counted_outcome(reply),
            std::chrono::duration_cast<std::chrono::microseconds>(parts_.clock.steady() - started));
      }
      batch->put(i, word_of(reply), reply.retry_after);
    };
    const Result<Indicator> indicator = Indicator::parse(type, items[i].name);
    if (!indicator) {
      batch->put(i, refusal(indicator.error()));
      continue;
    }
    enrich::Ask ask{
        .tenant = tenant,
        .indicator = *indicator,
        .mode = kind == Kind::Look ? enrich::AskMode::OnlyIfCached : enrich::AskMode::Normal,
        .lane = enrich::Lane::Prewarm,
        .deadline = started + settings_.card_timeout};
    enrich::Enricher::Looked looked = parts_.enricher.look(ask);
    if (looked.reply) {
      tell(*looked.reply);
    } else {
      fetches.push_back({std::move(ask), std::move(looked.held), tell});
    }
  }
  if (!fetches.empty()) parts_.enricher.fetch_all(std::move(fetches));
}

}  // namespace cardstock::http
