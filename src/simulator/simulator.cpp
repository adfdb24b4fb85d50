#include <cardstock/simulator/simulator.hpp>

#include <algorithm>
#include <deque>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/mutex.hpp>
#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

#include "answers.hpp"
#include "authenticate.hpp"
#include "data.hpp"
#include "faults.hpp"
#include "later.hpp"

namespace cardstock::simulator {
namespace {

constexpr std::string_view kAdmin = "/_simulator/";

void write_logged(JsonWriter& json, const LoggedRequest& one) {
  json.begin_object().field("method", one.method).field("target", one.target).field("tql", one.tql);
  json.field("credential", one.credential)
      .field("values", std::uint64_t{one.values})
      .field("status", one.status);
  json.field("time", to_rfc3339(one.time)).end_object();
}

}  // namespace

struct Simulator::Impl {
  Impl(SimulatorSettings given, const Clock& with_clock)
      : settings{std::move(given)}, clock{with_clock} {}

  Status load(std::string_view json) CARDSTOCK_EXCLUDES(mutex) {
    auto read = read_instance(json);
    if (!read) return std::unexpected(read.error());
    const LockGuard lock{mutex};
    instance = *std::move(read);
    return {};
  }
  std::shared_ptr<const Instance> data() CARDSTOCK_EXCLUDES(mutex) {
    const LockGuard lock{mutex};
    return instance;
  }

  void remember(LoggedRequest one) CARDSTOCK_EXCLUDES(mutex) {
    if (settings.observer) settings.observer(one);
    const LockGuard lock{mutex};
    ++seen;
    logged.push_back(std::move(one));
    if (logged.size() > kMaxLogged) logged.pop_front();
  }

  void serve(const http::Request& request, http::Responder& responder) {
    if (request.path.starts_with(kAdmin)) return administer(request, responder);
    const auto current = data();
    const std::optional<Fault> fault = faults.take(request);
    LoggedRequest one{.method = std::string{request.method},
                      .target = std::string{request.target},
                      .credential = claimed_credential(*current, request),
                      .time = clock.wall()};
    Answer answer = misbehaved(fault) ? Answer{} : answer_of(*current, request, fault, one);
    if (fault && fault->status) answer = error_answer(*fault->status, "An unknown error occurred");
    if (fault && fault->body) {
      answer.body = *fault->body;
      answer.status = fault->status.value_or(200);
    }
    const bool silent = fault && (fault->hang || fault->close == Fault::Close::Before);
    one.status = silent ? 0 : answer.status;
    remember(std::move(one));
    deliver(responder, fault, std::move(answer));
  }

  static bool misbehaved(const std::optional<Fault>& fault) {
    return fault &&
           (fault->hang || fault->status || fault->body || fault->close == Fault::Close::Before);
  }

  void deliver(http::Responder& responder, const std::optional<Fault>& fault, Answer answer) {
    if (fault && fault->hang) return later.never(responder.defer());
    std::string headers;
    if (fault) {
      for (const auto& [name, value] : fault->headers) {
        if (equal_ignoring_case(name, "Content-Type")) {
          answer.content_type = value;
        } else {
          headers += name;
          headers += ": ";
          headers += value;
          headers += "\r\n";
        }
      }
    }
    const std::chrono::milliseconds delay =
        settings.delay + (fault ? fault->delay : std::chrono::milliseconds{0});
    const Fault::Close close = fault ? fault->close : Fault::Close::No;
    if (close == Fault::Close::No && delay.count() == 0) {
      return responder.send(
          {.status = answer.status, .content_type = answer.content_type, .headers = headers},
          answer.body);
    }
    const auto act = [answer = std::move(answer), headers = std::move(headers),
                      close](http::Deferred& deferred) {
      switch (close) {
        case Fault::Close::No:
          return deferred.send(
              {.status = answer.status, .content_type = answer.content_type, .headers = headers},
              answer.body);
        case Fault::Close::Before:
          return deferred.break_off("");
        case Fault::Close::Middle:
          return deferred.break_off(
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(answer.body.size()) + "\r\n\r\n" +
              answer.body.substr(0, answer.body.size() / 2));
      }
    };
    later.at(std::chrono::steady_clock::now() + delay, responder.defer(), act);
  }

