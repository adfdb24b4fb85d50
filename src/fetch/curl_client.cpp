#include <cardstock/fetch/curl_client.hpp>

#include <pthread.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include <cardstock/util/mutex.hpp>
#include <cardstock/util/secret.hpp>
#include "address_policy.hpp"
#include "admission.hpp"
#include "curl_call.hpp"
#include "settings_check.hpp"

namespace cardstock::fetch {
namespace {

using Ticket = HttpClient::Ticket;
using std::chrono::milliseconds;

/// The longest wait without a deadline to watch; curl's own timers and curl_multi_wakeup end it
/// earlier.
constexpr milliseconds kIdle{60'000};
/// Between tries when poll(2) itself fails (no memory), so that the thread does not spin.
constexpr milliseconds kPollFailed{20};

struct MultiDeleter {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
using MultiHandle = std::unique_ptr<CURLM, MultiDeleter>;

Error cancelled_error() {
  return Error{ErrorCode::Cancelled, "The request was given up.", "cancelled"};
}

/// libcurl's set-up is for the whole process and lasts until it ends.
bool initialise_curl() {
  static std::once_flag once;
  static CURLcode code = CURLE_FAILED_INIT;
  std::call_once(once, [] { code = curl_global_init(CURL_GLOBAL_DEFAULT); });
  return code == CURLE_OK;
}

}  // namespace

struct CurlClient::Impl {
  Impl(CurlSettings given, MultiHandle handle)
      : settings{std::move(given)},
        multi{std::move(handle)},
        admission{static_cast<std::size_t>(settings.max_connections),
                  static_cast<std::size_t>(settings.max_connections_per_host)} {}
  ~Impl() { wipe(settings.proxy); }

  Ticket send(HttpRequest request, Done done);
  void cancel(Ticket ticket);
  void run();
  Result<Origin> check(const HttpRequest& request) const;

  // The client's thread alone.
  void take_over(std::deque<std::pair<Ticket, std::unique_ptr<CurlCall>>>& arrived);
  void start_waiting();
  void start(Ticket ticket, CurlCall& call);
  void collect_answers();
  void give_up_late();
  void end_all();
  void finish(Ticket ticket, Result<HttpResponse> result);
  milliseconds until_next_deadline() const;

  CurlSettings settings;    ///< never changed while the thread runs
  const MultiHandle multi;  ///< the client's thread alone, but for curl_multi_wakeup

  struct Refusal {
    Done done;
    Error error;
  };
  mutable Mutex mutex;  ///< guards the members down to `counted`
  std::deque<std::pair<Ticket, std::unique_ptr<CurlCall>>> arrivals CARDSTOCK_GUARDED_BY(mutex);
  /// Sends that never became calls. Only their callbacks are kept, until the thread's next round.
  std::deque<Refusal> refusals CARDSTOCK_GUARDED_BY(mutex);
  std::unordered_set<Ticket> open CARDSTOCK_GUARDED_BY(mutex);
  std::unordered_set<Ticket> given_up CARDSTOCK_GUARDED_BY(mutex);  ///< subset of `open`
  Ticket last_ticket CARDSTOCK_GUARDED_BY(mutex) = 0;
  bool stopping CARDSTOCK_GUARDED_BY(mutex) = false;
  Counters counted CARDSTOCK_GUARDED_BY(mutex);

  // The client's thread alone.
  /// Waiting for admission or under way.
  std::unordered_map<Ticket, std::unique_ptr<CurlCall>> calls;
  std::unordered_map<const CurlCall*, Ticket> tickets;  ///< those under way
  std::set<std::pair<SteadyTime, Ticket>> deadlines;    ///< of every member of `calls`
  std::set<Ticket> connecting;  ///< under way, their lanes not told of a connection yet
  Admission admission;
  std::vector<EasyHandle> spare;

  std::jthread thread;  ///< last: it uses all of the above
};

/// Where the request goes, when it may go out at all.
Result<Origin> CurlClient::Impl::check(const HttpRequest& request) const {
  Result<Origin> origin = read_origin(request.origin);
  if (!origin) return origin;
  if (Status status = check_request(request); !status)
    return std::unexpected(std::move(status).error());
  if (!settings.proxy.empty() && request.addresses == AddressPolicy::PublicOnly &&
      is_inside_by_name(origin->host))
    return fail(ErrorCode::AddressRefused,
                origin->host + " is at an address inside a private network, which is not called.",
                "by its name");
  return origin;
}

Ticket CurlClient::Impl::send(HttpRequest request, Done done) {
  const SteadyTime give_up_at =
      std::min(request.deadline, std::chrono::steady_clock::now() + settings.call_timeout);
  const Result<Origin> origin = check(request);
  std::optional<Error> refused;
  if (!origin) refused = origin.error();
  // A proxy that is asked for the resource itself serves every host over the same connections.
  const bool shared = !settings.proxy.empty() && origin && !origin->tls;
  std::string lane = shared ? "proxy" : request.origin;
  // Made for a refused request too: whatever becomes of it, the call overwrites its secrets.
  auto call = std::make_unique<CurlCall>(std::move(request), origin.value_or(Origin{}),
                                         std::move(done), std::move(lane), give_up_at);
  Ticket ticket = 0;
  {
    const LockGuard lock{mutex};
    ticket = ++last_ticket;
    ++counted.sent;
    if (!refused && stopping) refused = cancelled_error();
    if (!refused && open.size() >= settings.max_queued)
      refused = Error{ErrorCode::Busy,
                      "Too many requests to ThreatConnect are under way; try again shortly.",
                      "queue of the HTTP client full"};
    if (refused) {
      refusals.push_back({call->take_done(), *std::move(refused)});
    } else {
      open.insert(ticket);
      arrivals.emplace_back(ticket, std::move(call));
    }
  }
  curl_multi_wakeup(multi.get());
  return ticket;
}

void CurlClient::Impl::cancel(Ticket ticket) {
  {
    const LockGuard lock{mutex};
    if (!open.contains(ticket)) return;
    given_up.insert(ticket);
  }
  curl_multi_wakeup(multi.get());
}

void CurlClient::Impl::run() {
  pthread_setname_np(pthread_self(), "cs-fetch");
  for (;;) {
    std::deque<std::pair<Ticket, std::unique_ptr<CurlCall>>> arrived;
    std::deque<Refusal> refused;
    std::vector<Ticket> cancelled;
    bool stop = false;
    {
      const LockGuard lock{mutex};
      arrived.swap(arrivals);
      refused.swap(refusals);
      cancelled.assign(given_up.begin(), given_up.end());
      stop = stopping;
      counted.failed += refused.size();
    }
    take_over(arrived);
    for (Refusal& refusal : refused) refusal.done(std::unexpected(std::move(refusal.error)));
    for (const Ticket ticket : cancelled) finish(ticket, std::unexpected(cancelled_error()));
    if (stop) {
      end_all();
      const LockGuard lock{mutex};
      if (arrivals.empty() && refusals.empty()) return;
      continue;
    }
    start_waiting();
    int running = 0;
    curl_multi_perform(multi.get(), &running);
    collect_answers();
    give_up_late();
    start_waiting();
    if (curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(until_next_deadline().count()),
                        nullptr) != CURLM_OK) {
      Condition never;
      const LockGuard lock{mutex};
      never.wait_until(mutex, std::chrono::steady_clock::now() + kPollFailed);
    }
  }
}

void CurlClient::Impl::take_over(
    std::deque<std::pair<Ticket, std::unique_ptr<CurlCall>>>& arrived) {
  for (auto& [ticket, call] : arrived) {
    admission.enqueue(
        ticket, call->lane(),
        call->tls() ? Admission::Multiplexing::Possible : Admission::Multiplexing::Never);
    deadlines.emplace(call->give_up_at(), ticket);
    calls.emplace(ticket, std::move(call));
  }
}

/// Gives libcurl every call that may start. A lane whose first connection stands lets the others
/// in.
void CurlClient::Impl::start_waiting() {
  for (auto it = connecting.begin(); it != connecting.end();) {
    const CurlCall& call = *calls.at(*it);
    if (call.connected()) admission.connected(call.lane());
    it = call.connected() ? connecting.erase(it) : std::next(it);
  }
  while (const auto ticket = admission.next()) start(*ticket, *calls.at(*ticket));
}

void CurlClient::Impl::start(Ticket ticket, CurlCall& call) {
  EasyHandle easy;
  if (spare.empty()) {
    easy.reset(curl_easy_init());
  } else {
    easy = std::move(spare.back());
    spare.pop_back();
  }
  if (!easy || !call.start(std::move(easy), settings, std::chrono::steady_clock::now()) ||
      curl_multi_add_handle(multi.get(), call.easy()) != CURLM_OK) {
    finish(ticket,
           fail(ErrorCode::Internal, "The request to " + call.host() + " could not be made.",
                "libcurl refused to set up the call"));
    return;
  }
  tickets.emplace(&call, ticket);
  connecting.insert(ticket);
}

void CurlClient::Impl::collect_answers() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CurlCall* call = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
    if (call->connected()) admission.connected(call->lane());
    if (code == CURLE_OK) admission.answered(call->lane(), call->over_http2());
    finish(tickets.at(call), call->result(code));
  }
}

