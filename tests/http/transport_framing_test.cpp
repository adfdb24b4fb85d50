#include "framing.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "http/frame_text.hpp"

using namespace cardstock;
using namespace cardstock::http;

namespace {

constexpr FramingLimits kLimits{512, 8, 64};

std::string frame(std::string_view stream,
                  const std::vector<std::size_t>& cuts,
                  const FramingLimits& limits = kLimits) {
  return test::frame(stream, cuts, limits);
}
std::string frame(std::string_view stream) {
  return frame(stream, {});
}

/// Status of the refusal of one request with these field lines (each with its CRLF); 0 when it is
/// understood.
int refusal(const std::string& fields,
            const std::string& body = "",
            std::string_view line = "POST / HTTP/1.1") {
  const std::string text = frame(std::string{line} + "\r\n" + fields + "\r\n" + body);
  if (text.starts_with("refused ")) return std::stoi(text.substr(8));
  return text.find("incomplete") == std::string::npos ? 0 : -1;
}

const std::string kHost = "Host: a\r\n";
const std::string kChunked = kHost + "Transfer-Encoding: chunked\r\n";

}  // namespace

TEST_CASE("framing: requests are cut at their ends and read in order") {
  REQUIRE(frame("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\nPOST /d HTTP/1.1\r\nhost: "
                "y\r\nContent-Length: 3\r\n\r\nabcGET /e "
                "HTTP/1.1\r\nHost: z\r\nConnection: close\r\n\r\n") ==
          "GET /a ? b=c {Host:x} keep []\nPOST /d ?  {host:y} {Content-Length:3} keep [abc]\nGET "
          "/e ?  {Host:z} "
          "{Connection:close} close []\n");
}

TEST_CASE("framing: a chunked body is decoded and what follows is the next request") {
  REQUIRE(frame("POST / HTTP/1.1\r\n" + kChunked +
                "\r\n5;a=b;c=\"d\"\r\nhello\r\n0A\r\n, chunked \r\n0\r\nX-Trailer: "
                "dropped\r\n\r\nGET /next "
                "HTTP/1.1\r\nHost: a\r\n\r\n") ==
          "POST / ?  {Host:a} {Transfer-Encoding:chunked} keep [hello, chunked ]\nGET /next ?  "
          "{Host:a} keep []\n");
}

TEST_CASE("framing: every way to cut a stream in two or three gives the same requests") {
  const std::vector<std::string> streams{
      "\r\nGET /a?b HTTP/1.1\r\nHost: a\r\n\r\nPOST /c HTTP/1.1\r\nHost: a\r\nContent-Length: "
      "4\r\n\r\nbodyHEAD / "
      "HTTP/1.0\r\n\r\n",
      "POST /x HTTP/1.1\r\n" + kChunked +
          "\r\n3\r\nabc\r\n2;e\r\nde\r\n0\r\nT: 1\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n",
      "POST /x HTTP/1.1\r\n" + kChunked + "\r\n3\r\nabcX\r\n0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\n" + kChunked + "\r\n41\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nNoColon\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\n" + kChunked + "\r\n1\r\na\r\n0\r\nbad trailer\r\n\r\n",
  };
  for (const std::string& stream : streams) {
    const std::string whole = frame(stream);
    for (std::size_t first = 0; first <= stream.size(); ++first) {
      REQUIRE(frame(stream, {first}) == whole);
      for (std::size_t second = first; second <= stream.size(); ++second)
        if (frame(stream, {first, second}) != whole)
          FAIL("cut at " << first << " and " << second << " of " << stream);
    }
    std::vector<std::size_t> each;
    for (std::size_t i = 1; i < stream.size(); ++i) each.push_back(i);
    REQUIRE(frame(stream, each) == whole);
  }
}

