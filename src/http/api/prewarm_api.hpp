#pragma once
/// \file prewarm_api.hpp
/// \brief The routes of prewarm jobs, for an administrator who has been let in.
///
/// Threads: any. Blocking: the disk, for the parts of a list. Errors: problem documents.
#include <string_view>

#include <cardstock/admin/prewarm_jobs.hpp>
#include <cardstock/http/transport/server.hpp>

#include "callers.hpp"
#include "plain_answer.hpp"

namespace cardstock::http {

class PrewarmApi {
 public:
  /// It outlives this.
  explicit PrewarmApi(admin::PrewarmJobs& jobs) : jobs_{jobs} {}

  /// GET: all jobs; POST: a new one.
  void serve_all(const Caller& caller,
                 const Request& request,
                 Responder& responder,
                 const RequestId& id);
  /// GET: the job that the path names; POST: the next part of its list; DELETE: cancels it.
  void serve_one(const Caller& caller,
                 const Request& request,
                 Responder& responder,
                 const RequestId& id);

 private:
  Result<admin::PrewarmJob> create(const Caller& caller,
                                   const Request& request,
                                   const RequestId& id);
  Result<admin::PrewarmJob> append(const Request& request, std::string_view job);

  admin::PrewarmJobs& jobs_;
};

/// Whether a list may be sent as this: not as what a page of another site may send unasked (Fetch
/// standard, CORS-safelisted request-header), nor as JSON, which is an order.
bool is_list_type(std::string_view content_type) noexcept;

}  // namespace cardstock::http
