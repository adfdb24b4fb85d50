#include <cstring>

#include <catch2/catch.hpp>

#include <cardstock/threatconnect/answer.hpp>
#include <cardstock/util/text.hpp>

#include "threatconnect/fixtures.hpp"

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

Error error_of(int status,
               std::string_view body,
               std::string_view content_type = "application/json") {
  const auto page = read_indicators(status, content_type, body);
  if (page) FAIL("a success: " << body);
  const auto owners = read_owners(status, content_type, body);
  REQUIRE_FALSE(owners);
  CHECK(owners.error().code == page.error().code);
  CHECK(owners.error().public_detail == page.error().public_detail);
  return page.error();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string v3_error(const std::string& message) {
  return R"({"errCode":"0x1001","message":")" + message + R"(","status":"Error"})";
}

constexpr std::string_view kHtml = "<!DOCTYPE html><html><body>Sign in</body></html>";

}  // namespace

TEST_CASE("refusal: an answer that is not ThreatConnect's suggests the base URL and its api form",
          "[threatconnect]") {
  for (const int status : {200, 204, 404}) {
    for (const std::string_view body :
         {std::string_view{""}, std::string_view{" \r\n"}, kHtml, std::string_view{"ok"},
          std::string_view{"[]"}, std::string_view{"null"}, std::string_view{"\"Success\""},
          std::string_view{R"({"hello":1})"}, std::string_view{R"({"data":[]})"},
          std::string_view{R"({"status":200,"data":[]})"},
          std::string_view{R"({"status":null,"data":[]})"},
          std::string_view{R"({"inner":{"status":"Success"}})"}}) {
      CAPTURE(status, body);
      const Error error = error_of(status, body);
      CHECK(error.code == ErrorCode::WrongBaseUrl);
      CHECK(contains(error.public_detail, "base URL"));
      CHECK(contains(error.public_detail, "/api"));
      CHECK_FALSE(contains(error.public_detail, "Sign in"));
    }
  }
  CHECK(contains(error_of(200, kHtml, "text/html").public_detail, "HTML"));
  CHECK(contains(error_of(200, "x", "text/html; charset=utf-8").public_detail, "HTML"));
  CHECK(contains(error_of(200, "", "").public_detail, "empty"));
}

TEST_CASE("refusal: a redirect and a missing path point to the base URL", "[threatconnect]") {
  for (const int status : {301, 302, 303, 307, 308}) {
    const Error error = error_of(status, kHtml, "text/html");
    CHECK(error.code == ErrorCode::WrongBaseUrl);
    CHECK(contains(error.public_detail, "redirect"));
    CHECK(contains(error.public_detail, "/api"));
  }
  const Error missing =
      error_of(404, R"({"status":"Failure","message":"The requested resource was not found"})");
  CHECK(missing.code == ErrorCode::WrongBaseUrl);
  CHECK(contains(missing.public_detail, "base URL"));
}

TEST_CASE("refusal: JSON that breaks off or goes on is unreadable", "[threatconnect]") {
  const std::string whole = fixture("v7_two_owners.json");
  for (std::size_t cut = 1; cut + 2 < whole.size(); cut += 37) {
    CAPTURE(cut);
    CHECK(error_of(200, whole.substr(0, cut)).code == ErrorCode::AnswerUnreadable);
  }
  for (const char* body : {R"({"status":"Success","data":[]} x)",
                           R"({"status":"Success","data":[]}{})",
                           R"({"status":"Success","data":[])",
                           R"({"status":"Success","data":[}])",
                           R"({"status":"Success","data":[1 2]})",
                           R"({"status":"Success","data":[,]})",
                           R"({"status":"Success",})",
                           R"({"status":"Success" "data":[]})",
                           R"({"status":"Success","data":tru})",
                           R"({"status":"Success","x":nul})",
                           R"({"status":"Success","x":01})",
                           R"({"status":"Success","x":1.})",
                           R"({"status":"Success","x":-})",
                           R"({"status":"Success","x":[{"y":+1}]})",
                           R"({"status":"Success","x":[{"y"}]})",
                           R"({"status":"Success","x":"})",
                           R"({"status":"Success","x":{]}})",
                           R"({status:"Success"})",
                           "{",
                           "{{}}"}) {
    CAPTURE(body);
    const Error error = error_of(200, body);
    CHECK(error.code == ErrorCode::AnswerUnreadable);
    CHECK_FALSE(error.cause.empty());
  }
}