TEST_CASE("framing: limits give one verdict however the bytes arrive") {
  const FramingLimits limits{64, 8, 16};
  for (const std::string& stream :
       {"GET /" + std::string(80, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(80, 'a') + "\nrest",
        std::string(30, '\r') + std::string(80, '\n'),
        "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(80, 'a')}) {
    const std::string whole = frame(stream, {}, limits);
    REQUIRE(whole.starts_with("refused "));
    for (std::size_t cut = 0; cut <= stream.size(); ++cut)
      REQUIRE(frame(stream, {cut}, limits) == whole);
  }
}

TEST_CASE("framing: a head of exactly the limit is read and one byte more is refused") {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string fits =
      start + std::string(kLimits.head_bytes - start.size() - 4, 'x') + "\r\n\r\n";
  REQUIRE(fits.size() == kLimits.head_bytes);
  REQUIRE(frame(fits).starts_with("GET / "));
  REQUIRE(frame(start + "x" + fits.substr(start.size())) == "refused 431");
  const std::string line = "GET /" + std::string(kLimits.head_bytes, 'a');
  REQUIRE(frame(line) == "refused 414");
}

TEST_CASE("framing: as many fields as the limit are read and one more is refused") {
  std::string fields = kHost;
  for (std::size_t i = 1; i < kLimits.headers; ++i) fields += "X: 1\r\n";
  REQUIRE(refusal(fields) == 0);
  REQUIRE(refusal(fields + "X: 1\r\n") == 431);
}

TEST_CASE("framing: a body of exactly the limit is read and one byte more is refused") {
  const std::string most(kLimits.body_bytes, 'b');
  REQUIRE(refusal(kHost + "Content-Length: 64\r\n", most) == 0);
  REQUIRE(refusal(kHost + "Content-Length: 65\r\n") == 413);
  REQUIRE(refusal(kChunked, "40\r\n" + most + "\r\n0\r\n\r\n") == 0);
  REQUIRE(refusal(kChunked, "41\r\n") == 413);
  REQUIRE(refusal(kChunked, "40\r\n" + most + "\r\n1\r\nb\r\n") == 413);
  REQUIRE(refusal(kChunked, "FFFFFFFFFFFFFFFF\r\n") == 413);
}

TEST_CASE("framing: Content-Length is digits and nothing else") {
  for (const std::string value :
       {"abc", "", "0x3", "+3", "3, 3", "-1", "3 3", "3;", "1e1", "3.0", "\xc2\xb3"})
    REQUIRE(refusal(kHost + "Content-Length: " + value + "\r\n", "abc") == 400);
  for (const std::string value :
       {"99999999999999999999", "4000000000", "100000000000", "18446744073709551616"})
    REQUIRE(refusal(kHost + "Content-Length: " + value + "\r\n", "abc") == 413);
  REQUIRE(refusal(kHost + "Content-Length: 003\r\n", "abc") == 0);
  REQUIRE(refusal(kHost + "Content-Length:\t3 \r\n", "abc") == 0);
}

TEST_CASE("framing: two statements about the body's length are refused") {
  REQUIRE(refusal(kHost + "Content-Length: 3\r\nContent-Length: 4\r\n", "abc") == 400);
  REQUIRE(refusal(kHost + "Content-Length: 3\r\nContent-Length: 3\r\n", "abc") == 400);
  REQUIRE(refusal(kChunked + "Content-Length: 3\r\n", "abc") == 400);
  REQUIRE(refusal(kHost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "abc") == 400);
  REQUIRE(refusal(kChunked + "Transfer-Encoding: chunked\r\n", "0\r\n\r\n") == 400);
}

TEST_CASE("framing: transfer codings other than one chunked are refused") {
  for (const std::string value :
       {"gzip, chunked", "identity", "chunked, identity", "xchunked", "chunked, chunked"})
    REQUIRE(refusal(kHost + "Transfer-Encoding: " + value + "\r\n", "0\r\n\r\n") == 501);
  REQUIRE(refusal(kHost + "Transfer-Encoding:\r\n", "0\r\n\r\n") == 400);
  REQUIRE(refusal(kHost + "Transfer-Encoding : chunked\r\n", "0\r\n\r\n") == 400);
  REQUIRE(refusal(kHost + "Transfer-Encoding: \x0b"
                          "chunked\r\n",
                  "0\r\n\r\n") == 400);
  REQUIRE(refusal(kHost + "Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n") == 0);
  REQUIRE(refusal("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "POST / HTTP/1.0") == 400);
}

TEST_CASE("framing: malformed chunks are refused") {
  for (const std::string body : {"0x3\r\nabc\r\n0\r\n\r\n",
                                 "+3\r\nabc\r\n0\r\n\r\n",
                                 " 3\r\nabc\r\n0\r\n\r\n",
                                 "3 \r\nabc\r\n0\r\n\r\n",
                                 "\r\nabc",
                                 "-1\r\n",
                                 "g\r\n",
                                 "3\nabc\r\n0\r\n\r\n",
                                 "3\r\nabcd\r\n0\r\n\r\n",
                                 "3\r\nabc0\r\n\r\n",
                                 "3\r\nabc\n0\r\n\r\n",
                                 "3\r\nabc\rX0\r\n\r\n",
                                 "00000000000000003\r\nabc\r\n0\r\n\r\n",
                                 "3;a\x01\r\nabc\r\n0\r\n\r\n",
                                 "3;a\rb\r\nabc\r\n0\r\n\r\n",
                                 "0\r\nbad\r\n\r\n",
                                 "0\r\n A: b\r\n\r\n",
                                 "0\r\nA : b\r\n\r\n",
                                 "0\r\nA: b\n\r\n",
                                 "0\r\n\rX\r\n\r\n",
                                 "3;\x7f\r\nabc\r\n0\r\n\r\n"})
    if (refusal(kChunked, body) != 400) FAIL("not refused: " << body);
}

TEST_CASE("framing: chunk extensions and trailers are read within limits and dropped") {
  REQUIRE(refusal(kChunked,
                  "3;" + std::string(kChunkLineBytes - 4, 'e') + "\r\nabc\r\n0\r\n\r\n") == 0);
  REQUIRE(refusal(kChunked,
                  "3;" + std::string(kChunkLineBytes - 3, 'e') + "\r\nabc\r\n0\r\n\r\n") == 400);
  std::string many;
  for (int i = 0; i < 20; ++i) many += "1;" + std::string(240, 'e') + "\r\na\r\n";
  REQUIRE(refusal(kChunked, many + "0\r\n\r\n") == 400);
  REQUIRE(refusal(kChunked, "0\r\nA: b\r\nC: d\r\n\r\n") == 0);
  REQUIRE(refusal(kChunked, "0\r\nA: b\r\nContent-length: 7\r\n\r\n") == 400);
  REQUIRE(refusal(kChunked, "0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  for (const char* const extension : {";", "; a", ";;a", ";=b"})
    REQUIRE(refusal(kChunked, std::string{"3"} + extension + "\r\nabc\r\n0\r\n\r\n") == 400);
  std::string trailers;
  for (std::size_t i = 0; i < kLimits.headers; ++i) trailers += "T: 1\r\n";
  REQUIRE(refusal(kChunked, "0\r\n" + trailers + "\r\n") == 0);
  REQUIRE(refusal(kChunked, "0\r\n" + trailers + "T: 1\r\n\r\n") == 431);
  REQUIRE(refusal(kChunked, "0\r\nT: " + std::string(kLimits.head_bytes, 't') + "\r\n\r\n") == 431);
}

TEST_CASE("framing: a malformed head is refused") {
  for (const std::string fields : {"Host: a\r\nNoColon\r\nX: y\r\n",
                                   "Host: a\r\n folded\r\n",
                                   "Host: a\r\n\tfolded\r\n",
                                   " Host: a\r\n",
                                   "Host : a\r\n",
                                   ": empty\r\nHost: a\r\n",
                                   "Host: a\r\nX: a\nY: b\r\n",
                                   "Host: a\r\nX: a\rb\r\n",
                                   "Host: a\nX: y\r\n",
                                   "Host: a\r\nX(: y\r\n",
                                   "Host: a\r\nX\x80: y\r\n",
                                   "Host: a\r\nX: \x7f\r\n",
                                   "Host: a\r\nX: \x01\r\n",
                                   "",
                                   "Host: a\r\nHost: a\r\n",
                                   "Host: a b\r\n",
                                   "Host: a/b\r\n",
                                   "Host: u@h\r\n",
                                   "Host: a,b\r\n",
                                   "Host: \xc3\xa9\r\n"})
    if (refusal(fields) != 400) FAIL("not refused: " << fields);
  REQUIRE(refusal(std::string{"Host: a\r\nX: a\0b\r\n", 17}) == 400);
}

TEST_CASE("framing: innocent fields do no harm") {
  for (const std::string field :
       {"Cache-Control: stale-while-revalidate=5", "Cookie: a", "Date: x", "Accept: garbage",
        "Accept: ", "Accept:", "Content-Type: foo", "X-Bytes: \xff\xfe", "X: a\tb",
        "If-None-Match: \"\"", "Upgrade: h2c", "_: _", "TE: trailers"})
    REQUIRE(refusal(kHost + field + "\r\n") == 0);
  for (const std::string host : {"a:", "a:80", "[::1]:80", "", "xn--a.test", "a%20b"})
    REQUIRE(refusal("Host: " + host + "\r\n") == 0);
}

TEST_CASE("framing: a malformed request line is refused") {
  for (const std::string line : {"GET  / HTTP/1.1",
                                 "GET / HTTP/1.1 ",
                                 " GET / HTTP/1.1",
                                 "GET / HTTP/1",
                                 "GET /",
                                 "GET / H",
                                 "GET / ",
                                 "GET / http/1.1",
                                 "GET\t/ HTTP/1.1",
                                 "GET /a b HTTP/1.1",
                                 "GET /\x01 HTTP/1.1",
                                 "GET /\xc3\xa9 HTTP/1.1",
                                 "G(T / HTTP/1.1",
                                 "GET a HTTP/1.1",
                                 "GET * HTTP/1.1",
                                 "CONNECT a:80 HTTP/1.1",
                                 "GET /a#b HTTP/1.1",
                                 "GET ftp://a/ HTTP/1.1",
                                 "GET http:///x HTTP/1.1",
                                 "GET http://u@a/x HTTP/1.1",
                                 "GET / HTTP/11.1",
                                 "GET / HTTP/1.10",
                                 "\x16\x03\x01",
                                 "GET"})
    if (refusal(kHost, "", line) != 400) FAIL("not refused: " << line);
  REQUIRE(refusal(kHost, "", "GET / HTTP/2.0") == 505);
  REQUIRE(refusal(kHost, "", "PRI * HTTP/2.0") == 505);
  REQUIRE(refusal(kHost, "", "GET / HTTP/1.2") == 505);
  REQUIRE(refusal(kHost, "", "GET / HTTP/0.9") == 505);
  REQUIRE(refusal(kHost, "", "PROPFIND / HTTP/1.1") == 0);
  REQUIRE(refusal(kHost, "", "get / HTTP/1.1") == 0);
  REQUIRE(refusal(kHost, "", "OPTIONS * HTTP/1.1") == 0);
}

TEST_CASE("framing: a TLS hello is refused at its first byte") {
  REQUIRE(frame("\x16\x03") == "refused 400");
}

TEST_CASE("framing: the target is split and not decoded") {
  REQUIRE(frame("GET /a%2Fb//../c;d?x=%zz&x=+?y HTTP/1.1\r\nHost: a\r\n\r\n") ==
          "GET /a%2Fb//../c;d ? x=%zz&x=+?y {Host:a} keep []\n");
  REQUIRE(frame("GET http://h:80/p?q HTTP/1.1\r\nHost: a\r\n\r\n") ==
          "GET /p ? q {Host:a} keep []\n");
  REQUIRE(frame("GET HTTPS://h?q HTTP/1.1\r\nHost: a\r\n\r\n") == "GET / ? q {Host:a} keep []\n");
  REQUIRE(frame("GET ? HTTP/1.1\r\nHost: a\r\n\r\n") == "refused 400");
}

TEST_CASE("framing: Connection is a list of options in any letters") {
  const auto keeps = [](const std::string& fields, std::string_view version = "HTTP/1.1") {
    return frame("GET / " + std::string{version} + "\r\nHost: a\r\n" + fields + "\r\n")
               .find(" keep ") != std::string::npos;
  };
  REQUIRE(keeps(""));
  REQUIRE_FALSE(keeps("Connection: close\r\n"));
  REQUIRE_FALSE(keeps("Connection: TE, CLOSE\r\n"));
  REQUIRE_FALSE(keeps("Connection: keep-alive\r\nConnection: foo ,close\r\n"));
  REQUIRE(keeps("Connection: closed\r\n"));
  REQUIRE(keeps("Connection:\r\n"));
  REQUIRE_FALSE(keeps("", "HTTP/1.0"));
  REQUIRE(keeps("Connection: Keep-Alive\r\n", "HTTP/1.0"));
  REQUIRE_FALSE(keeps("Connection: keep-alive, close\r\n", "HTTP/1.0"));
}

TEST_CASE("framing: only 100-continue is expected, and only while the body is still to come") {
  std::vector<HeaderView> store(kLimits.headers);
  const auto expects = [&store](std::string text) {
    Framer framer;
    framer.advance(text, kLimits, store);
    return framer.take_expects_continue();
  };
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n";
  REQUIRE(expects(start + "Content-Length: 3\r\n\r\n"));
  REQUIRE(expects(start + "Transfer-Encoding: chunked\r\n\r\n"));
  REQUIRE_FALSE(expects(start + "\r\n"));
  REQUIRE_FALSE(expects("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
  REQUIRE(refusal(kHost + "Expect: a-miracle\r\n") == 417);
}
