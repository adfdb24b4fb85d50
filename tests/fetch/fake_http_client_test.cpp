#include <support/fake_http_client.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <vector>

using cardstock::ErrorCode;
using cardstock::Result;
using cardstock::fetch::HttpRequest;
using cardstock::fetch::HttpResponse;
using cardstock::test::FakeHttpClient;

namespace {

HttpRequest request_for(std::string target) {
  HttpRequest request;
  request.target = std::move(target);
  return request;
}

}  // namespace

TEST_CASE("fake client: an answer reaches its own call before answer returns", "[fetch]") {
  FakeHttpClient client;
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  client.send(request_for("/a"), [&](Result<HttpResponse> r) { first = r->status; });
  client.send(request_for("/b"), [&](Result<HttpResponse> r) { second = r->status; });
  REQUIRE(client.wait_for_request(2));
  CHECK(client.request(1).target == "/b");
  CHECK(client.answer(1, FakeHttpClient::json("{}", 201)));
  CHECK(second == 201);
  CHECK(first == 0);
  CHECK(client.open_count() == 1);
  CHECK_FALSE(client.answer(1, FakeHttpClient::json("{}")));
  CHECK(client.answer(0, FakeHttpClient::json("{}")));
  CHECK(first == 200);
}

TEST_CASE("fake client: a cancelled call is given Cancelled once and no answer", "[fetch]") {
  FakeHttpClient client;
  std::atomic<int> calls{0};
  std::atomic<bool> was_cancelled{false};
  const auto ticket = client.send(request_for("/a"), [&](Result<HttpResponse> r) {
    ++calls;
    was_cancelled = !r && r.error().code == ErrorCode::Cancelled;
  });
  client.cancel(ticket);
  client.cancel(ticket);
  client.cancel(99);
  client.answer(0, FakeHttpClient::json("{}"));
  CHECK(calls == 1);
  CHECK(was_cancelled);
  CHECK(client.cancelled(0));
}

TEST_CASE("fake client: a responder answers what is sent after it, and may send from done",
          "[fetch]") {
  std::atomic<int> answered{0};
  std::atomic<int> given_up{0};
  {
    FakeHttpClient client;
    client.send(request_for("/before"), [&](Result<HttpResponse> r) { given_up += !r; });
    client.respond_with([](const HttpRequest& r) -> std::optional<Result<HttpResponse>> {
      if (r.target == "/held") return std::nullopt;
      return FakeHttpClient::json(r.target);
    });
    client.send(request_for("/first"), [&](Result<HttpResponse> r) {
      answered += r->body == "/first";
      client.send(request_for("/second"),
                  [&](Result<HttpResponse> s) { answered += s->body == "/second"; });
    });
    client.send(request_for("/held"), [&](Result<HttpResponse> r) { given_up += !r; });
    REQUIRE(client.wait_for_request(4));
  }
  CHECK(answered == 2);
  CHECK(given_up == 2);
}
