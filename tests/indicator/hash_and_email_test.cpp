#include <catch2/catch.hpp>
#include <string>

#include "indicator/support.hpp"

using namespace cardstock;
using namespace cardstock::testing;

namespace {
constexpr auto kHash = EntityType::Hash;
constexpr auto kEmail = EntityType::EmailAddress;
const std::string kMd5 = "0123456789abcdef0123456789abcdef";
const std::string kSha1 = kMd5 + "01234567";
const std::string kSha256 = kMd5 + kMd5;
using Texts = std::vector<std::string>;
}  // namespace

TEST_CASE("hash: lower case is the key, upper case is asked", "[indicator]") {
  CHECK(canonical_of(kHash, "0123456789ABCDEF0123456789abcdef") == kMd5);
  CHECK(spellings_of(kHash, kMd5) == Texts{"0123456789ABCDEF0123456789ABCDEF"});
  CHECK(canonical_of(kHash, kSha1) == kSha1);
  CHECK(canonical_of(kHash, kSha256) == kSha256);
  CHECK(Indicator::parse(kHash, kSha256)->type() == IndicatorType::File);
}

TEST_CASE("hash: id and algorithm prefixes go, with the space around them", "[indicator]") {
  for (const std::string prefix : {"md5:", "MD5:", "md5: ", "MD5 : ", "hash:", "hash:md5:",
                                   "HASH: md5 :", "md5:hash:", "md5[:]", "md5:\u00A0"})
    CHECK(canonical_of(kHash, prefix + kMd5) == kMd5);
  for (const std::string prefix : {"sha1:", "SHA-1:", "hash:sha1: "})
    CHECK(canonical_of(kHash, prefix + kSha1) == kSha1);
  for (const std::string prefix : {"sha256:", "Sha-256 :", "hash:SHA-256:"})
    CHECK(canonical_of(kHash, prefix + kSha256) == kSha256);
}

TEST_CASE("hash: what ThreatConnect does not hold is refused, saying what it holds",
          "[indicator]") {
  for (const std::size_t digits : {1U, 31U, 33U, 39U, 63U, 65U, 127U}) {
    const std::string sentence = refusal_of(kHash, std::string(digits, 'a'));
    CHECK_THAT(sentence, Catch::Contains(std::to_string(digits) + " digits"));
    CHECK_THAT(sentence,
               Catch::Contains("MD5") && Catch::Contains("SHA-1") && Catch::Contains("SHA-256"));
  }
  const std::string sha512 = kSha256 + kSha256;
  for (const std::string& name : {sha512, "sha512:" + sha512, "hash:SHA-512: " + sha512})
    CHECK_THAT(refusal_of(kHash, name), Catch::Contains("SHA-512 is not held by ThreatConnect"));
  CHECK_THAT(refusal_of(kHash, std::string(96, 'a')), Catch::Contains("SHA-384 is not held"));
  for (const std::string& name :
       {"g" + kMd5.substr(1), kMd5.substr(0, 16) + " " + kMd5.substr(16), kMd5 + " : " + kSha1,
        "0x" + kMd5.substr(2), std::string{"3:abc:def"}}) {
    CAPTURE(name);
    CHECK_THAT(refusal_of(kHash, name), Catch::Contains("not hexadecimal"));
  }
  CHECK_THAT(refusal_of(kHash, "md5:"), Catch::Contains("empty"));
}

TEST_CASE("e-mail: all lower case is the key; the typed local part is asked too", "[indicator]") {
  CHECK(canonical_of(kEmail, "Mixed.Case+Tag@X.Test") == "mixed.case+tag@x.test");
  CHECK(spellings_of(kEmail, "Mixed.Case+Tag@X.Test") ==
        Texts{"Mixed.Case+Tag@x.test", "mixed.case+tag@x.test"});
  CHECK(spellings_of(kEmail, "mixed@X.Test") == Texts{"mixed@x.test"});
  CHECK(canonical_of(kEmail, "\u00C4\u0160\u0416\u03A9@b\u00FCcher.test.") ==
        "\u00E4\u0161\u0436\u03C9@xn--bcher-kva.test");
}

TEST_CASE("e-mail: prefixes and defanged signs", "[indicator]") {
  for (const std::string name :
       {"mailto:who@bad.test", "MAILTO: who@bad.test", "email:who@bad.test",
        "email:mailto:who@bad.test", "mailto:email:Mailto:who@bad.test", "mailto[:]who@bad.test",
        "who[@]bad.test", "who(@)bad.test", "who[at]bad.test", "who(AT)bad(dot)test",
        "who[[at]]bad[.test", "who@bad\u3002test"}) {
    CAPTURE(name);
    CHECK(canonical_of(kEmail, name) == "who@bad.test");
  }
  CHECK_THAT(refusal_of(kEmail, "who{at}bad.test"), Catch::Contains("not an e-mail address"));
  CHECK_THAT(refusal_of(kEmail, "who at bad.test"), Catch::Contains("not an e-mail address"));
}

TEST_CASE("e-mail: the last at sign splits, and both sides have their rules", "[indicator]") {
  CHECK(canonical_of(kEmail, "a@b@bad.test") == "a@b@bad.test");
  CHECK(canonical_of(kEmail, "a[at]b@bad.test") == "a@b@bad.test");
  const std::string longest(64, 'a');
  CHECK(canonical_of(kEmail, longest + "@bad.test") == longest + "@bad.test");
  for (const std::string sign : {" ", "\u00A0", "\u3000"})
    CHECK_THAT(refusal_of(kEmail, "a" + sign + "b@bad.test"), Catch::Contains("space"));
  for (const std::string sign : {",", ";", "<", ">"})
    CHECK_THAT(refusal_of(kEmail, "a" + sign + "b@bad.test"), Catch::Contains("comma"));
  const std::string too_long = longest + "a@bad.test";
  check_refusals(kEmail, {{too_long, "above 64"},
                          {"a@b@", "no domain"},
                          {"@bad.test", "no local part"},
                          {"mailto:@bad.test", "no local part"},
                          {"a@localhost", "single label"},
                          {"a@192.0.2.7", "all digits"},
                          {"a@[192.0.2.7]", "character"},
                          {"a@bad.test:25", "character"},
                          {"a@xn--a.test", "punycode"},
                          {"a@bad test.test", "space"},
                          {"who", "not an e-mail address"},
                          {"mailto:", "empty"},
                          {"who@bad.test>", "character"}});
}
