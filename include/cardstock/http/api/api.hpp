#pragma once
/// \file api.hpp
/// \brief The routes: cards for callers, figures for the operator.
///
/// Threads: handlers run on the servers' workers, concurrently; a miss is answered later, from the
/// enricher's thread. Blocking: a look-up in the store (disk), never the network. Errors: every
/// failure becomes an envelope or a problem document (RFC 9457); nothing thrown escapes. Owns:
/// nothing that it is given; every reference outlives it and the servers that call it.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <cardstock/admin/stats.hpp>
#include <cardstock/card/card.hpp>
#include <cardstock/enrich/enricher.hpp>
#include <cardstock/enrich/tenant.hpp>
#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/random.hpp>
#include <cardstock/util/secret.hpp>

namespace cardstock::http {

/// A caller with a bearer token, who may use the service's own ThreatConnect credentials.
struct Client {
  std::string name;
  Secret token;
  bool may_ask = false;
  bool may_refresh = false;
  bool may_administer = false;
};

struct ApiSettings {
  std::string version;
  std::vector<Client> clients;
  /// When set, POST /v1/card needs it in X-Cardstock-Secret, and POST /v1/cards without a bearer
  /// token does too.
  Secret shared_secret;
  Secret admin_token;  ///< when set, the admin listener needs it (or a client with the admin right)
  std::chrono::milliseconds card_timeout{20000};
  std::size_t max_batch = 500;
  std::string audit_file;    ///< empty: the audit goes to the log alone
  std::string history_file;  ///< empty: the plots begin anew at every start
  std::string top_file;      ///< empty: what is asked most is forgotten at every start
  /// Path of which files for the lists of prewarm jobs are made; empty: in the system's place for
  /// such files.
  std::string prewarm_spool;
};

struct ApiParts {
  const Clock& clock;
  Random& random;
  Log& log;
  const enrich::Tenants& tenants;
  enrich::Enricher& enricher;
  store::RecordStore& store;
};

/// How the enricher makes cards of records for this front; give it to the enricher.
enrich::Render make_renderer(card::CardSettings settings);

/// Whether a listener is reachable from this machine alone: only there may callers without a token
/// use the service's own credentials, and only when no client is configured.
enum class Exposure { Loopback, Network };

class Api {
 public:
  Api(ApiSettings settings, ApiParts parts);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// POST /v1/card, GET /v1/card, POST /v1/cards, GET /healthz, /readyz, /version, /openapi.yaml.
  Handler public_handler(Exposure exposure);
  /// GET /v1/admin/stats, /history, /top, /audit, /session, /metrics, /v1/preview, /admin/; POST
  /// /v1/admin/purge, /login, /logout; GET and POST /v1/admin/prewarm, and DELETE below it; GET
  /// /healthz, /readyz, /version, /openapi.yaml.
  Handler admin_handler(Exposure exposure);
  /// From now on /readyz says 503, so that a load balancer looks elsewhere; purges are interrupted
  /// and prewarm jobs end.
  void begin_drain();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cardstock::http
