#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

#include <cardstock/util/file.hpp>

#include "support/read_file.hpp"
#include "support/temporary_directory.hpp"

using namespace cardstock;
using namespace cardstock::test;

TEST_CASE("file: replaced whole, with nothing left beside it", "[util]") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("f");
  REQUIRE(replace_file(path, "one"));
  REQUIRE(replace_file(path, "another"));
  CHECK(read_file(path) == "another");
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
  using std::filesystem::perms;
  CHECK((std::filesystem::status(path).permissions() & perms::mask) ==
        (perms::owner_read | perms::owner_write));
}

TEST_CASE("file: its end is read, and an absent one is none", "[util]") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("f");
  CHECK(read_file_end(path, 10).value() == std::nullopt);
  REQUIRE(replace_file(path, "0123456789"));
  CHECK(read_file_end(path, 100).value() == "0123456789");
  CHECK(read_file_end(path, 3).value() == "789");
  CHECK(read_file_end(path, 0).value() == "");
}

TEST_CASE("file: what is appended moves aside at the limit, and replaces what lay there",
          "[util]") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("f");
  for (const char* line : {"aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "eeee\n"})
    REQUIRE(append_to_file(path, line, 10));
  CHECK(read_file(path) == "eeee\n");
  CHECK(read_file(path + ".1") == "cccc\ndddd\n");
}

TEST_CASE("file: what cannot be done is an error that names the path to the operator", "[util]") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("no") + "/f";
  for (const Status& refused : {replace_file(path, "x"), append_to_file(path, "x", 10)}) {
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::StoreFailed);
    CHECK(refused.error().cause.find(path) != std::string::npos);
    CHECK(refused.error().public_detail.find(path) == std::string::npos);
  }
  // A folder is no file, and a link is not followed to where somebody else points it.
  CHECK_FALSE(read_file_end(folder.file("."), 10));
  std::filesystem::create_symlink(folder.file("target"), folder.file("link"));
  CHECK_FALSE(append_to_file(folder.file("link"), "x", 10));
  CHECK_FALSE(std::filesystem::exists(folder.file("target")));
}
