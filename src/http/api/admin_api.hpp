#pragma once
/// \file admin_api.hpp
/// \brief The operator's routes: figures, metrics, plots, purge, prewarm jobs, card preview, the
/// page and its log-in.
///
/// Threads: any; of its own those of admin/purge.hpp, prewarm_jobs.hpp and recorder.hpp. Blocking:
/// the store's counters and the audit's file (disk). Errors: problem documents. Limits: those of
/// sessions.hpp.
///
/// Who may: a bearer token, the cookie of a session, or this machine itself on a loopback listener
/// without a token. What a page of another site makes a browser send is refused where it could
/// change something; with a cookie also where the browser does not say whose page it was.
#include <array>
#include <atomic>
#include <optional>

#include <cardstock/admin/audit.hpp>
#include <cardstock/admin/history.hpp>
#include <cardstock/admin/prewarm_jobs.hpp>
#include <cardstock/admin/purge.hpp>
#include <cardstock/admin/recorder.hpp>
#include <cardstock/admin/stats.hpp>
#include <cardstock/admin/top_indicators.hpp>
#include <cardstock/http/api/api.hpp>

#include "callers.hpp"
#include "card_service.hpp"
#include "prewarm_api.hpp"
#include "prewarm_asker.hpp"
#include "sessions.hpp"

namespace cardstock::http {

enum class AdminRoute {
  Stats,
  Metrics,
  History,
  Top,
  Audit,
  Purge,
  Prewarm,
  PrewarmJob,
  Preview,
  Session,
  Login,
  Logout,
  PageMoved,
  Page,
  PageFile
};

class AdminApi {
 public:
  /// Every reference outlives it.
  AdminApi(const ApiSettings& settings,
           const ApiParts& parts,
           admin::RequestCounters& requests,
           admin::TopIndicators& top,
           CardService& cards);

  void serve(AdminRoute route,
             Exposure exposure,
             const Request& request,
             Responder& responder,
             const RequestId& id);
  /// Purges are interrupted; prewarm jobs end as soon as what they have asked is answered.
  void begin_stop() {
    purges_.stop();
    jobs_.begin_stop();
  }

 private:
  struct Administrator {
    Caller caller;
    bool has_session = false;
  };
  /// nullopt: he was refused.
  std::optional<Administrator> administrator(Exposure exposure,
                                             const Request& request,
                                             Responder& responder,
                                             const RequestId& id);
  /// What is there for everybody; false: nothing was answered.
  bool serve_open(AdminRoute route,
                  const Request& request,
                  Responder& responder,
                  const RequestId& id);
  admin::Figures figures() const;
  void history(const Request& request, Responder& responder, const RequestId& id) const;
  void top(Responder& responder) const;
  void audit(Responder& responder) const;
  void purge(const Caller& caller,
             const Request& request,
             Responder& responder,
             const RequestId& id);
  void preview(const Caller& caller,
               const Request& request,
               Responder& responder,
               const RequestId& id);
  void log_in(const Request& request, Responder& responder, const RequestId& id);
  void log_out(const Administrator& who,
               const Request& request,
               Responder& responder,
               const RequestId& id);

  const ApiSettings& settings_;
  const ApiParts& parts_;
  const admin::RequestCounters& requests_;
  admin::TopIndicators& top_;
  CardService& cards_;
  const WallTime started_at_;
  admin::LoginCounters logins_;
  Sessions sessions_;
  LoginGuard guard_;
  admin::Audit audit_;
  admin::Purges purges_;
  CachePrewarmAsker prewarm_asker_;
  admin::PrewarmJobs jobs_;
  PrewarmApi prewarm_;
  admin::History history_;
  admin::Recorder recorder_;  ///< last: its thread reads all of the above
};

}  // namespace cardstock::http
