#pragma once
/// \file doctor_checks.hpp
/// \brief The checks of `cardstock doctor`, one function an area; each adds its findings.
#include <string>

#include <cardstock/cli/config.hpp>

#include "app/commands/context.hpp"
#include "app/commands/findings.hpp"
#include "app/commands/service.hpp"

namespace cardstock::app {

/// The store's folder, file, key and space, as this user sees them. Blocking: disk.
void check_store(const cli::StoreSection& store, Findings& findings);

/// Whether `path`, a metadata.json that was uploaded, declares every key that a card can hold.
/// Blocking: disk. Limits: 1 MiB.
void check_metadata(const std::string& path, Findings& findings);

/// Whether the listener's certificate and key can be used, where they are set. Blocking: disk.
void check_certificate(const cli::ServerSection& server, Findings& findings);

/// Reach, base URL, credentials, clock, owners. `upstream.http` is the client for ThreatConnect.
/// Blocking: network.
void check_threatconnect(const cli::ThreatConnectSection& section,
                         CommandContext& upstream,
                         Findings& findings);

/// One listener of the running service; of the admin one also what it says of itself. Blocking:
/// network.
void check_listener(const cli::ServiceOptions& options,
                    Listener listener,
                    const std::string& version,
                    CommandContext& context,
                    Findings& findings);

}  // namespace cardstock::app
