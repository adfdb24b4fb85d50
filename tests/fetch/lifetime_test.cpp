#include <array>
#include <atomic>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include <support/raw_server.hpp>
#include "client_support.hpp"

using namespace cardstock;
using namespace cardstock::test;
using fetch::CurlSettings;
using fetch::HttpResponse;

namespace {

/// Never answers; counts the requests that came in.
class SilentServer {
 public:
  std::string origin() const { return server_.origin(); }
  std::size_t connection_count() const { return server_.connection_count(); }
  void wait_for_requests(std::size_t count) {
    const LockGuard lock{mutex_};
    while (requests_ < count) changed_.wait(mutex_);
  }

 private:
  void serve(RawConnection& connection) {
    if (connection.read_head().empty()) return;
    {
      const LockGuard lock{mutex_};
      ++requests_;
    }
    changed_.notify_all();
    connection.wait_for_close();
  }

  Mutex mutex_;
  Condition changed_;
  std::size_t requests_ CARDSTOCK_GUARDED_BY(mutex_) = 0;
  RawServer server_{[this](RawConnection& connection) { serve(connection); }};
};

}  // namespace

TEST_CASE("client: two hundred calls at once from several threads are each answered with their own",
          "[fetch]") {
  RawServer server{[](RawConnection& connection) {
    for (std::string head = connection.read_head(); !head.empty(); head = connection.read_head())
      connection.write(raw_answer(head.substr(0, head.find("\r\n"))));
  }};
  const auto client = make_client();
  std::mutex mutex;
  std::vector<std::pair<std::string, Pending>> pending;
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 4; ++sender)
    senders.emplace_back([&, sender] {
      for (int i = 0; i < 50; ++i) {
        const std::string target = "/" + std::to_string(sender) + "/" + std::to_string(i);
        Pending one = send(*client, get_request(server.origin(), target));
        const std::lock_guard lock{mutex};
        pending.emplace_back(target, std::move(one));
      }
    });
  for (std::thread& sender : senders) sender.join();
  for (auto& [target, one] : pending) {
    const auto result = one.wait();
    REQUIRE(outcome_name(result) == "ok");
    CHECK(result->body == "GET " + target + " HTTP/1.1");
  }
  CHECK(server.connection_count() <= 8);
  CHECK(client->counters().answered == 200);
  CHECK(client->counters().open == 0);
}

TEST_CASE(
    "client: no more connections are open at once than allowed, and a freed one serves another "
    "host",
    "[fetch]") {
  SilentServer a;
  SilentServer b;
  CurlSettings settings;
  settings.max_connections = 3;
  settings.max_connections_per_host = 2;
  auto client = make_client(settings);
  std::vector<Pending> pending;
  for (int i = 0; i < 4; ++i) pending.push_back(send(*client, get_request(a.origin())));
  a.wait_for_requests(2);
  for (int i = 0; i < 4; ++i) pending.push_back(send(*client, get_request(b.origin())));
  b.wait_for_requests(1);
  CHECK(client->counters().open == 8);
  for (std::size_t i = 4; i-- > 0;)
    client->cancel(pending[i].ticket);  // those that wait first, so that none starts
  for (std::size_t i = 0; i < 4; ++i) CHECK(outcome_name(pending[i].wait()) == "cancelled");
  b.wait_for_requests(2);
  CHECK(a.connection_count() == 2);
  client.reset();
  for (std::size_t i = 4; i < 8; ++i) CHECK(outcome_name(pending[i].wait()) == "cancelled");
  CHECK(b.connection_count() == 2);
}

TEST_CASE("client: tickets differ and are not zero", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const auto client = make_client();
  auto first = send(*client, get_request(server.origin()));
  auto second = send(*client, get_request(server.origin()));
  CHECK(first.ticket != 0);
  CHECK(first.ticket != second.ticket);
  first.wait();
  second.wait();
}

TEST_CASE("client: a cancelled call ends as Cancelled, waiting or under way", "[fetch]") {
  SilentServer server;
  CurlSettings settings;
  settings.max_connections_per_host = 1;
  const auto client = make_client(settings);
  auto under_way = send(*client, get_request(server.origin()));
  server.wait_for_requests(1);
  auto waiting = send(*client, get_request(server.origin()));
  client->cancel(waiting.ticket);
  CHECK(outcome_name(waiting.wait()) == "cancelled");
  client->cancel(under_way.ticket);
  CHECK(outcome_name(under_way.wait()) == "cancelled");
  CHECK(client->counters().failed == 2);
  CHECK(client->counters().open == 0);
}

TEST_CASE("client: cancelling a call that is over, or none, does nothing", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const auto client = make_client();
  auto over = send(*client, get_request(server.origin()));
  CHECK(outcome_name(over.wait()) == "ok");
  client->cancel(over.ticket);
  client->cancel(0);
  client->cancel(1'000'000);
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "ok");
  CHECK(client->counters().answered == 2);
}

TEST_CASE("client: calls cancelled while their answers come end once each", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const auto client = make_client();
  std::atomic<int> ended{0};
  std::vector<fetch::HttpClient::Ticket> tickets;
  std::promise<void> all;
  for (int i = 0; i < 100; ++i)
    tickets.push_back(client->send(get_request(server.origin()), [&](Result<HttpResponse> result) {
      CHECK((result || result.error().code == ErrorCode::Cancelled));
      if (++ended == 100) all.set_value();
    }));
  for (const auto ticket : tickets) client->cancel(ticket);
  REQUIRE(all.get_future().wait_for(kPatience) == std::future_status::ready);
  CHECK(outcome_name(call(*client, get_request(server.origin()))) == "ok");
  CHECK(ended == 100);
}

