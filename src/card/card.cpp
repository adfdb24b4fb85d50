#include <cardstock/card/card.hpp>

#include <algorithm>
#include <set>
#include <span>
#include <tuple>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>
#include <cardstock/util/time_text.hpp>

#include "criteria.hpp"
#include "keys.hpp"
#include "owner_rule.hpp"
#include "portal.hpp"
#include "scales.hpp"
#include "text_cleaning.hpp"

namespace cardstock::card {
namespace {

using threatconnect::Attribute;
using threatconnect::Group;
using threatconnect::OffScale;
using threatconnect::OwnerCopy;
using threatconnect::Record;
using threatconnect::Unread;

/// The card's dates have four digits for the year.
std::string date_text(const std::optional<WallTime>& time) {
  constexpr WallTime kEnd = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};
  if (!time || *time < WallTime{} || *time >= kEnd) return {};
  return to_rfc3339(*time);
}

/// The first value in owner order, the speaking copy's own if it has one.
template <class Value>
std::optional<Value> instance_wide(std::span<const OwnerCopy* const> copies,
                                   std::optional<Value> OwnerCopy::* value) {
  for (const OwnerCopy* copy : copies)
    if (copy->*value) return copy->*value;
  return std::nullopt;
}

/// What the first copy that has one sent in place of a value on its scale; empty: none did.
std::string_view first_off_scale(std::span<const OwnerCopy* const> copies,
                                 std::string OffScale::* value) {
  for (const OwnerCopy* copy : copies)
    if (!(copy->off_scale.*value).empty()) return copy->off_scale.*value;
  return {};
}

constexpr std::string_view kScoreScale = "0 to 1000";
constexpr std::string_view kConfidenceScale = "0 to 100";
constexpr std::string_view kRatingScale = "0 to 5";

class Renderer {
 public:
  Renderer(const Record& record, const CardSettings& settings, const Indicator* asked)
      : settings_{settings},
        asked_{asked},
        filter_{settings.owners},
        portal_{settings.portal_origin},
        cut_{record.copies_cut} {
    for (const std::size_t i : order_copies(record, settings.owners))
      copies_.push_back(&record.copies[i]);
    // Spellings of one owner stand side by side, the newest first.
    for (const OwnerCopy* copy : copies_)
      if (newest_.empty() || trim(copy->owner) != trim(newest_.back()->owner))
        newest_.push_back(copy);
  }

  RenderedCard render() && {
    RenderedCard card;
    if (copies_.empty()) {
      card.absent = absent_text();
      if (asked_ != nullptr) card.link = portal_.search_link(settings_.no_result_link, *asked_);
      return card;
    }
    const OwnerCopy& speaking = *copies_.front();
    fill_headline(speaking);
    note_fallback(speaking);
    fill_owners();
    fill_groups();
    fill_attributes();
    fill_tags();
    card.criteria = fill_criteria();
    note_unread();
    card.found = true;
    append_members(card.members, facts_);
    card.notes = std::move(notes_);
    card.link = facts_.portal_link;
    card.owner = facts_.owner_name;
    card.owners = newest_.size();
    return card;
  }

 private:
  std::string line(std::string_view text) const { return clean_text(text, settings_.max_text); }

  void note(std::string_view text) { notes_json_.value(text); }

  void note_cut(std::size_t shown, std::size_t all, std::string_view what) {
    if (shown < all)
      note(std::to_string(shown) + " of " + std::to_string(all) + " " + std::string{what} +
           " shown");
  }

