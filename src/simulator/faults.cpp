#include "faults.hpp"

#include <algorithm>

#include <cardstock/util/text.hpp>

#include "raw_json.hpp"

namespace cardstock::simulator {
namespace {

std::unexpected<Error> malformed(std::string why) {
  return fail(ErrorCode::MalformedRequest, std::move(why));
}

bool contains(const http::Request& request, std::string_view text) {
  if (request.target.find(text) != std::string_view::npos ||
      request.body.find(text) != std::string_view::npos)
    return true;
  const auto decoded = percent_decode(request.target);
  return decoded && decoded->find(text) != std::string::npos;
}

bool matches(const Fault& fault, const http::Request& request) {
  return request.path.ends_with(fault.path) &&
         (fault.contains.empty() || contains(request, fault.contains));
}

bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c != 0x7F; });
}

/// Reads one member of a fault; false when its value is of another kind.
bool take_member(Fault& fault, const Member& member) {
  const auto milliseconds = [&] { return integer_of(member.raw); };
  if (member.key == "times") {
    const auto times = integer_of(member.raw);
    if (times && *times >= 0 && *times <= 1'000'000) fault.times = static_cast<int>(*times);
    return times.has_value();
  }
  if (member.key == "delay_ms") {
    fault.delay = std::chrono::milliseconds{
        std::clamp<std::int64_t>(milliseconds().value_or(0), 0, 3'600'000)};
    return milliseconds().has_value();
  }
  if (member.key == "clock_offset_s") {
    fault.clock_offset = std::chrono::seconds{milliseconds().value_or(0)};
    return milliseconds().has_value();
  }
  if (member.key == "hang") {
    fault.hang = flag_of(member.raw).value_or(false);
    return flag_of(member.raw).has_value();
  }
  if (member.key == "status") {
    const auto status = integer_of(member.raw);
    if (status) fault.status = static_cast<int>(std::clamp<std::int64_t>(*status, 0, 1000));
    return status.has_value();
  }
  if (member.key == "body" || member.key == "next") {
    (member.key == "body" ? fault.body : fault.next) = text_of(member.raw);
    return text_of(member.raw).has_value();
  }
  if (member.key == "close") {
    const auto when = text_of(member.raw);
    fault.close = when == "before"   ? Fault::Close::Before
                  : when == "middle" ? Fault::Close::Middle
                                     : Fault::Close::No;
    return fault.close != Fault::Close::No;
  }
  if (member.key == "headers" || member.key == "match") {
    const auto inner = members(member.raw);
    if (!inner) return false;
    for (const Member& one : *inner) {
      const auto text = text_of(one.raw);
      if (!text) return false;
      if (member.key == "headers") {
        fault.headers.emplace_back(one.key, *text);
      } else if (one.key == "path" || one.key == "contains") {
        (one.key == "path" ? fault.path : fault.contains) = *text;
      } else {
        return false;
      }
    }
    return true;
  }
  return false;
}

}  // namespace

Status Faults::add(Fault fault) {
  if (fault.status && (*fault.status < 100 || *fault.status > 599))
    return malformed("a status is 100 to 599");
  for (const auto& [name, value] : fault.headers)
    if (name.empty() || !is_header_text(name) || name.find(':') != std::string::npos ||
        !is_header_text(value))
      return malformed("a header holds characters that none may hold");
  const LockGuard lock{mutex_};
  if (faults_.size() == kMaxFaults) return malformed("no more faults can be set at once");
  faults_.push_back(std::move(fault));
  return {};
}

void Faults::clear() {
  const LockGuard lock{mutex_};
  faults_.clear();
}

std::optional<Fault> Faults::take(const http::Request& request) {
  const LockGuard lock{mutex_};
  const auto at =
      std::ranges::find_if(faults_, [&](const Fault& fault) { return matches(fault, request); });
  if (at == faults_.end()) return std::nullopt;
  Fault fault = *at;
  if (fault.times == 1) {
    faults_.erase(at);
  } else if (fault.times > 1) {
    --at->times;
  }
  return fault;
}

Result<Fault> read_fault(std::string_view json) {
  if (const Status valid = check_json(json); !valid) return std::unexpected(valid.error());
  const auto given = members(json);
  if (!given) return std::unexpected(given.error());
  Fault fault;
  for (const Member& member : *given)
    if (!take_member(fault, member))
      return malformed("not understood in a fault: " + member.key.substr(0, 100));
  return fault;
}

}  // namespace cardstock::simulator
