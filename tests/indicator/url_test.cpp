#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "indicator/support.hpp"

using namespace cardstock;
using namespace cardstock::testing;

namespace {

constexpr auto kType = EntityType::Url;
using Texts = std::vector<std::string>;

Texts sorted(Texts texts) {
  std::ranges::sort(texts);
  return texts;
}

}  // namespace

TEST_CASE("url: any scheme, folded; hxxp is http", "[indicator]") {
  check_canonical(kType, {{"HTTP://bad.test/A", "http://bad.test/A"},
                          {"hxxp://bad.test/", "http://bad.test/"},
                          {"HXXPS://bad.test/", "https://bad.test/"},
                          {"hXxP://bad.test/", "http://bad.test/"},
                          {"Git+SSH://bad.test/r", "git+ssh://bad.test/r"},
                          {"a.b-c+1://bad.test/", "a.b-c+1://bad.test/"},
                          {"hxxpx://bad.test/", "hxxpx://bad.test/"},
                          {"url:http://bad.test/", "http://bad.test/"},
                          {"URL:url:http://bad.test/", "http://bad.test/"},
                          {"url://bad.test/", "url://bad.test/"},
                          {"url:url://bad.test/", "url://bad.test/"}});
  for (const std::string separator : {"://", "[:]//", "[://]", "[:][/][/]", ":[/][/]", "[:]/[/]"}) {
    CAPTURE(separator);
    CHECK(canonical_of(kType, "http" + separator + "bad.test/x") == "http://bad.test/x");
    CHECK(canonical_of(kType, "hxxps" + separator + "bad.test") == "https://bad.test/");
    CHECK(canonical_of(kType, "url" + separator + "bad.test/") == "url://bad.test/");
  }
}

TEST_CASE("url: no scheme or no host is said plainly", "[indicator]") {
  check_refusals(kType, {{"bad.test/a", "no scheme"},
                         {"//bad.test/a", "no scheme"},
                         {"://bad.test/", "no scheme"},
                         {"1http://bad.test/", "no scheme"},
                         {"ht tp://bad.test/", "no scheme"},
                         {"bad.test/?u=http://x.test/", "no scheme"},
                         {"http:/bad.test/", "no scheme"},
                         {"http:\\\\bad.test\\", "no scheme"},
                         {"mailto:a@bad.test", "no scheme"},
                         {"http:///x", "no host"},
                         {"http://", "no host"},
                         {"http://?x", "no host"},
                         {"http://user@/x", "no host"},
                         {"http://:80/x", "no host"},
                         {"file:///etc/passwd", "no host"}});
}

TEST_CASE("url: the host follows the host rules", "[indicator]") {
  check_canonical(kType, {{"http://BAD.Test./", "http://bad.test/"},
                          {"http://b\u00FCcher.test/", "http://xn--bcher-kva.test/"},
                          {"http://bad\u3002test/", "http://bad.test/"},
                          {"http://192.0.2.7/", "http://192.0.2.7/"},
                          {"http://192.0.2.7./", "http://192.0.2.7/"},
                          {"http://\uFF11.2.3.4/", "http://1.2.3.4/"},
                          {"http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/"},
                          {"http://[2001[:]db8[:][:]1]/", "http://[2001:db8::1]/"},
                          {"http://[::192.0.2.7]/", "http://[::c000:207]/"},
                          {"http://[::ffff:1.2.3.4]:81/", "http://1.2.3.4:81/"},
                          {"http://[::ffff:102:304]/", "http://1.2.3.4/"},
                          {"http://b%61d%2Etest/", "http://bad.test/"},
                          {"http://_x.bad.test/", "http://_x.bad.test/"}});
  check_refusals(kType, {{"http://localhost/", "single label"},
                         {"http://010.1.1.1/", "leading zero is ambiguous"},
                         {"http://256.1.1.1/", "octet above 255"},
                         {"http://1.2.3/", "three octets"},
                         {"http://3232235777/", "one octet"},
                         {"http://0x7f.0.0.1/", "not decimal"},
                         {"http://0x7f.0x1/", "octets"},
                         {"http://bad.123/", "octets"},
                         {"http://[fe80::1%25eth0]/", "zone id"},
                         {"http://[2001:db8::1/", "bracket"},
                         {"http://[2001:db8::1]x/", "after the IPv6 address"},
                         {"http://[192.0.2.7]/", "fewer than eight"},
                         {"http://[]/", "fewer than eight"},
                         {"http://2001:db8::1/", "needs brackets"},
                         {"http://xn--a.test/", "broken punycode"},
                         {"http://-bad.test/", "hyphen"},
                         {"http://*.bad.test/", "wildcard"},
                         {"http://bad .test/", "space"},
                         {"http://bad.test\\x", "character"},
                         {"http://bad%2Ftest/", "character"},
                         {"http://bad%252Etest/", "character"},
                         {"http://bad..test/", "empty label"}});
}

