#include "preview_page.hpp"

#include <algorithm>
#include <array>

#include <simdjson.h>

#include <cardstock/card/card.hpp>
#include <cardstock/indicator/indicator.hpp>

#include "card_view.hpp"

namespace cardstock::http {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

std::string_view text_at(const element& document, std::string_view pointer) {
  std::string_view text;
  return document.at_pointer(pointer).get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

/// "fallback owner" for `fallback_owner`.
std::string spoken(std::string_view name) {
  std::string text{name};
  std::ranges::replace(text, '_', ' ');
  return text;
}

/// What the form and the list of samples stand at.
struct Place {
  std::string_view type;
  std::string_view name;
  std::string_view sample;
};

class Page {
 public:
  explicit Page(std::string_view title) {
    out_ +=
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
        "name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>";
    append_html(out_, title);
    out_ += "</title><style>";
    out_ += preview_style();
    out_ += "</style></head>\n<body><a class=\"skip\" href=\"#card\">Skip to the card</a>\n";
  }

  Page& head(const Place& place) {
    out_ +=
        "<header><h1>Card preview</h1><p class=\"soft\">Drawn from metadata.json alone, in the "
        "order and with the collapsed lists that Recorded Future shows.</p><form "
        "action=\"/v1/preview\" method=\"get\" aria-label=\"Look up an indicator\"><input "
        "type=\"hidden\" name=\"form\" "
        "value=\"1\"><label>Type<select name=\"type\">";
    for (const EntityType type : kAllEntityTypes) {
      const std::string_view name = name_of(type);
      out_ += name == place.type ? "<option selected>" : "<option>";
      out_.append(name).append("</option>");
    }
    out_ +=
        "</select></label><label class=\"wide\">Indicator<input name=\"name\" required "
        "maxlength=\"4096\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" "
        "value=\"";
    append_html(out_, place.name);
    out_ +=
        "\"></label><button>Show</button></form></header>\n<main id=\"card\" "
        "tabindex=\"-1\">";
    return *this;
  }

  /// `heading` and `sub` are HTML, `id` is of the page's own words.
  Page& open_article(std::string_view heading,
                     std::string_view sub,
                     std::string_view id = "subject") {
    out_.append("<article aria-labelledby=\"").append(id).append("\"><h2 id=\"").append(id);
    out_.append("\">").append(heading).append("</h2>").append(sub);
    return *this;
  }

  /// A card of the test suite.
  Page& sample(const EmbeddedFile& sample) {
    simdjson::dom::parser parser;
    const simdjson::padded_string json{sample.content};
    open_article("Sample: " + spoken(sample.name),
                 "<p class=\"soft\">A card of the test suite.</p>",
                 "sample-" + std::string{sample.name});
    element value;
    if (parser.parse(json).get(value) == simdjson::SUCCESS) card(value);
    return close_article();
  }

  Page& card(const element& card) {
    simdjson::dom::parser parser;
    const simdjson::padded_string metadata{card::metadata_json()};
    array entries;
    if (parser.parse(metadata)["entries"].get(entries) != simdjson::SUCCESS) return *this;
    const DrawnCard drawn = draw_card(entries, card);
    if (!drawn.faults.empty()) {
      out_ +=
          "<div class=\"fault\" role=\"alert\"><p>Recorded Future would refuse this "
          "card:</p><ul>";
      for (const std::string& fault : drawn.faults) item(fault);
      out_ += "</ul></div>";
    }
    out_ += drawn.html;
    return *this;
  }

  Page& close_article() {
    out_ += "</article>";
    return *this;
  }

  Page& paragraph(std::string_view text) {
    if (text.empty()) return *this;
    out_ += "<p>";
    append_html(out_, text);
    out_ += "</p>";
    return *this;
  }

  Page& link(std::string_view url) {
    if (url.empty()) return *this;
    out_ += "<p>";
    append_link(out_, url);
    out_ += "</p>";
    return *this;
  }

  /// Why each criterion is met or not; stands beside the card, for it is not part of it.
  Page& criteria(const array& criteria) {
    out_ +=
        "<div class=\"beside\"><h2>Playbook criteria, owner by owner</h2><p "
        "class=\"soft\">Not part of the card.</p><ul class=\"rows\" role=\"list\">";
    for (const element criterion : criteria) {
      out_ += "<li><h3>";
      append_html(out_, text_at(criterion, "/name"));
      out_ += "</h3>: ";
      verdict(criterion);
      out_ += "<ul>";
      array owners;
      if (criterion["owners"].get(owners) == simdjson::SUCCESS)
        for (const element owner : owners) told(owner);
      std::uint64_t unread = 0;
      if (criterion["unread"].get(unread) == simdjson::SUCCESS)
        item(std::to_string(unread) + " more owners' copies were not read");
      std::uint64_t more = 0;
      if (criterion["more"].get(more) == simdjson::SUCCESS)
        item(std::to_string(more) + " more owners");
      out_ += "</ul></li>";
    }
    out_ += "</ul></div>";
    return *this;
  }

  std::string finish(const Place& place) && {
    out_ +=
        "</main>\n<footer><nav aria-labelledby=\"samples\"><h2 id=\"samples\">Sample "
        "cards</h2><ul>";
    const auto link_to = [this, &place](std::string_view name, std::string_view words) {
      out_ += "<li><a href=\"/v1/preview?sample=";
      append_html(out_, name);
      out_ += name == place.sample ? "\" aria-current=\"page\">" : "\">";
      append_html(out_, words);
      out_ += "</a></li>";
    };
    link_to(kEverySample, "all on one page");
    for (const EmbeddedFile& sample : sample_cards()) link_to(sample.name, spoken(sample.name));
    out_ += "</ul></nav></footer></body></html>\n";
    return std::move(out_);
  }

 private:
  void item(std::string_view text) {
    out_ += "<li>";
    append_html(out_, text);
    out_ += "</li>";
  }

  void verdict(const element& of) {
    const std::string_view words = card::words_of_state(text_at(of, "/state"));
    out_ += words == "met"       ? "<span class=\"met\">"
            : words == "not met" ? "<span class=\"unmet\">"
                                 : "<span class=\"unknown\">";
    out_.append(words).append("</span>");
  }

  void told(const element& owner) {
    out_ += "<li><bdi>";
    append_html(out_, text_at(owner, "/owner"));
    out_ += "</bdi>: ";
    verdict(owner);
    bool first = true;
    for (const char* const kind : {"failed", "unknown"}) {
      array reasons;
      if (owner[kind].get(reasons) != simdjson::SUCCESS) continue;
      for (const element reason : reasons) {
        std::string_view text;
        if (reason.get(text) != simdjson::SUCCESS) continue;
        out_ += first ? ": " : "; ";
        append_html(out_, text);
        first = false;
      }
    }
    out_ += "</li>";
  }

  std::string out_;
};

std::string isolated(std::string_view text) {
  std::string out = "<bdi>";
  append_html(out, text);
  return out += "</bdi>";
}

}  // namespace

const EmbeddedFile* find_sample(std::string_view name) noexcept {
  const auto samples = sample_cards();
  const auto found = std::ranges::find(samples, name, &EmbeddedFile::name);
  return found == samples.end() ? nullptr : &*found;
}

std::string preview_of_envelope(std::string_view envelope) {
  simdjson::dom::parser parser;
  const simdjson::padded_string json{envelope};
  element document;
  if (parser.parse(json).get(document) != simdjson::SUCCESS) return preview_start();
  const Place place{.type = text_at(document, "/indicator/type"),
                    .name = text_at(document, "/indicator/input"),
                    .sample = {}};
  const std::string_view canonical = text_at(document, "/indicator/canonical");
  const std::string_view shown = canonical.empty() ? place.name : canonical;
  std::string sub;
  if (shown != place.name) sub = "<p class=\"soft\">asked as " + isolated(place.name) + "</p>";
  Page page{std::string{shown} + ": card preview"};
  page.head(place).open_article(isolated(place.type) + " " + isolated(shown), sub);
  element card;
  if (document["card"].get(card) == simdjson::SUCCESS) {
    page.card(card).close_article();
  } else {
    page.paragraph("Outcome: " + std::string{text_at(document, "/outcome")})
        .paragraph(text_at(document, "/message"))
        .link(text_at(document, "/link"))
        .close_article();
  }
  array criteria;
  if (document["criteria"].get(criteria) == simdjson::SUCCESS && criteria.size() != 0)
    page.criteria(criteria);
  return std::move(page).finish(place);
}

std::string preview_of_sample(const EmbeddedFile& sample) {
  const Place place{.type = {}, .name = {}, .sample = sample.name};
  Page page{"Sample: " + spoken(sample.name) + ": card preview"};
  return std::move(page.head(place).sample(sample)).finish(place);
}

std::string preview_of_every_sample() {
  const Place place{.type = {}, .name = {}, .sample = kEverySample};
  Page page{"Every sample: card preview"};
  page.head(place);
  for (const EmbeddedFile& sample : sample_cards()) page.sample(sample);
  return std::move(page).finish(place);
}

std::string preview_start() {
  Page page{"Card preview"};
  page.head({})
      .open_article("Nothing asked yet", "")
      .paragraph("Ask for an indicator above, or look at a sample card below.");
  return std::move(page.close_article()).finish({});
}

}  // namespace cardstock::http
