#include <catch2/catch.hpp>

#include <string>

#include <cardstock/util/siphash.hpp>

TEST_CASE("siphash: the reference vectors of the authors' paper, appendix A", "[util]") {
  // Key 00 01 … 0f, message 00 01 … 0e.
  const cardstock::SipKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  std::string message;
  for (char c = 0; c < 15; ++c) message.push_back(c);
  CHECK(cardstock::siphash(key, message) == 0xa129ca6149be45e5U);
  CHECK(cardstock::siphash(key, "") == 0x726fdb47dd0e0e31U);
}

TEST_CASE("siphash: another key is another value", "[util]") {
  CHECK(cardstock::siphash({1, 2}, "evil.test") != cardstock::siphash({1, 3}, "evil.test"));
}