TEST_CASE("url: ports", "[indicator]") {
  check_canonical(kType, {{"http://bad.test:80/", "http://bad.test/"},
                          {"https://bad.test:443/", "https://bad.test/"},
                          {"ftp://bad.test:21/", "ftp://bad.test/"},
                          {"http://bad.test:443/", "http://bad.test:443/"},
                          {"gopher://bad.test:80/", "gopher://bad.test:80/"},
                          {"http://bad.test:0080/", "http://bad.test/"},
                          {"http://bad.test:08080/", "http://bad.test:8080/"},
                          {"http://bad.test:000/", "http://bad.test:0/"},
                          {"http://bad.test:/", "http://bad.test/"},
                          {"http://bad.test:", "http://bad.test/"},
                          {"http://bad.test:65535/", "http://bad.test:65535/"},
                          {"http://bad.test[:]8080/", "http://bad.test:8080/"},
                          {"hxxp://bad.test:80/", "http://bad.test/"},
                          {"http://[2001:db8::1]:80/", "http://[2001:db8::1]/"}});
  check_refusals(kType, {{"http://bad.test:65536/", "port above 65535"},
                         {"http://bad.test:99999999999999999999/", "port above 65535"},
                         {"http://bad.test:8o/", "not a number"},
                         {"http://bad.test:-1/", "not a number"},
                         {"http://bad.test: 80/", "not a number"},
                         {"http://bad.test:80:80/", "colon"}});
}

TEST_CASE("url: user info is kept, and the last at sign ends it", "[indicator]") {
  check_canonical(kType, {{"http://User:P%40ss@BAD.test/", "http://User:P%40ss@bad.test/"},
                          {"http://a@b@bad.test/", "http://a@b@bad.test/"},
                          {"http://a[at]bad[.]test/", "http://a@bad.test/"},
                          {"http://a b@bad.test/", "http://a%20b@bad.test/"},
                          {"http://a\\b@bad.test/", "http://a%5Cb@bad.test/"},
                          {"http://bad.test/@x@y", "http://bad.test/@x@y"},
                          // Decoding uncovers a defanged dot; the canonical form must not hold one.
                          {"http://a(%2E)b@bad.test/x[.]y", "http://a.b@bad.test/x[.]y"},
                          {"http://a(d%6Ft)b@bad.test/x[.]y", "http://a.b@bad.test/x[.]y"},
                          {"http://a%2E]b@bad.test/x[.]y", "http://a.b@bad.test/x[.]y"}});
}