TEST_CASE("refusal: a success needs exactly the word Success, anywhere in the object",
          "[threatconnect]") {
  for (const char* word : {"Failure", "Error", "success", "SUCCESS", "Success ", ""}) {
    CAPTURE(word);
    const Error error = error_of(
        200, R"({"data":[],"status":")" + std::string{word} + R"(","message":"It is broken"})");
    CHECK(error.code == ErrorCode::UpstreamFailed);
    CHECK(contains(error.public_detail, "It is broken"));
  }
  CHECK(error_of(200, R"({"status":"Success","status":"Error"})").code ==
        ErrorCode::UpstreamFailed);
  CHECK(error_of(500, R"({"status":"Success","data":[]})").code == ErrorCode::UpstreamFailed);
}

TEST_CASE("refusal: status codes have one meaning each, with and without a body",
          "[threatconnect]") {
  struct Case {
    int status;
    ErrorCode code;
  };
  for (const Case& one :
       {Case{400, ErrorCode::QueryRefused}, Case{401, ErrorCode::AuthFailed},
        Case{403, ErrorCode::OwnerForbidden}, Case{408, ErrorCode::UpstreamFailed},
        Case{413, ErrorCode::QueryRefused}, Case{414, ErrorCode::QueryRefused},
        Case{429, ErrorCode::RateLimited}, Case{431, ErrorCode::QueryRefused},
        Case{500, ErrorCode::UpstreamFailed}, Case{502, ErrorCode::UpstreamFailed},
        Case{503, ErrorCode::UpstreamFailed}, Case{504, ErrorCode::UpstreamFailed},
        Case{100, ErrorCode::UpstreamFailed}, Case{0, ErrorCode::UpstreamFailed}}) {
    for (const std::string& body :
         {std::string{}, std::string{kHtml}, v3_error("No."), std::string{"{broken"}}) {
      CAPTURE(one.status, body);
      const Error error = error_of(one.status, body, "");
      CHECK(error.code == one.code);
      CHECK(contains(error.cause, std::to_string(one.status)));
      CHECK_FALSE(error.public_detail.empty());
    }
    CHECK(contains(error_of(one.status, v3_error("Bad thing.")).public_detail, "Bad thing."));
  }
  CHECK(error_of(405, v3_error("No.")).code == ErrorCode::QueryRefused);
  CHECK(error_of(405, kHtml).code == ErrorCode::WrongBaseUrl);
  CHECK(contains(error_of(400, v3_error("No.")).cause, "0x1001"));
}

TEST_CASE("refusal: a refusal that names the time is the clock's fault", "[threatconnect]") {
  for (const char* message : {"Timestamp out of acceptable time range", "Invalid timestamp",
                              "TIMESTAMP is old", "The request time is off", "time"}) {
    CAPTURE(message);
    const Error error = error_of(401, v3_error(message));
    CHECK(error.code == ErrorCode::ClockSkew);
    CHECK(contains(error.public_detail, "clock"));
  }
  CHECK(error_of(403, v3_error("Timestamp out of acceptable time range")).code ==
        ErrorCode::ClockSkew);
  for (const char* message : {"Access Denied", "Signature data did not match expected result",
                              "Sometimes not", "Your session has timed out", ""}) {
    CAPTURE(message);
    CHECK(error_of(401, v3_error(message)).code == ErrorCode::AuthFailed);
  }
  CHECK(error_of(403, v3_error("Not at this time")).code == ErrorCode::OwnerForbidden);
}

TEST_CASE("refusal: 503 is a missing licence only in ThreatConnect's own words",
          "[threatconnect]") {
  CHECK(error_of(
            503,
            R"({"status":"Failure","message":"API access has not been licensed for this system."})")
            .code == ErrorCode::NotLicensed);
  CHECK(error_of(503, R"({"status":"Error","message":"No License."})").code ==
        ErrorCode::NotLicensed);
  CHECK(error_of(503, R"({"status":"Failure","message":"Busy"})").code ==
        ErrorCode::UpstreamFailed);
  CHECK(error_of(503, R"({"message":"not licensed"})").code == ErrorCode::UpstreamFailed);
  CHECK(error_of(503, "<html>licensed to nobody</html>").code == ErrorCode::UpstreamFailed);
}

