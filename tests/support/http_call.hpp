#pragma once
/// \file http_call.hpp
/// \brief One blocking HTTP request by libcurl, as any client would send it.
#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <curl/curl.h>

#include <cardstock/util/text.hpp>

namespace cardstock::test {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::string header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string{} : it->second;
  }
};

/// Throws std::runtime_error when no answer came within 60 s. `headers` as `Name: value`.
/// `ca_file`: the authorities that a server may be certified by; empty: the system's.
inline HttpAnswer http_call(const std::string& method,
                            const std::string& url,
                            const std::string& body = {},
                            std::vector<std::string> headers = {},
                            const std::string& ca_file = {}) {
  HttpAnswer answer;
  CURL* const easy = curl_easy_init();
  if (easy == nullptr) throw std::runtime_error{"curl_easy_init failed"};
  curl_slist* list = nullptr;
  const auto is_type = [](const std::string& header) {
    return starts_with_ignoring_case(header, "content-type:");
  };
  if (!body.empty() && std::none_of(headers.begin(), headers.end(), is_type))
    headers.emplace_back("Content-Type: application/json");
  headers.emplace_back("Expect:");
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
  if (!ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
  if (method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (!body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
  }
  using Sink = size_t (*)(char*, size_t, size_t, void*);
  const Sink on_body = [](char* data, size_t size, size_t count, void* to) -> size_t {
    static_cast<HttpAnswer*>(to)->body.append(data, size * count);
    return size * count;
  };
  const Sink on_header = [](char* data, size_t size, size_t count, void* to) -> size_t {
    const std::string_view line{data, size * count};
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos)
      static_cast<HttpAnswer*>(to)->headers[to_lower(line.substr(0, colon))] =
          trim(line.substr(colon + 1));
    return size * count;
  };
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer);
  const CURLcode code = curl_easy_perform(easy);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(list);
  curl_easy_cleanup(easy);
  if (code != CURLE_OK)
    throw std::runtime_error{method + " " + url + ": " + curl_easy_strerror(code)};
  answer.status = static_cast<int>(status);
  return answer;
}

}  // namespace cardstock::test
