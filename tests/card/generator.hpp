#pragma once
/// \file generator.hpp
/// \brief Random records and settings, with text from outside at its worst. Equal seeds give equal
/// ones.
#include <array>
#include <random>

#include "card/samples.hpp"

namespace cardstock::test {

inline constexpr std::string_view kPortal = "https://tc.example.org:8443";

/// Owners whose names are found in no other text, so that a name in a card can only come from its
/// owner.
inline const std::array<std::string, 8> kOwners{
    "Owner-Alpha", "Owner-Bravo ",  "Owner \"Charlie\"",      "Owner-Delta",
    " Owner-Echo", "Owner-Foxtrot", "Owner\xE2\x80\xAE-Golf", ""};

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : engine_{seed} {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  std::string text() {
    static const std::vector<std::string> kPieces{"word",
                                                  " ",
                                                  "\n",
                                                  "\r",
                                                  "\t",
                                                  std::string(1, '\0'),
                                                  "\x1B[31m",
                                                  "\x7F",
                                                  "\xC2\x9B",
                                                  "\xFF",
                                                  "\xE2\x82",
                                                  "\xED\xA0\x80",
                                                  "\xF4\x90\x80\x80",
                                                  "\xE2\x80\xAE",
                                                  "\xE2\x80\x8F",
                                                  "\xD8\x9C",
                                                  "\xE2\x81\xA7",
                                                  "\xE2\x80\x8B",
                                                  "\xEF\xBB\xBF",
                                                  "\xE2\x80\xA8",
                                                  "\xE2\x80\x8D",
                                                  "\xC3\xA9",
                                                  "\xF0\x9F\x91\xA9",
                                                  "\"",
                                                  "\\",
                                                  "/",
                                                  "</script>",
                                                  "<b>",
                                                  "<script>",
                                                  "<!--",
                                                  "-->",
                                                  "<a href='",
                                                  "&lt;",
                                                  "&#0;",
                                                  "&#x202E;",
                                                  "&#13;",
                                                  "**",
                                                  "*",
                                                  "_",
                                                  "`",
                                                  "[",
                                                  "](http://e.test/)",
                                                  "# ",
                                                  "{",
                                                  "}",
                                                  "null",
                                                  "\\u0000",
                                                  "%00"};
    std::string text;
    for (std::size_t n = below(12); n > 0; --n) text += kPieces[below(kPieces.size())];
    if (chance(40)) text.append(3000, 'x');
    return text;
  }

  std::string link() {
    static const std::vector<std::string> kLinks{
        "",
        "null/auth",
        "javascript:alert(1)",
        "https://tc.example.org:8443/#/details/indicators/5",
        "https://tc.example.org/x",
        "https://tc.example.org:8443.evil.test/",
        "https://tc.example.org:8443@evil.test/",
        "https://evil.test/?https://tc.example.org:8443/",
        "http://tc.example.org:8443/",
        "HTTPS://TC.example.org:8443/x"};
    const std::string link = kLinks[below(kLinks.size())];
    return chance(4) ? link + text() : link;
  }

  template <class Value>
  std::optional<Value> maybe(Value value) {
    return chance(3) ? std::nullopt : std::optional{value};
  }

  std::optional<WallTime> time() {
    static const std::array<std::int64_t, 6> kSeconds{
        0, -1, 1'795'572'000, 253402300799, 253402300800, 951782400};
    return maybe(WallTime{std::chrono::seconds{kSeconds[below(kSeconds.size())]}});
  }

  std::int64_t id() {
    static const std::array<std::int64_t, 5> kIds{0, -7, 5, 11111797252348111, 9223372036854775807};
    return chance(2) ? kIds[below(kIds.size())] : static_cast<std::int64_t>(below(1000));
  }

  const std::string& owner() { return kOwners[below(kOwners.size())]; }

  threatconnect::OwnerCopy copy() {
    static const std::array<double, 7> kRatings{0, 3, 4.2, 3.5, 5, 0.1, 4.999};
    threatconnect::OwnerCopy copy;
    copy.id = id();
    copy.owner = owner();
    copy.summary = text();
    copy.active = chance(2);
    copy.rating = maybe(kRatings[below(kRatings.size())]);
    copy.confidence = maybe(static_cast<std::int64_t>(below(101)));
    copy.last_modified = time();
    copy.web_link = link();
    copy.threat_assess_score = maybe(static_cast<std::int64_t>(below(1001)));
    copy.false_positives = maybe(std::max<std::int64_t>(id(), 0));
    if (chance(4)) copy.off_scale = {text(), text(), text(), text()};
    for (std::size_t n = below(6); n > 0; --n)
      copy.attributes.push_back(
          {.type = text(), .value = text(), .is_default = chance(3), .pinned = chance(3)});
    for (std::size_t n = below(6); n > 0; --n)
      copy.groups.push_back(
          {.id = id(), .type = text(), .name = text(), .owner = owner(), .link = link()});
    for (std::size_t n = below(6); n > 0; --n) copy.tags.push_back(text());
    return copy;
  }

  threatconnect::Record record() {
    threatconnect::Record record;
    for (std::size_t n = below(7); n > 0; --n) record.copies.push_back(copy());
    record.copies_cut = chance(4) ? static_cast<std::int64_t>(below(3)) : 0;
    return record;
  }

  card::CardSettings settings() {
    card::CardSettings settings;
    settings.portal_origin = chance(8) ? "" : std::string{kPortal};
    settings.owners.default_owner = chance(3) ? "" : owner();
    settings.max_owners = below(6);
    settings.max_groups = below(8);
    settings.max_attributes = below(8);
    settings.max_tags = below(8);
    settings.max_text = chance(3) ? below(20) : 1000;
    for (std::size_t n = below(3); n > 0; --n) settings.owners.order.push_back(owner());
    if (chance(3))
      for (std::size_t n = 1 + below(4); n > 0; --n) settings.owners.allow.push_back(owner());
    if (chance(2))
      for (std::size_t n = 1 + below(4); n > 0; --n) settings.owners.deny.push_back(owner());
    for (const std::string& name : kOwners)
      if (chance(2)) settings.owners.kinds.emplace(name, chance(2) ? "Organization" : text());
    for (std::size_t n = below(4); n > 0; --n) settings.criteria.push_back(criterion());
    settings.no_result_link = link();
    return settings;
  }

  card::Criterion criterion() {
    card::Criterion criterion;
    criterion.name = text();
    if (chance(2)) criterion.owner = owner();
    if (chance(3)) criterion.types = {chance(2) ? EntityType::IpAddress : EntityType::Hash};
    if (chance(4)) criterion.min_confidence = maybe(static_cast<double>(below(101)));
    if (chance(4)) criterion.min_rating = maybe(static_cast<double>(below(11)) / 2);
    if (chance(4)) criterion.min_threat_assess = maybe(static_cast<double>(below(1001)));
    if (chance(4)) criterion.max_false_positives = maybe(static_cast<double>(below(10)));
    if (chance(3)) criterion.tag = text();
    return criterion;
  }

 private:
  std::mt19937 engine_;
};

}  // namespace cardstock::test
