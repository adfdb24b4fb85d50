#include "prewarm_api.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "card_request.hpp"

namespace cardstock::http {
namespace {

using admin::PrewarmJob;
using admin::PrewarmJobs;

constexpr std::size_t kMaxText = 256;  // of a column, and of a file's name
constexpr std::string_view kPlace = "/v1/admin/prewarm/";

int status_of(ErrorCode code) noexcept {
  if (code == ErrorCode::MalformedRequest || code == ErrorCode::MissingCredentials) return 400;
  if (code == ErrorCode::NotInCache) return 404;
  if (code == ErrorCode::Forbidden) return 409;
  if (code == ErrorCode::UnsupportedType) return 422;
  return code == ErrorCode::Busy ? 503 : 500;
}

void send_job(Responder& responder,
              const Result<PrewarmJob>& job,
              int status,
              const RequestId& id) {
  if (!job) {
    const int fault = status_of(job.error().code);
    return send_problem(responder, fault, job.error().public_detail, id, At::Elsewhere,
                        fault == 503 ? "Retry-After: 30\r\n" : "");
  }
  const std::string headers = std::string{kSafety} + "X-Request-Id: " + std::string{id.view()} +
                              "\r\nLocation: " + std::string{kPlace} + job->id + "\r\n";
  responder.send({.status = status, .headers = headers}, admin::prewarm_job_json(*job));
}

admin::PrewarmAsker asker_of(const Caller& caller, const Request& request, const RequestId& id) {
  return {caller.name, std::string{request.peer}, std::string{id.view()}};
}

PrewarmJobs::More more_of(const PrewarmQuery& query) noexcept {
  return query.more ? PrewarmJobs::More::Follows : PrewarmJobs::More::Last;
}

std::string_view media_type(std::string_view content_type) noexcept {
  return trim(content_type.substr(0, content_type.find(';')));
}

}  // namespace

bool is_list_type(std::string_view content_type) noexcept {
  constexpr std::array<std::string_view, 4> kOthers{
      "application/json", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"};
  const std::string_view type = media_type(content_type);
  return type.find('/') != std::string_view::npos &&
         std::ranges::none_of(
             kOthers, [type](std::string_view other) { return equal_ignoring_case(type, other); });
}

void PrewarmApi::serve_all(const Caller& caller,
                           const Request& request,
                           Responder& responder,
                           const RequestId& id) {
  if (request.method == "POST") return send_job(responder, create(caller, request, id), 202, id);
  std::string out;
  JsonWriter json{out};
  json.begin_object().key("jobs").begin_array();
  for (const PrewarmJob& job : jobs_.all()) json.raw(admin::prewarm_job_json(job));
  json.end_array().end_object();
  send_json(responder, out);
}

void PrewarmApi::serve_one(const Caller& caller,
                           const Request& request,
                           Responder& responder,
                           const RequestId& id) {
  const std::string_view job = request.path.substr(kPlace.size());
  if (request.method == "POST") return send_job(responder, append(request, job), 202, id);
  if (request.method == "DELETE")
    return send_job(responder, jobs_.cancel(job, asker_of(caller, request, id)), 200, id);
  send_job(responder, jobs_.find(job), 200, id);
}

Result<PrewarmJob> PrewarmApi::create(const Caller& caller,
                                      const Request& request,
                                      const RequestId& id) {
  const admin::PrewarmAsker who = asker_of(caller, request, id);
  if (!is_list_type(request.header("Content-Type"))) {
    Result<admin::PrewarmOrder> order = admin::read_prewarm_order(request.body);
    if (!order) return std::unexpected(order.error());
    return jobs_.create(*std::move(order), {}, PrewarmJobs::More::Last, who);
  }
  const Result<PrewarmQuery> query = read_prewarm_query(request.query);
  if (!query) return std::unexpected(query.error());
  admin::ListOrder order{.type = entity_type(query->type),
                         .column = query->column,
                         .name = std::string{cut(query->name, kMaxText)}};
  if (!query->type.empty() && !order.type)
    return fail(ErrorCode::UnsupportedType,
                "The types are IpAddress, InternetDomainName, URL, Hash and EmailAddress.");
  if (query->column.size() > kMaxText || query->offset)
    return fail(ErrorCode::MalformedRequest,
                "The first part has no offset, and a column is of at most 256 bytes.");
  return jobs_.create(std::move(order), request.body, more_of(*query), who);
}

Result<PrewarmJob> PrewarmApi::append(const Request& request, std::string_view job) {
  const Result<PrewarmQuery> query = read_prewarm_query(request.query);
  if (!query) return std::unexpected(query.error());
  const std::optional<std::uint64_t>& offset = query->offset;
  if (!offset)
    return fail(ErrorCode::MalformedRequest, "A further part says at which offset it is.");
  return jobs_.append(job, *offset, request.body, more_of(*query));
}

}  // namespace cardstock::http
