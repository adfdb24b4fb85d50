#include "sessions.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "callers.hpp"

using namespace cardstock;
using namespace cardstock::http;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime kNow{1000s};

}  // namespace

TEST_CASE("sessions: who opened one is known by its cookie, and nobody else") {
  SystemRandom random;
  Sessions sessions{random};
  const Secret one = sessions.open("admin", kNow);
  const Secret other = sessions.open("soar", kNow);
  CHECK(one.reveal().size() == 64);
  CHECK_FALSE(one.reveal() == other.reveal());
  CHECK(sessions.find(one.reveal(), kNow) == "admin");
  CHECK(sessions.find(other.reveal(), kNow) == "soar");
  for (const std::string& value :
       {std::string{}, std::string(64, '0'), std::string{one.reveal().substr(0, 63)},
        std::string{one.reveal()} + "0"})
    CHECK_FALSE(sessions.find(value, kNow));
  sessions.close(one.reveal());
  CHECK_FALSE(sessions.find(one.reveal(), kNow));
  CHECK(sessions.find(other.reveal(), kNow));
}

TEST_CASE("sessions: they end unused after two hours, and used after a day") {
  SystemRandom random;
  Sessions sessions{random};
  const Secret unused = sessions.open("a", kNow);
  const Secret used = sessions.open("b", kNow);
  for (auto age = 1h; age < 24h; age += 1h) CHECK(sessions.find(used.reveal(), kNow + age));
  CHECK_FALSE(sessions.find(unused.reveal(), kNow + 2h));
  CHECK_FALSE(sessions.find(used.reveal(), kNow + 24h));
}

TEST_CASE("sessions: of too many, the one unused for longest gives way") {
  SystemRandom random;
  Sessions sessions{random};
  const Secret first = sessions.open("first", kNow);
  const Secret second = sessions.open("second", kNow + 1s);
  CHECK(sessions.find(first.reveal(), kNow + 2s));
  for (std::size_t i = 0; i < Sessions::kMost - 1; ++i) sessions.open("more", kNow + 3s);
  CHECK(sessions.find(first.reveal(), kNow + 4s));
  CHECK_FALSE(sessions.find(second.reveal(), kNow + 4s));
}

TEST_CASE("sessions: the cookie is found among others") {
  CHECK(session_cookie("cardstock_session=ab") == "ab");
  CHECK(session_cookie("a=b; cardstock_session=cd; e=f") == "cd");
  for (const char* const field : {"", "a=b", "xcardstock_session=ab", "cardstock_sessionx=ab",
                                  "cardstock_session", ";;;", "a=cardstock_session=ab"}) {
    CAPTURE(field);
    CHECK(session_cookie(field).empty());
  }
}

TEST_CASE("sessions: the cookie stays with this site and out of scripts") {
  const std::string line = set_cookie("ab", Transport::Plain);
  CHECK(line ==
        "Set-Cookie: cardstock_session=ab; Path=/; HttpOnly; SameSite=Strict; Max-Age=86400\r\n");
  CHECK(set_cookie("ab", Transport::Tls).find("; Secure\r\n") != std::string::npos);
  CHECK(set_cookie({}, Transport::Plain).find("=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0") !=
        std::string::npos);
}

TEST_CASE("log-in: wrong tokens cost longer and longer pauses") {
  LoginGuard guard;
  SteadyTime now = kNow;
  for (int i = 0; i < LoginGuard::kFree; ++i) CHECK(guard.attempt("192.0.2.1", now) == 0s);
  CHECK(guard.attempt("192.0.2.1", now) == 1s);
  CHECK(guard.attempt("192.0.2.1", now) == 1s);  // what is not looked at costs nothing more
  CHECK(guard.attempt("192.0.2.2", now) == 0s);  // another address
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s}) {
    CHECK(guard.attempt("192.0.2.1", now + pause - 1ms) == 1s);
    now += pause;
    CHECK(guard.attempt("192.0.2.1", now) == 0s);
  }
}

TEST_CASE("log-in: the right token, and an hour, make good") {
  LoginGuard guard;
  for (int i = 0; i < LoginGuard::kFree; ++i) guard.attempt("a", kNow);
  CHECK(guard.attempt("a", kNow) > 0s);
  CHECK(guard.attempt("a", kNow + 60min) == 0s);
  CHECK(guard.attempt("a", kNow + 60min) == 0s);
  guard.right("a");
  for (int i = 0; i < LoginGuard::kFree; ++i) CHECK(guard.attempt("a", kNow + 60min) == 0s);
}

TEST_CASE("log-in: a flood of addresses is bounded and lets nobody guess") {
  LoginGuard guard;
  for (std::size_t i = 0; i < LoginGuard::kMostAddresses; ++i)
    CHECK(guard.attempt(std::to_string(i), kNow) == 0s);
  CHECK(guard.attempt("one more", kNow) == LoginGuard::kLongest);
  CHECK(guard.attempt("5", kNow) == 0s);
  CHECK(guard.attempt("one more", kNow + LoginGuard::kForgotten) == 0s);
}

TEST_CASE("callers: what another site's page sends is known") {
  const auto foreign = [](const std::vector<HeaderView>& fields,
                          OfBrowsers which = OfBrowsers::AndOthers) {
    Request request{};
    request.headers = fields;
    return is_from_another_site(request, which);
  };
  const HeaderView host{"Host", "127.0.0.1:8081"};
  CHECK_FALSE(foreign({host}));
  CHECK(foreign({host}, OfBrowsers::Only));
  for (const OfBrowsers which : {OfBrowsers::AndOthers, OfBrowsers::Only}) {
    CHECK_FALSE(foreign({host, {"Sec-Fetch-Site", "same-origin"}}, which));
    CHECK_FALSE(foreign({host, {"Sec-Fetch-Site", "none"}}, which));
    CHECK_FALSE(foreign({host, {"Origin", "http://127.0.0.1:8081"}}, which));
    // A proxy that speaks TLS has another name; the browser itself says that it is the same.
    CHECK_FALSE(
        foreign({host, {"Origin", "https://x.test"}, {"Sec-Fetch-Site", "same-origin"}}, which));
    CHECK(foreign({host, {"Sec-Fetch-Site", "same-site"}}, which));
    CHECK(foreign({host, {"Sec-Fetch-Site", "cross-site"}}, which));
    CHECK(foreign({host, {"Origin", "http://127.0.0.1:9000"}}, which));
    CHECK(foreign({host, {"Origin", "http://evil.test"}}, which));
    CHECK(foreign({host, {"Origin", "null"}}, which));
    CHECK(foreign({host, {"Origin", "http://127.0.0.1:8081.evil.test"}}, which));
  }
}
