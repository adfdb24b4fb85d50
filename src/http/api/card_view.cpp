#include "card_view.hpp"

#include <cardstock/util/text.hpp>

namespace cardstock::http {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

bool is_web_url(std::string_view url) noexcept {
  return (starts_with_ignoring_case(url, "https://") ||
          starts_with_ignoring_case(url, "http://")) &&
         url.find_first_of(" \"<>\\^`{|}") == std::string_view::npos;
}

bool is_date(std::string_view text) noexcept {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return false;
  return true;
}

std::string_view text_of(const element& of, std::string_view key) {
  std::string_view text;
  return of[key].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

bool is_set(const element& of, std::string_view key) {
  bool flag = false;
  return of[key].get(flag) == simdjson::SUCCESS && flag;
}

class Painter {
 public:
  /// The members that stand beside each other are one description list; lists have headings of
  /// their own.
  void card(const array& entries, const element& value) {
    object members;
    if (value.get(members) != simdjson::SUCCESS) return fault("The card is not an object");
    bool open = false;
    for (const element entry : entries) {
      element found;
      if (members[text_of(entry, "key")].get(found) != simdjson::SUCCESS) continue;
      const bool plain = text_of(entry, "type") != "list" && text_of(entry, "type") != "dict";
      if (plain != open) out_ += plain ? "<dl>" : "</dl>";
      open = plain;
      plain ? field(entry, found) : section(entry, found);
    }
    if (open) out_ += "</dl>";
    refuse_undeclared(entries, members, {});
  }

  DrawnCard take() && { return {std::move(out_), std::move(faults_)}; }

 private:
  void fault(std::string text) { faults_.push_back(std::move(text)); }

  void refuse_undeclared(const array& entries, const object& members, std::string_view within) {
    for (const auto member : members) {
      bool declared = false;
      for (const element entry : entries)
        declared = declared || text_of(entry, "key") == member.key;
      if (declared) continue;
      fault("The key \"" + std::string{member.key} + "\"" +
            (within.empty() ? "" : " in \"" + std::string{within} + "\"") +
            " is not declared in metadata.json");
    }
  }

  void field(const element& declared, const element& value) {
    out_ += "<div><dt>";
    append_html(out_, text_of(declared, "label"));
    out_ += "</dt><dd>";
    scalar(declared, value);
    out_ += "</dd></div>";
  }

  void fields(const array& entries, const element& value, std::string_view within) {
    object members;
    if (value.get(members) != simdjson::SUCCESS)
      return fault("\"" + std::string{within} + "\" holds something that is not an object");
    out_ += "<dl>";
    for (const element entry : entries) {
      element found;
      if (members[text_of(entry, "key")].get(found) == simdjson::SUCCESS) field(entry, found);
    }
    out_ += "</dl>";
    refuse_undeclared(entries, members, within);
  }

  void section(const element& declared, const element& value) {
    const bool collapsed = is_set(declared, "collapse");
    const bool is_list = text_of(declared, "type") == "list";
    array items;
    const bool has_items = is_list && value.get(items) == simdjson::SUCCESS;
    out_ += collapsed ? "<details><summary><h3>" : "<section><h3>";
    append_html(out_, text_of(declared, "label"));
    if (has_items) out_ += " <span class=\"count\">(" + std::to_string(items.size()) + ")</span>";
    out_ += collapsed ? "</h3></summary>" : "</h3>";
    if (has_items) {
      list(declared, items);
    } else if (is_list) {
      fault("\"" + std::string{text_of(declared, "key")} + "\" is not a list");
    } else {
      dictionary(declared, value, text_of(declared, "key"));
    }
    out_ += collapsed ? "</details>" : "</section>";
  }

  void list(const element& declared, const array& items) {
    element item;
    if (declared["item"].get(item) != simdjson::SUCCESS)
      return fault("metadata.json does not say what a list holds");
    const bool of_dictionaries = text_of(item, "type") == "dict";
    out_ += of_dictionaries ? "<ul class=\"rows\" role=\"list\">" : "<ul>";
    for (const element value : items) {
      out_ += "<li>";
      of_dictionaries ? dictionary(item, value, text_of(declared, "key")) : scalar(item, value);
      out_ += "</li>";
    }
    out_ += "</ul>";
  }

  void dictionary(const element& declared, const element& value, std::string_view within) {
    array entries;
    if (declared["entries"].get(entries) == simdjson::SUCCESS)
      return fields(entries, value, within);
    fault("metadata.json does not say what a dictionary holds");
  }

  void scalar(const element& declared, const element& value) {
    const std::string_view type = text_of(declared, "type");
    if (type == "integer") {
      if (!value.is_int64() && !value.is_uint64()) return refuse(declared, "a whole number");
      out_ += simdjson::minify(value);
      return;
    }
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return refuse(declared, "a text");
    if (type == "date") {
      if (!is_date(text)) return refuse(declared, "a date");
      out_.append("<time datetime=\"").append(text).append("\">").append(text).append("</time>");
    } else if (type == "link") {
      if (!is_web_url(text)) return refuse(declared, "a link");
      append_link(out_, text);
    } else {
      out_ += "<bdi>";
      append_html(out_, text);
      out_ += "</bdi>";
    }
  }

  void refuse(const element& declared, const char* expected) {
    fault("\"" + std::string{text_of(declared, "label")} + "\" is not " + expected);
  }

  std::string out_;
  std::vector<std::string> faults_;
};

}  // namespace

DrawnCard draw_card(array entries, element card) {
  Painter painter;
  painter.card(entries, card);
  return std::move(painter).take();
}

void append_html(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        append_utf8(out, is_unprintable(c) ? char32_t{0xFFFD} : c);
    }
  }
}

void append_link(std::string& out, std::string_view url) {
  const bool linked = is_web_url(url);
  if (linked) {
    out += "<a rel=\"noopener noreferrer\" href=\"";
    append_html(out, url);
    out += "\">";
  }
  append_html(out, url);
  if (linked) out += "</a>";
}

}  // namespace cardstock::http
