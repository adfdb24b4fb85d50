#include <cardstock/threatconnect/answer.hpp>

#include <catch2/catch.hpp>

#include <cardstock/util/time_text.hpp>

#include "threatconnect/fixtures.hpp"

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

constexpr std::string_view kJson = "application/json";

Page page_of(const std::string& body) {
  auto page = read_indicators(200, kJson, body);
  if (!page) FAIL(page.error().public_detail << " / " << page.error().cause);
  return *std::move(page);
}

/// A success with one row of these members beside an owner's name and a value.
Row row_of(const std::string& members) {
  const Page page = page_of(R"({"data":[{"ownerName":"O","type":"Host","hostName":"a.test",)" +
                            members + R"("summary":"a.test"}],"status":"Success"})");
  REQUIRE(page.rows.size() == 1);
  return page.rows.front();
}

std::string list_of(const std::string& elements) {
  return R"({"data":[)" + elements + R"(],"status":"Success"})";
}

}  // namespace

TEST_CASE("answer: a 7.x list with two owners is read whole and in order", "[threatconnect]") {
  const Page page = page_of(fixture("v7_two_owners.json"));
  CHECK(page.count == 2);
  CHECK(page.skipped == 0);
  CHECK(page.next ==
        "https://tc.example.test/api/v3/"
        "indicators?tql=summary%20%3D%20%22203.0.113.7%22&resultStart=2&resultLimit=2");
  REQUIRE(page.rows.size() == 2);

  OwnerCopy first;
  first.id = 4101;
  first.owner_id = 11;
  first.owner = "Northwind Organization";
  first.summary = "203.0.113.7";
  first.rating = 2.0;
  first.confidence = 61;
  first.date_added = parse_timestamp("2024-02-01T08:00:00Z");
  first.last_modified = parse_timestamp("2024-03-05T09:30:00Z");
  first.web_link = "https://tc.example.test/#/details/indicators/4101/overview";
  first.threat_assess_score = 873;
  first.false_positives = 3;
  first.attributes = {
      {"Description", "Seen in the honeypot.", true, true},
      {"Additional Analysis and Context", "Line one\nline \"two\" \u00e9", false, false},
      {"Without a value", "", false, false}};
  first.groups = {{900719925474099301, "Report", "Weekly scan report ", "Fabrikam Source",
                   "https://tc.example.test/#/details/groups/900719925474099301/overview"}};
  first.tags = {"block", "Scanning"};
  first.security_labels = {"TLP:AMBER"};
  CHECK(page.rows[0].type == IndicatorType::Address);
  CHECK(page.rows[0].values == std::vector<std::string>{"203.0.113.7"});
  CHECK(page.rows[0].copy == first);

  OwnerCopy second;
  second.id = 11111797252348111;
  second.owner_id = 0;
  second.owner = "Fabrikam Source";
  second.summary = "203.0.113.7";
  second.active = false;
  second.is_private = true;
  second.rating = 5.0;
  second.date_added = *parse_timestamp("2023-01-27T02:00:03Z") + std::chrono::milliseconds{250};
  second.last_modified = parse_timestamp("2023-01-27T14:25:55Z");
  second.web_link = "null/auth/indicators/details/address.xhtml?address=203.0.113.7";
  second.threat_assess_score = 873;
  second.false_positives = 3;
  CHECK(page.rows[1].copy == second);
}

TEST_CASE("answer: a 6.4 list without owner ids and legacy links", "[threatconnect]") {
  const Page page = page_of(fixture("v64_list.json"));
  REQUIRE(page.rows.size() == 3);
  CHECK_FALSE(page.count);
  CHECK(page.next.empty());
  CHECK(page.rows[0].type == IndicatorType::File);
  CHECK(page.rows[0].values == std::vector<std::string>{"0123456789ABCDEF0123456789ABCDEF"});
  CHECK(page.rows[0].copy.owner_id == 0);
  CHECK_FALSE(page.rows[0].copy.rating);
  CHECK_FALSE(page.rows[0].copy.threat_assess_score);
  CHECK(page.rows[1].type == IndicatorType::Host);
  CHECK(page.rows[1].copy.web_link == "/auth/indicators/details/host.xhtml?host=bad.example");
  REQUIRE(page.rows[1].copy.groups.size() == 1);
  CHECK(page.rows[1].copy.groups[0].name == "Bad Person");
  CHECK(page.rows[1].copy.tags == std::vector<std::string>{"old"});
  CHECK(page.rows[2].type == IndicatorType::Url);
  CHECK(page.rows[2].values == std::vector<std::string>{"http://bad.example/only-a-summary"});
  CHECK(page.rows[2].copy.id == 0);
}

