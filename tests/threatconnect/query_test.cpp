#include <cardstock/threatconnect/query.hpp>

#include <random>

#include <simdjson.h>
#include <catch2/catch.hpp>

#include <cardstock/util/text.hpp>

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

BaseUrl base_of(std::string_view text) {
  return BaseUrl::parse(text).value();
}

Wanted wanted(IndicatorType type, std::vector<std::string> spellings) {
  return {type, std::move(spellings)};
}

constexpr std::string_view kActive = " and (indicatorActive = true or indicatorActive = false)";

/// Written from the documented rule alone: takes the string literal at `at` apart and moves `at`
/// behind it.
std::optional<std::string> read_tql_string(std::string_view text, std::size_t& at) {
  if (at >= text.size() || text[at] != '"') return std::nullopt;
  std::string out;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') {
      ++at;
      return out;
    }
    if (text[at] == '\'' || text[at] == '`') return std::nullopt;
    if (text[at] == '\\' && ++at == text.size()) return std::nullopt;
    out.push_back(text[at]);
  }
  return std::nullopt;
}

/// Decodes %XX by hand and refuses every byte that a query value may not hold as it is.
std::optional<std::string> read_percent_coded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const std::string_view digits = "0123456789ABCDEF";
      const auto high = digits.find(text[i + 1]);
      const auto low = digits.find(text[i + 2]);
      if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else if (is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

/// The TQL that a target carries, with everything around it as expected.
std::string tql_of(std::string_view target, std::string_view path) {
  const std::string head = std::string{path} + "/v3/indicators?tql=";
  REQUIRE(target.starts_with(head));
  const std::string_view rest = target.substr(head.size());
  const auto decoded = read_percent_coded(rest.substr(0, rest.find('&')));
  REQUIRE(decoded);
  return *decoded;
}

std::string random_text(std::mt19937_64& random) {
  static constexpr std::string_view kHard = "\"'`\\%+&=#?/ ,()\n\t<>;:@";
  std::string out;
  const auto length = random() % 40;
  for (std::uint64_t i = 0; i < length; ++i) {
    switch (random() % 4) {
      case 0:
        out.push_back(static_cast<char>(random() % 0x80));
        break;
      case 1:
        append_utf8(out, static_cast<char32_t>(0xE000 + random() % 0x102000));
        break;
      case 2:
        append_utf8(out, static_cast<char32_t>(random() % 0xD800));
        break;
      default:
        out.push_back(kHard[random() % kHard.size()]);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("query: a TQL string escapes the four characters", "[threatconnect]") {
  CHECK(tql_string("192.0.2.10") == R"("192.0.2.10")");
  CHECK(tql_string(R"(a"b'c`d\e)") == R"("a\"b\'c\`d\\e")");
  CHECK(tql_string("") == R"("")");
}

TEST_CASE("query: any text comes back from the sent target byte for byte", "[threatconnect]") {
  std::mt19937_64 random{20240501};
  const BaseUrl base = base_of("https://tc.example.test/api");
  for (int round = 0; round < 2000; ++round) {
    const std::string value = random_text(random);
    const std::vector<Wanted> one{wanted(IndicatorType::Url, {value})};
    const std::string tql = tql_of(indicators_request(base, lookup_tql(one)).target, "/api");
    const std::string_view head = R"(((typeName in ("URL") and summary in ()";
    REQUIRE(tql.starts_with(head));
    std::size_t at = head.size();
    const auto read = read_tql_string(tql, at);
    CAPTURE(tql);
    REQUIRE(read);
    REQUIRE(*read == value);
    REQUIRE(tql.substr(at) == ")))" + std::string{kActive});
  }
}

TEST_CASE("query: one clause a type, each spelling once", "[threatconnect]") {
  const std::vector<Wanted> many{
      wanted(IndicatorType::Host, {"bad.example"}), wanted(IndicatorType::Address, {"192.0.2.10"}),
      wanted(IndicatorType::Host, {"worse.example", "bad.example"}),
      wanted(IndicatorType::Cidr, {"192.0.2.0/24"}),
      wanted(IndicatorType::EmailAddress, {"A+b@bad.example", "a+b@bad.example"})};
  CHECK(
      lookup_tql(many) ==
      R"(((typeName in ("Address") and summary in ("192.0.2.10")))"
      R"( or (typeName in ("CIDR") and summary in ("192.0.2.0/24")))"
      R"( or (typeName in ("Host") and summary in ("bad.example","worse.example")))"
      R"( or (typeName in ("EmailAddress") and summary in ("A+b@bad.example","a+b@bad.example"))))" +
          std::string{kActive});
}

TEST_CASE("query: a hash is asked by summary and by the key of its kind", "[threatconnect]") {
  const std::string md5(32, 'A');
  const std::string sha1(40, 'B');
  const std::string sha256(64, 'C');
  const std::vector<Wanted> one{wanted(IndicatorType::File, {sha1})};
  CHECK(lookup_tql(one) == "((typeName in (\"File\") and (summary in (\"" + sha1 +
                               "\") or value2 in (\"" + sha1 + "\"))))" + std::string{kActive});
  const std::vector<Wanted> all{wanted(IndicatorType::File, {sha256}),
                                wanted(IndicatorType::File, {md5})};
  const std::string tql = lookup_tql(all);
  CHECK(tql.find("summary in (\"" + sha256 + "\",\"" + md5 + "\")") != std::string::npos);
  CHECK(tql.find("value1 in (\"" + md5 + "\")") != std::string::npos);
  CHECK(tql.find("value3 in (\"" + sha256 + "\")") != std::string::npos);
  CHECK(tql.find("value2") == std::string::npos);
}

TEST_CASE("query: owner filters are trimmed, escaped and never widen", "[threatconnect]") {
  const std::vector<Wanted> one{wanted(IndicatorType::Address, {"192.0.2.10"})};
  const std::string bare =
      R"(((typeName in ("Address") and summary in ("192.0.2.10"))))" + std::string{kActive};
  CHECK(lookup_tql(one, {}) == bare);
  CHECK(lookup_tql(one, {{" Org A ", "Bob's \"Source\"", ""}, {}}) ==
        bare + R"( and ownerName in ("Org A","Bob\'s \"Source\""))");
  CHECK(lookup_tql(one, {{}, {"C", " "}}) == bare + R"( and ownerName not in ("C"))");
  CHECK(lookup_tql(one, {{"A"}, {"B"}}) ==
        bare + R"( and ownerName in ("A") and ownerName not in ("B"))");
  CHECK(lookup_tql(one, {{"", "  "}, {}}) == bare + R"( and ownerName in (""))");
}

TEST_CASE("query: nothing wanted asks for nothing", "[threatconnect]") {
  const std::vector<Wanted> empty_handed{wanted(IndicatorType::Host, {})};
  CHECK(lookup_tql({}) == R"((summary in ("")))" + std::string{kActive});
  CHECK(lookup_tql(empty_handed) == lookup_tql({}));
}

TEST_CASE("query: the target names the fields once each and the page", "[threatconnect]") {
  const RequestLine first =
      indicators_request(base_of("https://tc.example.test/tc/api"), "a b", 0, 50);
  CHECK(
      first.target ==
      "/tc/api/v3/indicators?tql=a%20b&fields=threatAssess&fields=falsePositives&fields=attributes"
      "&fields=associatedGroups&fields=tags&fields=securityLabels&resultStart=0&resultLimit=50&"
      "count=true");
  CHECK(first.body.empty());
  const RequestLine later = indicators_request(base_of("https://tc.example.test"), "x", 1000);
  CHECK(later.target.starts_with("/v3/indicators?tql=x&"));
  CHECK(later.target.ends_with("&resultStart=1000&resultLimit=1000"));
}

TEST_CASE("query: owners are asked by their own calls", "[threatconnect]") {
  const BaseUrl base = base_of("https://tc.example.test/api");
  CHECK(owners_request(base).target == "/api/v3/security/owners?resultLimit=10000");
  CHECK(own_owner_request(base).target == "/api/v2/owners/mine");
  CHECK(owners_request(base).body.empty());
}

TEST_CASE("query: a target above the limit becomes a bare path with a JSON body",
          "[threatconnect]") {
  const BaseUrl base = base_of("https://tc.example.test/api");
  const std::size_t around = indicators_request(base, "").target.size();
  const std::string longest(kMaxTarget - around, 'x');
  const RequestLine still = indicators_request(base, longest);
  CHECK(still.target.size() == kMaxTarget);
  CHECK(still.body.empty());

  const std::string value = "https://bad.example/\"" + std::string(6000, 'y') + "\xC3\xA9";
  const std::vector<Wanted> one{wanted(IndicatorType::Url, {value})};
  const RequestLine body_form = indicators_request(base, lookup_tql(one), 0, 7);
  CHECK(body_form.target == "/api/v3/indicators");
  simdjson::dom::parser parser;
  simdjson::dom::element data;
  REQUIRE(parser.parse(body_form.body)["data"].get(data) == simdjson::SUCCESS);
  CHECK(std::string_view{data["tql"]} == lookup_tql(one));
  CHECK(simdjson::dom::array{data["fields"]}.size() == 6);
  CHECK(std::string_view{data["fields"].at(0)} == "threatAssess");
  CHECK(std::int64_t{data["resultStart"]} == 0);
  CHECK(std::int64_t{data["resultLimit"]} == 7);
  CHECK(bool{data["count"]});
  const RequestLine later = indicators_request(base, lookup_tql(one), 7, 7);
  REQUIRE(parser.parse(later.body)["data"].get(data) == simdjson::SUCCESS);
  CHECK(std::int64_t{data["resultStart"]} == 7);
  CHECK(data["count"].error() == simdjson::NO_SUCH_FIELD);
}

TEST_CASE("query: a next link of the same origin is followed as it stands", "[threatconnect]") {
  const BaseUrl base = base_of("https://tc.example.test/api");
  const std::string target =
      "/api/v3/indicators?tql=summary%20%3D%20%22a%2Fb..%22&resultStart=15&resultLimit=10";
  for (const char* origin :
       {"https://tc.example.test", "HTTPS://TC.Example.Test", "https://tc.example.test:443"}) {
    CAPTURE(origin);
    CHECK(next_target(base, std::string{origin} + target) == target);
  }
  CHECK(next_target(base_of("https://tc.example.test:8443"),
                    "https://tc.example.test:8443/v3/indicators?x=1") == "/v3/indicators?x=1");
}

TEST_CASE("query: a next link that leads elsewhere is not followed", "[threatconnect]") {
  const BaseUrl base = base_of("https://tc.example.test/api");
  for (const std::string& link : std::vector<std::string>{
           "",
           "abcd",
           "/api/v3/indicators?x=1",
           "//tc.example.test/api/v3/indicators",
           "http://tc.example.test/api/v3/indicators",
           "https://tc.example.test:8443/api/v3/indicators",
           "https://evil.test/api/v3/indicators",
           "https://tc.example.test.evil.test/api/v3/indicators",
           "https://tc.example.test@evil.test/api/v3/indicators",
           "https://evil.test#@tc.example.test/api/v3/indicators",
           "https://user@tc.example.test/api/v3/indicators",
           "https://evil.test\\@tc.example.test/api/v3/indicators",
           "https://tc.example.test/v3/indicators",
           "https://tc.example.test/api/v2/owners",
           "https://tc.example.test/apiary/v3/indicators",
           "https://tc.example.test/api/v3/../../admin",
           "https://tc.example.test/api/v3/%2e%2E/admin",
           "https://tc.example.test/api/v3/./x",
           "https://tc.example.test/api/v3/%zz",
           "https://tc.example.test/api/v3/indicators#x",
           "https://tc.example.test/api/v3/indicators?x=1\r\nX-Evil: 1",
           "https://tc.example.test/api/v3/a b",
           "https://tc.example.test/api/v3/\xC3\xA9",
           "https://tc.example.test:443x/api/v3/indicators",
           "https://tc.example.test/api/v3/indicators?x=" + std::string(9000, 'a'),
           "null/api/v3/indicators"}) {
    CAPTURE(link);
    CHECK_FALSE(next_target(base, link));
  }
}
