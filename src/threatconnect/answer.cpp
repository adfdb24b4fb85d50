#include <cardstock/threatconnect/answer.hpp>

#include <cardstock/util/text.hpp>

#include "json_walk.hpp"
#include "refusal.hpp"
#include "row.hpp"

namespace cardstock::threatconnect {
namespace {

using json::error_code;
using json::Value;

/// What the envelope may hold beside `data`.
struct Around {
  Envelope envelope;
  std::string next;
  std::optional<std::int64_t> count;
};

template <class Data>
struct Answer {
  Around around;
  Data data;
};

error_code read_string(Value value, std::string& out) {
  std::string_view text;
  const auto error = json::read_text(value, text);
  out = text;
  return error;
}

/// A `status` that is no string is not ThreatConnect's.
error_code read_status(Value value, std::optional<std::string>& out) {
  json::Type type{};
  if (const auto error = value.type().get(type)) return error;
  out.reset();
  if (type != json::Type::string) return json::skip(value);
  return read_string(value, out.emplace());
}

/// `status` may stand anywhere, so `data` is read as it comes and judged at the end.
template <class Data, class ReadData>
error_code read_once(std::string_view body, Answer<Data>& answer, ReadData read_data) {
  answer = {};
  Around& around = answer.around;
  return json::walk_object(body, [&](std::string_view key, Value value) {
    if (key == "data") return read_data(value, answer.data);
    if (key == "status") return read_status(value, around.envelope.status);
    if (key == "message") return read_string(value, around.envelope.message);
    if (key == "errCode") return read_string(value, around.envelope.error_code);
    if (key == "next") return read_string(value, around.next);
    if (key == "count") {
      std::string text;
      const auto error = read_string(value, text);
      around.count = json::to_integer(text);
      return error;
    }
    return json::skip(value);
  });
}

template <class Data, class ReadData>
Result<Answer<Data>> read_answer(int status,
                                 std::string_view content_type,
                                 std::string_view body,
                                 ReadData read_data) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  const bool success = status >= 200 && status <= 299;
  Answer<Data> answer;
  if (!trim(body).starts_with('{')) return std::unexpected(refusal(status, content_type, body, {}));
  auto error = read_once(body, answer, read_data);
  if (json::is_mendable(error)) error = read_once(json::mended(body), answer, read_data);
  if (error) {
    if (!success) return std::unexpected(refusal(status, content_type, body, {}));
    return fail(ErrorCode::AnswerUnreadable, "ThreatConnect's answer breaks off or is damaged.",
                simdjson::error_message(error));
  }
  if (!success || answer.around.envelope.status != "Success") {
    return std::unexpected(refusal(status, content_type, body, answer.around.envelope));
  }
  return answer;
}

/// Rows and how many elements were none.
struct Rows {
  std::vector<Row> rows;
  std::size_t skipped = 0;
  bool listed = false;  ///< data was a list, or the one row of a list of one
};

error_code read_rows(Value data, Rows& out) {
  json::Type type{};
  if (const auto error = data.type().get(type)) return error;
  out.listed = type == json::Type::array || type == json::Type::object;
  return json::each_element_or_one(data, [&out](Value element) {
    if (out.rows.size() == kMaxRows) return simdjson::CAPACITY;
    bool is_row = false;
    const auto error = read_row(element, out.rows.emplace_back(), is_row);
    if (!is_row) {
      out.rows.pop_back();
      ++out.skipped;
    }
    return error;
  });
}

error_code read_owner(Value element, std::vector<Owner>& out) {
  Owner owner;
  const auto error = json::each_field_if_object(element, [&](std::string_view key, Value value) {
    if (key == "name") return read_string(value, owner.name);
    if (key == "type") return read_string(value, owner.type);
    if (key != "id") return json::skip(value);
    std::string id;
    const auto failed = read_string(value, id);
    owner.id = json::to_integer(id).value_or(0);
    return failed;
  });
  if (!trim(owner.name).empty()) out.push_back(std::move(owner));
  return error;
}

/// v3 lists owners in `data` itself, v2 in `data.owner`.
error_code read_v3_owners(Value data, std::vector<Owner>& out) {
  return json::each_element_or_one(data,
                                   [&out](Value element) { return read_owner(element, out); });
}

error_code read_v2_owners(Value data, std::vector<Owner>& out) {
  return json::each_field_if_object(data, [&out](std::string_view key, Value value) {
    return key == "owner" ? read_v3_owners(value, out) : json::skip(value);
  });
}

}  // namespace

Result<Page> read_indicators(int status, std::string_view content_type, std::string_view body) {
  auto answer = read_answer<Rows>(status, content_type, body, read_rows);
  if (!answer) return std::unexpected(std::move(answer.error()));
  // "Nobody holds it" has to be said: by an empty list, or by a count of none.
  if (!answer->data.listed && answer->around.count != 0) {
    return fail(ErrorCode::AnswerUnreadable,
                "ThreatConnect's answer holds no list of indicators; check the base URL.",
                "data is missing or no list");
  }
  return Page{std::move(answer->data.rows), std::move(answer->around.next), answer->around.count,
              answer->data.skipped};
}

Result<Owners> read_owners(int status, std::string_view content_type, std::string_view body) {
  auto answer = read_answer<std::vector<Owner>>(status, content_type, body, read_v3_owners);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return Owners{std::move(answer->data), answer->around.next.empty()};
}

Result<Owner> read_own_owner(int status, std::string_view content_type, std::string_view body) {
  auto answer = read_answer<std::vector<Owner>>(status, content_type, body, read_v2_owners);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (answer->data.empty()) {
    return fail(ErrorCode::AnswerUnreadable,
                "ThreatConnect did not say which organization the credentials belong to.");
  }
  return std::move(answer->data.front());
}

}  // namespace cardstock::threatconnect