TEST_CASE("answer: a single object counts as a list of one, with numbers and flags as strings",
          "[threatconnect]") {
  const Page page = page_of(fixture("files.json"));
  REQUIRE(page.rows.size() == 1);
  const Row& row = page.rows[0];
  CHECK(row.values == std::vector<std::string>{
                          "0123456789ABCDEF0123456789ABCDEF",
                          "0123456789ABCDEF0123456789ABCDEF01234567",
                          "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"});
  CHECK(row.copy.id == 9007199254740993);
  CHECK(row.copy.owner_id == 7);
  CHECK(row.copy.rating == 3.0);
  CHECK(row.copy.confidence == 95);
  CHECK(row.copy.threat_assess_score == 0);
  CHECK(row.copy.false_positives == 0);
  CHECK_FALSE(row.copy.active);
  CHECK(row.copy.is_private);
  CHECK(row.copy.last_modified == parse_timestamp("2024-01-01T00:00:00Z"));
  CHECK(row.copy.date_added == parse_timestamp("2024-01-01T15:00:00Z"));
}

TEST_CASE("answer: a file known by its summary alone is known by each hash of it",
          "[threatconnect]") {
  const Page page = page_of(list_of(R"({"ownerName":"O","type":"File","summary":"AA : BB:CC"})"));
  CHECK(page.rows.at(0).values == std::vector<std::string>{"AA", "BB", "CC"});
}

TEST_CASE("answer: what a read-only user gets, reduced and full of holes", "[threatconnect]") {
  const Page page = page_of(fixture("read_only_user.json"));
  const OwnerCopy& copy = page.rows.at(0).copy;
  CHECK(copy.groups ==
        std::vector<Group>{{0, "Report", "Reduced report", "", ""}, {8, "", "", "", ""}});
  CHECK(copy.attributes == std::vector<Attribute>{{"Source", "x", false, false}});
  CHECK(copy.tags == std::vector<std::string>{"kept"});
}

