#include <limits>

#include <catch2/catch.hpp>

#include "scales.hpp"

using namespace cardstock::card;

TEST_CASE("scales: every edge of the ThreatAssess bands", "[card]") {
  CHECK(score_text(0) == "0 of 1000 (Low)");
  CHECK(score_text(200) == "200 of 1000 (Low)");
  CHECK(score_text(201) == "201 of 1000 (Medium)");
  CHECK(score_text(500) == "500 of 1000 (Medium)");
  CHECK(score_text(501) == "501 of 1000 (High)");
  CHECK(score_text(800) == "800 of 1000 (High)");
  CHECK(score_text(801) == "801 of 1000 (Critical)");
  CHECK(score_text(873) == "873 of 1000 (Critical)");
  CHECK(score_text(1000) == "1000 of 1000 (Critical)");
  CHECK(score_text(-1).empty());
  CHECK(score_text(1001).empty());
}

TEST_CASE("scales: every edge of the confidence words", "[card]") {
  CHECK(confidence_text(0) == "0% (Unassessed)");
  CHECK(confidence_text(1) == "1% (Discredited)");
  CHECK(confidence_text(2) == "2% (Improbable)");
  CHECK(confidence_text(29) == "29% (Improbable)");
  CHECK(confidence_text(30) == "30% (Doubtful)");
  CHECK(confidence_text(49) == "49% (Doubtful)");
  CHECK(confidence_text(50) == "50% (Possible)");
  CHECK(confidence_text(69) == "69% (Possible)");
  CHECK(confidence_text(70) == "70% (Probable)");
  CHECK(confidence_text(89) == "89% (Probable)");
  CHECK(confidence_text(90) == "90% (Confirmed)");
  CHECK(confidence_text(95) == "95% (Confirmed)");
  CHECK(confidence_text(100) == "100% (Confirmed)");
  CHECK(confidence_text(-1).empty());
  CHECK(confidence_text(101).empty());
}

TEST_CASE("scales: every skull, and fractions take the lower word", "[card]") {
  CHECK(rating_text(0) == "0 of 5 (Unknown)");
  CHECK(rating_text(0.5) == "0.5 of 5 (Unknown)");
  CHECK(rating_text(1) == "1 of 5 (Suspicious)");
  CHECK(rating_text(1.99) == "1.99 of 5 (Suspicious)");
  CHECK(rating_text(2) == "2 of 5 (Low)");
  CHECK(rating_text(3.00) == "3 of 5 (Moderate)");
  CHECK(rating_text(3.5) == "3.5 of 5 (Moderate)");
  CHECK(rating_text(4) == "4 of 5 (High)");
  CHECK(rating_text(4.2) == "4.2 of 5 (High)");
  CHECK(rating_text(4.999) == "4.999 of 5 (High)");
  CHECK(rating_text(5.0) == "5 of 5 (Critical)");
}

TEST_CASE("scales: no rating is shown that is none, and never an exponent", "[card]") {
  CHECK(rating_text(-0.0) == "0 of 5 (Unknown)");
  CHECK(rating_text(1e-7) == "0.0000001 of 5 (Unknown)");
  CHECK(rating_text(1e-300) == "0 of 5 (Unknown)");
  CHECK(rating_text(5.01).empty());
  CHECK(rating_text(-0.1).empty());
  CHECK(rating_text(std::numeric_limits<double>::quiet_NaN()).empty());
  CHECK(rating_text(std::numeric_limits<double>::infinity()).empty());
}
