#pragma once
/// \file samples.hpp
/// \brief Records to render, and the rendered card as a parsed document.
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include <cardstock/card/card.hpp>
#include <cardstock/util/time_text.hpp>

namespace cardstock::test {

inline WallTime at(std::string_view time) {
  return *parse_timestamp(time);
}

inline threatconnect::OwnerCopy copy_of(std::string owner, std::int64_t id = 1) {
  threatconnect::OwnerCopy copy;
  copy.id = id;
  copy.owner = std::move(owner);
  copy.last_modified = at("2026-11-24T10:20:30Z");
  return copy;
}

inline threatconnect::Record record_of(std::vector<threatconnect::OwnerCopy> copies) {
  threatconnect::Record record;
  record.copies = std::move(copies);
  return record;
}

inline card::CardSettings settings_for(std::string default_owner) {
  card::CardSettings settings;
  settings.owners.default_owner = std::move(default_owner);
  settings.portal_origin = "https://app.threatconnect.com";
  return settings;
}

/// The whole card, fetched three minutes ago and served from the cache.
inline std::string card_text(const card::RenderedCard& card, std::string_view extra_note = {}) {
  std::string out;
  card::append_card(out, card, at("2026-11-25T02:00:00Z"), at("2026-11-25T02:03:04Z"),
                    card::Source::Cache, extra_note);
  return out;
}

/// Keeps the parser alive as long as its document.
class Document {
 public:
  explicit Document(const std::string& json) : root_{parser_.parse(json)} {}
  simdjson::dom::element root() const { return root_; }
  bool has(std::string_view key) const { return root_[key].error() == simdjson::SUCCESS; }
  std::string text(std::string_view key) const { return std::string{std::string_view{root_[key]}}; }
  /// The texts of a list of text, or of one entry of a list of dictionaries; empty when there is no
  /// such list.
  std::vector<std::string> list(std::string_view key, std::string_view entry = {}) const {
    std::vector<std::string> texts;
    simdjson::dom::array items;
    if (root_[key].get(items) != simdjson::SUCCESS) return texts;
    for (const simdjson::dom::element item : items) {
      std::string_view text;
      const auto error = entry.empty() ? item.get(text) : item[entry].get(text);
      texts.emplace_back(error == simdjson::SUCCESS ? text : "(none)");
    }
    return texts;
  }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

inline Document card_of(const threatconnect::Record& record, const card::CardSettings& settings) {
  return Document{card_text(card::render(record, settings))};
}

using Texts = std::vector<std::string>;

}  // namespace cardstock::test
