#pragma once
/// \file random_record.hpp
/// \brief Records that could have come from any answer, from a seed.
#include <random>
#include <string>
#include <vector>

#include <cardstock/threatconnect/record.hpp>
#include <cardstock/util/text.hpp>

namespace cardstock::threatconnect {

class RandomRecord {
 public:
  explicit RandomRecord(std::uint64_t seed) : random_{seed} {}

  Record record() {
    Record out;
    out.copies.resize(below(4));
    for (OwnerCopy& copy : out.copies) copy = owner_copy();
    if (coin()) out.copies_cut = static_cast<std::int64_t>(below(1000));
    return out;
  }

  std::string text(std::size_t most = 40) {
    std::string out;
    for (std::size_t left = below(most); left > 0; --left) {
      switch (below(6)) {
        case 0:
          append_utf8(out, static_cast<char32_t>(below(0x20)));
          break;
        case 1:
          append_utf8(out, static_cast<char32_t>(0xE000 + below(0x102000)));
          break;
        case 2:
          append_utf8(out, static_cast<char32_t>(below(0xD800)));
          break;
        case 3:
          out += "\"\\/<&'\u2028\u00ad";
          break;
        default:
          out.push_back(static_cast<char>('a' + below(26)));
      }
    }
    return out;
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }
  bool coin() { return below(2) == 0; }
  std::int64_t id() { return static_cast<std::int64_t>(random_() >> below(64)); }

  std::optional<std::int64_t> whole(std::size_t most) {
    return coin() ? std::optional{static_cast<std::int64_t>(below(most + 1))} : std::nullopt;
  }
  std::optional<WallTime> time() {
    return coin() ? std::optional{WallTime{std::chrono::milliseconds{below(253'402'300'800'000)}}}
                  : std::nullopt;
  }

  OwnerCopy owner_copy() {
    OwnerCopy copy;
    copy.id = id();
    copy.owner_id = id();
    copy.owner = text();
    copy.summary = text();
    copy.active = coin();
    copy.is_private = coin();
    if (coin()) copy.rating = std::uniform_real_distribution<double>{0, 5}(random_);
    copy.confidence = whole(100);
    copy.date_added = time();
    copy.last_modified = time();
    copy.web_link = text();
    copy.threat_assess_score = whole(1000);
    copy.false_positives = coin() ? std::optional{id() & INT64_MAX} : std::nullopt;
    for (std::size_t left = below(4); left > 0; --left)
      copy.attributes.push_back({text(), text(200), coin(), coin()});
    for (std::size_t left = below(4); left > 0; --left)
      copy.groups.push_back({id(), text(), text(), text(), text()});
    for (std::size_t left = below(4); left > 0; --left) copy.tags.push_back(text());
    for (std::size_t left = below(3); left > 0; --left) copy.security_labels.push_back(text());
    if (below(4) == 0) copy.off_scale = {text(), text(), text(), text(), text()};
    if (below(4) == 0)
      copy.unread = {Unread::kUnreadable, id() & INT64_MAX, static_cast<std::int64_t>(below(3))};
    return copy;
  }

  std::mt19937_64 random_;
};

}  // namespace cardstock::threatconnect