  Answer answer_of(const Instance& current,
                   const http::Request& request,
                   const std::optional<Fault>& fault,
                   LoggedRequest& one) {
    const auto base = base_of(request.path);
    if (!base)
      return {404, "text/html",
              "<html><body>There is nothing here. Is the base URL right?</body></html>"};
    if (request.method != "GET") return error_answer(405, "The method is not allowed");
    const WallTime now = clock.wall() + (fault ? fault->clock_offset : std::chrono::seconds{0});
    const auto who = authenticate(current, request, now);
    if (!who) return error_answer(401, who.error().public_detail);
    const std::string_view call = request.path.substr(base->size());
    const std::string origin = settings.public_origin.empty()
                                   ? "http://" + std::string{request.header("Host")}
                                   : settings.public_origin;
    const Links links{origin + *base, fault ? fault->next : std::nullopt};
    if (call == "/v3/indicators") {
      const auto query = read_query(request);
      if (query) {
        one.tql = query->tql;
        if (const auto tree = parse_tql(query->tql)) one.values = asked_values(*tree);
      }
      return indicators(current, **who, query, links,
                        settings.ignore_case ? ValueCase::Ignored : ValueCase::Exact);
    }
    if (call == "/v3/security/owners") return owners_v3(current, **who, read_query(request), links);
    if (call == "/v3/security/users") return users_v3(current, **who);
    if (call == "/v2/owners") return owners_v2(current, **who);
    if (call == "/v2/owners/mine") return own_owner_v2(current, **who);
    if (call == "/v2/whoami") return who_am_i_v2(current, **who);
    return error_answer(404, "The requested resource was not found");
  }

  std::optional<std::string> base_of(std::string_view path) const {
    for (const std::string& base : settings.base_paths)
      if (path.starts_with(base + "/v3/") || path.starts_with(base + "/v2/")) return base;
    return std::nullopt;
  }

  /// From this machine only, and no signature: whoever reaches it can read the data file anyway.
  void administer(const http::Request& request, http::Responder& responder) {
    const std::string_view what = request.path.substr(kAdmin.size());
    const auto answer = [&](int status, std::string_view body) {
      responder.send({.status = status}, body);
    };
    const auto answer_status = [&](const Status& status) {
      if (status) return answer(200, R"({"status":"Success"})");
      answer(400, error_answer(400, status.error().public_detail).body);
    };
    if (!request.peer_is_loopback)
      return answer(403, error_answer(403, "Only from this machine").body);
    if (what == "faults" && request.method == "POST") {
      Result<Fault> fault = read_fault(request.body);
      return answer_status(fault ? faults.add(*std::move(fault))
                                 : Status{std::unexpected(fault.error())});
    }
    if (what == "faults" && request.method == "DELETE") {
      faults.clear();
      return answer_status({});
    }
    if (what == "data" && request.method == "PUT") return answer_status(load(request.body));
    if (what == "log" && request.method == "GET") return answer(200, log_json());
    if (what == "log" && request.method == "DELETE") {
      clear_log();
      return answer_status({});
    }
    answer(404, error_answer(404, "No such call of the simulator").body);
  }

  std::string log_json() CARDSTOCK_EXCLUDES(mutex) {
    std::string body;
    JsonWriter json{body};
    const LockGuard lock{mutex};
    json.begin_object().field("requests", seen).key("log").begin_array();
    for (const LoggedRequest& one : logged) write_logged(json, one);
    json.end_array().end_object();
    return body;
  }

  void clear_log() CARDSTOCK_EXCLUDES(mutex) {
    const LockGuard lock{mutex};
    logged.clear();
    seen = 0;
  }

  const SimulatorSettings settings;
  const Clock& clock;
  Faults faults;
  Mutex mutex;  ///< guards the next three
  std::shared_ptr<const Instance> instance CARDSTOCK_GUARDED_BY(mutex);
  std::deque<LoggedRequest> logged CARDSTOCK_GUARDED_BY(mutex);
  std::uint64_t seen CARDSTOCK_GUARDED_BY(mutex) = 0;
  Later later;
  std::unique_ptr<http::Server> server;
};

Simulator::Simulator(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Simulator::~Simulator() {
  impl_->server.reset();
}

Result<std::unique_ptr<Simulator>> Simulator::start(SimulatorSettings settings,
                                                    std::string_view data_json,
                                                    const Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(settings), clock);
  if (const Status loaded = impl->load(data_json); !loaded) return std::unexpected(loaded.error());
  http::ServerConfig config{.address = impl->settings.address,
                            .port = impl->settings.port,
                            .workers = impl->settings.workers,
                            .name = "cs-sim"};
  config.limits.body_bytes = kMaxData;
  auto server = http::Server::start(
      std::move(config),
      [self = impl.get()](const http::Request& request, http::Responder& responder) {
        self->serve(request, responder);
      });
  if (!server) return std::unexpected(server.error());
  impl->server = *std::move(server);
  return std::unique_ptr<Simulator>{new Simulator{std::move(impl)}};
}

std::uint16_t Simulator::port() const noexcept {
  return impl_->server->port();
}
Status Simulator::set_fault(Fault fault) {
  return impl_->faults.add(std::move(fault));
}
void Simulator::clear_faults() {
  impl_->faults.clear();
}

std::vector<LoggedRequest> Simulator::log() const {
  const LockGuard lock{impl_->mutex};
  return {impl_->logged.begin(), impl_->logged.end()};
}

std::uint64_t Simulator::requests() const {
  const LockGuard lock{impl_->mutex};
  return impl_->seen;
}

void Simulator::clear_log() {
  impl_->clear_log();
}
Status Simulator::replace_data(std::string_view json) {
  return impl_->load(json);
}

}  // namespace cardstock::simulator
