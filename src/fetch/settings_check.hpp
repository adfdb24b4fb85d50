#pragma once
/// \file settings_check.hpp
/// \brief Finds at start-up what would otherwise fail at the first call.
/// Threads: none. Blocking: reads ca_file. Errors: InvalidConfig; public_detail says what was
/// expected. Limits: ca_file 16 MiB.
#include <cardstock/fetch/curl_client.hpp>

namespace cardstock::fetch {

Status check_settings(const CurlSettings& settings);

}  // namespace cardstock::fetch
