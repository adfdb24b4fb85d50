#pragma once
/// \file stand.hpp
/// \brief The real service on a free port, the simulator beside it, a store of its own: as a user
/// runs them.
#include <memory>
#include <string>

#include <simdjson.h>
#include <catch2/catch.hpp>

#include <cardstock/app/service.hpp>
#include <cardstock/simulator/simulator.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/json_writer.hpp>

#include "support/event_log.hpp"
#include "support/http_call.hpp"
#include "support/temporary_directory.hpp"

namespace cardstock::test {

/// A JSON document that keeps its text alive.
class Json {
 public:
  explicit Json(const std::string& text) : text_{text} {
    if (parser_->parse(text_).get(root_) != simdjson::SUCCESS)
      throw std::runtime_error{"not JSON: " + text};
  }
  /// Text at a JSON pointer such as "/card/owner_name"; "(none)" when there is nothing.
  std::string text(const char* pointer) const {
    std::string_view value;
    if (root_.at_pointer(pointer).get(value) == simdjson::SUCCESS) return std::string{value};
    std::int64_t number = 0;
    if (root_.at_pointer(pointer).get(number) == simdjson::SUCCESS) return std::to_string(number);
    return "(none)";
  }
  std::int64_t number(const char* pointer) const { return std::int64_t{root_.at_pointer(pointer)}; }
  bool has(const char* pointer) const {
    simdjson::dom::element ignored;
    return root_.at_pointer(pointer).get(ignored) == simdjson::SUCCESS;
  }
  std::size_t size(const char* pointer) const {
    return root_.at_pointer(pointer).get_array().size();
  }

 private:
  std::string text_;
  std::unique_ptr<simdjson::dom::parser> parser_ = std::make_unique<simdjson::dom::parser>();
  simdjson::dom::element root_;
};

/// Two organizations that do not see each other's data, and a source that both see.
inline constexpr const char* kInstance = R"json({
  "owners": [
    {"id": 1, "name": "Org A", "type": "Organization"},
    {"id": 2, "name": "Org B", "type": "Organization"},
    {"id": 3, "name": "Shared Source", "type": "Source"}
  ],
  "credentials": [
    {"name": "alice", "api_id": "alice", "secret": "alice's secret/+=", "organization": "Org A", "owners": ["Org A", "Shared Source"]},
    {"name": "bob", "api_id": "bob", "secret": "bob-secret", "organization": "Org B", "owners": ["Org B", "Shared Source"]}
  ],
  "indicators": []
})json";

class Stand {
 public:
  explicit Stand(const std::string& data, const std::function<void(cli::Config&)>& adjust = {}) {
    auto started = simulator::Simulator::start({}, data, clock);
    INFO((started ? std::string{} : started.error().public_detail));
    REQUIRE(started);
    upstream = *std::move(started);
    config.server.listen = {{"127.0.0.1", 0}};
    config.server.workers = 2;
    config.admin.listen = {"127.0.0.1", 0};
    config.threatconnect.base_url = base_url();
    config.threatconnect.api_id = "alice";
    config.threatconnect.api_secret = Secret{"alice's secret/+="};
    config.threatconnect.default_owner = "Org A";
    config.threatconnect.pass_through_hosts = {"http://127.0.0.1:" +
                                               std::to_string(upstream->port())};
    config.limits = {.requests_per_minute = 0, .burst = 0, .concurrent = 4};
    config.store.path = folder.file("cardstock.db");
    if (adjust) adjust(config);
    start();
  }
  void start() {
    auto started = app::RunningService::start(config, log);
    INFO((started ? std::string{} : started.error().public_detail + " / " + started.error().cause));
    REQUIRE(started);
    service = *std::move(started);
  }
  void restart() {
    service.reset();
    start();
  }
  std::string base_url() const {
    return "http://127.0.0.1:" + std::to_string(upstream->port()) + "/api";
  }
  std::string auth(const std::string& id = "alice",
                   const std::string& secret = "alice's secret/+=") const {
    return R"({"base_url":)" + json_string(base_url()) + R"(,"api_id":)" + json_string(id) +
           R"(,"api_secret":)" + json_string(secret) + "}";
  }
  HttpAnswer post(const std::string& type,
                  const std::string& name,
                  const std::string& auth_json) const {
    return http_call("POST", service->url() + "/v1/card",
                     R"({"entity":{"name":)" + json_string(name) + R"(,"type":)" +
                         json_string(type) + R"(},"auth":)" + auth_json + "}");
  }
  HttpAnswer get(const std::string& type,
                 const std::string& name,
                 std::vector<std::string> headers = {}) const {
    return http_call("GET",
                     service->url() + "/v1/card?type=" + type + "&name=" + percent_encode(name), {},
                     std::move(headers));
  }
  Json stats() const {
    return Json{http_call("GET", service->admin_url() + "/v1/admin/stats").body};
  }
  std::size_t upstream_calls() const { return upstream->log().size(); }

  SystemClock clock;
  EventLog log;
  TemporaryDirectory folder;
  cli::Config config;
  std::unique_ptr<simulator::Simulator> upstream;
  std::unique_ptr<app::RunningService> service;
};

}  // namespace cardstock::test