void CurlClient::Impl::give_up_late() {
  const SteadyTime now = std::chrono::steady_clock::now();
  while (!deadlines.empty() && deadlines.begin()->first <= now) {
    const Ticket ticket = deadlines.begin()->second;
    const CurlCall& call = *calls.at(ticket);
    finish(ticket, std::unexpected(timeout_error(call.host(), call.stage())));
  }
}

void CurlClient::Impl::end_all() {
  while (!calls.empty()) finish(calls.begin()->first, std::unexpected(cancelled_error()));
}

/// The one end of every call. A ticket that is over already is ignored: a cancellation may come
/// behind an answer.
void CurlClient::Impl::finish(Ticket ticket, Result<HttpResponse> result) {
  const auto it = calls.find(ticket);
  if (it == calls.end()) return;
  const std::unique_ptr<CurlCall> call = std::move(it->second);
  calls.erase(it);
  deadlines.erase({call->give_up_at(), ticket});
  connecting.erase(ticket);
  admission.remove(ticket, call->lane());
  const std::uint64_t opened = call->connections_opened();
  if (tickets.erase(call.get()) != 0) curl_multi_remove_handle(multi.get(), call->easy());
  EasyHandle easy = call->release();
  if (easy && spare.size() < static_cast<std::size_t>(settings.max_connections))
    spare.push_back(std::move(easy));
  {
    const LockGuard lock{mutex};
    open.erase(ticket);
    // A cancel() that returned before `done` was called holds, even when an answer is at hand.
    if (given_up.erase(ticket) != 0) result = std::unexpected(cancelled_error());
    ++(result ? counted.answered : counted.failed);
    counted.connections_opened += opened;
  }
  call->take_done()(std::move(result));
}