TEST_CASE("client: a cancel that returned before done was called binds, with the answer at hand",
          "[fetch]") {
  // 1. two requests are with the server; 2. the client's thread stands in the done of a third
  // call; 3. both answers are in the client's sockets; 4. it goes on and reads both in one
  // round; 5. the done of the one cancels the other.
  std::latch asked{2};
  std::latch answered{2};
  std::promise<void> answer_now;
  std::shared_future<void> may_answer = answer_now.get_future().share();
  RawServer server{[&](RawConnection& connection) {
    if (connection.read_head().empty()) return;
    asked.count_down();
    may_answer.wait();
    connection.write(raw_answer("x"));
    answered.count_down();
    connection.wait_for_close();
  }};
  RawServer other{always(raw_answer("x"))};
  const auto client = make_client();
  std::array<std::atomic<fetch::HttpClient::Ticket>, 2> tickets{};
  std::array<std::promise<std::string>, 2> outcomes;
  for (std::size_t i = 0; i < 2; ++i)
    tickets[i] = client->send(get_request(server.origin()), [&, i](Result<HttpResponse> result) {
      client->cancel(tickets[1 - i]);
      outcomes[i].set_value(outcome_name(result));
    });
  asked.wait();
  client->send(get_request(other.origin()), [&](Result<HttpResponse>) {
    answer_now.set_value();
    answered.wait();
  });
  const std::string first = outcomes[0].get_future().get();
  const std::string second = outcomes[1].get_future().get();
  CHECK((first == "ok") != (second == "ok"));
  CHECK((first == "cancelled") != (second == "cancelled"));
}

TEST_CASE("client: the destructor ends every open call as Cancelled, once", "[fetch]") {
  SilentServer server;
  std::atomic<int> cancelled{0};
  std::atomic<int> ended{0};
  {
    const auto client = make_client();
    for (int i = 0; i < 20; ++i)
      client->send(get_request(server.origin()), [&](Result<HttpResponse> result) {
        ++ended;
        cancelled += !result && result.error().code == ErrorCode::Cancelled ? 1 : 0;
      });
    server.wait_for_requests(8);
  }
  CHECK(cancelled == 20);
  CHECK(ended == 20);
}

TEST_CASE("client: a destructor right behind a send loses no call", "[fetch]") {
  SilentServer server;
  for (int round = 0; round < 20; ++round) {
    Pending pending;
    {
      const auto client = make_client();
      pending = send(*client, get_request(server.origin()));
    }
    CHECK(outcome_name(pending.wait()) == "cancelled");
  }
}

TEST_CASE("client: what is sent from a done at shutdown is Cancelled too", "[fetch]") {
  SilentServer server;
  std::promise<std::string> outcome;
  {
    auto client = make_client();
    auto* const raw = client.get();
    client->send(get_request(server.origin()), [&, raw](Result<HttpResponse>) {
      raw->send(get_request(server.origin()),
                [&](Result<HttpResponse> r) { outcome.set_value(outcome_name(r)); });
    });
    server.wait_for_requests(1);
  }
  CHECK(outcome.get_future().get() == "cancelled");
}

TEST_CASE("client: one call above the limit of the queue is Busy, and a place becomes free again",
          "[fetch]") {
  SilentServer server;
  CurlSettings settings;
  settings.max_queued = 3;
  const auto client = make_client(settings);
  std::vector<Pending> pending;
  for (int i = 0; i < 3; ++i) pending.push_back(send(*client, get_request(server.origin())));
  const auto refused = call(*client, get_request(server.origin()));
  CHECK(outcome_name(refused) == "busy");
  CHECK(client->counters().open == 3);
  client->cancel(pending[1].ticket);
  CHECK(outcome_name(pending[1].wait()) == "cancelled");
  auto last = send(*client, get_request(server.origin()));
  CHECK(client->counters().open == 3);
  client->cancel(last.ticket);
  CHECK(outcome_name(last.wait()) == "cancelled");
}

TEST_CASE("client: done runs on the client's thread, also for calls refused at once", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  const auto client = make_client();
  const auto thread_of = [&](fetch::HttpRequest request) {
    std::promise<std::pair<std::thread::id, std::string>> where;
    client->send(std::move(request), [&](Result<HttpResponse>) {
      std::array<char, 16> name{};
      pthread_getname_np(pthread_self(), name.data(), name.size());
      where.set_value({std::this_thread::get_id(), name.data()});
    });
    return where.get_future().get();
  };
  const auto answered = thread_of(get_request(server.origin()));
  const auto refused = thread_of(get_request("nonsense"));
  CHECK(answered.second == "cs-fetch");
  CHECK(answered.first == refused.first);
  CHECK(answered.first != std::this_thread::get_id());
}

TEST_CASE("client: a done may send and cancel", "[fetch]") {
  RawServer server{always(raw_answer("x"))};
  SilentServer silent;
  const auto client = make_client();
  auto open = send(*client, get_request(silent.origin()));
  std::promise<std::string> outcome;
  std::atomic<int> chain{0};
  std::function<void(Result<HttpResponse>)> next = [&](Result<HttpResponse> result) {
    if (!result || ++chain == 10) {
      client->cancel(open.ticket);
      outcome.set_value(outcome_name(result));
      return;
    }
    client->send(get_request(server.origin()), next);
  };
  client->send(get_request(server.origin()), next);
  CHECK(outcome.get_future().get() == "ok");
  CHECK(outcome_name(open.wait()) == "cancelled");
  CHECK(chain == 10);
  CHECK(server.connection_count() == 1);
}