  void fill_headline(const OwnerCopy& speaking) {
    facts_.owner_name = owner_label(speaking.owner, settings_.max_text);
    facts_.last_modified_on = date_text(speaking.last_modified);
    facts_.portal_link = portal_.indicator_link(speaking.web_link, speaking.id);
    facts_.owner_confidence = confidence_of(speaking);
    facts_.owner_rating = rating_of(speaking);
    const std::span copies{copies_};
    if (const auto score = instance_wide(copies, &OwnerCopy::threat_assess_score)) {
      facts_.threat_assess_score = score_text(*score);
    } else {
      facts_.threat_assess_score =
          off_scale_text(first_off_scale(copies, &OffScale::threat_assess_score), kScoreScale);
    }
    // A date and a count leave no room for words on the card.
    if (!speaking.off_scale.last_modified.empty())
      note("Last Modified on was sent as \"" + line(speaking.off_scale.last_modified) +
           "\", which is no time.");
    facts_.false_positive_count = instance_wide(copies, &OwnerCopy::false_positives);
    if (facts_.false_positive_count) return;
    const std::string_view sent = first_off_scale(copies, &OffScale::false_positives);
    if (!sent.empty())
      note("False Positive Count was sent as \"" + line(sent) + "\", which is no count.");
  }

  /// A value that was sent and is not on its scale; empty when none was.
  std::string off_scale_text(std::string_view sent, std::string_view scale) const {
    if (sent.empty()) return {};
    return "\"" + line(sent) + "\" (not on its scale of " + std::string{scale} + ")";
  }
  std::string confidence_of(const OwnerCopy& copy) const {
    return copy.confidence ? confidence_text(*copy.confidence)
                           : off_scale_text(copy.off_scale.confidence, kConfidenceScale);
  }
  std::string rating_of(const OwnerCopy& copy) const {
    return copy.rating ? rating_text(*copy.rating)
                       : off_scale_text(copy.off_scale.rating, kRatingScale);
  }

  /// How many owners were looked through is known where the owners' kinds are.
  std::string absent_text() const {
    const auto count = std::ranges::count_if(
        settings_.owners.kinds, [this](const auto& kind) { return filter_.allows(kind.first); });
    std::string text;
    if (count == 0) {
      text = "No owner visible to these credentials holds";
    } else if (count == 1) {
      text = "The 1 owner visible to these credentials does not hold";
    } else {
      text = "None of the " + std::to_string(count) + " owners visible to these credentials holds";
    }
    text += " this indicator, inactive copies included.";
    if (filter_.is_set()) text += " Owners that this service does not show were left out.";
    return text;
  }

  void note_fallback(const OwnerCopy& speaking) {
    const std::string_view wanted = trim(settings_.owners.default_owner);
    // A default owner that may not be seen may not be named either.
    if (wanted.empty() || trim(speaking.owner) == wanted || !filter_.allows(wanted)) return;
    if (sight_of(settings_.owners, wanted) == Sight::NotSeen) {
      note("The default owner is not visible to these credentials; shown is " + facts_.owner_name +
           ".");
      return;
    }
    const std::string_view why =
        cut_ > 0 ? ", the default owner, is not among the owners that were read; shown is "
                 : ", the default owner, has no copy that these credentials see; shown is ";
    note(line(wanted) + std::string{why} + facts_.owner_name + ".");
  }

  void fill_owners() {
    bool any_active = false;
    for (const OwnerCopy* const newest : newest_) {
      const OwnerCopy& copy = *newest;
      any_active = any_active || copy.active;
      if (facts_.all_owners.size() >= settings_.max_owners) continue;
      facts_.all_owners.push_back({.owner = owner_label(copy.owner, settings_.max_text),
                                   .rating = rating_of(copy),
                                   .confidence = confidence_of(copy),
                                   .last_modified = date_text(copy.last_modified),
                                   .status = copy.active ? "Active" : "Inactive",
                                   .link = portal_.indicator_link(copy.web_link, copy.id)});
    }
    if (!any_active && newest_.size() > 1) {
      note("Inactive: no owner holds this indicator as active.");
    } else if (!copies_.front()->active) {
      note("Inactive: " + facts_.owner_name + " holds this indicator as inactive.");
    }
    note_cut(facts_.all_owners.size(), newest_.size(), "owners");
  }

