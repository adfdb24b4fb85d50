#include "sessions.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <cardstock/util/text.hpp>

namespace cardstock::http {
namespace {

constexpr std::size_t kBytes = 32;

}  // namespace

Secret Sessions::open(std::string who, SteadyTime now) {
  std::array<std::byte, kBytes> bytes{};
  random_.fill(bytes);
  std::string digits = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const Secret value{digits};
  wipe(digits);
  wipe(bytes.data(), bytes.size());
  const LockGuard lock{mutex_};
  if (sessions_.size() >= kMost)
    sessions_.erase(std::ranges::min_element(sessions_, {}, &Session::used));
  sessions_.push_back({value, std::move(who), now, now});
  return value;
}

std::optional<std::string> Sessions::find(std::string_view value, SteadyTime now) {
  const LockGuard lock{mutex_};
  std::erase_if(sessions_, [now](const Session& session) {
    return now - session.opened >= kLongest || now - session.used >= kUnused;
  });
  for (Session& session : sessions_) {
    if (!equal_in_constant_time(session.value.reveal(), value)) continue;
    session.used = now;
    return session.who;
  }
  return std::nullopt;
}

void Sessions::close(std::string_view value) {
  const LockGuard lock{mutex_};
  std::erase_if(sessions_, [value](const Session& session) {
    return equal_in_constant_time(session.value.reveal(), value);
  });
}

std::string_view session_cookie(std::string_view field) noexcept {
  while (!field.empty()) {
    const std::size_t end = field.find(';');
    const std::string_view pair = trim(field.substr(0, end));
    if (pair.starts_with(Sessions::kCookie) && pair.substr(Sessions::kCookie.size(), 1) == "=")
      return pair.substr(Sessions::kCookie.size() + 1);
    field.remove_prefix(end == std::string_view::npos ? field.size() : end + 1);
  }
  return {};
}

std::string set_cookie(std::string_view value, Transport transport) {
  std::string line{"Set-Cookie: "};
  line.append(Sessions::kCookie).append("=").append(value);
  line += "; Path=/; HttpOnly; SameSite=Strict; Max-Age=";
  line += value.empty()
              ? "0"
              : std::to_string(
                    std::chrono::duration_cast<std::chrono::seconds>(Sessions::kLongest).count());
  if (transport == Transport::Tls) line += "; Secure";
  return line + "\r\n";
}

std::chrono::seconds LoginGuard::attempt(const std::string& address, SteadyTime now) {
  const LockGuard lock{mutex_};
  if (tries_.size() >= kMostAddresses && !tries_.contains(address)) {
    std::erase_if(tries_,
                  [now](const auto& entry) { return now - entry.second.last >= kForgotten; });
    if (tries_.size() >= kMostAddresses) return kLongest;
  }
  Tries& tries = tries_[address];
  if (tries.wrong != 0 && now - tries.last >= kForgotten) tries = {};
  if (tries.wrong != 0 && now < tries.not_before)
    return std::chrono::ceil<std::chrono::seconds>(tries.not_before - now);
  ++tries.wrong;
  tries.last = now;
  if (tries.wrong >= kFree) {
    const std::chrono::seconds pause{std::int64_t{1} << std::min(tries.wrong - kFree, 16)};
    tries.not_before = now + std::min(pause, kLongest);
  }
  return std::chrono::seconds{0};
}

void LoginGuard::right(const std::string& address) {
  const LockGuard lock{mutex_};
  tries_.erase(address);
}

}  // namespace cardstock::http
