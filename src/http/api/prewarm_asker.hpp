#pragma once
/// \file prewarm_asker.hpp
/// \brief Asks the cache of this very process, with the service's own credentials, for prewarm
/// jobs.
///
/// What is asked counts as a request like that of the command; a look is nobody's request.
/// Threads: as prewarm::Asker; the enricher's thread answers what the cache does not. Blocking:
/// store reads. Limits: card_timeout for each batch.
#include <cardstock/http/api/api.hpp>
#include <cardstock/prewarm/asker.hpp>

namespace cardstock::http {

class CachePrewarmAsker final : public prewarm::Asker {
 public:
  /// All outlive it and what it has asked.
  CachePrewarmAsker(const ApiSettings& settings,
                    const ApiParts& parts,
                    admin::RequestCounters& counters)
      : settings_{settings}, parts_{parts}, counters_{counters} {}

  void ask(Kind kind, const std::vector<prewarm::Item>& items, Done done) override;

 private:
  struct Batch;

  const ApiSettings& settings_;
  const ApiParts& parts_;
  admin::RequestCounters& counters_;
};

}  // namespace cardstock::http
