#include <cardstock/util/time_text.hpp>

#include <array>
#include <cstdio>

#include <cardstock/util/text.hpp>

namespace cardstock {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};

struct Civil {
  std::chrono::year_month_day date{};
  unsigned weekday = 0;
  std::chrono::hh_mm_ss<seconds> time;
};

Civil civil(WallTime at) {
  const auto day = floor<days>(at);
  return {std::chrono::year_month_day{day}, std::chrono::weekday{day}.c_encoding(),
          std::chrono::hh_mm_ss<seconds>{floor<seconds>(at - day)}};
}

/// Reads fixed-width fields off the front of a text; any misfit makes `ok` false for good.
struct Reader {
  std::string_view rest;
  bool ok = true;

  int digits(std::size_t width) {
    int value = 0;
    if (rest.size() < width) ok = false;
    for (std::size_t i = 0; ok && i < width; ++i) {
      if (!is_digit(rest[i])) ok = false;
      value = value * 10 + (rest[i] - '0');
    }
    if (ok) rest.remove_prefix(width);
    return ok ? value : 0;
  }
  bool take(std::string_view text) {
    if (!ok || !rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
  }
  void expect(std::string_view text) { ok = take(text) && ok; }
  unsigned month_name() {
    for (unsigned i = 0; i < kMonths.size(); ++i)
      if (take(kMonths[i])) return i + 1;
    ok = false;
    return 0;
  }
};

std::optional<WallTime> at(
    int year, unsigned month, unsigned day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok() || year < 1970 || year > 9999 || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;
  return WallTime{std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second}};
}

}  // namespace

void append_rfc3339(std::string& out, WallTime time) {
  const Civil c = civil(time);
  std::array<char, 20> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0',
                            'T', '0', '0', ':', '0', '0', ':', '0', '0', 'Z'};
  const auto put = [&text](std::size_t last, std::size_t width, unsigned value) {
    for (; width > 0; --width, --last, value /= 10)
      text[last] = static_cast<char>('0' + value % 10);
  };
  put(3, 4, static_cast<unsigned>(static_cast<int>(c.date.year())));
  put(6, 2, static_cast<unsigned>(c.date.month()));
  put(9, 2, static_cast<unsigned>(c.date.day()));
  put(12, 2, static_cast<unsigned>(c.time.hours().count()));
  put(15, 2, static_cast<unsigned>(c.time.minutes().count()));
  put(18, 2, static_cast<unsigned>(c.time.seconds().count()));
  out.append(text.data(), text.size());
}

std::string to_rfc3339(WallTime time) {
  std::string out;
  append_rfc3339(out, time);
  return out;
}

std::string to_http_date(WallTime time) {
  const Civil c = civil(time);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                std::string{kWeekdays[c.weekday]}.c_str(), static_cast<unsigned>(c.date.day()),
                std::string{kMonths[static_cast<unsigned>(c.date.month()) - 1]}.c_str(),
                static_cast<int>(c.date.year()), static_cast<int>(c.time.hours().count()),
                static_cast<int>(c.time.minutes().count()),
                static_cast<int>(c.time.seconds().count()));
  return text.data();
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  text = trim(text);
  const std::size_t comma = text.find(',');
  Reader in{text};
  int year = 0;
  int day = 0;
  unsigned month = 0;
  if (comma == std::string_view::npos) {  // asctime: Sun Nov  6 08:49:37 1994
    if (text.size() < 4) return std::nullopt;
    in.rest.remove_prefix(4);
    month = in.month_name();
    in.expect(" ");
    day = in.take(" ") ? in.digits(1) : in.digits(2);
    in.expect(" ");
  } else {
    in.rest.remove_prefix(comma + 1);
    in.expect(" ");
    day = in.digits(2);
    const std::string_view separator = in.rest.starts_with("-") ? "-" : " ";
    in.expect(separator);
    month = in.month_name();
    in.expect(separator);
    if (separator == "-") {  // RFC 850's two digits: 70–99 are 19xx
      year = in.digits(2);
      year += year >= 70 ? 1900 : 2000;
    } else {
      year = in.digits(4);
    }
    in.expect(" ");
  }
  const int hour = in.digits(2);
  in.expect(":");
  const int minute = in.digits(2);
  in.expect(":");
  const int second = in.digits(2);
  in.expect(" ");
  if (comma == std::string_view::npos) {
    year = in.digits(4);
  } else {
    in.expect("GMT");
  }
  if (!in.ok || !in.rest.empty()) return std::nullopt;
  return at(year, month, static_cast<unsigned>(day), hour, minute, second);
}

std::optional<WallTime> parse_timestamp(std::string_view text) {
  Reader in{trim(text)};
  const int year = in.digits(4);
  in.expect("-");
  const int month = in.digits(2);
  in.expect("-");
  const int day = in.digits(2);
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::chrono::milliseconds fraction{0};
  minutes offset{0};
  if (in.ok && !in.rest.empty()) {
    if (!in.take("T") && !in.take("t")) in.expect(" ");
    hour = in.digits(2);
    in.expect(":");
    minute = in.digits(2);
    in.expect(":");
    second = in.digits(2);
    if (in.take(".")) {
      int scale = 100;
      bool any = false;
      while (!in.rest.empty() && is_digit(in.rest.front())) {
        fraction += std::chrono::milliseconds{(in.rest.front() - '0') * scale};
        scale /= 10;
        any = true;
        in.rest.remove_prefix(1);
      }
      in.ok = in.ok && any;
    }
    const bool minus = in.rest.starts_with("-");
    if (in.take("-") || in.take("+")) {
      const int offset_hours = in.digits(2);
      in.take(":");
      const int offset_minutes = in.digits(2);
      if (offset_hours > 23 || offset_minutes > 59) in.ok = false;
      offset = hours{offset_hours} + minutes{offset_minutes};
      if (minus) offset = -offset;
    }
    if (!in.take("Z")) in.take("z");
  }
  if (!in.ok || !in.rest.empty()) return std::nullopt;
  auto time =
      at(year, static_cast<unsigned>(month), static_cast<unsigned>(day), hour, minute, second);
  if (!time) return std::nullopt;
  // The offset may lead out of the years that can be written again.
  constexpr WallTime kEnd = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};
  const WallTime moment = *time + fraction - offset;
  return moment < WallTime{} || moment >= kEnd ? std::nullopt : std::optional{moment};
}

std::string to_words(std::chrono::milliseconds span) {
  struct Unit {
    std::chrono::seconds length;
    std::string_view name;
  };
  constexpr std::array<Unit, 4> kUnits{Unit{days{1}, "day"}, Unit{hours{1}, "hour"},
                                       Unit{minutes{1}, "minute"}, Unit{seconds{1}, "second"}};
  const auto whole = std::max(seconds{0}, floor<seconds>(span));
  for (const Unit& unit : kUnits) {
    const auto count = whole / unit.length;
    if (count == 0 && unit.length != seconds{1}) continue;
    std::string out = std::to_string(count) + " " + std::string{unit.name};
    if (count != 1) out += "s";
    return out;
  }
  return "0 seconds";
}

}  // namespace cardstock
