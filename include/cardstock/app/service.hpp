#pragma once
/// \file service.hpp
/// \brief The whole service, wired from one configuration: the only place that names concrete
/// classes.
///
/// Threads: start, stop and the destructor from one thread. Blocking: start opens the store; stop
/// waits for owed answers, at most its limit. Errors: InvalidConfig names the setting; StoreFailed.
/// Owns: every part, in the order in which they depend on one another. Stored: `<store.path>.key`,
/// the secret of this installation (mode 0600); without it the rows of the store belong to nobody.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <cardstock/cli/config.hpp>
#include <cardstock/fetch/http_client.hpp>
#include <cardstock/store/record_store.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::app {

class RunningService {
 public:
  static Result<std::unique_ptr<RunningService>> start(const cli::Config& config, Log& log);
  /// As stop(0).
  ~RunningService();
  RunningService(const RunningService&) = delete;
  RunningService& operator=(const RunningService&) = delete;

  /// Ports that are bound, in the order of server.listen.
  const std::vector<std::uint16_t>& ports() const noexcept;
  std::uint16_t admin_port() const noexcept;
  /// Where the listeners are, as `http://…` or `https://…`.
  std::string url() const;
  std::string admin_url() const;
  store::RecordStore& store() noexcept;

  /// Reads the certificate and its key again, for the connections to come; nothing without TLS.
  /// Errors: InvalidConfig, and the former pair stays.
  Status reload_certificate();
  /// Takes no more requests, answers those in flight within `limit`, commits what was fetched. True
  /// when nobody was cut off.
  bool stop(std::chrono::milliseconds limit);

 private:
  struct Impl;
  explicit RunningService(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A client that reaches ThreatConnect as `section` says. Errors: InvalidConfig, Internal.
Result<std::unique_ptr<fetch::HttpClient>> upstream_client(
    const cli::ThreatConnectSection& section);

/// The version of this program, as CMake knows it.
std::string version();

}  // namespace cardstock::app