  /// Past the cap an item is only counted, by what was sent: cleaning costs more than all else.
  void fill_groups() {
    std::set<std::int64_t> seen;
    std::size_t all = 0;
    for (const OwnerCopy* copy : copies_) {
      for (const Group& group : copy->groups) {
        if (!filter_.allows(group.owner)) continue;
        // Without an id there is nothing to tell that two are the same.
        if (group.id != 0 && !seen.insert(group.id).second) continue;
        if (facts_.associated_groups.size() >= settings_.max_groups) {
          ++all;
          continue;
        }
        GroupRow row{.type = line(group.type),
                     .name = line(group.name),
                     .owner = line(group.owner),
                     .link = portal_.group_link(group.link, group.id)};
        if (row.type.empty() && row.name.empty() && row.owner.empty() && row.link.empty()) continue;
        ++all;
        facts_.associated_groups.push_back(std::move(row));
      }
    }
    note_cut(facts_.associated_groups.size(), all, "groups");
  }

  /// Copies in owner order; of each the default and pinned attributes first.
  void fill_attributes() {
    std::set<std::tuple<std::string_view, std::string_view, std::string_view>> sent;
    std::set<std::tuple<std::string, std::string, std::string>> seen;
    std::size_t all = 0;
    for (const OwnerCopy* copy : copies_) {
      const std::string owner = owner_label(copy->owner, settings_.max_text);
      for (const bool chosen : {true, false}) {
        for (const Attribute& attribute : copy->attributes) {
          if ((attribute.is_default || attribute.pinned) != chosen) continue;
          if (!sent.emplace(attribute.type, attribute.value, trim(copy->owner)).second) continue;
          if (facts_.attributes.size() >= settings_.max_attributes) {
            if (!trim(attribute.value).empty()) ++all;
            continue;
          }
          AttributeRow row{
              .type = line(attribute.type), .value = line(attribute.value), .owner = owner};
          if (row.value.empty()) continue;
          // Of what was cut the rest tells them apart.
          const std::string& told = row.value.ends_with("\u2026") ? attribute.value : row.value;
          if (!seen.emplace(row.type, told, row.owner).second) continue;
          ++all;
          facts_.attributes.push_back(std::move(row));
        }
      }
    }
    note_cut(facts_.attributes.size(), all, "attributes");
  }

  void fill_tags() {
    std::set<std::string_view> sent;
    std::set<std::string> seen;
    std::size_t all = 0;
    for (const OwnerCopy* copy : copies_) {
      for (const std::string& raw : copy->tags) {
        if (trim(raw).empty() || !sent.insert(trim(raw)).second) continue;
        if (facts_.tags.size() >= settings_.max_tags) {
          ++all;
          continue;
        }
        std::string tag = line(raw);
        if (tag.empty() || !seen.insert(tag).second) continue;
        ++all;
        facts_.tags.push_back(std::move(tag));
      }
    }
    note_cut(facts_.tags.size(), all, "tags");
  }

  /// Gives back the explanation.
  std::string fill_criteria() {
    if (settings_.criteria.empty()) return {};
    const auto score = instance_wide(std::span{copies_}, &OwnerCopy::threat_assess_score);
    const auto false_positives = instance_wide(std::span{copies_}, &OwnerCopy::false_positives);
    std::vector<Candidate> candidates;
    candidates.reserve(newest_.size());
    for (const OwnerCopy* const copy : newest_)
      candidates.push_back(
          {.copy = copy,
           .threat_assess_score = copy->threat_assess_score ? copy->threat_assess_score : score,
           .false_positives = copy->false_positives ? copy->false_positives : false_positives});
    Verdicts verdicts = judge(
        settings_.criteria, asked_ == nullptr ? std::nullopt : std::optional{asked_->entity()},
        {.candidates = candidates, .copies_unread = cut_, .owners = settings_.owners},
        settings_.max_text);
    facts_.criteria = std::move(verdicts.met);
    if (facts_.criteria.empty() && verdicts.asked > 0) {
      std::string none = "None of " + std::to_string(verdicts.asked);
      if (verdicts.unknown > 0)
        none += " (" + std::to_string(verdicts.unknown) + " could not be evaluated)";
      facts_.criteria.push_back(std::move(none));
    }
    for (const std::string& told : verdicts.notes) note(told);
    return std::move(verdicts.explained);
  }