milliseconds CurlClient::Impl::until_next_deadline() const {
  if (deadlines.empty()) return kIdle;
  const auto left =
      std::chrono::ceil<milliseconds>(deadlines.begin()->first - std::chrono::steady_clock::now());
  return std::clamp(left, milliseconds{0}, kIdle);
}

CurlClient::CurlClient(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}

Result<std::unique_ptr<CurlClient>> CurlClient::create(CurlSettings settings) {
  const auto unusable = [](const char* cause) {
    return fail(ErrorCode::Internal, "The HTTP client could not be set up.", cause);
  };
  if (!initialise_curl()) return unusable("curl_global_init failed");
  if (Status status = check_settings(settings); !status)
    return std::unexpected(std::move(status).error());
  MultiHandle multi{curl_multi_init()};
  // The wake-up also proves that libcurl got its socket pair: without one, sends would be noticed
  // late.
  if (!multi || curl_multi_wakeup(multi.get()) != CURLM_OK)
    return unusable("no memory or no file descriptors");
  const bool set =
      curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) == CURLM_OK &&
      curl_multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, settings.max_connections) ==
          CURLM_OK &&
      curl_multi_setopt(multi.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                        settings.max_connections_per_host) == CURLM_OK &&
      curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, settings.max_connections) == CURLM_OK;
  if (!set) return unusable("libcurl lacks an option of the multi interface");
  auto impl = std::make_unique<Impl>(std::move(settings), std::move(multi));
  impl->thread = std::jthread{[state = impl.get()] { state->run(); }};
  return std::unique_ptr<CurlClient>{new CurlClient{std::move(impl)}};
}

CurlClient::~CurlClient() {
  {
    const LockGuard lock{impl_->mutex};
    impl_->stopping = true;
  }
  curl_multi_wakeup(impl_->multi.get());
  impl_->thread.join();
}

HttpClient::Ticket CurlClient::send(HttpRequest request, Done done) {
  return impl_->send(std::move(request), std::move(done));
}

void CurlClient::cancel(Ticket ticket) {
  impl_->cancel(ticket);
}

CurlClient::Counters CurlClient::counters() const {
  const LockGuard lock{impl_->mutex};
  Counters now = impl_->counted;
  now.open = impl_->open.size();
  return now;
}

}  // namespace cardstock::fetch
