#pragma once
/// \file curl_errors.hpp
/// \brief What a call that libcurl ended without an answer means to us.
/// Threads: pure. Blocking: no. Errors: none.
#include <string>
#include <string_view>

#include <curl/curl.h>

#include <cardstock/util/result.hpp>

namespace cardstock::fetch {

/// How far a call had come when its time was up.
enum class Stage { Queued, Resolving, Connecting, Waiting, Reading };

struct Failure {
  CURLcode code = CURLE_OK;
  std::string_view host;        ///< of the origin; named in the sentence
  std::string_view curl_text;   ///< libcurl's own words; they name hosts and certificates, never
                                ///< target or headers
  Stage stage = Stage::Queued;  ///< when it ended
  bool by_proxy = false;
  bool in_proxy_tls = false;      ///< the proxy speaks TLS and had not yet opened the way
  bool answer_begun = false;      ///< at least one byte of an answer's head came
  bool answer_too_large = false;  ///< our callbacks cut it
  bool address_refused = false;   ///< every address that libcurl tried was one we do not call
};

/// The cause holds libcurl's number and text, never the target, a header or a proxy's credentials.
Error error_of(const Failure& failure);

Error timeout_error(std::string_view host, Stage stage);

}  // namespace cardstock::fetch
