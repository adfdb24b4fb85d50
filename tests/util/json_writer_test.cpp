#include <catch2/catch.hpp>

#include <limits>

#include <cardstock/util/json_writer.hpp>

using cardstock::json_string;
using cardstock::JsonWriter;

TEST_CASE("json: strings are escaped, whatever the bytes", "[util]") {
  CHECK(json_string("plain / text") == "\"plain / text\"");
  CHECK(json_string("a\"b\\c") == R"("a\"b\\c")");
  CHECK(json_string("\n\r\t\x01\x7f") == R"("\n\r\t\u0001\u007f")");
  CHECK(json_string(std::string_view{"\0", 1}) == R"("\u0000")");
  CHECK(json_string("\xff\xfe") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(json_string("é\xE2\x80\xA8") == "\"é\\u2028\"");
  CHECK(json_string("</script>") == R"("<\/script>")");
  CHECK(json_string("\xC2\x85") == R"("\u0085")");
}

TEST_CASE("json: commas stand where they belong", "[util]") {
  std::string out;
  JsonWriter json{out};
  json.begin_object().field("a", 1).key("b").begin_array().value("x").value(2.5).null().end_array();
  json.key("c").begin_object().end_object().field("d", true).end_object();
  CHECK(out == R"({"a":1,"b":["x",2.5,null],"c":{},"d":true})");
}

TEST_CASE("json: numbers keep every digit and never become invalid", "[util]") {
  std::string out;
  JsonWriter json{out};
  json.begin_array()
      .value(std::int64_t{11111797252348111})
      .value(std::numeric_limits<double>::infinity());
  json.value(std::numeric_limits<std::int64_t>::min()).value(3.5).end_array();
  CHECK(out == "[11111797252348111,null,-9223372036854775808,3.5]");
}
