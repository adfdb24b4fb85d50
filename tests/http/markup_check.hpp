#pragma once
/// \file markup_check.hpp
/// \brief Whether a page is well-formed enough that no text of it can be taken for markup.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/util/text.hpp>

namespace cardstock::test {

/// The first fault; empty when there is none. Every element that is opened is closed, in order;
/// every attribute with a value is in double quotes; entities are known; elements are of `allowed`.
inline std::string fault_of_markup(std::string_view html) {
  static constexpr std::array<std::string_view, 36> kAllowed{
      "html",    "head",    "meta", "title", "style", "body",   "a",      "header", "h1",
      "h2",      "h3",      "p",    "form",  "input", "label",  "select", "option", "button",
      "main",    "article", "div",  "dl",    "dt",    "dd",     "bdi",    "time",   "details",
      "summary", "section", "ul",   "li",    "span",  "footer", "nav",    "strong", "code"};
  std::vector<std::string> open;
  if (!html.starts_with("<!doctype html>\n")) return "no doctype";
  std::size_t at = 16;
  while (at < html.size()) {
    const char c = html[at];
    if (c == '&') {
      const std::string_view entity = html.substr(at, html.find(';', at) - at + 1);
      constexpr std::array<std::string_view, 5> kEntities{"&amp;", "&lt;", "&gt;", "&quot;",
                                                          "&#39;"};
      if (std::ranges::find(kEntities, entity) == kEntities.end())
        return "a bare ampersand: " + std::string{html.substr(at, 20)};
      at += entity.size();
      continue;
    }
    if (c != '<') {
      if (c == '>' || c == '"' || c == '\'') return "bare: " + std::string{html.substr(at, 20)};
      ++at;
      continue;
    }
    const std::size_t end = html.find('>', at);
    if (end == std::string_view::npos) return "an open tag at the end";
    const std::string_view tag = html.substr(at + 1, end - at - 1);
    at = end + 1;
    const bool closing = tag.starts_with('/');
    const std::string name{tag.substr(closing ? 1 : 0, tag.find(' ') - (closing ? 1 : 0))};
    if (std::ranges::find(kAllowed, name) == kAllowed.end()) return "element " + std::string{tag};
    if (closing) {
      if (open.empty() || open.back() != name) return "closes what is not open: " + name;
      open.pop_back();
      continue;
    }
    std::size_t quotes = 0;
    for (std::size_t i = 0; i < tag.size(); ++i) {
      if (tag[i] == '"') ++quotes;
      if (tag[i] == '<' || tag[i] == '\'') return "odd tag " + std::string{tag};
      if (tag[i] == '=' && quotes % 2 == 0 && (i + 1 == tag.size() || tag[i + 1] != '"'))
        return "unquoted attribute " + std::string{tag};
    }
    if (quotes % 2 != 0) return "half an attribute " + std::string{tag};
    if (name == "style") {
      const std::size_t close = html.find("</style>", at);
      if (close == std::string_view::npos) return "an endless style";
      at = close;
    }
    if (name != "meta" && name != "input") open.push_back(name);
  }
  return open.empty() ? "" : "left open: " + open.back();
}

/// Every address that the page refers to.
inline std::vector<std::string> references_of(std::string_view html) {
  std::vector<std::string> found;
  for (const std::string_view attribute : {" href=\"", " src=\"", " action=\"", "url("}) {
    for (std::size_t at = html.find(attribute); at != std::string_view::npos;
         at = html.find(attribute, at)) {
      at += attribute.size();
      found.emplace_back(html.substr(at, html.find_first_of("\")", at) - at));
    }
  }
  return found;
}

}  // namespace cardstock::test
