#include <catch2/catch.hpp>

#include <sstream>

#include <istream>
#include <iterator>

#include <cardstock/admin/prewarm_jobs.hpp>
#include <cardstock/admin/spool.hpp>

#include "support/temporary_directory.hpp"

using namespace cardstock;
using admin::read_prewarm_order;

TEST_CASE("prewarm order: so many of those asked most or a query", "[admin]") {
  const auto most = read_prewarm_order(R"({"most_asked":100})");
  REQUIRE(most);
  CHECK(std::get<admin::MostAskedOrder>(*most).most == 100);
  const auto query = read_prewarm_order(R"({"tql":"rating >= 3"})");
  REQUIRE(query);
  CHECK(std::get<admin::QueryOrder>(*query).tql == "rating >= 3");
}

TEST_CASE("prewarm order: whatever else is refused", "[admin]") {
  for (const std::string& json :
       {std::string{}, std::string{"[]"}, std::string{"{}"}, std::string{R"({"most_asked":0})"},
        std::string{R"({"most_asked":1025})"}, std::string{R"({"most_asked":-1})"},
        std::string{R"({"most_asked":"1"})"}, std::string{R"({"tql":""})"},
        std::string{R"({"tql":7})"}, R"({"tql":")" + std::string(4097, 'x') + R"("})",
        std::string{R"({"most_asked":1,"tql":"x"})"}, std::string{R"({"names":["a"]})"}}) {
    CAPTURE(json);
    const auto order = read_prewarm_order(json);
    REQUIRE_FALSE(order);
    CHECK(order.error().code == ErrorCode::MalformedRequest);
  }
}

TEST_CASE("spool: gives back what it was given and has no name", "[admin]") {
  const test::TemporaryDirectory folder;
  auto spool = admin::Spool::create(folder.file("store.prewarm"));
  REQUIRE(spool);
  std::string all;
  for (int i = 0; i < 5000; ++i) {
    const std::string piece = std::to_string(i) + "\n";
    all += piece;
    REQUIRE((*spool)->append(piece));
  }
  CHECK((*spool)->bytes() == all.size());
  CHECK(std::filesystem::is_empty(folder.path()));
  admin::SpoolInput input{**spool};
  std::istream in{&input};
  std::ostringstream read;
  read << in.rdbuf();
  CHECK(read.str() == all);
  CHECK_FALSE(admin::Spool::create(folder.file("none/store.prewarm")));
}