  /// Of the lists of all copies that may be seen: what ThreatConnect kept back.
  void note_kept_back(std::int64_t Unread::* list, std::string_view what) {
    std::int64_t more = 0;
    bool unreadable = false;
    for (const OwnerCopy* copy : copies_) {
      const std::int64_t count = copy->unread.*list;
      unreadable = unreadable || count < 0;
      if (count > 0) more += std::min(count, INT64_MAX - more);
    }
    const std::string name{more == 1 ? what.substr(0, what.size() - 1) : what};
    if (more > 0)
      note("ThreatConnect holds " + std::to_string(more) + " more " + name +
           " than it sent; see its portal.");
    if (unreadable)
      note("The " + std::string{what} + " that ThreatConnect sent could not all be read.");
  }

  void note_unread() {
    note_kept_back(&Unread::groups, "groups");
    note_kept_back(&Unread::attributes, "attributes");
    note_kept_back(&Unread::tags, "tags");
    if (cut_ == 1) note("1 more owner's copy exists and was not read.");
    if (cut_ > 1) note(std::to_string(cut_) + " more owners' copies exist and were not read.");
  }

  const CardSettings& settings_;
  const Indicator* asked_;
  OwnerFilter filter_;
  Portal portal_;
  std::int64_t cut_;
  std::vector<const OwnerCopy*> copies_;  ///< those that may be seen, in owner order
  std::vector<const OwnerCopy*> newest_;  ///< of those, one an owner
  Facts facts_;
  std::string notes_;
  JsonWriter notes_json_{notes_};
};

/// Longer than any name of a key, date and span that append_card adds.
constexpr std::size_t kFrameBytes = 160;
constexpr std::size_t kMaxExtraNoteBytes = 1000;

}  // namespace

RenderedCard render(const Record& record, const CardSettings& settings, const Indicator* asked) {
  return Renderer{record, settings, asked}.render();
}

void append_freshness(std::string& out, WallTime fetched_at, WallTime now, Source source) {
  using namespace std::chrono_literals;
  append_rfc3339(out, fetched_at);
  if (source == Source::Upstream) {
    out += ", just now, from ThreatConnect";
    return;
  }
  const auto age = now - fetched_at;
  if (age <= -1s) {
    out += ", age unknown";  // the clock was set back since
  } else if (age < 1s) {
    out += ", just now";
  } else {
    out += ", ";
    out += to_words(age);
    out += " ago";
  }
  out += ", from cache";
}

void append_card(std::string& out,
                 const RenderedCard& card,
                 WallTime fetched_at,
                 WallTime now,
                 Source source,
                 std::string_view extra_note) {
  out.reserve(out.size() + card.members.size() + card.notes.size() + extra_note.size() +
              kFrameBytes);
  out += '{';
  out += card.members;
  if (!card.members.empty()) out += ',';
  out += R"("freshness":")";
  append_freshness(out, fetched_at, now, source);
  out += '"';
  const std::string extra =
      extra_note.empty() ? std::string{} : clean_text(extra_note, kMaxExtraNoteBytes);
  if (!card.notes.empty() || !extra.empty()) {
    out += R"(,"notes":[)";
    out += card.notes;
    if (!extra.empty()) {
      if (!card.notes.empty()) out += ',';
      append_json_string(out, extra);
    }
    out += ']';
  }
  out += '}';
}

}  // namespace cardstock::card