TEST_CASE(
    "url: what follows the authority is refanged only where scheme or authority were defanged",
    "[indicator]") {
  check_canonical(
      kType,
      {{"http://bad.test/a[.]b?q[]=1&x=[at]#(dot)", "http://bad.test/a[.]b?q[]=1&x=[at]#(dot)"},
       {"http://bad.test/a\\.b", "http://bad.test/a%5C.b"},
       {"hxxp://bad.test/a[.]b?q[]=1&x=[at]#(dot)", "http://bad.test/a.b?q[]=1&x=@#."},
       {"http[:]//bad.test/a[.]b", "http://bad.test/a.b"},
       {"http[://]bad.test/a{.}b", "http://bad.test/a.b"},
       {"http://bad[.]test/a\\.b[:]c", "http://bad.test/a.b:c"},
       {"http://bad[.]test?x[.]y", "http://bad.test/?x.y"},
       {"http://bad.test[:]81/a[.]b", "http://bad.test:81/a.b"},
       {"http://a[@]bad.test/a[.]b", "http://a@bad.test/a.b"},
       {"HTTP://BAD.test/a[.]b", "http://bad.test/a[.]b"},
       {"url:http://bad.test/a[.]b", "http://bad.test/a[.]b"},
       {"http://[2001:db8::1]/a[.]b", "http://[2001:db8::1]/a[.]b"},
       {"hxxp://bad.test/?u=hxxp://b[.]test", "http://bad.test/?u=hxxp://b.test"}});
}

TEST_CASE("url: the path loses its dot segments and keeps everything else", "[indicator]") {
  check_canonical(kType, {{"http://bad.test", "http://bad.test/"},
                          {"http://bad.test?x", "http://bad.test/?x"},
                          {"http://bad.test#x", "http://bad.test/#x"},
                          {"http://bad.test/a/../b", "http://bad.test/b"},
                          {"http://bad.test/a/./b/.", "http://bad.test/a/b/"},
                          {"http://bad.test/a/b/..", "http://bad.test/a/"},
                          {"http://bad.test/../../a", "http://bad.test/a"},
                          {"http://bad.test/..", "http://bad.test/"},
                          {"http://bad.test/%2e/%2E%2e/a", "http://bad.test/a"},
                          {"http://bad.test/a//b/", "http://bad.test/a//b/"},
                          {"http://bad.test/a//../b", "http://bad.test/a/b"},
                          {"http://bad.test/..//a", "http://bad.test//a"},
                          {"http://bad.test/.../.a/b..", "http://bad.test/.../.a/b.."},
                          {"http://bad.test/?a/../b#/./c", "http://bad.test/?a/../b#/./c"},
                          {"http://bad.test/a/", "http://bad.test/a/"},
                          {"http://bad.test/A?B=C&a=b#D#e", "http://bad.test/A?B=C&a=b#D#e"},
                          {"http://bad.test/?", "http://bad.test/?"},
                          {"http://bad.test/#", "http://bad.test/#"}});
}

TEST_CASE("url: percent triplets", "[indicator]") {
  check_canonical(
      kType,
      {{"http://bad.test/%7e%41%2d%2E%5f%30", "http://bad.test/~A-._0"},
       {"http://bad.test/%2f%3a%0d?%c3%a4#%2b", "http://bad.test/%2F%3A%0D?%C3%A4#%2B"},
       {"http://bad.test/%2541", "http://bad.test/%2541"},
       {"http://bad.test/%zz%4%", "http://bad.test/%zz%4%"},
       {"http://bad.test/%%7E", "http://bad.test/%~"},
       // To decode here would complete the triplet before it: a second decoding, on the next parse.
       {"http://bad.test/%%341", "http://bad.test/%%341"},
       {"http://bad.test/%4%31", "http://bad.test/%4%31"},
       {"http://bad.test/%2F%41", "http://bad.test/%2FA"},
       {"http://bad.test/ \"<>\\^`{|}", "http://bad.test/%20%22%3C%3E%5C%5E%60%7B%7C%7D"},
       {"http://bad.test/!$&'()*+,;=:@[]", "http://bad.test/!$&'()*+,;=:@[]"},
       {"http://bad.test/\u00E4\u20AC\U0001F600\u00A0x",
        "http://bad.test/%C3%A4%E2%82%AC%F0%9F%98%80%C2%A0x"},
       {"http://bad.test/?\u2028x# y", "http://bad.test/?%E2%80%A8x#%20y"}});
}

