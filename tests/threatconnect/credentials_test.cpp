#include <cardstock/threatconnect/credentials.hpp>

#include <sstream>

#include <catch2/catch.hpp>

#include <cardstock/util/text.hpp>

#include "threatconnect/fixtures.hpp"

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

std::string hex_of(const Digest& digest) {
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

WallTime at_second(std::int64_t seconds) {
  return WallTime{std::chrono::seconds{seconds}};
}

}  // namespace

TEST_CASE("credentials: HMAC-SHA256 of the vectors of RFC 4231", "[threatconnect]") {
  CHECK(hex_of(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex_of(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex_of(hmac_sha256(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("credentials: an empty key and an empty message are digested too", "[threatconnect]") {
  CHECK(hex_of(hmac_sha256("", "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  CHECK(hex_of(hmac_sha256({}, {})) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("credentials: signatures equal the published vectors", "[threatconnect]") {
  std::istringstream lines{test::read_file(std::string{CARDSTOCK_SOURCE_DIR} +
                                           "/tests/golden/threatconnect/signatures.tsv")};
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream fields{line};
    std::string secret;
    std::string target;
    std::string method;
    std::string timestamp;
    std::string expected;
    std::getline(fields, secret, '\t');
    std::getline(fields, target, '\t');
    std::getline(fields, method, '\t');
    std::getline(fields, timestamp, '\t');
    std::getline(fields, expected, '\t');
    CAPTURE(target);
    CHECK(signature(Secret{secret}, target, method, *parse_integer(timestamp)) == expected);
    ++count;
  }
  CHECK(count == 6);
}

TEST_CASE("credentials: the two headers of an access id", "[threatconnect]") {
  const Credentials credentials{"12345678901234567890",
                                Secret{"k3yWith$pecial+Chars/0123456789=="}};
  const auto headers = authorization(credentials, "/api/v2/owners", "GET",
                                     at_second(1700000000) + std::chrono::milliseconds{999});
  REQUIRE(headers.size() == 2);
  CHECK(headers[0].name == "Timestamp");
  CHECK(headers[0].value == "1700000000");
  CHECK(headers[1].name == "Authorization");
  CHECK(headers[1].value == "TC 12345678901234567890:/Co6xHUBX/sI1cVNYTmMF6VfnhkRX8q/ceQstZBFntI=");
}

TEST_CASE("credentials: a token is sent as it is, without a time stamp", "[threatconnect]") {
  const auto headers = authorization({"", Secret{"APIV2:430:c8mTcH:1234567890123:Ab+/=="}},
                                     "/api/v3/x", "GET", at_second(1));
  REQUIRE(headers.size() == 1);
  CHECK(headers[0].name == "Authorization");
  CHECK(headers[0].value == "TC-Token APIV2:430:c8mTcH:1234567890123:Ab+/==");
}

TEST_CASE("credentials: no id and no token can end a header", "[threatconnect]") {
  const std::string evil = "1\r\nX-Evil: 1\n\t2";
  const std::string with_nul = evil + std::string{'\0'} + "\x7f";
  const auto by_id = authorization({with_nul, Secret{"s"}}, "/", "GET", at_second(1));
  const auto by_token = authorization({"", Secret{with_nul}}, "/", "GET", at_second(1));
  CHECK(by_id[1].value.starts_with("TC 1X-Evil: 12:"));
  CHECK(by_token[0].value == "TC-Token 1X-Evil: 12");
}
