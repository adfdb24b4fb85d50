#pragma once
/// \file open_store.hpp
/// \brief The store and the tenants that a configuration names: for the service, and for commands
/// that work on the store alone.
///
/// Blocking: disk. Errors: InvalidConfig names the setting; StoreFailed.
#include <memory>

#include <cardstock/cli/config.hpp>
#include <cardstock/enrich/tenant.hpp>
#include <cardstock/store/record_store.hpp>
#include <cardstock/util/clock.hpp>
#include <cardstock/util/log.hpp>
#include <cardstock/util/random.hpp>
#include <cardstock/util/result.hpp>
#include <cardstock/util/secret.hpp>

namespace cardstock::app {

struct OpenStore {
  Secret installation_key;
  std::unique_ptr<store::RecordStore> store;
};

/// Makes what is not there yet. `clock`, `random` and `log` must outlive the store.
Result<OpenStore> open_store(const cli::Config& config,
                             const Clock& clock,
                             Random& random,
                             Log& log);

Result<enrich::Tenants> make_tenants(const cli::Config& config, Secret installation_key);

}  // namespace cardstock::app
