#include "app/commands/prewarm_list.hpp"

#include <array>
#include <istream>
#include <optional>
#include <span>

#include <simdjson.h>

#include <cardstock/cli/list_reader.hpp>

namespace cardstock::app {
namespace {

constexpr std::string_view kGzip = "\x1F\x8B";

/// `{"name":"…","type":"…"}`, the form of a list of JSON lines. False: not that.
bool read_json_line(std::string_view line, std::string& name, std::string& type) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view text;
  if (parser.parse(line.data(), line.size()).get(document) != simdjson::SUCCESS) return false;
  if (document["name"].get(text) != simdjson::SUCCESS) return false;
  name = text;
  if (document["type"].get(text) == simdjson::SUCCESS) type = text;
  return true;
}

}  // namespace

PrewarmList::PrewarmList(std::optional<EntityType> type, std::string column, Random& random)
    : type_{type}, column_{std::move(column)} {
  random.fill(std::as_writable_bytes(std::span{key_}));
}

Status PrewarmList::read(std::istream& in, std::string list) {
  lists_.push_back(std::move(list));
  const std::size_t index = lists_.size() - 1;
  cli::ListReader reader{{.column = column_},
                         [this](const cli::ListEntry& entry) {
                           ++entries_;
                           std::string name;
                           std::string type;
                           if (!entry.name.starts_with('{')) {
                             take(entry.name, entry.type, entry.line);
                           } else if (read_json_line(entry.name, name, type)) {
                             take(name, type, entry.line);
                           } else {
                             refuse(lists_.size() - 1, entry.line,
                                    "it is not a JSON object with a name");
                           }
                         },
                         [this, index](std::size_t line, std::string_view why) {
                           ++entries_;
                           refuse(index, line, why);
                         }};

  std::array<char, std::size_t{64} * 1024> block{};
  for (bool first = true; in; first = false) {
    in.read(block.data(), block.size());
    const std::string_view bytes{block.data(), static_cast<std::size_t>(in.gcount())};
    if (first && bytes.starts_with(kGzip)) {
      return fail(ErrorCode::MalformedRequest,
                  "is compressed: use scripts/prewarm, or gzip -dc FILE | cardstock prewarm -");
    }
    if (auto status = reader.feed(bytes); !status) return status;
    if (full_)
      return fail(ErrorCode::MalformedRequest, "more than 5,000,000 indicators: split the lists");
  }
  if (in.bad()) return fail(ErrorCode::MalformedRequest, "cannot be read to its end");
  return reader.finish();
}

void PrewarmList::refuse(std::size_t list, std::size_t line, std::string_view why) {
  ++refused_;
  if (kept_.size() < kMaxKept) kept_.push_back({lists_.at(list), line, std::string{why}});
}

Result<Indicator> PrewarmList::indicator_of(std::string_view name, std::string_view type) const {
  if (type_) return Indicator::parse(*type_, name);
  if (type.empty()) return Indicator::recognise(name);
  const auto known = entity_type(type);
  if (!known) return fail(ErrorCode::UnsupportedType, "its type is not one that can be asked");
  return Indicator::parse(*known, name);
}

void PrewarmList::take(std::string_view name, std::string_view type, std::size_t line) {
  const std::size_t list = lists_.size() - 1;
  const auto indicator = indicator_of(name, type);
  if (!indicator) {
    refuse(list, line, indicator.error().public_detail);
    return;
  }
  const std::string identity =
      std::string{name_of(indicator->type())} + ":" + indicator->canonical();
  if (!seen_.insert(siphash(key_, identity)).second) {
    ++duplicates_;
    return;
  }
  full_ = full_ || items_.size() == kMaxItems;
  if (!full_) items_.push_back({indicator->entity(), std::string{name}, list, line});
}

}  // namespace cardstock::app