TEST_CASE("refusal: what the service said is one short clean line", "[threatconnect]") {
  const Error tidy = error_of(
      400, R"({"status":"Error","message":"  two\r\n\tlines \u202e<b>bold</b>\u0000\u200b end "})");
  CHECK(contains(tidy.public_detail, "it said: two lines b bold /b end"));
  const Error bidi = error_of(400,
                              "{\"status\":\"Error\",\"message\":\"a\xE2\x80\xAE"
                              "b\"}");
  CHECK(contains(bidi.public_detail, "it said: ab"));

  std::string many;
  for (int i = 0; i < 5000; ++i) many += "\u00e9 ";
  const Error cut = error_of(400, v3_error(many));
  CHECK(cut.public_detail.size() <= 260);
  CHECK(is_valid_utf8(cut.public_detail));
  CHECK(cut.public_detail.ends_with("\u2026"));
  const Error broken = error_of(400, v3_error("a\xFF"
                                              "b"));
  CHECK(is_valid_utf8(broken.public_detail));
  const Error not_text = error_of(400, R"({"status":"Error","message":{"a":["b"]},"errCode":5})");
  CHECK(not_text.code == ErrorCode::QueryRefused);
  CHECK(error_of(400, v3_error("x"), "text/evil\r\nX: " + std::string(400, 'y')).cause.find('\n') ==
        std::string::npos);
}

TEST_CASE("refusal: an echoed credential is cut out", "[threatconnect]") {
  const std::string signature = "AUcAgQnQDFGuBon6Sl11p5Rkf8WyiAzIyDbqgu8nvLA=";
  for (const std::string& message :
       {"Authorization: TC 12345678901234567890:" + signature,
        "bad header TC 12345678901234567890:" + signature + " sent",
        "got tc  1234567890:" + signature, "(TC 1234567890:" + signature + ")",
        "header=TC%201234567890:" + signature, "TC\\u200b 1234567890:" + signature,
        "expected " + signature, "signature=" + signature + ", sent",
        "TC-Token APIV2:430:c8mTcH:1234567890:" + signature, "tc-token: " + signature.substr(0, 20),
        "token APIV2:430:c8:" + signature.substr(0, 12),
        "authorization = \\\"" + signature.substr(0, 20) + "\\\"",
        "{authorization: 'Bearer " + signature.substr(0, 20) + "'}"}) {
    CAPTURE(message);
    const Error error = error_of(401, v3_error(message));
    CHECK_FALSE(contains(error.public_detail, signature.substr(0, 12)));
    CHECK_FALSE(contains(error.cause, signature.substr(0, 12)));
    CHECK_FALSE(contains(error.public_detail, "1234567890"));
    CHECK(contains(error.public_detail, "[removed]"));
  }
  CHECK(contains(error_of(401, v3_error("The TC instance is down")).public_detail,
                 "The TC instance is down"));
}

TEST_CASE("refusal: deep nesting and huge lists are survived", "[threatconnect]") {
  constexpr std::size_t kDepth = 1'000'000;
  const std::string open(kDepth, '[');
  const std::string close(kDepth, ']');
  std::string objects;
  for (std::size_t i = 0; i < 100'000; ++i) objects += R"({"a":)";
  CHECK(error_of(200, R"({"status":"Success","x":)" + open + close + "}").code ==
        ErrorCode::AnswerUnreadable);
  CHECK(error_of(200, R"({"status":"Success","data":)" + open + close + "}").code ==
        ErrorCode::AnswerUnreadable);
  CHECK(error_of(200, R"({"status":"Success","data":[{"tags":)" + open + close + "}]}").code ==
        ErrorCode::AnswerUnreadable);
  CHECK(error_of(200, R"({"status":"Success","data":[{"tags":)" + objects + "1" +
                          std::string(100'000, '}') + "}]}")
            .code == ErrorCode::AnswerUnreadable);
  CHECK(error_of(200, "{" + open).code == ErrorCode::AnswerUnreadable);
  CHECK(error_of(500, R"({"x":)" + open + close + "}").code == ErrorCode::UpstreamFailed);

  const std::string shallow(100, '[');
  CHECK(read_indicators(
      200, "", R"({"status":"Success","data":[],"x":)" + shallow + std::string(100, ']') + "}"));
  std::string many = "1";
  for (std::size_t i = 0; i < 500'000; ++i) many += ",null";
  const auto page = read_indicators(200, "", R"({"status":"Success","data":[)" + many + "]}");
  REQUIRE(page);
  CHECK(page->skipped == 500'001);
}