TEST_CASE("url: the canonical form is within the limit too", "[indicator]") {
  const std::string start = "http://bad.test/";
  CHECK(canonical_of(kType, start + std::string(4096 - start.size(), 'a')).size() == 4096);
  CHECK(canonical_of(kType, start + " " + std::string(4096 - start.size() - 3, 'a')).size() ==
        4096);
  CHECK_THAT(refusal_of(kType, start + " " + std::string(4096 - start.size() - 2, 'a')),
             Catch::Contains("4096"));
  CHECK_THAT(refusal_of(kType, "http://bad.test?" + std::string(4096 - start.size(), 'a')),
             Catch::Contains("4096"));
}

TEST_CASE("url: spellings are the typed and the canonical one, their slash and their port",
          "[indicator]") {
  CHECK(spellings_of(kType, "http://bad.test/a") == Texts{"http://bad.test/a"});
  CHECK(sorted(spellings_of(kType, "http://bad.test")) ==
        Texts{"http://bad.test", "http://bad.test/"});
  CHECK(sorted(spellings_of(kType, "http://bad.test/")) ==
        Texts{"http://bad.test", "http://bad.test/"});
  CHECK(sorted(spellings_of(kType, "http://bad.test?x")) ==
        Texts{"http://bad.test/?x", "http://bad.test?x"});
  CHECK(sorted(spellings_of(kType, "HXXP://Bad.test:80")) ==
        Texts{"http://bad.test", "http://bad.test/", "http://bad.test:80", "http://bad.test:80/"});
  CHECK(sorted(spellings_of(kType, "http://bad.test:80/%7eA")) ==
        Texts{"http://bad.test/%7eA", "http://bad.test/~A", "http://bad.test:80/%7eA",
              "http://bad.test:80/~A"});
  CHECK(spellings_of(kType, "http://bad.test:80?x=\u00E4") ==
        Texts{"http://bad.test:80?x=\u00E4", "http://bad.test/?x=%C3%A4",
              "http://bad.test?x=%C3%A4", "http://bad.test:80/?x=\u00E4",
              "http://bad.test?x=\u00E4", "http://bad.test/?x=\u00E4"});
  CHECK(sorted(spellings_of(kType, "http://bad.test:81/%7eA")) ==
        Texts{"http://bad.test:81/%7eA", "http://bad.test:81/~A"});
  CHECK(sorted(spellings_of(kType, "http://Bad.test./x")) ==
        Texts{"http://bad.test./x", "http://bad.test/x"});
  CHECK(sorted(spellings_of(kType, "http://[2001:DB8:0::1]/%7e")) ==
        Texts{"http://[2001:db8:0::1]/%7e", "http://[2001:db8::1]/%7e", "http://[2001:db8::1]/~"});
  CHECK(spellings_of(kType, "HTTP://B\u00DCCHER.test/a b") ==
        Texts{"http://xn--bcher-kva.test/a b", "http://xn--bcher-kva.test/a%20b"});
  CHECK(spellings_of(kType, "hxxp://bad.test/a[.]b\u00E4").front() == "http://bad.test/a.b\u00E4");
  const Texts many = spellings_of(kType, "http://[2001:DB8:0::1]:80?x=\u00E4");
  CHECK(many.size() == Indicator::kMaxSpellings);
  CHECK(many.front() == "http://[2001:db8:0::1]:80?x=\u00E4");
  CHECK(std::ranges::count(many, "http://[2001:db8::1]/?x=%C3%A4") == 1);
}

TEST_CASE("url: a spelling beyond the limit is not asked", "[indicator]") {
  const std::string start = "http://bad.test/?";
  const std::string full = start + std::string(4096 - start.size(), 'a');
  CHECK(spellings_of(kType, full) == Texts{full, "http://bad.test?" + full.substr(start.size())});
  // With its port the name has no room for the slash.
  const std::string tail = "?" + std::string(4096 - 19, 'a');
  CHECK(sorted(spellings_of(kType, "http://bad.test:80" + tail)) ==
        Texts{"http://bad.test/" + tail, "http://bad.test:80" + tail, "http://bad.test" + tail});
}
