#pragma once
/// \file client_support.hpp
/// \brief What the tests of CurlClient share.
#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <cardstock/fetch/curl_client.hpp>

namespace cardstock::test {

using std::chrono::milliseconds;

/// Far above anything a sound run takes; reached only when the code under test has lost a call.
constexpr std::chrono::seconds kPatience{30};

inline std::unique_ptr<fetch::CurlClient> make_client(fetch::CurlSettings settings = {}) {
  auto client = fetch::CurlClient::create(std::move(settings));
  if (!client) throw std::runtime_error{client.error().public_detail + " " + client.error().cause};
  return *std::move(client);
}

inline fetch::HttpRequest get_request(std::string origin, std::string target = "/") {
  fetch::HttpRequest request;
  request.origin = std::move(origin);
  request.target = std::move(target);
  request.addresses = fetch::AddressPolicy::Any;
  return request;
}

/// A call whose outcome can be waited for.
struct Pending {
  fetch::HttpClient::Ticket ticket = 0;
  std::future<Result<fetch::HttpResponse>> outcome;

  Result<fetch::HttpResponse> wait() {
    if (outcome.wait_for(kPatience) != std::future_status::ready)
      throw std::runtime_error{"the call never ended"};
    return outcome.get();
  }
};

inline Pending send(fetch::HttpClient& client, fetch::HttpRequest request) {
  std::promise<Result<fetch::HttpResponse>> promise;
  Pending pending;
  pending.outcome = promise.get_future();
  pending.ticket = client.send(
      std::move(request), [promise = std::move(promise)](Result<fetch::HttpResponse> r) mutable {
        promise.set_value(std::move(r));
      });
  return pending;
}

inline Result<fetch::HttpResponse> call(fetch::HttpClient& client, fetch::HttpRequest request) {
  return send(client, std::move(request)).wait();
}

/// The error's name, or "ok": readable in a failed CHECK.
inline std::string outcome_name(const Result<fetch::HttpResponse>& result) {
  return result ? "ok" : std::string{name_of(result.error().code)};
}

}  // namespace cardstock::test