TEST_CASE("answer: each type is known by its own key", "[threatconnect]") {
  struct Case {
    const char* members;
    std::optional<IndicatorType> type;
    const char* value;
  };
  for (const Case& one :
       {Case{R"("type":"Address","ip":"192.0.2.1")", IndicatorType::Address, "192.0.2.1"},
        Case{R"("type":"CIDR","Block":"192.0.2.0/24")", IndicatorType::Cidr, "192.0.2.0/24"},
        Case{R"("type":"Host","hostName":"a.test","ip":"192.0.2.1")", IndicatorType::Host,
             "a.test"},
        Case{R"("type":"URL","text":"http://a.test/")", IndicatorType::Url, "http://a.test/"},
        Case{R"("type":"EmailAddress","address":"a@a.test")", IndicatorType::EmailAddress,
             "a@a.test"},
        Case{R"("type":"Hashtag","Hashtag":"#x")", std::nullopt, "the summary"},
        Case{R"("type":"Address","hostName":"a.test")", IndicatorType::Address, "the summary"},
        Case{R"("type":null)", std::nullopt, "the summary"}}) {
    CAPTURE(one.members);
    const Page page = page_of(
        list_of(std::string{R"({"summary":"the summary","ownerName":"O",)"} + one.members + "}"));
    REQUIRE(page.rows.size() == 1);
    CHECK(page.rows[0].type == one.type);
    CHECK(page.rows[0].values == std::vector<std::string>{one.value});
    CHECK(page.rows[0].copy.summary == "the summary");
  }
  CHECK(page_of(list_of(R"({"type":"Host","hostName":"a.test","ownerName":"O"})"))
            .rows.at(0)
            .copy.summary == "a.test");
}

TEST_CASE("answer: an empty list holds nobody, whichever way it is written", "[threatconnect]") {
  for (const char* body :
       {R"({"data":[],"status":"Success"})", R"({"status":"Success","data":[],"count":0})",
        R"({"status":"Success","data":null,"count":0})", R"({"count":"0","status":"Success"})",
        "\xEF\xBB\xBF\n {\"status\" : \"Success\" , \"data\" : [ ] } \n"}) {
    CAPTURE(body);
    CHECK(page_of(body).rows.empty());
  }
}

TEST_CASE("answer: a success that says of nobody that he holds it is no answer",
          "[threatconnect]") {
  for (const char* body : {R"({"status":"Success"})", R"({"status":"Success","data":null})",
                           R"({"status":"Success","data":"x"})", R"({"status":"Success","data":0})",
                           R"({"status":"Success","data":null,"count":1})",
                           R"({"status":"Success","count":"none"})"}) {
    CAPTURE(body);
    const auto page = read_indicators(200, "application/json", body);
    REQUIRE_FALSE(page);
    CHECK(page.error().code == ErrorCode::AnswerUnreadable);
    CHECK(page.error().public_detail.ends_with('.'));
  }
}

TEST_CASE("answer: rows without owner or value are skipped, the others keep their order",
          "[threatconnect]") {
  const Page page = page_of(list_of(
      R"({"ownerName":"B","summary":"1"},{"summary":"no owner"},{"ownerName":"  ","summary":"blank owner"},)"
      R"({"ownerName":null,"summary":"null owner"},{"ownerName":"no value"},{"ownerName":"x","summary":" "},)"
      R"(null,1,"text",[],{},true,{"ownerName":"A","summary":"2"},{"ownerName":"B","summary":"3"})"));
  REQUIRE(page.rows.size() == 3);
  CHECK(page.rows[0].copy.summary == "1");
  CHECK(page.rows[1].copy.summary == "2");
  CHECK(page.rows[2].copy.summary == "3");
  CHECK(page.skipped == 11);
}

TEST_CASE("answer: what is off its scale is kept as sent, told from what is unset",
          "[threatconnect]") {
  const OwnerCopy high =
      row_of(
          R"("rating":5.01,"confidence":101,"threatAssessScore":1001,"falsePositives":9223372036854775808,)")
          .copy;
  CHECK(high.off_scale == OffScale{"5.01", "101", "1001", "9223372036854775808", ""});
  const OwnerCopy odd =
      row_of(
          R"("rating":-0.1,"confidence":" 60.5 ","threatAssessScore":"NaN","falsePositives":-1,"lastModified":" 31 November ",)")
          .copy;
  CHECK(odd.off_scale == OffScale{"-0.1", "60.5", "NaN", "-1", "31 November"});
  const OwnerCopy long_one =
      row_of(R"("rating":4,"confidence":")" + std::string(63, 'x') + "\xC3\xA9" + R"(yy",)").copy;
  CHECK(long_one.off_scale == OffScale{"", std::string(63, 'x'), "", "", ""});
  CHECK(long_one.rating == 4.0);
}

TEST_CASE("answer: unset is not zero, and out of range is unset", "[threatconnect]") {
  const OwnerCopy zero =
      row_of(R"("rating":0,"confidence":0,"threatAssessScore":0,"falsePositives":0,)").copy;
  CHECK(zero.rating == 0.0);
  CHECK(zero.confidence == 0);
  CHECK(zero.threat_assess_score == 0);
  CHECK(zero.false_positives == 0);
  for (
      const char* members :
      {"", R"("rating":null,"confidence":null,"threatAssessScore":null,"falsePositives":null,)",
       R"("rating":"","confidence":"","threatAssessScore":"","falsePositives":"",)",
       R"("rating":-0.1,"confidence":-1,"threatAssessScore":-1,"falsePositives":-1,)",
       R"("rating":5.01,"confidence":101,"threatAssessScore":1001,"falsePositives":9223372036854775808,)",
       R"("rating":"NaN","confidence":"NaN","threatAssessScore":"inf","falsePositives":"x",)",
       R"("rating":1e999,"confidence":1e999,"threatAssessScore":1e999,"falsePositives":1e999,)",
       R"("rating":{},"confidence":[],"threatAssessScore":{"a":1},"falsePositives":true,)",
       R"("rating":"4 of 5","confidence":60.5,"threatAssessScore":"1,0","falsePositives":"3x",)"}) {
    CAPTURE(members);
    const OwnerCopy copy = row_of(members).copy;
    CHECK_FALSE(copy.rating);
    CHECK_FALSE(copy.confidence);
    CHECK_FALSE(copy.threat_assess_score);
    CHECK_FALSE(copy.false_positives);
  }
  CHECK(zero.off_scale == OffScale{});
  CHECK(row_of(R"("rating":null,"confidence":"","threatAssessScore":" ",)").copy.off_scale ==
        OffScale{});
  const OwnerCopy most =
      row_of(
          R"("rating":5,"confidence":1e2,"threatAssessScore":1000.0,"falsePositives":9223372036854775807,)")
          .copy;
  CHECK(most.rating == 5.0);
  CHECK(most.confidence == 100);
  CHECK(most.threat_assess_score == 1000);
  CHECK(most.false_positives == INT64_MAX);
  CHECK(most.off_scale == OffScale{});
  CHECK(row_of(R"("rating":3.5,)").copy.rating == 3.5);
  CHECK(row_of(R"("rating":" 4.00 ",)").copy.rating == 4.0);
}

TEST_CASE("answer: ids are exact to 64 bits, as numbers and as strings", "[threatconnect]") {
  CHECK(row_of(R"("id":9223372036854775807,)").copy.id == INT64_MAX);
  CHECK(row_of(R"("id":"9223372036854775807",)").copy.id == INT64_MAX);
  CHECK(row_of(R"("id":9007199254740993,"ownerId":"9007199254740995",)").copy.id ==
        9007199254740993);
  CHECK(row_of(R"("ownerId":"9007199254740995",)").copy.owner_id == 9007199254740995);
  CHECK(row_of(R"("id":92233720368547758070,)").copy.id == 0);
  CHECK(row_of(R"("id":{"x":1},)").copy.id == 0);
}

TEST_CASE("answer: flags may be strings; a missing one has its usual value", "[threatconnect]") {
  CHECK(row_of("").copy.active);
  CHECK_FALSE(row_of("").copy.is_private);
  CHECK_FALSE(row_of(R"("active":"False",)").copy.active);
  CHECK(row_of(R"("active":null,)").copy.active);
  CHECK(row_of(R"("active":"maybe",)").copy.active);
  CHECK(row_of(R"("privateFlag":true,)").copy.is_private);
}

TEST_CASE("answer: an unreadable timestamp is unset", "[threatconnect]") {
  for (const char* text : {R"("")", R"("yesterday")", "null", "17", R"("2024-13-01T00:00:00Z")"}) {
    CAPTURE(text);
    CHECK_FALSE(row_of(R"("lastModified":)" + std::string{text} + ",").copy.last_modified);
  }
  CHECK(row_of(R"("lastModified":"2024-05-01T00:00:00",)").copy.last_modified ==
        parse_timestamp("2024-05-01T00:00:00Z"));
}

TEST_CASE("answer: a collection may be missing, null, empty or one object", "[threatconnect]") {
  for (const char* text :
       {"null", "{}", R"({"data":[]})", R"({"data":null})", R"({"count":0})", R"("x")", "7", "[]",
        R"({"data":"x"})", R"({"data":[null,1,"x",[],{}]})"}) {
    CAPTURE(text);
    const std::string value{text};
    const OwnerCopy copy = row_of(R"("attributes":)" + value + R"(,"associatedGroups":)" + value +
                                  R"(,"tags":)" + value + R"(,"securityLabels":)" + value + ",")
                               .copy;
    CHECK(copy.attributes.empty());
    CHECK(copy.groups.empty());
    CHECK(copy.tags.empty());
    CHECK(copy.security_labels.empty());
  }
  CHECK(row_of(R"("tags":{"data":{"name":"one"},"count":1},)").copy.tags ==
        std::vector<std::string>{"one"});
  CHECK(row_of(R"("tags":[{"name":"one"}],)").copy.tags == std::vector<std::string>{"one"});
}

TEST_CASE("answer: what a collection lacks or cannot be read of is counted", "[threatconnect]") {
  struct Row {
    const char* value;
    std::int64_t unread;
  };
  for (const auto& [value, unread] : std::vector<Row>{
           {"null", 0},
           {"{}", 0},
           {"[]", 0},
           {R"({"data":null})", 0},
           {R"({"count":0})", 0},
           {R"({"count":5})", 5},
           {R"({"data":[null,1,"x",[],{}]})", 0},
           {R"({"data":[{"name":"a","type":"T","value":"v","id":1}],"count":250})", 249},
           {R"({"count":"250","data":{"name":"a","type":"T","value":"v","id":1}})", 249},
           {R"({"count":1,"data":[{"name":"a"},{"name":"b"}]})", 0},
           {R"({"count":"many","data":[]})", 0},
           {R"("x")", Unread::kUnreadable},
           {"7", Unread::kUnreadable},
           {R"({"data":"x"})", Unread::kUnreadable},
           {R"({"data":false,"count":3})", Unread::kUnreadable}}) {
    CAPTURE(value);
    const std::string text{value};
    CHECK(row_of(R"("attributes":)" + text + ",").copy.unread == Unread{.attributes = unread});
    CHECK(row_of(R"("associatedGroups":)" + text + ",").copy.unread == Unread{.groups = unread});
    CHECK(row_of(R"("tags":)" + text + ",").copy.unread == Unread{.tags = unread});
    CHECK(row_of(R"("securityLabels":)" + text + ",").copy.unread == Unread{});
  }
}

TEST_CASE("answer: of a repeated key the last counts", "[threatconnect]") {
  const OwnerCopy copy =
      row_of(
          R"("tags":{"data":[{"name":"a"}]},"rating":1,"rating":2,"tags":{"data":[{"name":"b"}]},)")
          .copy;
  CHECK(copy.rating == 2.0);
  CHECK(copy.tags == std::vector<std::string>{"b"});
}

TEST_CASE("answer: keys are compared unescaped, and strange keys are passed over",
          "[threatconnect]") {
  const OwnerCopy copy = row_of(R"("r\u0061ting":4,"":1,"\ud800":2,"a\"b":{"rating":1},)").copy;
  CHECK(copy.rating == 4.0);
}

TEST_CASE("answer: ill-formed text becomes U+FFFD and does not cost the page", "[threatconnect]") {
  const std::string replacement = "\xEF\xBF\xBD";
  const auto value_of = [](const std::string& raw) {
    return row_of(R"("attributes":{"data":[{"type":"T","value":")" + raw + R"("}]},)")
        .copy.attributes.at(0)
        .value;
  };
  CHECK(value_of("a\xFF\xFE"
                 "b") == "a" + replacement + replacement + "b");
  CHECK(value_of("\xC3") == replacement);
  CHECK(value_of("\xED\xA0\x80") == replacement + replacement + replacement);
  CHECK(value_of(R"(x\ud800y)") == "x" + replacement + "y");
  CHECK(value_of(R"(\udc00\ud800\ud83d\ude00)") == replacement + replacement + "\xF0\x9F\x98\x80");
  CHECK(value_of(R"(\ud83d\u0041)") == replacement + "A");
  CHECK(value_of("tab\there") == "tab here");
  CHECK(value_of(R"(C:\Windows\System)") == R"(C:\Windows\System)");
  CHECK(value_of(R"(\u12 \)"
                 "\xFF") == R"(\u12 \)" + replacement);
  CHECK(value_of("nul\\u0000nul") == std::string{"nul\0nul", 7});
}

TEST_CASE("answer: owners of v3 and the own one of v2", "[threatconnect]") {
  const auto owners = read_owners(200, kJson, fixture("v3_owners.json"));
  REQUIRE(owners);
  REQUIRE(owners->listed.size() == 3);
  CHECK(owners->all);
  CHECK(owners->listed[0].name == "Fabrikam Source");
  CHECK(owners->listed[1].id == 11111797252348111);
  CHECK(owners->listed[1].type == "Organization");
  CHECK(owners->listed[2].id == 3);
  const auto some = read_owners(
      200, kJson,
      R"({"next":"https://tc.test/2","data":[{"id":1,"name":"A"}],"status":"Success"})");
  REQUIRE(some);
  CHECK_FALSE(some->all);

  const auto own = read_own_owner(200, kJson, fixture("v2_own_owner.json"));
  REQUIRE(own);
  CHECK(own->id == 1);
  CHECK(own->name == "Northwind Organization");
  CHECK(own->type == "Organization");
  const auto listed = read_own_owner(
      200, kJson, R"({"status":"Success","data":{"owner":[{"id":"5","name":"X"}]}})");
  REQUIRE(listed);
  CHECK(listed->id == 5);
  const auto nobody = read_own_owner(200, kJson, R"({"status":"Success","data":{}})");
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == ErrorCode::AnswerUnreadable);
}

TEST_CASE("answer: more rows than a page can hold are refused", "[threatconnect]") {
  const std::string row = R"({"ownerName":"O","summary":"x"})";
  std::string rows = row;
  for (std::size_t i = 1; i < kMaxRows; ++i) rows += "," + row;
  CHECK(page_of(list_of(rows)).rows.size() == kMaxRows);
  const auto page = read_indicators(200, kJson, list_of(rows + "," + row));
  REQUIRE_FALSE(page);
  CHECK(page.error().code == ErrorCode::AnswerUnreadable);
}
