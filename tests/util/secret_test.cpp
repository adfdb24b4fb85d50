#include <catch2/catch.hpp>

#include <utility>

#include <cardstock/util/random.hpp>
#include <cardstock/util/secret.hpp>

using cardstock::Secret;

TEST_CASE("secret: moving leaves nothing behind", "[util]") {
  Secret a{"a secret that is longer than any small-string buffer"};
  const Secret b{std::move(a)};
  CHECK(a.empty());  // NOLINT(bugprone-use-after-move): what is left is the point
  CHECK(b.reveal() == "a secret that is longer than any small-string buffer");
}

TEST_CASE("secret: comparison sees every byte and the length", "[util]") {
  CHECK(cardstock::equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(cardstock::equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(cardstock::equal_in_constant_time("abc", "xbc"));
  CHECK_FALSE(cardstock::equal_in_constant_time("abc", "ab"));
  CHECK(cardstock::equal_in_constant_time("", ""));
}

TEST_CASE("random: units are at least 0 and below 1 and differ", "[util]") {
  cardstock::SystemRandom random;
  double least = 1;
  double most = 0;
  for (int i = 0; i < 1000; ++i) {
    const double u = random.unit();
    REQUIRE((u >= 0 && u < 1));
    least = std::min(least, u);
    most = std::max(most, u);
  }
  CHECK(most - least > 0.9);
}
